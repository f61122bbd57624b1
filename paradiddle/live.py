"""The endless drummer: it makes bars ahead of time in a thread of its own, so that none is late."""

import math
from collections import deque
from dataclasses import replace

from paradiddle.band import BAR_SLACK, Band
from paradiddle.bars import Bar, BarSource, Wishes, cut_over
from paradiddle.stretches import next_multiple
from paradiddle.transport import Transport

__all__ = ["LiveDrummer"]

_AHEAD = 2  # bars that are ready besides the one that is queued
_STEP = 0.25  # quarters; the hits of a bar line may come so much before it
_MARGIN = 0.03  # seconds
_FRESH = 4  # bars after which another fill is made ready


class LiveDrummer(Band):
    """Keeps a transport in music, one bar after the other.

    While one bar sounds the next is queued and two more are ready. What is changed holds from the
    next bar line on, if there is time to make that bar anew, and otherwise from the one after it.
    A fill is kept ready, and begins with the next beat of the bar that sounds. Should a bar not be
    ready in time, the one before it is repeated.

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
    >>> import time
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
        self._spare: Bar | None = None  # a fill
        self._since = 0  # bars made since it was

    # --- what a person may do --------------------------------------------------------------------

    @property
    def wishes(self) -> Wishes:
        """How it plays now, or from the next bar on."""
        return self._wishes

    def change(self, wishes: Wishes) -> None:
        """Play otherwise from the next bar on; the tempo is the transport's."""
        self._turn(wishes=wishes)

    def fill(self) -> None:
        """Play a drum fill from the next beat to the bar line; too late for that, in the next bar.

        While a fill sounds the next bar is to be another.
        """
        with self.lock:
            if self._fills_now():
                self._wake()  # have another ready
                return
        self._turn(fill=True)

    def vary(self) -> None:
        """Begin something new with the next bar."""
        self._turn(vary=True)

    def rewind(self) -> None:
        """Let a stopped transport start with the bar that would have come next."""
        with self.lock:
            bar = self._queued[-1][1] if self._queued else self.playing
            if bar is not None:
                self._begin_with(bar)

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
            self._begin_with(bar)
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
        self._wake()

    def _fills_now(self) -> bool:
        """Let the fill that is ready begin with the next beat of this bar; whether it does."""
        bar, spare, quarters = self.playing, self._spare, self.transport.quarters_per_bar
        line = (self.number - 1) * quarters
        if bar is None or spare is None or bar.fill or not self.transport.running:
            return False
        if not line - BAR_SLACK <= self.transport.position < line + quarters:
            return False
        beat = next_multiple(self.transport.first_free(spare.loop) - line, 1.0)
        if beat > quarters - 1 / spare.pattern.steps_per_quarter:
            return False
        self._spare, self.playing = None, cut_over(bar, spare, beat)
        self.transport.set_loop(self.playing.loop, "now")
        coming = [bar for _, bar in self._queued]
        self._queued.clear()
        for bar in coming:
            self._queue(bar)
        return True

    def _made(self, fill: bool) -> Bar:
        """Make a bar at the tempo of the moment."""
        self._since += 1
        return self._timed(lambda: self.source.next(self._wishes_now(), fill=fill))

    def _wishes_now(self) -> Wishes:
        return replace(self._wishes, qpm=self.transport.qpm)

    def _refill(self) -> None:
        """Have enough bars ready, and then a fill."""
        while len(self._ready) < _AHEAD and not self._closing.is_set():
            bar = self._made(fill=False)
            with self.lock:
                self._ready.append(bar)
        if self._spare is None or self._since >= _FRESH:
            self._since = 0
            spare = self.source.spare_fill(self._wishes_now())
            with self.lock:
                # by now something else may be wished for
                self._spare = None if self._changed else spare

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
            self._spare = None
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
        return self._spare_seconds(self._queued[0][0] - _STEP) > _MARGIN
