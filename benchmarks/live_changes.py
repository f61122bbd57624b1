"""Patterns and tempi that change in every bar while the music plays: a row of `benchmarks.live`.

Where each bar line lies is computed here, from the tempi and the seconds at which they were given:
a change holds from what has been handed out at that moment, which `Transport.next_wake` tells.
"""

import bisect
import itertools
import math
import time
from collections import defaultdict
from typing import Any

import numpy as np

from benchmarks.live_compared import Due, compared, timetable
from benchmarks.live_rig import (
    PERIOD_MS,
    SETTLE_SECONDS,
    Verdicts,
    pattern_of,
    taped,
)
from paradiddle.live_player import LivePlayer, MidiSink
from paradiddle.transport import Loop, Transport
from tests.jack import CLOCK, NOTE_ON, START, Ear, Heard, hanging

# kick on every 16th and closed hat on the even ones; snare on every 16th and open hat on the odd
LOOPS = [
    Loop.of(pattern_of((0, range(16)), (2, range(0, 16, 2)))),
    Loop.of(pattern_of((1, range(16)), (3, range(1, 16, 2)))),
]
PITCHES = ((36, 42), (38, 46))
STRUCK = 89
SLOWEST, QUICKEST = 80.0, 200.0
NEAR = 0.01  # quarters; so near to a bar line it is not certain on which side a change is
BLUR_SECONDS = 0.003  # of the second of a change, over all of them
TAIL_SECONDS = 0.2


class Ruler:
    """Seconds and quarters of music whose tempo changes."""

    def __init__(self, begin: float, qpm: float) -> None:
        self._seconds, self._quarters, self._speeds = [begin], [0.0], [qpm / 60]

    def bend(self, seconds: float, qpm: float) -> None:
        """Go on at another tempo from a second on."""
        self._quarters.append(self.quarters(seconds))
        self._seconds.append(seconds)
        self._speeds.append(qpm / 60)

    def quarters(self, seconds: float) -> float:
        """Tell where the music is at a second."""
        at = max(0, bisect.bisect(self._seconds, seconds) - 1)
        return self._quarters[at] + (seconds - self._seconds[at]) * self._speeds[at]

    def seconds(self, quarters: float) -> float:
        """Tell when the music comes to a place."""
        at = max(0, bisect.bisect(self._quarters, quarters) - 1)
        return self._seconds[at] + (quarters - self._quarters[at]) / self._speeds[at]


class Score:
    """What is to be heard: a ruler, and which pattern holds from which bar line on."""

    def __init__(self, begin: float, qpm: float) -> None:
        self.ruler = Ruler(begin, qpm)
        self.begins, self.which = [0.0], [0]

    def change(self, edge: float, turn: int, qpm: float) -> None:
        """Another pattern from the next bar line, another tempo from now on."""
        bar = 4.0 * math.ceil(self.ruler.quarters(edge) / 4)
        if bar == self.begins[-1]:
            self.which[-1] = turn % 2
        else:
            self.begins.append(bar)
            self.which.append(turn % 2)
        self.ruler.bend(edge, qpm)

    def pitches(self, slot: int) -> set[int]:
        """Tell what sounds on a 16th."""
        which = self.which[bisect.bisect(self.begins, slot / 4) - 1]
        every, other = PITCHES[which]
        return {every} | ({other} if slot % 2 == which else set())

    def due(self, until: float) -> list[Due]:
        """List start, pulses and hits until a second."""
        due = [Due(self.ruler.seconds(0.0), (START,))]
        for pulse in range(round(24 * self.ruler.quarters(until))):
            at = self.ruler.seconds(pulse / 24)
            due.append(Due(at, (CLOCK,)))
            if pulse % 6 == 0:
                due += [Due(at, (0x99, pitch, STRUCK)) for pitch in self.pitches(pulse // 6)]
        return due


def changes(verdicts: Verdicts, chosen: Any) -> None:
    """Another pattern and tempo in every bar, from another thread."""
    with Ear("ear") as ear:
        transport = Transport(time.perf_counter, 120)
        transport.set_loop(LOOPS[0])
        output, tape = taped("ear")
        with LivePlayer(transport, [MidiSink(output, clock=True)]) as player:
            begin = time.perf_counter() + 0.5
            player.start(at=begin)
            score = Score(begin, 120)
            done = conducted(player, score, begin + 60 * chosen.minutes)
            stopped = time.perf_counter()
            player.stop()
            time.sleep(SETTLE_SECONDS)
        heard = ear.take()
    bus = compared([one.data for one in tape.sent], [one.data for one in heard])
    steady = [
        one
        for one in tape.sent
        if one.seconds < stopped and one.data[0] in (START, CLOCK, NOTE_ON | 9)
    ]
    times, wrong = timetable(
        score.due(stopped + 1), steady, stopped - TAIL_SECONDS, tolerance=BLUR_SECONDS
    )
    own = 1e3 * float(np.nanmax([one.seconds for one in steady] - times))
    slots, misplaced = in_no_pattern(score, heard, stopped - TAIL_SECONDS)
    pulses, left = sum(one.kind == CLOCK for one in heard), len(hanging(heard))
    figures = (
        f"{done:,} changes, {len(heard):,} messages, {bus.lost} lost, {bus.extra} doubled or moved,"
        f" {misplaced} of {slots:,} 16ths not of just one pattern, {pulses:,} pulses"
        f" ({'as due' if not wrong else 'WRONG'}, sent {own:.1f} ms late at most), {left} hanging"
    )
    for remark in (bus.difference, wrong):
        figures += f"\n  {'':34} {remark}" if remark else ""
    met = not (bus.difference or wrong or misplaced or left)
    bar = "each hit and hat of one pattern, each pulse there, 0 hanging"
    verdicts.show("pattern and tempo every bar", figures, bar, met)


def conducted(player: LivePlayer, score: Score, until: float) -> int:
    """Change pattern and tempo once a bar, anywhere in it; give how often."""
    draws = np.random.default_rng(0)
    for turn in itertools.count(1):
        place = 4 * (turn - 1 + draws.uniform())
        player.rest(max(0.0, score.ruler.seconds(place) - time.perf_counter()))
        if time.perf_counter() > until:
            return turn - 1
        qpm = float(draws.uniform(SLOWEST, QUICKEST))
        while not changed(player, score, turn, qpm):
            time.sleep(0.002)
    raise AssertionError


def changed(player: LivePlayer, score: Score, turn: int, qpm: float) -> bool:
    """Make a change, unless it is uncertain from where on it would hold."""
    with player.change() as transport:
        now, ahead = time.perf_counter(), transport.next_wake()
        edge = now + ahead + transport.look_ahead / 2
        place = score.ruler.quarters(edge)
        if ahead <= 0 or abs(place - 4 * round(place / 4)) < NEAR:
            return False
        transport.set_loop(LOOPS[turn % 2])
        transport.set_qpm(qpm)
    score.change(edge, turn, qpm)
    return True


def in_no_pattern(score: Score, heard: list[Heard], until: float) -> tuple[int, int]:
    """Count 16ths, and those at whose time other hits were heard than those of its pattern."""
    came: dict[int, list[int]] = defaultdict(list)
    for one in heard:
        if one.strikes:
            # half a period is what the bus takes on average
            place = score.ruler.quarters(one.bus - PERIOD_MS / 2e3)
            came[round(4 * place)].append(one.data[1])
    slots = math.floor(4 * score.ruler.quarters(until))
    wrong = sum(sorted(came[slot]) != sorted(score.pitches(slot)) for slot in range(slots))
    return slots, wrong + sum(slot < 0 for slot in came)
