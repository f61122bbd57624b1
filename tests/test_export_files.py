"""Exports arrive whole or not at all."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from paradiddle.drummer import DEFAULT_MODEL
from paradiddle.errors import MissingExtraError, OutputError
from paradiddle.export_files import needs, staged


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


# --- what is in the way -----------------------------------------------------------------------


def test_a_link_that_leads_nowhere_is_not_replaced_unasked(tmp_path: Path) -> None:
    link = tmp_path / "x"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="x: it exists"), staged(tmp_path, ["x"], False):
        pass
    assert link.is_symlink()
    with staged(tmp_path, ["x"], True) as hidden:
        (hidden / "x").write_text("new")
    assert not link.is_symlink()
    assert link.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_folder_is_never_taken_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").mkdir()
    (tmp_path / "a.onnx" / "mine").touch()
    message = r"cannot write .*a\.onnx: it is a folder; move it away"
    with pytest.raises(OutputError, match=message), staged(tmp_path, ["a.onnx"], True):
        pass
    assert (tmp_path / "a.onnx" / "mine").exists()


def test_a_link_to_a_folder_is_replaced_and_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").touch()
    (tmp_path / "a.onnx").symlink_to(tmp_path / "folder")
    with staged(tmp_path, ["a.onnx"], True) as hidden:
        (hidden / "a.onnx").write_text("new")
    assert (tmp_path / "a.onnx").read_text() == "new"
    assert (tmp_path / "folder" / "mine").exists()


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("[Errno 28] No space left on device: 'a' -> 'b'", "the disk is full; free some space"),
        ("something else", "it cannot be copied; choose another place"),
    ],
)
def test_a_folder_that_cannot_be_copied(tmp_path: Path, reason: str, remedy: str) -> None:
    message = f"cannot write {tmp_path}: {remedy}"
    with pytest.raises(OutputError, match=message), staged(tmp_path, ["x"], False):
        raise shutil.Error([("a", "b", reason)])


# --- libraries that do not load ---------------------------------------------------------------


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that makes a module of some text."""

    def make(text: str) -> str:
        (tmp_path / "a_broken_library.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "a_broken_library", raising=False)
        return "a_broken_library"

    return make


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise ImportError('libfoo.so: no such file\\nat all')", "libfoo.so: no such file"),
        ("raise AttributeError('numpy has no core')", "numpy has no core"),
        ("raise RuntimeError", "RuntimeError"),
    ],
)
def test_a_library_that_cannot_be_loaded(broken: Any, text: str, reason: str) -> None:
    message = f"cooking needs a_broken_library, which is installed but cannot be loaded: {reason};"
    with pytest.raises(MissingExtraError, match=f"^{message} install it anew$"):
        needs("cooking", broken(text))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_while_a_library_loads_is_not_lost(broken: Any, number: signal.Signals) -> None:
    text = f"import signal\nsignal.raise_signal({int(number)})\nraise ImportError('cut short')"
    with pytest.raises(KeyboardInterrupt):
        needs("cooking", broken(text))


def test_windows_is_not_told_to_install_what_it_cannot_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "coremltools", None)  # type: ignore[arg-type]
    message = "needs coremltools, which does not exist for Windows; export on Linux or macOS"
    with pytest.raises(MissingExtraError, match=message):
        needs("the export to Core ML", "coremltools")


# --- a process that is ended ------------------------------------------------------------------


PROGRAM = """
import sys, time
from paradiddle import onnx_export
from paradiddle.__main__ import main
onnx_export.agree = lambda *_: time.sleep(120)  # in place of a check that might be over too soon
sys.argv[0] = "paradiddle"
main()
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, 130)]
)
def test_ending_it_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, code: int) -> None:
    pytest.importorskip("onnxruntime", reason="needs the export extra")
    command = [sys.executable, "-c", PROGRAM, "export", "onnx", DEFAULT_MODEL, "-o", tmp_path]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not list(tmp_path.glob(".paradiddle-*/*.onnx")):
            time.sleep(0.01)
        process.send_signal(number)
        _, told = process.communicate()
    assert process.returncode == code
    assert told == ""
    assert list(tmp_path.iterdir()) == []
