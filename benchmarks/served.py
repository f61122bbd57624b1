"""A server of its own for benchmarks."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Running(NamedTuple):
    """Where a server is, and its process."""

    address: str  # without a slash at the end
    process: int

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.address.rpartition(":")[2])


@contextmanager
def server(*arguments: object) -> Iterator[Running]:
    """Run `paradiddle serve` on a free port for as long as the block lasts."""
    command = [sys.executable, "-m", "paradiddle", "serve", "--port", "0", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield Running(process.stdout.readline().split()[3].rstrip("/"), process.pid)
    finally:
        process.terminate()
        process.wait(30)
