"""Follow a MIDI clock: its speed, its drift, its start, stop, continue and song position."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, Self

from paradiddle.checks import check_at_least
from paradiddle.errors import PortError
from paradiddle.priority import real_time
from paradiddle.pulse_fit import PulseFit
from paradiddle.stopping import start_thread
from paradiddle.transport import PULSES_PER_QUARTER, Transport

__all__ = ["ClockFollower", "ClockState", "Playable"]

ClockState = Literal["waiting", "ready", "playing", "lost"]

_LOST_SECONDS = 1.0  # without a pulse
_CHECK_SECONDS = 0.2
_WAIT_SECONDS = 0.05  # between two looks whether a clock has come
_KINDS = ("clock", "start", "continue", "stop", "songpos")


class Playable(Protocol):
    """What is led by a clock, such as a `paradiddle.live_player.LivePlayer`."""

    def start(self, *, at: float | None = None) -> None:
        """Play from the beginning."""

    def continue_(self, *, at: float | None = None) -> None:
        """Play on."""

    def stop(self) -> None:
        """Stop and be silent."""

    def change(self) -> AbstractContextManager[Transport]:
        """Give the transport for a change."""


class ClockFollower:
    """Leads a player by the MIDI clock messages it is fed; a context manager.

    Within it the messages of `listen` are worked on in a thread of its own, so that the driver's is
    never kept waiting. A clock that ceases without a stop silences the music, which goes on where
    it was with the next pulse that comes.

    Parameters
    ----------
    player : Playable
        What is led.
    latency : float, default 0
        Seconds that pulses take to arrive and notes to go out, which the music makes up for.
    notice : callable, optional
        Told in a line when the clock is lost as music plays, and when it is back.
    now : callable
        The clock that the seconds of messages and the player's transport go by.

    Examples
    --------
    >>> from paradiddle.live_player import LivePlayer
    >>> player = LivePlayer(Transport(lambda: 0.0), [], now=lambda: 0.0)
    >>> follower = ClockFollower(player, now=lambda: 0.0)
    >>> for pulse in range(48):
    ...     follower.feed("clock", pulse / 40)
    >>> follower.state, round(follower.qpm)
    ('ready', 100)
    """

    def __init__(
        self,
        player: Playable,
        latency: float = 0.0,
        notice: Callable[[str], None] = lambda _: None,
        *,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        check_at_least("latency", latency, 0, "give seconds, such as 0.005")
        self._player, self._latency, self._now, self._notice = player, latency, now, notice
        self._fit = PulseFit()
        self._heard: float | None = None  # when the latest pulse came
        self._onset: Literal["start", "continue"] | None = None  # to come with the next pulse
        self._place = 0.0  # where a continue goes on
        self._begun: tuple[int, float] | None = None  # count and place of the pulse it set in with
        self._missed = False  # lost while music played
        self._came: queue.SimpleQueue[tuple[str, float, float] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None  # what ended the thread

    @property
    def state(self) -> ClockState:
        """``waiting`` for a clock, ``ready`` (it runs, no music), ``playing`` or ``lost``."""
        if self._heard is None:
            return "waiting"
        if self._now() - self._heard > _LOST_SECONDS:
            return "lost"
        return "ready" if self._begun is None else "playing"

    @property
    def qpm(self) -> float | None:
        """Speed of the clock, once it is known."""
        return self._fit.qpm

    def listen(self, message: Any) -> None:
        """Take a `mido.Message` that has just come in; for `paradiddle.ports.Input.listen`.

        It is only noted where a thread works on it, and else worked on at once.
        """
        if message.type not in _KINDS or self._error is not None:
            return
        position = message.pos / 4 if message.type == "songpos" else 0.0
        self._came.put((message.type, self._now(), position))
        if self._thread is None:
            self.turn()

    def turn(self) -> None:
        """Work on what has come."""
        while not self._came.empty():
            if (came := self._came.get()) is not None:
                self.feed(*came)

    def feed(self, kind: str, seconds: float, position: float = 0.0) -> None:
        """Take a message.

        Parameters
        ----------
        kind : str
            ``clock``, ``start``, ``continue``, ``stop`` or ``songpos``; others are left alone.
        seconds : float
            When it came.
        position : float
            Of ``songpos``: quarters from the start.
        """
        if kind == "clock":
            self._pulse(seconds)
        elif kind in ("start", "stop"):
            self._halt()
            self._onset = "start" if kind == "start" else None
        elif self._begun is not None:
            return  # that it is to go on, or where, means nothing while it plays
        elif kind == "continue":
            self._onset = "continue"
        elif kind == "songpos":
            self._place = position

    def check(self) -> ClockState:
        """Stop the music of a clock that has ceased without a stop; call it now and then."""
        state = self.state
        if state == "lost" and self._begun is not None:
            self._halt()
            self._missed, self._onset = True, "continue"
            self._fit.pause()
            self._notice("the MIDI clock is gone; the music goes on when it is back")
        return state

    def wait(
        self, seconds: float | None = None, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Wait for the first pulse.

        Parameters
        ----------
        seconds : float, optional
            Give up after so long; never if left out.
        sleep : callable
            How to wait.

        Raises
        ------
        PortError
            If no clock came in that time, or it cannot be followed any more.
        """
        until = None if seconds is None else self._now() + seconds
        while self._heard is None:
            if self._error is not None:
                raise PortError(f"the MIDI clock cannot be followed: {self._error}")
            if until is not None and self._now() >= until:
                raise PortError(
                    f"no MIDI clock came in {seconds:g} s; let the other program send clock to"
                    " this port and play, or leave --clock in out"
                )
            sleep(_WAIT_SECONDS)

    def close(self) -> None:
        """End the thread; again does nothing."""
        if self._thread is not None:
            self._came.put(None)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        if self._thread is None:
            self._thread = start_thread(self._work, "clock in")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        """Take what comes as soon as it does, until closed."""
        try:
            with real_time():
                while self._wait():
                    pass
        except Exception as error:
            self._error = error
            while not self._came.empty():
                self._came.get()
            self._player.stop()
            self._notice(f"the MIDI clock is followed no more: {error}")

    def _wait(self) -> bool:
        """Wait a little for what comes, and work on it; False once closed."""
        try:
            came = self._came.get(timeout=_CHECK_SECONDS)
        except queue.Empty:
            self.check()
            return True
        if came is not None:
            self.feed(*came)
        return came is not None

    def _pulse(self, seconds: float) -> None:
        """Take a pulse: begin with it, or go along."""
        late = self._heard is not None and seconds - self._heard > _LOST_SECONDS
        if late or self._onset is not None:  # senders may begin anew with their music
            self._fit.pause()
        self._heard = seconds
        self._fit.add(seconds)
        if self._missed:
            self._missed = False
            self._notice("the MIDI clock is back")
        if self._onset is not None:
            self._begin(seconds)
        elif self._begun is not None and self._fit.qpm is not None:
            with self._player.change() as transport:
                at = self._fit.seconds - self._latency
                transport.align(at, self._position(), self._fit.qpm)

    def _position(self) -> float:
        """Tell where the latest pulse is in the music, in quarters."""
        count, place = self._begun or (self._fit.count, self._place)
        return place + (self._fit.count - count) / PULSES_PER_QUARTER

    def _begin(self, seconds: float) -> None:
        """Let the music set in with this pulse."""
        onset, self._onset = self._onset, None
        place = 0.0 if onset == "start" else self._place
        self._begun = self._fit.count, place
        with self._player.change() as transport:
            if transport.running:
                transport.stop()
            if self._fit.qpm is not None:
                transport.set_qpm(self._fit.qpm)
            if onset == "continue":
                transport.locate(place)
        at = seconds - self._latency
        if onset == "start":
            self._player.start(at=at)
        else:
            self._player.continue_(at=at)

    def _halt(self) -> None:
        """Stop; a continue goes on with the next pulse, unless a song position says otherwise."""
        if self._begun is not None:
            self._place = max(0.0, self._position() + 1 / PULSES_PER_QUARTER)
            self._begun = None
            self._player.stop()
