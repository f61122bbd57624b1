"""A clock that is moved by hand, and music that runs by it, for tests of live playing."""

import heapq
from collections.abc import Callable

import numpy as np

from paradiddle.band import Band
from paradiddle.bars import Bar, Wishes
from paradiddle.pattern import Pattern
from paradiddle.transport import Timed, Transport

LOOK_AHEAD = 0.03


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Rig:
    """Does by hand what a player's and a band's threads do."""

    def __init__(self, qpm: float = 120.0) -> None:
        self.clock = Clock()
        self.transport = Transport(self.clock, qpm, LOOK_AHEAD)
        self.heard: list[Timed] = []
        self._queue: list[tuple[tuple[float, int, int, int], int, Timed]] = []
        self._count = 0

    def start(self) -> None:
        self.transport.start(self.clock())

    def stop(self) -> None:
        self.transport.stop()
        self._queue.clear()

    def run(
        self,
        band: Band,
        bars: float,
        *,
        works: bool = True,
        at_tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Let time pass until so many more bars are over."""
        until = self.transport.position + bars * self.transport.quarters_per_bar
        while self.transport.position < until - 1e-6:
            self.tick(band, at_tick)
            if works:
                band.turn()

    def tick(self, band: Band, at_tick: Callable[[], None]) -> None:
        """Let 5 ms pass."""
        self.clock.seconds += 0.005
        for timed in self.transport.due():
            self._count += 1
            heapq.heappush(self._queue, (timed.order, self._count, timed))
        while self._queue and self._queue[0][0][0] <= self.clock():
            timed = heapq.heappop(self._queue)[2]
            self.heard.append(timed)
            band.hear(timed)
        at_tick()

    def hits(self) -> list[Timed]:
        return [timed for timed in self.heard if timed.kind == "hit"]


class NumberedBars:
    """Bars of four hits, on the bar line and after it, whose velocity is their number in 10,000."""

    quarters_per_bar = 4.0

    def __init__(self, offset: float = 0.0, *, has_spares: bool = False) -> None:
        self.has_spares, self.spares = has_spares, 0
        self.made: list[tuple[int, Wishes, bool]] = []  # all, also those taken back
        self.number = 0
        self.taken_back = self.varied = 0
        self.offset = offset

    def next(self, wishes: Wishes, *, fill: bool = False) -> Bar:
        self.number += 1
        self.made.append((self.number, wishes, fill))
        return Bar.of(numbered(len(self.made), self.offset, fill), fill)

    def spare_fill(self, wishes: Wishes) -> Bar | None:
        if not self.has_spares:
            return None
        self.spares += 1
        return Bar.of(numbered(9_000 + self.spares % 1_000, self.offset, fill=True), fill=True)

    def take_back(self) -> None:
        self.taken_back += 1
        self.number -= 1

    def vary(self) -> None:
        self.varied += 1


def numbered(number: int, offset: float = 0.0, fill: bool = False) -> Pattern:
    hits = np.zeros((16, 9), bool)
    hits[::4, 4 if fill else 0] = True
    velocities = hits * np.float32(number / 10_000)
    return Pattern(hits, velocities, hits * np.float32(offset))
