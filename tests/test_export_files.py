"""Exports arrive whole or not at all."""

from pathlib import Path

import pytest

from paradiddle.errors import OutputError
from paradiddle.export_files import staged


def fail(folder: Path, *, force: bool = False) -> None:
    with staged(folder, ["x"], force) as hidden:
        (hidden / "x").write_text("half")
        raise RuntimeError


def test_what_fails_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fail(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("old")
    with pytest.raises(OutputError, match="it exists"), staged(tmp_path / "a", ["x"], False):
        pass
    with pytest.raises(RuntimeError):
        fail(tmp_path / "a", force=True)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x"]
    assert (tmp_path / "a" / "x").read_text() == "old"


def test_what_succeeds_is_there_and_nothing_else(tmp_path: Path) -> None:
    with staged(tmp_path / "a" / "b", ["x"], False) as hidden:
        (hidden / "x").write_text("new")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["x"]
