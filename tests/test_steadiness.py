"""A drummer whose memory forgets slips."""

import numpy as np
import pytest
import torch

from paradiddle.engine import Lstm, LstmShape
from paradiddle.errors import InvalidValueError
from paradiddle.training.models import EventLstm
from paradiddle.training.settings import Settings
from paradiddle.training.steadiness import unsteadiness

SHAPE = LstmShape((5, 4), 16, layers=2, extra_inputs=(3,))


def events(steps: int = 40, streams: int = 6) -> torch.Tensor:
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, size, (steps, streams)) for size in SHAPE.input_sizes]
    return torch.from_numpy(np.stack(columns, axis=-1))


def wild(gain: float) -> EventLstm:
    """Units whose memory multiplies what it is told of itself."""
    model = EventLstm(SHAPE, seed=0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "weight_hh" in name:
                parameter *= gain
    return model


def test_a_network_that_hears_nothing_of_itself_is_steadier_than_one_that_roars() -> None:
    quiet, wild_ones = (
        float(unsteadiness(wild(gain), events(), None, None, [0])[0].detach()) for gain in (0.0, 60)
    )
    assert quiet < 0.5
    assert wild_ones > quiet + 2


def test_the_seed_decides_and_weights_stay() -> None:
    model, inputs = wild(8.0), events()
    before = {name: array.copy() for name, array in model.tensors().items()}
    once, again, other = (
        float(unsteadiness(model, inputs, None, None, [s])[0].detach()) for s in (1, 1, 2)
    )
    assert once == again != other
    for name, array in model.tensors().items():
        np.testing.assert_array_equal(array, before[name])


def parted(model: EventLstm) -> float:
    """How far probabilities are apart at last, where memories differed a little at first."""
    lstm = Lstm(SHAPE, model.tensors())
    h = np.zeros((2, 1, 16), np.float32)
    one, other = lstm.session(1, h, h), lstm.session(1, h + np.float32(1e-4), h)
    apart = [
        max(float(np.abs(a - b).max()) for a, b in zip(one.step(row), other.step(row), strict=True))
        for row in events(300, 1).numpy()
    ]
    return max(apart[-50:])


def test_what_it_costs_can_be_trained_away() -> None:
    model, inputs = wild(6.0), events()
    assert parted(model) > 1e-2
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for k in range(30):
        optimizer.zero_grad()
        torch.autograd.backward(unsteadiness(model, inputs, None, None, [0, k])[0])
        optimizer.step()
    assert parted(model) < 1e-6


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(InvalidValueError, match=r"steady must be in \[0, 100\], got -1"):
        Settings(steady=-1)
    with pytest.raises(InvalidValueError, match="steady must be 0 for a bidirectional network"):
        Settings(steady=0.3, bidirectional=True)
