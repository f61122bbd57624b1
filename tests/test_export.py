import errno
import json
import re
from collections.abc import Callable
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
from paradiddle.errors import InvalidValueError, ModelError, OutputError, ParadiddleError
from paradiddle.export import VOCABULARY as TABLES
from paradiddle.export import export_bin, import_bin, read_table

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


# --- two bare matrices ------------------------------------------------------------------------


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A small export: 7 inputs, 8 units."""
    export_bin(write_drummer(tmp_path / "model", CLASSIC), tmp_path / "out")
    return tmp_path / "out"


def test_bare_matrices_with_their_tables(published: Path, tmp_path: Path) -> None:
    files = [published / "Wx.bin", published / "Wy.bin"]
    assert import_bin(files, tmp_path / "model", NOTES, TICKS) == LstmShape((17, 209), 200)
    _, vocabulary, imported = read_model(tmp_path / "model")
    assert vocabulary == Vocabulary(NOTES, TICKS)
    _, _, original = read_model(published / "model")
    for name, tensor in original.tensors.items():
        assert_array_equal(imported.tensors[name], tensor)


@pytest.mark.parametrize("hidden", [1, 2, 7, 64])
def test_the_number_of_units_follows_from_the_size(tmp_path: Path, hidden: int) -> None:
    export_bin(write_drummer(tmp_path / "model", CLASSIC, hidden=hidden), tmp_path)
    files = [tmp_path / "Wx.bin", tmp_path / "Wy.bin"]
    shape = import_bin(files, tmp_path / "again", CLASSIC.notes, CLASSIC.ticks)
    assert shape.hidden == hidden


def test_tables_in_any_order(exported: Path) -> None:
    notes, ticks = CLASSIC.notes[::-1], CLASSIC.ticks[::-1]
    target = exported / "model"
    import_bin([exported / "Wx.bin", exported / "Wy.bin"], target, notes, ticks)
    upside_down = Drummer.load(target).play(Length(notes=50), seed=1)
    original = Drummer.load(exported.parent / "model").play(Length(notes=50), seed=1)
    # the same indices mean other notes and ticks
    assert dict(zip(CLASSIC.notes, notes, strict=True)) == dict(
        zip(original.notes.tolist(), upside_down.notes.tolist(), strict=True)
    )
    assert dict(zip(CLASSIC.ticks, ticks, strict=True)) == dict(
        zip(original.ticks.tolist(), upside_down.ticks.tolist(), strict=True)
    )


@pytest.mark.parametrize(
    "text",
    [
        "36,38,42",
        " 36, 38 ,42 ",
        "36 38 42",
        "36\n38\n42\n",
        "[36, 38, 42]\n",
        "[\n 36,\n 38,\n 42\n]",
        '{"0": 36, "1": 38, "2": 42}',
        '\n{"2": 42, "0": 36, "1": 38}',
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_a_table_in_any_form(tmp_path: Path, text: str, in_file: bool) -> None:
    path = tmp_path / "notes.json"
    path.write_text(text)
    assert read_table(str(path) if in_file else text) == [36, 38, 42]


def test_a_table_longer_than_the_name_of_a_file() -> None:
    assert read_table(",".join(map(str, range(2000)))) == list(range(2000))


@pytest.mark.parametrize(
    "text",
    [
        "36,thirty-eight",
        "36.5",
        "nowhere.json",
        '{"0": 36, "2": 38}',
        '{"a": 1}',
        "{",
        "\0",
    ],
)
def test_what_is_no_table(text: str) -> None:
    quoted = re.escape(repr(text))
    with pytest.raises(
        InvalidValueError, match=f"^not a table of whole numbers: {quoted}; give 36,38,42 or a file"
    ):
        read_table(text)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "binary"):
        with pytest.raises(InvalidValueError, match="not a table of whole numbers: "):
            read_table(str(path))


# --- imports that are refused -----------------------------------------------------------------


def refused(
    kind: type[ParadiddleError], message: str, files: list[Path], *tables: tuple[int, ...]
) -> None:
    """An import fails and writes nothing."""
    target = files[0].parent / "never"
    with pytest.raises(kind, match=message) as caught:
        import_bin(files, target, *tables)
    assert "\n" not in str(caught.value)
    assert not target.exists()


def test_bare_matrices_without_tables(exported: Path) -> None:
    files = [exported / "Wx.bin", exported / "Wy.bin"]
    for tables in [(), ((36,),), ((), (0, 60))]:
        message = "two bare matrices need their tables: give notes and ticks"
        refused(InvalidValueError, message, files, *tables)


@pytest.mark.parametrize(
    ("notes", "ticks", "kind", "message"),
    [
        ((36, 38), CLASSIC.ticks, ModelError, "1,024 .* fits no number of units with 6 inputs; .*"),
        ((36, 38, 36), CLASSIC.ticks, InvalidValueError, "notes must hold distinct values in"),
        ((36, 38, 200), CLASSIC.ticks, InvalidValueError, r"notes must .* \[0, 127\]"),
        (CLASSIC.notes, (0, 60, 120, -1), InvalidValueError, "ticks must hold .* values in"),
    ],
)
def test_tables_that_do_not_fit(
    exported: Path,
    notes: tuple[int, ...],
    ticks: tuple[int, ...],
    kind: type[ParadiddleError],
    message: str,
) -> None:
    files = [exported / "Wx.bin", exported / "Wy.bin"]
    message = message.replace("1,024", f"{files[0].stat().st_size:,}")
    refused(kind, message, files, notes, ticks)


def test_anything_but_a_folder_or_two_files(exported: Path) -> None:
    wx = exported / "Wx.bin"
    for files in ([wx], [wx] * 3, [exported / "nowhere"]):
        refused(InvalidValueError, "give a folder, or Wx.bin and Wy.bin; got .*", files)
    message = "brings its own tables; leave out notes and ticks"
    refused(InvalidValueError, message, [exported], CLASSIC.notes)


@pytest.mark.parametrize("name", ["Wx.bin", "Wy.bin"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_matrix_of_the_wrong_size(exported: Path, name: str, bare: bool) -> None:
    data = (exported / name).read_bytes()
    files = [exported / "Wx.bin", exported / "Wy.bin"] if bare else [exported]
    tables = (CLASSIC.notes, CLASSIC.ticks) if bare else ()
    for wrong in (b"", data[:-1], data[:-4], data + bytes(4), data * 2):
        (exported / name).write_bytes(wrong)
        refused(ModelError, rf"{name} has {len(wrong):,} bytes.*; check .* tables", files, *tables)


def test_the_two_matrices_swapped(exported: Path) -> None:
    files = [exported / "Wy.bin", exported / "Wx.bin"]
    message = r"Wy.bin has 252 bytes, which fits no number of units with 7 inputs; check the tables"
    refused(ModelError, message, files, CLASSIC.notes, CLASSIC.ticks)


def test_a_matrix_that_is_not_there(exported: Path) -> None:
    (exported / "Wy.bin").unlink()
    refused(ModelError, r"cannot read .*Wy\.bin: No such file or directory", [exported])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_matrix_with_what_is_no_number(exported: Path, value: float) -> None:
    data = np.fromfile(exported / "Wy.bin", "<f4")
    data[5] = value
    data.tofile(exported / "Wy.bin")
    refused(ModelError, r"Wy\.bin holds NaN or infinity; export it again", [exported])


def test_a_folder_without_tables(exported: Path) -> None:
    (exported / TABLES).unlink()
    message = r"cannot read .*vocabulary\.json: No such file .*; bare matrices need notes and ticks"
    refused(ModelError, message, [exported])


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda t: t.update(format=2), ModelError, "is of format 2; format 1 is known"),
        (lambda t: t.pop("format"), ModelError, "are damaged: KeyError.'format'.; export"),
        (lambda t: t.pop("velocities"), ModelError, "are damaged: KeyError.'velocities'."),
        (lambda t: t.update(notes=["kick"]), ModelError, "are damaged: TypeError"),
        (lambda t: t.update(notes=36), ModelError, "are damaged: TypeError"),
        (lambda t: t.update(hidden="many"), ModelError, "are damaged: ValueError"),
        (lambda t: t.update(hidden=float("inf")), ModelError, "are damaged: OverflowError"),
        (lambda t: t.update(hidden=9), ModelError, "Wx.bin has .* bytes; 17 x 36 float32 are"),
        (lambda t: t.update(layers=2), ModelError, r"cannot read .*Wx2\.bin"),
        (lambda t: t.update(places=6), ModelError, "Wx.bin has .* bytes; 22 x 32 float32 are"),
        (lambda t: t.update(places=-1), InvalidValueError, "places must be in"),
        (lambda t: t.update(layers=0), InvalidValueError, r"layers must be in \[1, 64\], got 0"),
        (lambda t: t["notes"].append(36), InvalidValueError, "notes must hold distinct values"),
        (lambda t: t["ticks"].append(300), ModelError, "Wx.bin has .* belong together"),
        (lambda t: t.update(notes=[36.5, 38, 42]), InvalidValueError, "as an integer"),
        (lambda t: t.update(qpm=-1), InvalidValueError, "qpm must be in .* got -1"),
    ],
)
def test_a_folder_with_other_tables(
    exported: Path, change: Change, kind: type[ParadiddleError], message: str
) -> None:
    tables = json.loads((exported / TABLES).read_text())
    change(tables)
    (exported / TABLES).write_text(json.dumps(tables))
    refused(kind, message, [exported])


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\udcff"], ids=range(6))
def test_a_folder_with_damaged_tables(exported: Path, text: str) -> None:
    (exported / TABLES).write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(ModelError, r"the tables .*vocabulary\.json are damaged: .*; export them", [exported])


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
