"""Training a humanizer: torch and NumPy agree, it learns, and a run resumes exactly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from examined import takes

torch = pytest.importorskip("torch")

from paradiddle.errors import InvalidValueError  # noqa: E402
from paradiddle.fill_inputs import encoder_inputs  # noqa: E402
from paradiddle.given import V  # noqa: E402
from paradiddle.humanizer import Humanizer  # noqa: E402
from paradiddle.humanizer_file import read_model  # noqa: E402
from paradiddle.humanizer_net import HumanizerNet  # noqa: E402
from paradiddle.questions import ask  # noqa: E402
from paradiddle.takes import windows_of  # noqa: E402
from paradiddle.training.humanizer import HumanizerSettings, HumanizerTask  # noqa: E402
from paradiddle.training.run import Run  # noqa: E402
from paradiddle.training.run_settings import RunSettings  # noqa: E402

pytestmark = pytest.mark.torch

SMALL = HumanizerSettings(members=2, encoder=12, batch=8, dropout=0.1)
RUN = RunSettings(steps=4, warm_up=1, validate_every=2, average=0.5)


def task(settings: HumanizerSettings = SMALL, *, half: bool = False) -> HumanizerTask:
    return HumanizerTask(takes(), settings, {"training": {"fingerprint": "x"}}, half)


def finish(run: Run, steps: int | None = None) -> Run:
    for status in run.run(lambda: steps is not None and run.position.step >= steps):
        assert np.isfinite(status.loss)
    return run


def validated(learning: HumanizerTask) -> dict[str, float]:
    """Validate as a run does."""
    learning.model.eval()
    with torch.no_grad():
        figures = learning.validate()
    learning.model.train()
    return figures


def test_numpy_finds_what_torch_finds() -> None:
    learning = task()
    given = ask("hits", windows_of(takes().of("test"), 2), learning.styles)
    strokes = given.cells[..., :V] > 0
    places = tuple(torch.from_numpy(place) for place in np.nonzero(strokes))
    inputs = encoder_inputs(given)
    with torch.no_grad():
        theirs = torch.cat(learning.model.eval()(torch.from_numpy(inputs), places), -1).numpy()
    net = HumanizerNet(learning.model.shape, learning.model.tensors())
    np.testing.assert_allclose(net.distributions(inputs, strokes), theirs, atol=1e-6)


def test_it_learns_to_strike_a_backbeat() -> None:
    learning = task(replace(SMALL, dropout=0.0))
    optimizer = torch.optim.Adam(learning.model.parameters(), 0.01)
    before = validated(learning)["bits"]
    for step in range(30):
        optimizer.zero_grad()
        loss, figures = learning.loss(step)
        loss.backward()
        optimizer.step()
    after = validated(learning)
    assert after["bits"] < before - 1
    assert set(figures) == {"velocity", "offset"}
    assert after["bits"] == pytest.approx(after["velocity"] + after["offset"])


def test_batches_depend_on_seed_step_and_network(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def recorded(learning: HumanizerTask) -> None:
        ask = learning._windows.ask
        monkeypatch.setattr(
            learning._windows, "ask", lambda *wanted: seen.append(ask(*wanted)) or ask(*wanted)
        )

    for seed in (0, 1):
        learning = task(replace(SMALL, seed=seed))
        recorded(learning)
        for step in (0, 1):
            learning.loss(step)
    batches = {given.cells.tobytes() for given, _ in seen}
    assert len(seen) == len(batches) == 8  # two seeds, steps and networks


def test_networks_begin_differently() -> None:
    first, second = (
        torch.cat([weights.flatten() for weights in member.parameters()])
        for member in task().model.members
    )
    assert (first != second).any()


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, stop_after: int) -> None:
    whole = finish(Run(task(), RUN, tmp_path / "whole"))
    finish(Run(task(), RUN, tmp_path / "parts"), stop_after)
    torch.manual_seed(99)  # another process has another state
    resumed = finish(Run(task(), RUN, tmp_path / "parts", resume=True))
    assert resumed.curve == whole.curve
    ours, theirs = (read_model(run.model_path)[2].tensors for run in (whole, resumed))
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_the_file_says_what_it_learned_from(tmp_path: Path) -> None:
    run = finish(Run(task(half=True), RUN, tmp_path))
    humanizer = Humanizer.load(run.model_path)
    assert humanizer.styles == ("funk", "rock")
    assert humanizer.document["training"]["humanizer"]["members"] == 2
    tensors = read_model(run.model_path)[2].tensors
    assert all((array.astype(np.float16) == array).all() for array in tensors.values())


@pytest.mark.parametrize(
    "wrong", [{"members": 0}, {"encoder": 0}, {"batch": 0}, {"bars": 65}, {"dropout": 0.95}]
)
def test_settings_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match=next(iter(wrong))):
        HumanizerSettings(**wrong)
