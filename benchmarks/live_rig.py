"""What the benchmarks of live MIDI share: the bus, what was sent and due, processes, verdicts."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mido
import numpy as np

from benchmarks.live_compared import Due
from paradiddle.output import Output
from paradiddle.pattern import Pattern
from paradiddle.priority import real_time
from tests.jack import BACKEND, PERIOD, RATE, Ear, Heard, NoBusError, jack_server, missing

ROOT = Path(__file__).parents[1]
PERIOD_MS = 1e3 * PERIOD / RATE
SETTLE_SECONDS = 0.3  # until what was sent has arrived
BACK_SECONDS = 2.0  # from which on music counts as gone for good
_SLOW_SECONDS = 20.0  # a process may need to start on a machine that is busy
_GRACE_SECONDS = 0.1  # in which a child that sees its parent go may follow


class Verdicts:
    """Prints rows with their bars, and remembers whether all were met."""

    def __init__(self) -> None:
        self.all_met = True

    def show(self, name: str, figures: str, bar: str, met: bool) -> None:
        """Print a row."""
        self.all_met &= bool(met)
        verdict = "met" if met else "NOT MET"
        print(f"  {name:34} {figures}\n  {'':34} bar: {bar}: {verdict}", flush=True)

    def tell(
        self,
        name: str,
        turns: Sequence["Turn"],
        *,
        left: Sequence[str] = (),
        wrong: str = "",
        within: float = BACK_SECONDS,
    ) -> None:
        """Print a row of repeated failures; `left` and `wrong` are of a program they share."""
        hanging = sum(turn.hanging for turn in turns)
        resumed = sum(turn.seconds <= within for turn in turns)
        ends = [one for one in (wrong, *(turn.wrong for turn in turns)) if one]
        left = [*left, *(one for turn in turns for one in turn.left)]
        back = [turn.seconds for turn in turns if turn.seconds < np.inf]
        figures = (
            f"{len(turns)} times: {hanging} hanging notes, {resumed} resumed (at most"
            f" {max(back, default=0.0):.2f} s), {len(left)} zombies or orphans,"
            f" {len(ends)} wrong ends"
        )
        for remark in dict.fromkeys([*left, *ends]):
            figures += f"\n  {'':34} {remark}"
        met = bool(turns) and not hanging and resumed == len(turns) and not left and not ends
        bar = f"0 hanging, 0 zombies, all resume in {within:g} s and end as documented"
        self.show(name, figures, bar, met)


@dataclass
class Turn:
    """What came of one failure."""

    hanging: int  # note-ons without a note-off of their own
    seconds: float  # until it played again; infinite if it did not
    wrong: str = ""  # how the process ended, where it did not as it should
    left: list[str] = field(default_factory=list)  # zombies and orphans


@contextmanager
def bus(title: str) -> Iterator[None]:
    """Run the JACK server, or end the benchmark and say why there is none."""
    if why := missing():
        print(f"skipped: no JACK bus: {why}")
        sys.exit(0)
    with real_time() as allowed:
        pass
    how = "real-time priority" if allowed else "no real-time priority"
    try:
        with jack_server(realtime=allowed):
            print(f"{title} on JACK, {PERIOD} frames at {RATE} Hz ({PERIOD_MS:.2f} ms), {how}")
            yield
    except NoBusError as error:
        sys.exit(f"no JACK bus: {error}")


def pattern_of(*rows: tuple[int, Sequence[int]], qpm: float = 120) -> Pattern:
    """Make a bar of 16ths: voices, and the steps each strikes on."""
    hits = np.zeros((16, 9), np.bool_)
    for voice, steps in rows:
        hits[list(steps), voice] = True
    return Pattern(hits, hits * np.float32(0.7), hits * np.float32(0), qpm=qpm)


# --- what was sent --------------------------------------------------------------------------------


class Tape:
    """A driver's port that writes down what it is given, and when."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.sent: list[Due] = []

    def send(self, message: Any) -> None:
        """Pass a message on."""
        self.sent.append(Due(time.perf_counter(), tuple(message.bytes())))
        self._port.send(message)

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def taped(name: str) -> tuple[Output, Tape]:
    """Open an output whose bytes are written down on their way into the driver."""
    backend = mido.Backend(BACKEND)
    full = next(one for one in backend.get_output_names() if name in one)
    tape = Tape(backend.open_output(full))
    return Output(lambda: tape, full), tape


# --- processes ------------------------------------------------------------------------------------


class Program:
    """`python -m paradiddle` in a process and a session of its own; a context manager."""

    def __init__(self, *arguments: object, **how: Any) -> None:
        self.said_to = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed on leaving)
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL} | how
        self.process = subprocess.Popen(
            [sys.executable, "-m", "paradiddle", *map(str, arguments)],
            stderr=self.said_to,
            cwd=ROOT,
            start_new_session=True,
            text=True,
            **settings,
        )

    @property
    def said(self) -> str:
        """What it has told people."""
        self.said_to.flush()
        return os.pread(self.said_to.fileno(), 1 << 20, 0).decode(errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until it has said something."""
        until = time.monotonic() + _SLOW_SECONDS
        while text not in self.said:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"it never said {text!r}, but: {self.said}")
            time.sleep(0.02)

    def end(self, *numbers: int, pause: float = 0.0) -> tuple[int, list[str]]:
        """Send it signals, and wait; give its exit code and what it left behind.

        What it left is looked for before anybody has asked for its exit code.
        """
        if self.process.poll() is not None:
            return self.process.returncode, self.others()
        zombies = [one for one in self.others() if ": Z" in one]
        for number in numbers:
            os.kill(self.process.pid, number)  # nobody has reaped it, so the id is still its own
            time.sleep(pause)
        until = time.monotonic() + _SLOW_SECONDS
        while os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.monotonic() > until:
                self.process.kill()
            time.sleep(0.01)
        time.sleep(_GRACE_SECONDS)
        left = self.others()
        return self.process.wait(), [*zombies, *left]

    def others(self) -> list[str]:
        """Find the other processes of its session, whoever their parent is now."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            state, parent, session = words[0], words[1], int(words[3])
            if session == self.process.pid and stat.parent.name != str(session):
                name = stat.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()[:60]
                found.append(f"left: {stat.parent.name} of {parent}: {state} {name}")
        return found

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.said_to.close()


def wrong_end(program: Program, code: int, *allowed: int) -> str:
    """Tell how a program ended, where it did not as it should."""
    if "Traceback" in (said := program.said):
        return f"it said: {said.strip().splitlines()[-1]}"
    return "" if code in allowed else f"exit code {code}: {said.strip()[-200:]}"


def documented(number: int) -> int:
    """Give the exit code of a program that a signal asked to end."""
    return 128 + signal.Signals(number).value


def struck(
    ear: Ear, program: Program, notes: int = 4, seconds: float = _SLOW_SECONDS
) -> list[Heard]:
    """Listen until some notes have come, at most so long and while the program runs."""
    heard: list[Heard] = []
    until = time.monotonic() + seconds
    while sum(one.strikes for one in heard) < notes:
        if time.monotonic() > until or program.process.poll() is not None:
            break
        time.sleep(0.02)
        heard += ear.take()
    return heard
