import errno
import os
from pathlib import Path

import pytest

from paradiddle.errors import AudioError, OutputError, ParadiddleError
from paradiddle.files import atomic_path


def test_writes_the_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "beat.mid"
    with atomic_path(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".mid"
        temporary.write_bytes(b"MThd")
        assert not target.exists()
    assert target.read_bytes() == b"MThd"
    assert list(tmp_path.iterdir()) == [target]


def test_replaces_an_existing_file_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "beat.mid"
    target.write_bytes(b"old")
    target.chmod(0o640)
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "beat.mid"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "beat.mid").stat().st_mode & 0o777 == 0o640


def write_half_and_raise(target: Path, reason: BaseException) -> None:
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"half")
        raise reason


@pytest.mark.parametrize("reason", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_failing_block_leaves_everything_as_it_was(tmp_path: Path, reason: BaseException) -> None:
    target = tmp_path / "beat.mid"
    target.write_bytes(b"old")
    with pytest.raises(type(reason)):
        write_half_and_raise(target, reason)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^cannot write .*beat\.mid: the disk is full; [^\n]*$"):
        write_half_and_raise(
            tmp_path / "beat.mid", OSError(errno.ENOSPC, "No space left on device")
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_what_a_really_full_device_reports_is_understood(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="the disk is full"),
        atomic_path(tmp_path / "beat.mid"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"MThd")
    assert list(tmp_path.iterdir()) == []


def test_our_own_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no sound"), atomic_path(tmp_path / "x.wav"):
        raise AudioError("no sound")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="it is a folder; name a file inside"),
        atomic_path(tmp_path),
    ):
        pass


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"the folder .*nowhere does not exist; create it"),
        atomic_path(tmp_path / "nowhere" / "beat.mid"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(OutputError, match="file is not a folder"),
        atomic_path(tmp_path / "file" / "beat.mid"),
    ):
        pass
    with (
        pytest.raises(OutputError, match="cannot write"),
        atomic_path(tmp_path / "file" / "deeper" / "beat.mid"),
    ):
        pass


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(OutputError, match="it is a device"), atomic_path(Path(os.devnull)):
        pass
    assert not Path(os.devnull).is_file()


def test_a_write_protected_file_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "beat.mid"
    target.write_bytes(b"old")
    # the superuser may write anything, so the answer is staged
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != target)
    with pytest.raises(OutputError, match="it is read-only"), atomic_path(target):
        pass
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.mid"
    link.symlink_to(tmp_path / "real" / "beat.mid")
    with atomic_path(link) as temporary:
        temporary.write_bytes(b"MThd")
    assert link.is_symlink()
    assert (tmp_path / "real" / "beat.mid").read_bytes() == b"MThd"


def test_a_long_name_that_the_system_allows_is_allowed(tmp_path: Path) -> None:
    target = tmp_path / ("b" * 251 + ".mid")
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"MThd")
    assert target.read_bytes() == b"MThd"


def test_a_name_too_long_says_so(tmp_path: Path) -> None:
    with pytest.raises(ParadiddleError, match="cannot write"), atomic_path(tmp_path / ("b" * 300)):
        pass
    assert list(tmp_path.iterdir()) == []
