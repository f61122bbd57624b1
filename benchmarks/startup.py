"""Whole processes: what a person waits for, and what an install weighs.

Medians of fresh processes. Installs the package into an empty environment to weigh it.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.harness import alternate

ROOT = Path(__file__).parents[1]
ROUNDS = 7
NOT_OURS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")


def process(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)


def installed_megabytes() -> float:
    """Size of everything that a base install adds to an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "-q", ROOT], check=True)
        packages = next(Path(folder, "lib").glob("python*")) / "site-packages"
        files = (path for path in packages.rglob("*") if path.is_file())
        ours = (
            path
            for path in files
            if path.relative_to(packages).parts[0].split("-")[0] not in NOT_OURS
        )
        return sum(path.stat().st_size for path in ours) / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        midi = str(Path(folder, "x.mid"))
        tool = "-m", "paradiddle"
        contestants = {
            "python -c pass": lambda: process("-c", "pass"),
            "import paradiddle": lambda: process("-c", "import paradiddle"),
            "paradiddle --help": lambda: process(*tool, "--help"),
            "drum -n 1000 -o x.mid": lambda: process(*tool, "drum", "-n", "1000", "-o", midi),
        }
        bars = {"import paradiddle": 0.25, "paradiddle --help": 0.3, "drum -n 1000 -o x.mid": 1.0}
        if groove := os.environ.get("PARADIDDLE_GROOVE"):
            contestants["corpus report GROOVE"] = lambda: process(*tool, "corpus", "report", groove)
            bars["corpus report GROOVE"] = 2.0
        medians = alternate(contestants, ROUNDS)
    print("whole processes (median, s)")
    for name, seconds in medians.items():
        bar = f"  bar {bars[name]} s" if name in bars else ""
        print(f"  {name:28} {seconds:6.2f}{bar}")
    print(f"base install: {installed_megabytes():.0f} MB  bar 150 MB")


if __name__ == "__main__":
    main()
