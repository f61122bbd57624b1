"""Core ML files that are not written, and what coremltools may say on its way."""

import errno
import importlib.util
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from coreml_files import LEGACY, PACKAGE, size_of, spec_of
from latents import write_latent
from machines import write_machine
from models import VOCABULARY, write_drummer

from paradiddle import coreml_ops, coreml_walk
from paradiddle.coreml_export import export_coreml
from paradiddle.coreml_ops import with_coremltools
from paradiddle.errors import MissingExtraError, ModelError, OutputError

if not importlib.util.find_spec("coremltools"):
    pytest.skip("needs the export extra", allow_module_level=True)

# --- what is refused ----------------------------------------------------------------------------


def refused(kind: type[Exception], message: str, model: Path, out: Path, **settings: Any) -> None:
    before = sorted(out.iterdir()) if out.exists() else None
    with pytest.raises(kind, match=message) as caught:
        export_coreml(model, out, **settings)
    assert "\n" not in str(caught.value)
    assert (sorted(out.iterdir()) if out.exists() else None) == before


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_drummer(tmp_path / "model")
    monkeypatch.setitem(sys.modules, "coremltools", None)  # type: ignore[arg-type]
    message = r"the export to Core ML needs an extra .* pip install 'paradiddle\[export\]'"
    refused(MissingExtraError, message, model, tmp_path / "out")


def test_models_that_have_no_such_form(tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(ModelError, "no model file at .*nowhere", tmp_path / "nowhere", out)
    latent = write_latent(tmp_path / "latent")
    message = "is a latent model, for which the export to Core ML has no graphs: embed, morph"
    refused(ModelError, message, latent, out)
    message = "is a machine model; the legacy form ends in the custom layer .* leave out --legacy"
    refused(ModelError, message, write_machine(tmp_path / "machine"), out, legacy=True)


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / PACKAGE / "Data").mkdir(parents=True)
    (out / PACKAGE / "Data" / "old").touch()
    other = write_drummer(tmp_path / "other", VOCABULARY)
    refused(OutputError, r"cannot write .*drummer\.mlpackage: it exists; .* --force", other, out)
    export_coreml(other, out, legacy=True)  # beside it
    refused(OutputError, r"drummer\.mlmodel: it exists", other, out, legacy=True)
    export_coreml(other, out, force=True)
    outputs = [each.name for each in spec_of(out / PACKAGE).description.output]
    assert outputs[:3] == ["note", "ticks", "velocity"]
    assert not (out / PACKAGE / "Data" / "old").exists()
    assert sorted(path.name for path in out.iterdir()) == [LEGACY, PACKAGE]
    for item in (out / PACKAGE).rglob("*"):  # others may read it
        assert (
            item.stat().st_mode & 0o777 == (out if item.is_dir() else other).stat().st_mode & 0o777
        )


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_that_computes_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool
) -> None:
    monkeypatch.setattr(coreml_ops, "_OURS_TO_COREML", [0, 1, 2, 3])
    message = r"differs from what we compute by .*, more than 1e-05; nothing was written"
    refused(ModelError, message, write_drummer(tmp_path / "model"), tmp_path / "out", legacy=legacy)


def test_an_operation_that_cannot_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(coreml_walk._OPERATIONS, "softmax")
    message = r"drummer\.mlpackage has an operation 'softmax' that cannot be checked"
    refused(ModelError, message, write_drummer(tmp_path / "model"), tmp_path / "out")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[MIL FileWriter]: Unknown error occurred while writing data to the file."),
        RuntimeError("filesystem error: cannot copy: Input/output error [a] [b]"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
    ids=["writer", "copy", "full"],
)
def test_temporary_files_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    coremltools = pytest.importorskip("coremltools")

    def full(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(coremltools, "convert", full)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    message = r"cannot write (temporary files to )?.*temporary: .*; free some space"
    refused(OutputError, message, write_drummer(tmp_path / "model"), tmp_path / "out")


def test_other_errors_of_coremltools_are_not_taken_for_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coremltools = pytest.importorskip("coremltools")

    def wrong(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(coremltools, "convert", wrong)
    with pytest.raises(RuntimeError, match="a bug"):
        export_coreml(write_drummer(tmp_path / "model"), tmp_path / "out")


# --- what coremltools says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Torch version 2.13.0+cpu has not been tested with coremltools. You may run", False),
        ("Failed to load _MLModelProxy: No module named 'coremltools.libcoremlpython'", False),
        ("Torch version 2.13.0 cannot be used", True),
        ("scikit-learn version 9 is not supported", True),
        ("Failed to load _MLModelProxy: no memory", True),
    ],
)
def test_two_messages_are_left_out_and_no_other(
    caplog: pytest.LogCaptureFixture, message: str, shown: bool
) -> None:
    with with_coremltools():
        logging.getLogger("coremltools").warning(message)
    assert (message in caplog.messages) == shown
    logging.getLogger("coremltools").warning("%s", message)
    assert message in caplog.messages


def test_the_command_in_a_process_of_its_own(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model")
    out = tmp_path / "out"
    ran = subprocess.run(
        [sys.executable, "-m", "paradiddle", "export", "coreml", "--legacy", model, "-o", out],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == ""
    [line] = ran.stderr.splitlines()
    assert line.startswith(f"{out / LEGACY}: {size_of(out / LEGACY):,} bytes; probabilities as")
