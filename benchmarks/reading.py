"""Reading the 1,150 files of the Groove MIDI Dataset: our reader and mido.

PARADIDDLE_GROOVE names the dataset's folder or zip. Both contestants parse bytes that lie in
memory, every file once a turn.
"""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import mido

from benchmarks.harness import alternate, show
from paradiddle import smf


def groove_files(path: Path) -> list[bytes]:
    if path.is_dir():
        return [file.read_bytes() for file in sorted(path.rglob("*.mid"))]
    archive = ZipFile(path)
    return [archive.read(name) for name in archive.namelist() if name.endswith(".mid")]


def each(read: Callable[[bytes], object], files: list[bytes]) -> Callable[[], None]:
    def run() -> None:
        for data in files:
            read(data)

    return run


def main() -> None:
    path = os.environ.get("PARADIDDLE_GROOVE")
    if not path:
        sys.exit("set PARADIDDLE_GROOVE to the folder or zip of the Groove MIDI Dataset")
    files = groove_files(Path(path))
    contestants = {
        "paradiddle": each(smf.parse, files),
        "mido": each(lambda data: mido.MidiFile(file=io.BytesIO(data)), files),
    }
    medians = alternate(contestants, rounds=5)
    show(f"reading {len(files):,} files", medians, "s", 1, {"mido": 20})
    print(f"  {len(files) / medians['paradiddle']:,.0f} files/s")


if __name__ == "__main__":
    main()
