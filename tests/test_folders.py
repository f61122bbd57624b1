import errno
import os
from pathlib import Path

import pytest

from paradiddle.errors import OutputError
from paradiddle.folders import atomic_folder, check_folder, make_folder


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that cannot be renamed, as a mount point cannot."""
    target = tmp_path / "disk"
    target.mkdir()
    rename = Path.rename

    def refuse(path: Path, destination: Path) -> Path:
        if target in (path, destination):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return rename(path, destination)

    monkeypatch.setattr(Path, "rename", refuse)
    return target


def held(folder: Path) -> dict[str, str]:
    return {item.name: item.read_text() for item in folder.iterdir()}


def test_a_mount_point_is_filled_from_inside(mounted: Path) -> None:
    for content in ("one", "two"):
        with atomic_folder(mounted, lambda name: name == "kick") as temporary:
            assert temporary.parent == mounted
            (temporary / "kick").write_text(content)
        assert held(mounted) == {"kick": content}


def test_a_new_folder_comes_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with atomic_folder(target) as temporary:
        (temporary / "kick").write_text("boom")
        assert not target.exists()
    assert held(target) == {"kick": "boom"}
    assert list(target.parent.iterdir()) == [target]


def replace_all(target: Path, *names: str) -> None:
    with atomic_folder(target, lambda _: True) as temporary:
        for name in names:
            (temporary / name).write_text("new")


@pytest.mark.parametrize("reason", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
@pytest.mark.parametrize("moves", range(4))
def test_an_exchange_that_breaks_off_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: BaseException, moves: int
) -> None:
    target = tmp_path / "out"
    target.mkdir()
    before = {"kick": "old", "snare": "old"}
    for name, content in before.items():
        (target / name).write_text(content)
    rename, left = Path.rename, [moves]

    def break_off(path: Path, destination: Path) -> Path:
        if left[0] == 0:
            left[0] = -1  # only once
            raise reason
        left[0] -= 1
        return rename(path, destination)

    monkeypatch.setattr(Path, "rename", break_off)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        replace_all(target, "kick", "hat")
    assert held(target) == before


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f".paradiddle-{'0' * 16}").mkdir()
    (tmp_path / f".paradiddle-{'0' * 16}-former").mkdir()
    with atomic_folder(tmp_path) as temporary:
        (temporary / "kick").write_text("boom")
    assert held(tmp_path) == {"kick": "boom"}


def test_other_files_are_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(OutputError, match=r"it holds other files, such as mine; choose a new"):
        check_folder(tmp_path)


def test_a_folder_is_made_with_its_parents_or_left(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "deep" / "out")
    assert (tmp_path / "deep" / "out").is_dir()


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file: it is a file; name a folder$"):
        make_folder(tmp_path / "file")
    with pytest.raises(OutputError, match=r"out: Not a directory; choose another place$"):
        make_folder(tmp_path / "file" / "out")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=r"out: the file system is read-only; choose another"):
        make_folder(tmp_path / "out")
