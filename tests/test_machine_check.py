"""The proof of the drum machine's graphs: what it must refuse, and what rounding may do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from machines import STYLES, random_tensors, tiny_shape, write_machine

from paradiddle import machine_step_graph
from paradiddle.coreml_export import export_coreml
from paradiddle.errors import ModelError
from paradiddle.export_check import TOLERANCE
from paradiddle.machine_check import MachineMusic
from paradiddle.onnx_export import export_onnx, onnx_runner

pytest.importorskip("onnx", reason="needs the export extra")
pytest.importorskip("onnxruntime", reason="needs the export extra")

Change = Callable[[Any], Any]


def silent(right: Any) -> Any:
    return lambda ops, *_: ops.number(1e9)


def reversed_strokes(right: Any) -> Any:
    def wrong(ops: Any, *given: Any) -> Any:
        velocity, offset = right(ops, *given)
        return ops.mul(velocity, ops.number(0)), ops.mul(offset, ops.number(-1))

    return wrong


def other_draws(right: Any) -> Any:
    return lambda ops, given, voice, which: right(ops, given, voice, (which + 1) % 5)


def with_input(name: str, value: float) -> Change:
    """Let a function take an input for a constant."""

    def change(right: Any) -> Any:
        def wrong(ops: Any, given: Any, *rest: Any) -> Any:
            return right(ops, {**given, name: ops.number(value)}, *rest)

        return wrong

    return change


def nothing_kept(right: Any) -> Any:
    return lambda ops, known, *rest: right(ops, ops.mul(known, ops.number(0)), *rest)


WRONG = [
    ("_bound", silent),
    ("_bound", with_input("lean", 0)),
    ("_bound", with_input("temperature", 1)),
    ("_struck", reversed_strokes),
    ("_struck", with_input("temperature", 1)),
    ("_draw", other_draws),
    ("_kept", nothing_kept),
]


@pytest.mark.parametrize(("function", "change"), WRONG)
def test_a_graph_that_draws_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, change: Change
) -> None:
    model = write_machine(tmp_path / "model")
    monkeypatch.setattr(machine_step_graph, function, change(getattr(machine_step_graph, function)))
    with pytest.raises(ModelError, match=r"machine-step\.onnx differs from what we compute by"):
        export_onnx(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("function", "change"), [WRONG[0], WRONG[3]])
def test_a_package_that_draws_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, change: Change
) -> None:
    pytest.importorskip("coremltools", reason="needs the export extra")
    model = write_machine(tmp_path / "model")
    monkeypatch.setattr(machine_step_graph, function, change(getattr(machine_step_graph, function)))
    with pytest.raises(ModelError, match=r"machine-step\.mlpackage differs from what we compute"):
        export_coreml(model, tmp_path / "out")


@pytest.fixture(scope="module")
def music() -> MachineMusic:
    return MachineMusic(tiny_shape(), random_tensors(tiny_shape()), STYLES)


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("machine")
    export_onnx(write_machine(folder / "model"), folder)
    return onnx_runner(folder / "machine-step.onnx")


def off_by(run: Any, amount: float) -> Any:
    """A graph whose draws are rounded by so much."""
    return lambda inputs: run({**inputs, "draws": inputs["draws"] + np.float32(amount)})


def test_draws_on_the_edge_may_fall_to_either_side(music: MachineMusic, step: Any) -> None:
    for amount in (0, 2e-5, -2e-5):
        assert music.check_steps("graph", off_by(step, amount), 50) <= TOLERANCE
    with pytest.raises(ModelError, match="graph differs"):
        music.check_steps("graph", off_by(step, 2e-3), 50)


def test_nearly_all_steps_are_compared(music: MachineMusic, step: Any) -> None:
    compared = []

    def count(inputs: Any) -> Any:
        compared.append(len(inputs["compared"]))
        return step(inputs)

    music.check_steps("graph", count, 50)
    assert 0.9 * 1024 < sum(compared) < 1024


def test_the_music_has_everything_open_and_known_at_every_temperature(
    music: MachineMusic, step: Any
) -> None:
    seen: dict[str, list[Any]] = {}

    def note(inputs: Any) -> Any:
        for name, array in inputs.items():
            seen.setdefault(name, []).append(array)
        return step(inputs)

    music.check_steps("graph", note, 50)
    masks = [np.stack(seen[name]) for name in ("hits_known", "dynamics_known")]
    hits = np.stack(seen["given"])[..., :9]
    for known in np.ndindex(2, 2, 2):
        met = [part == value for part, value in zip((*masks, hits), known, strict=True)]
        assert np.logical_and.reduce(met).sum() > 50, known
    assert set(np.ravel(seen["temperature"]).astype(float).round(1)) == {0.5, 1.0, 1.7}
    lean = np.stack(seen["lean"])
    assert lean.min() < -0.3
    assert lean.max() > 0.3
