"""`paradiddle live` at 240 bpm on a real MIDI bus: no bar late, memory flat, every note ended.

The bus is JACK with its dummy driver; the drummer is a process of its own, and what it plays comes
in here.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BACKEND = "mido.backends.rtmidi/UNIX_JACK"
PERIOD = 256 / 48_000  # seconds
QPM = 240
SETTLED = 0.2  # of the time; until then memory may still grow
GROWTH = 1.05
PAGE = os.sysconf("SC_PAGE_SIZE") / 1e6  # MB


@dataclass
class Ears:
    """What came over the bus."""

    struck: int = 0
    sounding: set[int] = field(default_factory=set)
    silenced: bool = False

    def hear(self, message: Any) -> None:
        """Take a message."""
        if message.type == "note_on" and message.velocity:
            self.struck += 1
            self.sounding.add(message.note)
        elif message.type in ("note_on", "note_off"):
            self.sounding.discard(message.note)
        self.silenced = message.is_cc(123)


@contextmanager
def bus() -> Iterator[None]:
    """Run a JACK server for this process and its children."""
    name = f"bench-{os.getpid()}"
    os.environ.update(
        JACK_DEFAULT_SERVER=name,
        JACK_NO_START_SERVER="1",
        JACK_NO_AUDIO_RESERVATION="1",
        MIDO_BACKEND=BACKEND,
    )
    command = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield
    finally:
        server.terminate()
        server.wait(10)


def resident(process: int) -> float:
    """Memory of a process in megabytes."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE


def listen(ears: Ears) -> Any:
    """Wait for the drummer's port and listen to it."""
    import mido

    backend = mido.Backend(BACKEND)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = [name for name in backend.get_input_names() if "paradiddle" in name]
        if found:
            port = backend.open_input(found[0])
            port.callback = ears.hear
            return port
        time.sleep(0.05)
    raise RuntimeError("the drummer made no port")


def play(model: str, minutes: float) -> None:
    """Let one model play, and print what came of it."""
    bars = round(minutes * QPM / 4)
    command = [sys.executable, "-m", "paradiddle", "live", "--bpm", str(QPM), "--model", model]
    command += ["--seed", "1", "--stop-after", str(bars)]
    ears = Ears()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    port = listen(ears)
    memory: list[float] = []
    begun = time.monotonic()
    while time.monotonic() - begun < 60 * minutes - 1:
        time.sleep(min(1.0, minutes))
        memory.append(resident(process.pid))
    told, errors = process.communicate(timeout=60)
    time.sleep(0.1)
    port.close()
    report(model, bars, ears, memory, told, errors)


def report(model: str, bars: int, ears: Ears, memory: list[float], told: str, errors: str) -> None:
    late = sum(int(line.split()[0]) for line in errors.splitlines() if "not ready in time" in line)
    shown = sum(line.startswith("bar ") for line in told.splitlines())
    settled = memory[int(SETTLED * len(memory))]
    print(f"{model}: {bars} bars at {QPM} bpm, {ears.struck} hits over the bus")
    print(f"  late bars                    {late:8}  bar 0; {shown} bars shown")
    growth = max(memory[int(SETTLED * len(memory)) :]) / settled
    print(f"  memory                       {settled:8.1f} MB, then x{growth:.3f}  bar {GROWTH}")
    hanging = len(ears.sounding)
    print(f"  hanging notes                {hanging:8}  bar 0; all notes off: {ears.silenced}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="of each model")
    parser.add_argument("--models", nargs="+", default=["machine", "drummer"])
    chosen = parser.parse_args()
    if shutil.which("jackd") is None:
        print("skipped: jackd is not installed (Debian: jackd2)")
        return
    with bus():
        for model in chosen.models:
            play(model, chosen.minutes)


if __name__ == "__main__":
    main()
