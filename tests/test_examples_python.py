"""The examples in Python: onnxruntime and numpy alone, the same music as ours."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from machines import groove_of, write_machine
from models import CLASSIC, PLACED, write_drummer
from numpy.testing import assert_array_equal

from examples import EXAMPLES, example
from paradiddle.drummer import DEFAULT_MODEL, Drummer, Length
from paradiddle.encoding import Vocabulary
from paradiddle.humanizer import DEFAULT_HUMANIZER
from paradiddle.machine import DEFAULT_MACHINE, Machine
from paradiddle.midi import read_events
from paradiddle.onnx_export import export_onnx
from paradiddle.pattern_cells import cells_of

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the export extra")
pytest.importorskip("onnx", reason="needs the export extra")

PYTHON = EXAMPLES / "python"
ALLOWED = {"json", "sys", "pathlib", "numpy", "onnxruntime"}


@pytest.mark.parametrize("path", sorted(PYTHON.glob("*.py")), ids=lambda path: path.name)
def test_nothing_of_ours_is_imported(path: Path) -> None:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    assert {"numpy", "onnxruntime"} <= found <= ALLOWED


@pytest.mark.parametrize(
    "path", ["python/onnx_player.py", "python/onnx_machine.py", "web/embed.py"]
)
def test_without_arguments_they_say_how_they_are_used(path: str) -> None:
    ran = subprocess.run([sys.executable, EXAMPLES / path], capture_output=True, text=True)
    assert ran.returncode == 1
    assert f"python {Path(path).name} " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_player_is_forty_lines_of_code() -> None:
    lines = map(str.strip, (PYTHON / "onnx_player.py").read_text().splitlines())
    assert len([line for line in lines if line and not line.startswith('"""')]) <= 40


def test_the_player_refuses_what_reads_backwards(tmp_path: Path) -> None:
    step, _ = export_onnx(write_drummer(tmp_path / "model", bidirectional=True), tmp_path)
    command = [sys.executable, PYTHON / "onnx_player.py", step, tmp_path / "a.mid", "9", "5"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.strip().endswith("it cannot play event by event")
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "a.mid").exists()


@pytest.mark.parametrize(
    ("vocabulary", "layers", "notes"), [(None, 1, 1000), (CLASSIC, 1, 300), (PLACED, 2, 300)]
)
def test_the_player_plays_what_we_play(
    tmp_path: Path, vocabulary: Vocabulary | None, layers: int, notes: int
) -> None:
    document = {"encoding": {"qpm": 97}}
    model = DEFAULT_MODEL
    if vocabulary:
        model = write_drummer(tmp_path / "model", vocabulary, layers=layers, document=document)
    step, _ = export_onnx(model, tmp_path)
    subprocess.run(
        [sys.executable, PYTHON / "onnx_player.py", step, tmp_path / "a.mid", str(notes), "5"],
        check=True,
    )
    drummer = Drummer.load(model)
    ours, heard = drummer.play(Length(notes=notes), seed=5), read_events(tmp_path / "a.mid")
    assert_array_equal(heard.notes, ours.notes)
    assert_array_equal(heard.onsets, ours.onsets)
    assert heard.qpm == pytest.approx(drummer.qpm, abs=1e-3)
    wanted = np.full(notes, 0.8) if ours.velocities is None else ours.velocities
    assert_array_equal(np.rint(heard.dynamics * 127), np.rint(wanted * 127))


def test_long_gaps_and_silent_notes_in_the_file(tmp_path: Path) -> None:
    rows = [(0, 36, 0.0), (127, 38, 1.0), (128, 36, 0.5), (16384, 42, 0.25), (2_000_000, 49, 0.3)]
    (tmp_path / "a.mid").write_bytes(example("python/onnx_player.py").midi(rows, None))
    heard = read_events(tmp_path / "a.mid")
    assert heard.ticks.tolist() == [row[0] for row in rows]
    assert heard.notes.tolist() == [row[1] for row in rows]
    assert (heard.dynamics * 127).round().tolist() == [1, 127, 64, 32, 38]
    assert heard.qpm == 120


@pytest.fixture(scope="module", params=["tiny", "shipped"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A drum machine, and the example that plays its export."""
    folder = tmp_path_factory.mktemp("machine")
    model = DEFAULT_MACHINE if request.param == "shipped" else write_machine(folder / "model")
    export_onnx(model, folder)
    return Machine.load(model), example("python/onnx_machine.py").Machine(folder)


@pytest.mark.parametrize("density", [None, 0.5, 2.5])
@pytest.mark.parametrize("temperature", [0.4, 1.0])
def test_generating_gives_the_same_cells(both: Any, density: float, temperature: float) -> None:
    ours, theirs = both
    wishes = {"density": density, "temperature": temperature}
    [pattern] = ours.generate("funk", 6, 100, seed=3, **wishes)
    played = theirs.generate("funk", 6, 3, qpm=100, **wishes)
    assert_array_equal(played, cells_of(pattern))
    assert 0 < played[:, :9].mean() < 1


@pytest.mark.parametrize("beat", ["beat", "fill", None])
def test_filling_gives_the_same_cells(both: Any, beat: str | None) -> None:
    ours, theirs = both
    before = groove_of(4, qpm=100)
    keep = np.random.default_rng(0).random(before.hits.shape) < 0.5
    keep[16:32] = True
    after = ours.fill(before, keep, "jazz", seed=4, beat_type=beat)
    played = theirs.fill(cells_of(before), keep, 4, "jazz", qpm=100, beat=beat)
    assert_array_equal(played, cells_of(after))
    assert (played != cells_of(before)).any()


def test_humanizing_gives_the_same_cells(both: Any) -> None:
    ours, theirs = both
    before = groove_of(3, qpm=100)
    after = ours.humanize(before, style="rock", seed=5)
    played = theirs.humanize(cells_of(before), 5, "rock", qpm=100)
    assert_array_equal(played, cells_of(after))
    assert_array_equal(played[:, :9], before.hits)
    assert (played[:, 9:] != cells_of(before)[:, 9:]).any()


def test_humanizing_at_temperature_0_gives_the_same_medians(tmp_path: Path) -> None:
    for model in (DEFAULT_MACHINE, DEFAULT_HUMANIZER):
        export_onnx(model, tmp_path)
    machine = example("python/onnx_machine.py")
    before = groove_of(3, qpm=100)
    after = Machine.load().humanize(before, style="rock", temperature=0)
    played = machine.Machine(tmp_path).steady(
        machine.opened(tmp_path / "humanizer.onnx"), cells_of(before), "rock", 100
    )
    different = played != cells_of(after)
    assert different.mean() < 0.002  # a median that lies on the edge of a bin may fall to either
    np.testing.assert_allclose(played, cells_of(after), atol=0.01)
    assert np.ptp(played[:, 9:18]) > 0.2


def test_the_machine_as_a_command(tmp_path: Path) -> None:
    export_onnx(DEFAULT_MACHINE, tmp_path)
    shown = subprocess.run(
        [sys.executable, PYTHON / "onnx_machine.py", tmp_path, "funk", "2", "1"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert len(shown) == 9
    [pattern] = Machine.load().generate("funk", 2, seed=1)
    row = "".join(".x"[int(hit)] for hit in pattern.hits[:, 0])
    assert shown[0] == f"{'kick':>13} {row[:16]} {row[16:]}"


def test_tables_are_json_that_apps_can_read(tmp_path: Path) -> None:
    step, _ = export_onnx(write_drummer(tmp_path / "model", CLASSIC), tmp_path)
    told = onnxruntime.InferenceSession(str(step)).get_modelmeta().custom_metadata_map
    assert json.loads(told["paradiddle"])["notes"] == list(CLASSIC.notes)
