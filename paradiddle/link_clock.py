"""Ableton Link: play in time with all in the network that join in; aalink, loaded on use."""

import asyncio
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from paradiddle.clock_in import Playable
from paradiddle.complaints import again_and_again
from paradiddle.errors import MissingExtraError
from paradiddle.stopping import signals_wait, start_thread
from paradiddle.timing import check_qpm
from paradiddle.transport import Transport

__all__ = ["LinkClock", "join_link", "load_link"]

_POLL_SECONDS = 0.02
_AT_ONCE_SECONDS = 0.005  # in which a time and the session's beat are read together
_READINGS = 10  # at the most, until two are
_MOVED = 0.25  # quarters; a session that nobody has moved is off by less


def load_link() -> Any:
    """Load aalink.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import aalink
    except ImportError as error:
        raise MissingExtraError("Ableton Link", "link") from error
    return aalink


def join_link(qpm: float) -> Any:
    """Join the Link session of the network, or begin one.

    Parameters
    ----------
    qpm : float
        Speed if nobody else is there.

    Raises
    ------
    MissingExtraError
        If aalink is not installed.
    """
    link = load_link().Link(check_qpm(qpm), asyncio.new_event_loop())
    link.enabled = True
    return link


class LinkClock:
    """Leads a player by a Link session: speed, bar lines, start and stop.

    Parameters
    ----------
    player : Playable
        What is led; it starts and stops through `play` and `stop`.
    link : object
        What `join_link` gives.
    quarters_per_bar : float, optional
        Length of the bars that all are to begin together; that of the player's music if left out.
    latency : float, default 0
        Seconds after its time that the music is heard, which it makes up for.
    notice : callable, optional
        Told in a line what goes wrong as the session is followed.
    now : callable
        Clock of the player's transport.
    """

    def __init__(
        self,
        player: Playable,
        link: Any,
        quarters_per_bar: float | None = None,
        *,
        latency: float = 0.0,
        notice: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._player, self._link, self._now, self._notice = player, link, now, notice
        self._latency = latency
        if quarters_per_bar is None:
            with player.change() as transport:
                quarters_per_bar = transport.quarters_per_bar
        self._bar = quarters_per_bar
        link.quantum = quarters_per_bar
        link.start_stop_sync_enabled = True
        self._playing = False
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def peers(self) -> int:
        """How many others are in the session."""
        return int(self._link.num_peers)

    @property
    def qpm(self) -> float:
        """Speed of the session."""
        return float(self._link.tempo)

    def set_qpm(self, qpm: float) -> None:
        """Change the speed of the session, for all.

        Raises
        ------
        InvalidValueError
            If MIDI files cannot hold that speed.
        """
        self._link.tempo = check_qpm(qpm)

    def set_phase(self, position: float) -> None:
        """Move the session's bars, for all: be at this position within a bar now."""
        self._link.force_beat(position % self._bar)
        self.turn()

    def find(self, seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> int:
        """Wait for others, at most so long; tell how many there are."""
        until = self._now() + seconds
        while not self.peers and self._now() < until:
            sleep(_POLL_SECONDS)
        return self.peers

    def play(self) -> None:
        """Start with the next bar of the session."""
        with self._player.change():
            self._link.playing = True
            self._begin()

    def stop(self) -> None:
        """Stop, and let the others do so."""
        with self._player.change():
            self._link.playing = False
            self._halt()

    def run(self) -> None:
        """Follow in a thread until `close`."""
        if self._thread is None:
            with signals_wait():  # until the thread is known to `close`
                self._thread = start_thread(self._follow, "link")

    def close(self) -> None:
        """Leave the session."""
        with signals_wait():
            self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._link.enabled = False

    def turn(self) -> None:
        """Follow once: start and stop, speed and bar lines."""
        with self._player.change() as transport:
            # within: our own wish and that of others may come at once, from two threads
            if self._link.playing != self._playing:
                if self._playing:
                    self._halt()
                else:
                    self._begin()
            if transport.running and not transport.waits:
                self._align(transport)
                return
            if transport.qpm != self.qpm:
                transport.set_qpm(self.qpm)
            if transport.waits:
                transport.begin_at(self._next_bar())

    def _align(self, transport: Transport) -> None:
        """Be where the session is in its bar."""
        seconds, phase = self._phase()
        position = transport.position_at(seconds)
        apart = (phase - position + self._bar / 2) % self._bar - self._bar / 2
        follow = transport.leap if abs(apart) > _MOVED else transport.align
        follow(seconds, position + apart, self.qpm)

    def _follow(self) -> None:
        """Follow again and again."""
        what = "cannot follow Ableton Link"
        again_and_again([self.turn], _POLL_SECONDS, self._closing, what, self._notice)

    def _phase(self) -> tuple[float, float]:
        """Read a second, and the quarters since the bar line when what is played then is heard."""
        for _ in range(_READINGS):
            before, beat, after = self._now(), float(self._link.beat), self._now()
            if after - before <= _AT_ONCE_SECONDS:  # else the thread was held up in between
                break
        return (before + after) / 2, (beat + self._latency * self.qpm / 60) % self._bar

    def _next_bar(self) -> float:
        """Find the second of the next bar line, or of this one if it is just passing."""
        seconds, phase = self._phase()
        wait = -phase % self._bar
        if math.isclose(wait, self._bar, abs_tol=0.05):
            wait = 0.0
        return seconds + wait * 60 / self.qpm

    def _begin(self) -> None:
        """Start with the bar."""
        with self._player.change() as transport:
            self._playing = True
            if transport.running:
                return
            transport.set_qpm(self.qpm)
            self._player.start(at=self._next_bar())

    def _halt(self) -> None:
        """Stop the player."""
        with self._player.change():
            self._playing = False
            self._player.stop()
