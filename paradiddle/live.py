"""The endless drummer: it makes bars ahead of time in a thread of its own, so that none is late."""

import math
import time
from collections import deque
from dataclasses import replace

from paradiddle.band import Band
from paradiddle.bars import Bar, BarSource, Wishes
from paradiddle.transport import Transport

__all__ = ["LiveDrummer"]

_AHEAD = 2  # bars that are ready besides the one that is queued
_STEP = 0.25  # quarters; the hits of a bar line may come so much before it
_MARGIN = 0.03  # seconds
_HARDLY_EVER_SLOWER = 2.0


class LiveDrummer(Band):
    """Keeps a transport in music, one bar after the other.

    While one bar sounds the next is queued and two more are ready. What is changed holds from the
    next bar line on, if there is time to make that bar anew, and otherwise from the one after it.
    Should a bar not be ready in time, the one before it is repeated.

    Parameters
    ----------
    source : BarSource
        What makes the bars. Only the thread of the drummer asks it.
    transport : Transport
        Of a player that calls `hear`.
    wishes : Wishes
        How to play at first.

    Examples
    --------
    >>> from paradiddle.machine import Machine
    >>> from paradiddle.machine_bars import MachineBars
    >>> transport = Transport(time.perf_counter)
    >>> drummer = LiveDrummer(MachineBars(Machine.load(), 1), transport, Wishes("funk"))
    >>> drummer.prepare()
    >>> len(transport.loop.hits) > 0, drummer.late
    (True, 0)
    """

    def __init__(self, source: BarSource, transport: Transport, wishes: Wishes) -> None:
        super().__init__(transport)
        self.source, self._wishes = source, wishes
        self._ready: deque[Bar] = deque()
        self._changed = self._fill = self._vary = False
        self._seconds = 0.0  # the longest that a bar took to make, of late

    # --- what a person may do --------------------------------------------------------------------

    @property
    def wishes(self) -> Wishes:
        """How it plays now, or from the next bar on."""
        return self._wishes

    @property
    def fill_comes(self) -> bool:
        """Whether a drum fill is about to be played."""
        with self.lock:
            coming = [*(bar for _, bar in self._queued), *self._ready]
            return self._fill or any(bar.fill for bar in coming)

    def change(self, wishes: Wishes) -> None:
        """Play otherwise from the next bar on; the tempo is the transport's."""
        self._turn(wishes=wishes)

    def fill(self) -> None:
        """Play a drum fill in the next bar."""
        self._turn(fill=True)

    def vary(self) -> None:
        """Begin something new with the next bar."""
        self._turn(vary=True)

    def rewind(self) -> None:
        """Let a stopped transport start with the bar that would have come next."""
        with self.lock:
            bar = self._queued[-1][1] if self._queued else self.playing
            self._queued.clear()
            if bar is not None:
                self.transport.set_loop(bar.loop)
                self._queued.append((0.0, bar))

    # --- for the player --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the first bars, before the music starts; what is wrong with the wishes comes out.

        Raises
        ------
        InvalidValueError
            If a style is unknown or a setting out of range.
        """
        bar = self._made(fill=False)
        with self.lock:
            self.transport.set_loop(bar.loop)
            self._queued.append((0.0, bar))
        self._refill()

    def turn(self) -> float:
        """Make what is wished for anew, queue the next bar, and have more of them ready."""
        if self._changed:
            self._make_anew()
        self._queue_next()
        self._refill()
        self._queue_next()
        return math.inf

    # --- the thread ------------------------------------------------------------------------------

    def _turn(self, wishes: Wishes | None = None, fill: bool = False, vary: bool = False) -> None:
        """Note what is wished for."""
        with self.lock:
            self._wishes = wishes or self._wishes
            self._fill |= fill
            self._vary |= vary
            self._changed = True
        self._awake.set()

    def _made(self, fill: bool) -> Bar:
        """Make a bar at the tempo of the moment."""
        begun = time.perf_counter()
        bar = self.source.next(replace(self._wishes, qpm=self.transport.qpm), fill=fill)
        self._seconds = max(0.9 * self._seconds, time.perf_counter() - begun)
        return bar

    def _refill(self) -> None:
        """Have enough bars ready."""
        while len(self._ready) < _AHEAD and not self._closing.is_set():
            bar = self._made(fill=False)
            with self.lock:
                self._ready.append(bar)

    def _queue_next(self) -> None:
        """Give the transport its next bar, once the one before it has begun."""
        with self.lock:
            if not self._queued and self._ready:
                self._queue(self._ready.popleft())

    def _make_anew(self) -> None:
        """Take back what has not begun, and make it as it is wished for now."""
        with self.lock:
            fills = [bar.fill for bar in self._ready]
            self._ready.clear()
            soon = self._in_time()
            if soon:
                fills = [bar.fill for _, bar in self._queued] + fills
            vary, fills[:1] = self._vary, [self._fill or any(fills[:1])]
            self._changed = self._fill = self._vary = False
        self._take_back(len(fills), vary)
        for index, fill in enumerate(fills):
            bar = self._made(fill)
            with self.lock:
                if soon and index == 0:
                    self._queue(bar)
                else:
                    self._ready.append(bar)

    def _take_back(self, bars: int, vary: bool) -> None:
        for _ in range(bars):
            self.source.take_back()
        if vary:
            self.source.vary()

    def _in_time(self) -> bool:
        """Whether the queued bar can still be another."""
        if not self._queued or not self.transport.running:
            return bool(self._queued)
        seconds = self._seconds_until(self._queued[0][0] - _STEP)
        return seconds > _HARDLY_EVER_SLOWER * self._seconds + _MARGIN
