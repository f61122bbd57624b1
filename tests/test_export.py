import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import CLASSIC, PLACED, VOCABULARY, published_lstm, write_drummer
from numpy.testing import assert_allclose, assert_array_equal

from paradiddle.drummer import Drummer, Length
from paradiddle.drummer_file import read_model
from paradiddle.encoding import Vocabulary
from paradiddle.engine import LstmShape
from paradiddle.errors import ModelError, OutputError
from paradiddle.export import VOCABULARY as TABLES
from paradiddle.export import export_bin, import_bin

# as many as the published drummer has
NOTES = tuple(range(36, 53))
TICKS = tuple(range(0, 418, 2))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a random drummer as large as the published one."""
    folder = tmp_path_factory.mktemp("published")
    model = write_drummer(folder / "model", Vocabulary(NOTES, TICKS), hidden=200)
    export_bin(model, folder)
    return folder


def matrix(path: Path, rows: int, columns: int) -> Any:
    return np.fromfile(path, "<f4").reshape(rows, columns)


# --- the form of the published drummer --------------------------------------------------------


def test_matrices_have_the_published_sizes(published: Path) -> None:
    assert (published / "Wx.bin").stat().st_size == 1_366_400
    assert (published / "Wy.bin").stat().st_size == 181_704


def test_matrices_play_by_the_published_formula(published: Path) -> None:
    wx, wy = matrix(published / "Wx.bin", 427, 800), matrix(published / "Wy.bin", 201, 226)
    events = np.random.default_rng(1).integers(0, (17, 209), (100, 2))
    session = Drummer.load(published / "model").lstm.session(1)
    expected = list(published_lstm(wx, wy, (17, 209), events))
    for event, fields in zip(events, expected, strict=True):
        for ours, theirs in zip(session.step(event[None]), fields, strict=True):
            assert_allclose(ours[0], theirs, atol=1e-5)
    # or else anything would agree
    assert np.ptp([notes for notes, _ in expected], axis=0).max() > 0.2


def test_tables_say_what_another_program_needs(tmp_path: Path) -> None:
    origin = {
        "encoding": {"qpm": 104.5, "resolution": 10},
        "training": {"attribution": "Somebody, CC BY 4.0", "seed": 5},
    }
    model = write_drummer(tmp_path / "model", PLACED, layers=2, document=origin)
    written = export_bin(model, tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["Wx.bin", "Wx2.bin", "Wy.bin", TABLES]
    assert json.loads(written[-1].read_text()) == {
        "format": 1,
        "notes": [36, 38, 42],
        "ticks": [0, 60, 120, 240],
        "velocities": [0.25, 0.5, 0.875],
        "places": 6,
        "ticks_per_bar": 1440,
        "hidden": 8,
        "layers": 2,
        "gates": "fiog",
        "ticks_per_quarter": 480,
        "qpm": 104.5,
        "resolution": 10,
        "attribution": "Somebody, CC BY 4.0",
    }


# --- there and back ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vocabulary", [CLASSIC, VOCABULARY, PLACED], ids=["classic", "velocity", "places"]
)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(
    "document",
    [{}, {"encoding": {"qpm": 96, "resolution": 1}, "training": {"attribution": "Ütz"}}],
    ids=["bare", "told"],
)
def test_an_export_of_an_import_is_the_same_to_the_byte(
    tmp_path: Path, vocabulary: Vocabulary, layers: int, document: dict[str, Any]
) -> None:
    model = write_drummer(tmp_path / "model", vocabulary, layers=layers, document=document)
    first = export_bin(model, tmp_path / "first")
    shape = import_bin([tmp_path / "first"], tmp_path / "again")
    assert shape == LstmShape(vocabulary.sizes, 8, layers, False, vocabulary.extra_inputs)
    second = export_bin(tmp_path / "again", tmp_path / "second")
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    original, imported = Drummer.load(model), Drummer.load(tmp_path / "again")
    assert imported.play(Length(notes=50), seed=1) == original.play(Length(notes=50), seed=1)


def test_exporting_again_replaces_what_is_there_when_told_to(tmp_path: Path) -> None:
    export_bin(write_drummer(tmp_path / "model", CLASSIC, hidden=4), tmp_path / "out")
    other = write_drummer(tmp_path / "other", CLASSIC, hidden=5)
    with pytest.raises(OutputError, match=r"Wx\.bin: it exists; choose another folder"):
        export_bin(other, tmp_path / "out")
    assert import_bin([tmp_path / "out"], tmp_path / "again").hidden == 4
    export_bin(other, tmp_path / "out", force=True)
    assert import_bin([tmp_path / "out"], tmp_path / "again").hidden == 5


def test_a_bidirectional_model_has_no_such_form(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model", bidirectional=True)
    with pytest.raises(ModelError, match="model is bidirectional; the bin form has no backward"):
        export_bin(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bare_matrices_with_their_tables(published: Path, tmp_path: Path) -> None:
    files = [published / "Wx.bin", published / "Wy.bin"]
    assert import_bin(files, tmp_path / "model", NOTES, TICKS) == LstmShape((17, 209), 200)
    _, vocabulary, imported = read_model(tmp_path / "model")
    assert vocabulary == Vocabulary(NOTES, TICKS)
    _, _, original = read_model(published / "model")
    for name, tensor in original.tensors.items():
        assert_array_equal(imported.tensors[name], tensor)


# --- writing ----------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model")
    for folder in (model, model / "below"):
        with pytest.raises(OutputError, match=f"^cannot write .*{model.name}"):
            export_bin(model, folder)


def test_a_full_disk_leaves_no_half_matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_drummer(tmp_path / "model")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"out: the disk is full; free some space"):
        export_bin(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()
