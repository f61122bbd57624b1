"""The fill-in network in NumPy against its formulas, written out."""

import numpy as np
import pytest
from machines import random_cells, random_tensors, tiny_net, tiny_shape

from paradiddle.errors import InvalidValueError
from paradiddle.fill_net import FillNet, FillShape

SHAPE = tiny_shape()
TENSORS = {name: array.astype(np.float64) for name, array in random_tensors(SHAPE).items()}


def affine(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return x @ weights[:-1] + weights[-1]


def normalised(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) / spread * weights[0] + weights[1]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_encoding() -> None:
    inputs = np.random.default_rng(0).random((2, 20, SHAPE.inputs), np.float32)
    x = np.maximum(affine(inputs, TENSORS["encoder.in"]), 0)
    for block, dilation in enumerate(SHAPE.dilations):
        normal = normalised(x, TENSORS[f"encoder.{block}.norm"])
        around = np.pad(normal, ((0, 0), (dilation, dilation), (0, 0)))
        before, after = around[:, :20], around[:, 2 * dilation :]
        mixed = np.concatenate([before, normal, after], axis=-1)
        units = np.maximum(affine(mixed, TENSORS[f"encoder.{block}.mix"]), 0)
        x = x + affine(units, TENSORS[f"encoder.{block}.out"])
    expected = normalised(x, TENSORS["encoder.norm"])
    np.testing.assert_allclose(tiny_net().encode(inputs), expected, atol=2e-5)


def test_a_step_of_the_encoding_depends_on_those_within_reach() -> None:
    assert SHAPE.reach == 19
    net = tiny_net()
    inputs = np.random.default_rng(0).random((1, 60, SHAPE.inputs), np.float32)
    changed = inputs.copy()
    changed[:, 30] += 1
    moved = (net.encode(inputs) != net.encode(changed)).any((0, 2))
    assert moved[30 - SHAPE.reach]
    assert moved[30 + SHAPE.reach]
    assert not moved[: 30 - SHAPE.reach].any()
    assert not moved[30 + SHAPE.reach + 1 :].any()


def test_steps_and_units() -> None:
    generator = np.random.default_rng(1)
    read = SHAPE.encoder + SHAPE.recall
    encoded = generator.standard_normal((2, 6, SHAPE.encoder)).astype(np.float32)
    recall = generator.random((2, 6, SHAPE.recall), np.float32)
    cells = random_cells(2, 1)
    net = tiny_net()
    driven, session = net.drive(encoded, recall), net.session(2)
    states = [[np.zeros((2, SHAPE.hidden)), np.zeros((2, SHAPE.hidden))] for _ in range(2)]
    known = np.concatenate([encoded, recall], axis=-1)
    for step in range(6):
        session.step(cells[:, step], driven.lstm[:, step])
        x = np.concatenate([cells[:, step], known[:, step]], axis=-1)
        x = np.maximum(affine(x, TENSORS["decoder.in"]), 0)
        for layer, state in enumerate(states):
            h, c = state
            gates = affine(np.concatenate([x, h], axis=-1), TENSORS[f"decoder.lstm.{layer}"])
            f, i, o, g = np.split(gates, 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            x = sigmoid(o) * np.tanh(c)
            state[:] = x, c
        np.testing.assert_allclose(session.h / 2, x, atol=1e-5)
        hits, dynamics = net.units(session.h)
        heard = np.concatenate([known[:, step], x], axis=-1)
        assert heard.shape[1] == read + SHAPE.hidden
        for found, drive, name in (
            (hits, driven.hits, "hits.in"),
            (dynamics, driven.dynamics, "dynamics.in"),
        ):
            np.testing.assert_allclose(
                found + drive[:, step], affine(heard, TENSORS[name]), atol=2e-5
            )
        np.testing.assert_allclose(net.dynamics_units(session.h), dynamics, atol=1e-6)


def test_dynamics_hear_all_hits_but_only_earlier_channels_dynamics() -> None:
    net = tiny_net()
    units = np.ones((1, SHAPE.dynamics_units), np.float32)
    cells = random_cells(1, 1)[:, 3]
    for value in range(27):
        other = cells.copy()
        other[0, value] += 1
        heard = (net.dynamics_logits(4, units, cells) != net.dynamics_logits(4, units, other)).any()
        assert heard == (value < 9 or value % 9 < 4), value


def test_hits_hear_only_earlier_channels() -> None:
    given = tiny_net().heads.hits_given
    silent = (given == 0).all(-1)
    assert (silent == np.tri(9, dtype=bool)).all()


def test_sizes() -> None:
    shape = FillShape(94, 47, 9, 72)
    assert shape.reach == 47
    assert shape.tensors()["decoder.in"] == (27 + 128 + 47 + 1, 192)
    assert shape.parameters == 1_391_921
    for sizes in ({"encoder": 0}, {"dilations": ()}, {"dilations": (1, 0)}, {"layers": 0}):
        with pytest.raises(InvalidValueError, match=f"{next(iter(sizes))} must be"):
            FillShape(94, 47, 9, 72, **sizes)
    with pytest.raises(InvalidValueError, match="layers must be in"):
        FillShape(94, 47, 9, 72, layers=10**9)


def test_the_tensors_of_a_net_are_left_alone() -> None:
    tensors = random_tensors(SHAPE)
    before = {name: array.copy() for name, array in tensors.items()}
    FillNet(SHAPE, tensors)
    assert all((tensors[name] == before[name]).all() for name in before)
