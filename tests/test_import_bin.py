"""Matrices in the bin form become models again, or are refused in one line."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import CLASSIC, write_drummer

from paradiddle.drummer import Drummer, Length
from paradiddle.errors import InvalidValueError, ModelError, ParadiddleError
from paradiddle.export import VOCABULARY as TABLES
from paradiddle.export import export_bin, import_bin, read_table

# --- two bare matrices ------------------------------------------------------------------------


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A small export: 7 inputs, 8 units."""
    export_bin(write_drummer(tmp_path / "model", CLASSIC), tmp_path / "out")
    return tmp_path / "out"


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
