"""The parts of the page that need no browser are tested in node."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = 20


def node() -> str:
    """Path of a node that is new enough."""
    path = shutil.which("node")
    if path:
        version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
        found = re.match(r"v(\d+)", version.stdout)
        if found and int(found[1]) >= NEEDED:
            return path
    pytest.skip(f"node >= {NEEDED} is missing")


def test_the_engine_of_the_page() -> None:
    tests = sorted(str(path) for path in (ROOT / "tests" / "web").glob("*.test.mjs"))
    assert tests, "no tests of the page were found"
    run = subprocess.run(
        [node(), "--test", *tests], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
