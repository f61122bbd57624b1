"""`paradiddle live` at 240 bpm on a real MIDI bus: no bar late, memory flat, every note ended.

The bus is JACK with its dummy driver; the drummer is a process of its own, and what it plays comes
in at another. Each model plays twice, alone and while keys are pressed: style, temperature,
density, fill, new bars and bpm. The exit status is 1 if a bar is not met. The full measurement is
`python -m benchmarks.live_drummer --minutes 10`.
"""

import argparse
import contextlib
import os
import pty
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live_rig import Program, Verdicts, bus, wrong_end
from tests.jack import CONTROL, Ear, Heard, unended

QPM = 240
SETTLED = 0.2  # of the time; until then memory may still grow
GROWTH = 1.05
PAGE = os.sysconf("SC_PAGE_SIZE") / 1e6  # MB
KEYS = "sSsttTTddDDffn"
FASTER, SLOWER = "+=", "-"
KEY_SECONDS = 0.5  # from one key to the next, on average
SLOW_SECONDS = 60.0  # to start, and to end after its last bar


class Terminal:
    """A terminal of which nobody reads the screen and on which somebody plays with the keys."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        self.pressed = 0
        self._closing = threading.Event()
        self._screen = threading.Thread(target=self._read, daemon=True)
        self._hands = threading.Thread(target=self._press, daemon=True)

    def start(self) -> None:
        """Read, and press keys."""
        os.close(self.theirs)
        self._screen.start()
        self._hands.start()

    def close(self) -> None:
        """Leave the keys alone."""
        self._closing.set()
        self._hands.join()
        self._screen.join(1)
        os.close(self._ours)

    def _read(self) -> None:
        """Take what is shown, or the program would wait for it to be taken."""
        with contextlib.suppress(OSError):  # the program has ended
            while os.read(self._ours, 1 << 16):
                pass

    def _press(self) -> None:
        """Press keys; the tempo stays about where it was."""
        draws = np.random.default_rng(0)
        tempo = 0
        while not self._closing.wait(draws.uniform(0, 2 * KEY_SECONDS)):
            key = str(draws.choice([*KEYS, SLOWER if tempo > 0 else FASTER[0]]))
            tempo += (key in FASTER) - (key in SLOWER)
            with contextlib.suppress(OSError):
                os.write(self._ours, key.encode())
            self.pressed += 1


@contextmanager
def drumming(model: str, bars: int, terminal: Terminal | None) -> Iterator[Program]:
    """Run the drummer, at a terminal or without one."""
    arguments = ("live", "--bpm", QPM, "--model", model, "--seed", 1, "--stop-after", bars)
    how: dict[str, Any] = {}
    if terminal is not None:
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        how = {"stdin": terminal.theirs, "stdout": terminal.theirs, "env": environment}
    with Program(*arguments, "--port", "ear", **how) as program:
        if terminal is not None:
            terminal.start()
        yield program
        if terminal is not None:
            terminal.close()


def resident(process: int) -> float:
    """Memory of a process in megabytes."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE


def measured(program: Program, ear: Ear, seconds: float) -> tuple[list[float], list[Heard]]:
    """Wait for the end of the music; give memory while it played, and what came."""
    memory: list[float] = []
    heard: list[Heard] = []
    until = time.monotonic() + seconds + SLOW_SECONDS
    while not any(one.strikes for one in heard) and program.process.poll() is None:
        time.sleep(0.05)
        heard += ear.take()
    step = min(1.0, seconds / 20)
    while program.process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError, IndexError):  # it has just ended
            memory.append(resident(program.process.pid))
        time.sleep(step)
        heard += ear.take()
    return memory, heard + ear.take()


def play(verdicts: Verdicts, model: str, minutes: float, *, keys: bool) -> None:
    """Let one model play, and print what came of it."""
    bars = round(minutes * QPM / 4)
    terminal = Terminal() if keys else None
    with Ear("ear") as ear, drumming(model, bars, terminal) as program:
        memory, heard = measured(program, ear, 60 * minutes)
        running = program.process.poll() is None
        code, left = program.end()
        wrong = "it did not end by itself" if running else wrong_end(program, code, 0)
        late = re.search(r"(\d+) bars were not ready in time", program.said)
    late_bars = int(late[1]) if late else 0
    hanging, struck = len(unended(heard)), sum(one.strikes for one in heard)
    silenced = any(one.kind == CONTROL and one.data[1] == 123 for one in heard[-3:])
    settled = memory[int(SETTLED * len(memory)) :] or [np.inf]
    growth = max(settled) / settled[0]
    seconds = heard[-1].bus - heard[0].bus if heard else 0.0
    figures = (
        f"{bars} bars, {seconds:.1f} s, {struck:,} hits"
        + (f", {terminal.pressed} keys" if terminal else "")
        + f": {late_bars} late bars, memory {settled[0]:.1f} MB, then x{growth:.3f}, {hanging}"
        f" hanging, all-notes-off {'came' if silenced else 'MISSING'}"
    )
    for remark in (wrong, *left):
        figures += f"\n  {'':34} {remark}" if remark else ""
    bar = f"0 late bars, memory x{GROWTH}, 0 hanging, all-notes-off"
    fine = not (late_bars or hanging or wrong or left) and struck and silenced
    name = f"{model} at {QPM} bpm{', keys pressed' if keys else ''}"
    verdicts.show(name, figures, bar, bool(fine and growth <= GROWTH))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="of each model and variant")
    parser.add_argument("--models", nargs="+", default=["machine", "drummer"])
    parser.add_argument(
        "--variants", nargs="+", default=["alone", "keys"], choices=["alone", "keys"]
    )
    chosen = parser.parse_args()
    verdicts = Verdicts()
    with bus("the endless drummer"):
        for model in chosen.models:
            for variant in chosen.variants:
                play(verdicts, model, chosen.minutes, keys=variant == "keys")
    sys.exit(not verdicts.all_met)


if __name__ == "__main__":
    main()
