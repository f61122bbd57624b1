"""What a fresh interpreter has loaded after an import: no library that playing does not need."""

import subprocess
import sys

import pytest

# torch trains; the others draw, sound, drive ports or convert, and come with extras
HEAVY = (
    "aalink coremltools matplotlib midirenderer onnx onnxruntime pypdl rtmidi sounddevice soundfile"
    " tensorboard torch"
)
SERVING = "fastapi uvicorn"

EVERY_MODULE_BUT_TRAINING = """
import importlib, pkgutil, paradiddle
for module in pkgutil.walk_packages(paradiddle.__path__, "paradiddle."):
    name = module.name
    if not name.startswith("paradiddle.training") and name != "paradiddle.__main__":
        importlib.import_module(name)
assert "paradiddle.midi" in sys.modules
"""

HELP = """
import contextlib, io, runpy
sys.argv = ["paradiddle", "--help"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    runpy.run_module("paradiddle", run_name="__main__")
assert "paradiddle.cli" in sys.modules
"""


def loaded_by(code: str, watched: str) -> list[str]:
    """Which of the watched libraries a fresh interpreter has loaded after running `code`."""
    report = f"print('LOADED', *sorted(set({watched!r}.split()) & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{report}"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1].split()[1:]


def test_the_package_alone_loads_nothing_heavy() -> None:
    assert loaded_by("import paradiddle", f"{HEAVY} {SERVING}") == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(EVERY_MODULE_BUT_TRAINING, id="every module but training"),
        pytest.param(HELP, id="paradiddle --help"),
    ],
)
def test_nothing_heavy_is_loaded_by(code: str) -> None:
    assert loaded_by(code, HEAVY) == []


def test_the_check_sees_what_is_loaded() -> None:
    assert loaded_by("import mido", "mido torch") == ["mido"]
