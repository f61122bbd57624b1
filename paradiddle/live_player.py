"""The real-time loop: sends what a transport hands out, each thing at its time.

Times are absolute, so that nothing drifts: the loop sleeps until the very moment of the next thing,
never for a duration added up. Garbage collection and other threads of Python are kept from holding
it up for long, and it asks for a real-time priority, which not every system gives.
"""

import contextlib
import gc
import heapq
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from paradiddle.complaints import again_and_again
from paradiddle.priority import real_time
from paradiddle.sinks import MidiSink, Sink
from paradiddle.stopping import signals_wait, start_thread, stops_on_signals
from paradiddle.transport import Timed, Transport

__all__ = ["LivePlayer", "MidiSink", "Sink", "stops_on_signals"]

_NAP = 0.02  # longest sleep, so that a stop is heard soon
_CATCH_UP = 0.5  # seconds; after a longer standstill the music goes on where it stood
_PATIENCE_SECONDS = 1.0  # with the lock, where all is to be silent
_LOOK_SECONDS = 0.02  # between two looks whether a wait is over
_WATCH_SECONDS = 0.1  # between two looks at the devices
_SETTLE_SECONDS = 0.1  # in which drivers and sound cards take up that all is silent
_SWITCH_SECONDS = 0.0005  # how long another Python thread may keep the interpreter


class LivePlayer:
    """Plays a transport to sinks in a thread of its own; a context manager.

    Whatever ends it, every sink is silenced. Use the transport under `lock`, or through `change`.

    Parameters
    ----------
    transport : Transport
        Whose clock is the one given as `now`.
    sinks : sequence of Sink
        Where the music goes.
    heard : callable, optional
        Called with every `Timed` at its time, in the player's thread; must be quick.
    now : callable
        The clock, in seconds.

    Attributes
    ----------
    tell : callable
        Called with one line for people when looking after the devices fails.

    Examples
    --------
    >>> transport = Transport(time.perf_counter)
    >>> with LivePlayer(transport, []) as player:
    ...     player.start()
    ...     player.stop()
    >>> transport.running
    False
    """

    def __init__(
        self,
        transport: Transport,
        sinks: Sequence[Sink],
        heard: Callable[[Timed], None] | None = None,
        *,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.transport, self.sinks, self._heard = transport, tuple(sinks), heard
        self._now = now
        self.tell: Callable[[str], None] = lambda text: None
        self.lock = threading.RLock()
        self.finished = False
        """Whether music that does not repeat has come to its end."""
        self._queue: list[tuple[tuple[float, int, int, int], int, Timed]] = []
        self._count = 0
        self._poke = threading.Event()  # ends a sleep early
        self._ready = threading.Event()
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._watcher: threading.Thread | None = None

    @property
    def latency(self) -> float:
        """Seconds after its time that something is heard where it is heard first."""
        return min((sink.latency for sink in self.sinks), default=0.0)

    def start(self, *, count_in_bars: int = 0, at: float | None = None) -> None:
        """Play from the beginning."""
        self._begin()
        with signals_wait(), self.lock:
            self.transport.start(at, count_in_bars=count_in_bars)
            self._begun()

    def continue_(self, *, at: float | None = None) -> None:
        """Play on from where it was stopped."""
        self._begin()
        with signals_wait(), self.lock:
            self.transport.continue_(at)
            self._begun()

    def stop(self) -> None:
        """Stop at once, and silence everything."""
        with signals_wait(), self.lock:
            self.transport.stop()
            self._queue.clear()
            for sink in self.sinks:
                sink.stop()
            self._ended.set()

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Silence everything, and play on where it stood after the block.

        For `paradiddle.stopping.suspended_in`, which may have come in the midst of something for
        which the player's thread waits: then, after a while, it is not silent.
        """
        taken = self.lock.acquire(timeout=_PATIENCE_SECONDS)
        try:
            if taken:
                for sink in self.sinks:
                    sink.pause()
                time.sleep(_SETTLE_SECONDS)
            yield
        finally:
            if taken:
                self.lock.release()

    @contextlib.contextmanager
    def change(self) -> Iterator[Transport]:
        """Give the transport while the loop leaves it alone."""
        # a signal that came between here and the caller's block would leave the lock taken
        with signals_wait(), self.lock:
            yield self.transport

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the music has ended, at most some seconds; raise what went wrong in it.

        Returns
        -------
        bool
            Whether it has ended.
        """
        _wait(self._ended, math.inf if seconds is None else seconds)
        self._complain()
        return self._ended.is_set()

    def rest(self, seconds: float) -> None:
        """Do nothing for a while, playing or not; raise what went wrong in the music."""
        _wait(self._closing, seconds)
        self._complain()

    def _complain(self) -> None:
        """Raise what went wrong in the thread."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop, end the thread, and close the sinks; again does nothing."""
        with signals_wait():
            self._closing.set()
            self._poke.set()
        for thread in (self._thread, self._watcher):
            if thread is not None and thread is not threading.current_thread():
                thread.join()
        with signals_wait():
            self.stop()
            for sink in self.sinks:
                sink.close()

    def __enter__(self) -> "LivePlayer":
        self._begin()  # so that a start led by another clock is not late
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the thread ------------------------------------------------------------------------------

    def _begun(self) -> None:
        """Wake the thread for music that begins."""
        self.finished = False
        self._ended.clear()
        self._poke.set()

    def _begin(self) -> None:
        """Start the threads, once."""
        if self._thread is None:
            with signals_wait():
                self._thread = start_thread(self._run, "player")
                self._ready.wait()  # or the first hits would wait for it
                self._watcher = start_thread(self._watch, "ports")

    def _run(self) -> None:
        """Play until closed."""
        try:
            with _undisturbed():
                self._ready.set()
                while not self._closing.is_set():
                    self._poke.wait(self._turn())
                    self._poke.clear()
        except BaseException as error:
            self._error = error
            self._closing.set()
        finally:
            self._ready.set()
            self._finish()

    def _finish(self) -> None:
        """Silence each sink, even if another cannot be."""
        for sink in self.sinks:
            with contextlib.suppress(Exception):
                sink.stop()
        self._ended.set()

    def _turn(self) -> float:
        """Send what is due, and tell how long to sleep."""
        with self.lock:
            now = self._now()
            behind = -self.transport.next_wake() - self.transport.look_ahead
            if self.transport.running and behind > _CATCH_UP:
                self.transport.shift(behind)
            for timed in self.transport.due():
                self._take(timed)
            while self._queue and self._queue[0][0][0] <= (now := self._now()):
                timed = heapq.heappop(self._queue)[2]
                self._deliver(timed)
            wake = self._queue[0][0][0] - now if self._queue else _NAP
            return max(0.0, min(wake, self.transport.next_wake(), _NAP))

    def _take(self, timed: Timed) -> None:
        """Queue one thing, and the end of a note with it."""
        for sink in self.sinks:
            if sink.ahead:
                sink.send(timed)
        self._push(timed)
        if timed.kind in ("hit", "click"):
            self._push(timed._replace(kind="off", seconds=timed.seconds + timed.length))

    def _push(self, timed: Timed) -> None:
        """Queue one thing."""
        self._count += 1
        heapq.heappush(self._queue, (timed.order, self._count, timed))

    def _deliver(self, timed: Timed) -> None:
        """Give one thing to all that want it at its time."""
        for sink in self.sinks:
            if not sink.ahead:
                sink.send(timed)
        if self._heard is not None:
            self._heard(timed)
        if timed.kind == "end":
            self._end()

    def _end(self) -> None:
        """Stop at the end of the music; what keeps time by itself rings out."""
        self.finished = True
        self.transport.stop()
        self._queue.clear()
        for sink in self.sinks:
            if not sink.ahead:
                sink.stop()
        self._ended.set()

    def _watch(self) -> None:
        """Look after the devices, at a priority at which nobody waits long for the interpreter."""
        checks, what = [sink.check for sink in self.sinks], "cannot look after an output"
        with real_time():
            again_and_again(
                checks, _WATCH_SECONDS, self._closing, what, lambda text: self.tell(text)
            )


def _wait(event: threading.Event, seconds: float) -> None:
    """Wait for an event, at most some seconds, where signals may come.

    One that raises within `threading.Event.wait` can leave the event locked for ever.
    """
    until = time.monotonic() + seconds
    while not event.is_set() and (left := until - time.monotonic()) > 0:
        time.sleep(min(_LOOK_SECONDS, left))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep pauses of the interpreter short while the loop runs."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # collections look at what is new alone
    try:
        with real_time():
            yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
