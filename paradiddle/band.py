"""What plays along a transport: a thread that has each bar ready before its bar line."""

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Self

from paradiddle.bars import Bar
from paradiddle.stopping import signals_wait, start_thread
from paradiddle.transport import Timed, Transport

__all__ = ["BAR_SLACK", "Band"]

BAR_SLACK = 1e-3
"""Quarters; two ways to compute one bar line differ by less."""

_STAYS = 0.3  # quarters; a stop goes to the next 16th, a clock that is followed is a little behind
_HARDLY_EVER_SLOWER = 2.0
_SHORTEST_NAP, _LONGEST_NAP = 0.001, 0.25  # seconds


class Band(ABC):
    """Gives a transport its music bar by bar, in a thread of its own.

    The bar that sounds is repeated if the next is not there in time.

    Parameters
    ----------
    transport : Transport
        Of a player that calls `hear`.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.lock: AbstractContextManager[Any] = threading.RLock()
        """Which guards the transport and what is here: that of the player."""
        self.playing: Bar | None = None
        """The bar that sounds."""
        self.number = 0
        """Of the bar that sounds, from 1."""
        self.late = 0
        """Bars that were not there in time."""
        self._queued: deque[tuple[float, Bar]] = deque()  # where each begins
        self._place = 0.0  # the pulse heard last, in quarters
        self._passed = 0.0  # the last bar line, or where the music set in
        self._awake, self._closing = threading.Event(), threading.Event()
        self._longest = 0.0  # seconds that a bar took to make, of late
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make what the music begins with, before it starts."""

    @abstractmethod
    def rewind(self) -> None:
        """Begin again, before a stopped transport starts."""

    @abstractmethod
    def turn(self) -> float:
        """Do what is to be done now; return how many seconds there is nothing more to do."""

    def relocated(self) -> None:  # noqa: B027 (most have nothing to forget)
        """Forget what belongs to the place that was left; called as `hear` is."""

    def hear(self, timed: Timed) -> None:
        """Take note of where the music is; called at its time, under the lock of the player."""
        if timed.kind in ("start", "continue"):
            self._sets_in(timed.position)
        elif timed.kind == "pulse":
            self._place = timed.position
        elif timed.kind == "bar" and timed.position >= -BAR_SLACK:
            self._passes(timed.position)

    def _sets_in(self, position: float) -> None:
        """Be at a place; what was queued last goes on there at once."""
        if self._queued:
            self.playing = self._queued[-1][1]
            self._queued.clear()
        self.number = int((position + BAR_SLACK) // self.transport.quarters_per_bar) + 1
        self._passed, before, self._place = position, self._place, position
        if abs(position - before) > _STAYS:
            self.relocated()
        self._wake()

    def _passes(self, line: float) -> None:
        """Go on to the next bar at its line."""
        begun = None
        while self._queued and self._queued[0][0] <= line + BAR_SLACK:
            begun = self._queued.popleft()[1]
        self.number = round(line / self.transport.quarters_per_bar) + 1
        # a line may be passed again where the clock has been moved back
        self.late += begun is None and line > self._passed + BAR_SLACK
        self._passed, self.playing = max(self._passed, line), begun or self.playing
        self._wake()

    def work(self, lock: AbstractContextManager[Any]) -> Self:
        """Make bars from now on, in a thread; a context manager that ends it.

        Parameters
        ----------
        lock : context manager
            Which guards the transport: that of the player.
        """
        self.lock = lock
        self._thread = start_thread(self._run, "band")
        return self

    def check(self) -> None:
        """Raise what went wrong while bars were made, if anything did."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """End the thread; again does nothing."""
        with signals_wait():
            self._closing.set()
            self._awake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wake(self) -> None:
        """Let the thread look what is to be done."""
        with signals_wait():  # one in the midst would leave the event locked
            self._awake.set()

    def _run(self) -> None:
        try:
            nap = 0.0
            while not self._closing.is_set():
                self._awake.wait(min(max(nap, _SHORTEST_NAP), _LONGEST_NAP))
                self._awake.clear()
                nap = self.turn()
        except BaseException as error:
            self._error = error

    def _timed(self, make: Callable[[], Bar]) -> Bar:
        """Make something, and remember how long that took."""
        begun = time.perf_counter()
        made = make()
        self._longest = max(0.9 * self._longest, time.perf_counter() - begun)
        return made

    def _begin_with(self, bar: Bar) -> None:
        """Let a stopped transport start with a bar; under the lock."""
        self.transport.set_loop(bar.loop)
        self._queued.clear()
        self._queued.append((0.0, bar))
        self._place = 0.0

    def _queue(self, bar: Bar) -> None:
        """Give the transport a bar, in place of one that would begin with it; under the lock."""
        begin = self.transport.set_loop(bar.loop, "bar")
        while self._queued and self._queued[-1][0] >= begin - BAR_SLACK:
            self._queued.pop()
        self._queued.append((begin, bar))

    def _spare_seconds(self, position: float) -> float:
        """Seconds that there are until a bar must be made that begins here; under the lock."""
        seconds = (position - self.transport.position) * 60 / self.transport.qpm
        return seconds - self.transport.look_ahead - _HARDLY_EVER_SLOWER * self._longest
