"""Live MIDI on a real bus: JACK with its dummy driver, the receiver in another process.

Each row prints its figures, the bar and whether that was met; the exit status is 1 if any was not.
When a hit is due is computed here, from the tempo alone. Lateness is from that second to the one at
which the bus handed the hit to the receiver: so it holds the bus's own time, up to a period. The
full measurement is `python -m benchmarks.live --minutes 10 --repeats 50`; rows can be named.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import live_changes, live_failures
from benchmarks.live_compared import Due, compared, timetable
from benchmarks.live_daw import SIXTEENTH
from benchmarks.live_rig import (
    PERIOD_MS,
    ROOT,
    SETTLE_SECONDS,
    Program,
    Verdicts,
    bus,
    pattern_of,
    taped,
)
from paradiddle.live_player import LivePlayer, MidiSink
from paradiddle.transport import Loop, Transport
from tests.jack import CLOCK, NOTE_ON, START, Ear, Heard, hanging

BEAT = pattern_of((0, range(16)), (2, range(0, 16, 2)))  # kick on every 16th, hat on every eighth
KICK, KICK_OFF = (0x99, 36, 89), (0x89, 36, 64)
HAT, HAT_OFF = (0x99, 42, 89), (0x89, 42, 64)
PULSE = 60 / 120 / 24  # seconds
LENGTH = 0.2 * 60 / 120  # of a note
TAIL_SECONDS = 0.2  # before the stop, in which it may have been too late for something


def due_from(begin: float, until: float) -> list[Due]:
    """Compute what is due at 120 bpm."""
    due = [Due(begin, (START,))]
    pulse = 0
    while (at := begin + pulse * PULSE) < until:
        due.append(Due(at, (CLOCK,)))
        sixteenth, rest = divmod(pulse, SIXTEENTH)
        if rest == 0:
            due += [Due(at, KICK), Due(at + LENGTH, KICK_OFF)]
            if sixteenth % 2 == 0:
                due += [Due(at, HAT), Due(at + LENGTH, HAT_OFF)]
        pulse += 1
    return due


class Steady(NamedTuple):
    """What came of music at one tempo."""

    whole: bool
    late: NDArray[np.float64]  # of hits, in ms
    drift: float  # of the mean tempo, in %
    figures: str


def play_steadily(seconds: float) -> Steady:
    """Play at 120 bpm, with clock."""
    with Ear("ear") as ear:
        transport = Transport(time.perf_counter, 120)
        transport.set_loop(Loop.of(BEAT))
        output, tape = taped("ear")
        with LivePlayer(transport, [MidiSink(output, clock=True)]) as player:
            begin = time.perf_counter() + 0.5
            player.start(at=begin)
            player.rest(seconds + 0.5)
            stopped = time.perf_counter()
            player.stop()
            time.sleep(SETTLE_SECONDS)
        heard = ear.take()
    return judged(tape.sent, heard, due_from(begin, stopped + 1), stopped)


def judged(sent: list[Due], heard: list[Heard], due: list[Due], stopped: float) -> Steady:
    """Compare what came with what was sent, and that with what was due."""
    before = [one for one in sent if one.seconds < stopped]
    times, wrong = timetable(due, before, stopped - TAIL_SECONDS)
    found = compared([one.data for one in sent], [one.data for one in heard])
    left = len(hanging(heard))
    hits = [
        (times[here], heard[there].bus)
        for here, there in found.pairs
        if here < len(before) and sent[here].data[0] & 0xF0 == NOTE_ON and times[here] > 0
    ]
    if len(hits) < 2:
        raise RuntimeError(f"no hits came as they were due: {found.difference} {wrong}")
    wanted, came = np.array(hits).T
    late = 1e3 * (came - wanted)
    drift = 100 * abs(np.polyfit(wanted - wanted[0], came - wanted[0], 1)[0] - 1)
    own = 1e3 * np.nanpercentile([one.seconds for one in before] - times, 99)
    figures = (
        f"{len(heard):,} messages, {found.lost} lost, {found.extra} doubled or moved, tempo off"
        f" {drift:.4f} %, lateness of {len(late):,} hits mean {late.mean():.2f} std"
        f" {late.std():.2f} p99 {np.percentile(np.abs(late), 99):.2f} max {late.max():.2f} ms, own"
        f" part p99 {own:.2f} ms, hanging {left}"
    )
    for remark in (found.difference, wrong):
        figures += f"\n  {'':34} {remark}" if remark else ""
    return Steady(not (found.difference or wrong or left), late, float(drift), figures)


def steady(verdicts: Verdicts, chosen: Any) -> None:
    """120 bpm and clock."""
    whole, late, drift, figures = play_steadily(60 * chosen.minutes)
    p99 = np.percentile(np.abs(late), 99)
    met = whole and drift <= 0.05 and late.std() <= PERIOD_MS and p99 <= 2 * PERIOD_MS
    bar = f"none lost, tempo 0.05 %, std {PERIOD_MS:.2f}, p99 {2 * PERIOD_MS:.2f} ms, 0 hanging"
    verdicts.show("120 bpm and clock", figures, bar, bool(met))


def loaded(verdicts: Verdicts, chosen: Any) -> None:
    """Play the same while another process burns every core."""
    with burning(os.cpu_count() or 1):
        whole, late, _, figures = play_steadily(60 * chosen.minutes)
    met = whole and np.percentile(np.abs(late), 99) <= 10
    bar = "none lost, p99 10 ms, 0 hanging"
    verdicts.show("the same, all cores burnt", figures, bar, bool(met))


BURN = """
import hashlib, sys, threading
def burn():
    while True:
        hashlib.sha256(data)  # lets other threads run
data = bytes(1 << 22)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=burn).start()
"""


@contextmanager
def burning(cores: int) -> Iterator[None]:
    """Keep every core busy with one process."""
    busy = subprocess.Popen([sys.executable, "-c", BURN, str(cores)])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def follow(verdicts: Verdicts, chosen: Any) -> None:
    """Follow a clock from 80 to 160 bpm, which another process sends, as a user gets it."""
    seconds = min(60.0, 60 * chosen.minutes)
    figures, p99 = followed(seconds)
    plain, _ = followed(seconds, "--clock-latency", 0)
    figures = f"by default {figures}\n  {'':34} with --clock-latency 0 {plain}"
    verdicts.show("a clock from 80 to 160 bpm", figures, "p99 5 ms, none missing", p99 <= 5)


def followed(seconds: float, *options: object) -> tuple[str, float]:
    """Let `play --clock in` follow; give figures, and p99 of the onset error, infinite if lost."""
    high = str(80 + 80 * seconds / 60)  # as quick a drift in a short run
    daw = [sys.executable, "-m", "benchmarks.live_daw"]
    daw += ["paradiddle:paradiddle", "80", high, str(seconds)]
    with tempfile.TemporaryDirectory() as folder, Ear("ear") as ear:
        beat = Path(folder) / "beat.json"
        beat.write_text(pattern_of((0, range(16))).to_json())
        play = ("play", beat, "--loop", "--port", "ear", "--clock", "in", *options)
        with Program(*play) as program:
            program.wait_for("waiting for a MIDI clock")
            done = subprocess.run(daw, capture_output=True, text=True, check=True, cwd=ROOT)
            time.sleep(SETTLE_SECONDS)
            program.end(15)
        heard = ear.take()
    wanted = np.array(json.loads(done.stdout))[::SIXTEENTH]
    return onset_errors(wanted, [one.bus for one in heard if one.strikes], len(hanging(heard)))


def onset_errors(
    wanted: NDArray[np.float64], came: Sequence[float], left: int
) -> tuple[str, float]:
    """Measure how far hits are from where the sender's clock has them."""
    middles = (wanted[1:] + wanted[:-1]) / 2
    places = np.searchsorted(middles, came)
    missing = len(wanted) - len(np.unique(places))
    extra = len(came) - len(np.unique(places))
    if not len(came):
        return "no hit came", np.inf
    late = 1e3 * (np.array(came) - wanted[places])
    p99 = float(np.percentile(np.abs(late), 99))
    figures = (
        f"{len(came)} hits, {missing} missing, {extra} too many, onset error median"
        f" {np.median(late):+.2f} std {late.std():.2f} p99 {p99:.2f} max {np.abs(late).max():.2f}"
        f" ms (hit {np.abs(late).argmax() + 1}), hanging {left}"
    )
    return figures, np.inf if missing or extra or left else p99


ROWS: dict[str, Callable[[Verdicts, Any], None]] = {
    "steady": steady,
    "loaded": loaded,
    "changes": live_changes.changes,
    "follow": follow,
    **live_failures.ROWS,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all if left out")
    parser.add_argument("--minutes", type=float, default=0.25, help="of each row that plays on")
    parser.add_argument("--repeats", type=int, default=3, help="of each failure")
    chosen = parser.parse_args()
    if unknown := set(chosen.rows) - set(ROWS):
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if chosen.repeats < 1 or not chosen.minutes > 0:
        parser.error("--repeats must be at least 1, and --minutes more than 0")
    verdicts = Verdicts()
    with bus("live MIDI"):
        for name in chosen.rows or ROWS:
            try:
                ROWS[name](verdicts, chosen)
            except Exception as error:  # the other rows are worth their time all the same
                why = f"broke off: {type(error).__name__}: {error}"
                verdicts.show(name, why, "an end", False)
    sys.exit(not verdicts.all_met)


if __name__ == "__main__":
    main()
