"""Follow a MIDI clock: its speed, its drift, its start, stop, continue and song position."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from paradiddle.checks import check_at_least
from paradiddle.errors import PortError
from paradiddle.transport import PULSES_PER_QUARTER, Transport

__all__ = ["ClockFollower", "Playable", "PulseFit", "State"]

State = Literal["waiting", "ready", "playing", "lost"]

_WINDOW = 24  # pulses: a quarter of them evens out jitter and still follows a drift
_FEW = 4  # pulses that tell a speed
_LOST_SECONDS = 1.0  # without a pulse
_LOW, _HIGH = 10.0, 1000.0  # quarters per minute that a clock may have


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


class PulseFit:
    """A straight line through the latest pulses, which tells where the clock is and how fast.

    Examples
    --------
    >>> fit = PulseFit()
    >>> for pulse in range(24):
    ...     fit.add(pulse / 48)
    >>> round(fit.qpm or 0, 6), round(fit.seconds, 6)
    (120.0, 0.479167)
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_WINDOW)
        self.qpm: float | None = None
        """Speed, once there are pulses enough to tell."""
        self.seconds = 0.0
        """When the latest pulse was sent, evened out."""

    def add(self, seconds: float) -> None:
        """Take a pulse."""
        if self._times and not self._is_next(seconds):
            self._times.clear()
        self._times.append(seconds)
        self._fit()

    def _is_next(self, seconds: float) -> bool:
        """Whether a pulse belongs to the same steady row."""
        gap = seconds - self._times[-1]
        if self.qpm is None or len(self._times) < _FEW:
            return gap < 60 / (_LOW * PULSES_PER_QUARTER)
        interval = 60 / (self.qpm * PULSES_PER_QUARTER)
        # what a bus held up comes in a bunch, so only too late counts
        return seconds - self.seconds < 3 * interval

    def _fit(self) -> None:
        """Draw the line: least squares."""
        count, latest = len(self._times), self._times[-1]
        self.seconds = latest
        if count < _FEW:
            return
        middle = (count - 1) / 2
        mean = sum(self._times) / count
        slope = sum((n - middle) * (t - mean) for n, t in enumerate(self._times))
        slope /= count * (count * count - 1) / 12
        if slope > 0 and _LOW <= 60 / (slope * PULSES_PER_QUARTER) <= _HIGH:
            self.qpm = 60 / (slope * PULSES_PER_QUARTER)
            self.seconds = mean + slope * middle


class ClockFollower:
    """Leads a player by the MIDI clock messages it is fed.

    Parameters
    ----------
    player : Playable
        What is led.
    latency : float, default 0
        Seconds that messages take to arrive, which the music makes up for.
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
        *,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        check_at_least("latency", latency, 0, "give seconds, such as 0.005")
        self._player, self._latency, self._now = player, latency, now
        self._fit = PulseFit()
        self._heard: float | None = None  # when the latest pulse came
        self._onset: Literal["start", "continue"] | None = None  # to come with the next pulse
        self._position = 0.0  # of the latest pulse, or of the next after a stop
        self._playing = False

    @property
    def state(self) -> State:
        """``waiting`` for a clock, ``ready`` (it runs, no music), ``playing`` or ``lost``."""
        if self._heard is None:
            return "waiting"
        if self._now() - self._heard > _LOST_SECONDS:
            return "lost"
        return "playing" if self._playing else "ready"

    @property
    def qpm(self) -> float | None:
        """Speed of the clock, once it is known."""
        return self._fit.qpm

    def listen(self, message: Any) -> None:
        """Take a `mido.Message` that has just come in; for `paradiddle.ports.Input.listen`."""
        if message.type == "songpos":
            self.feed("songpos", self._now(), message.pos / 4)
        elif message.type in ("clock", "start", "continue", "stop"):
            self.feed(message.type, self._now())

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
        elif kind == "start":
            self._halt()
            self._onset, self._position = "start", 0.0
        elif kind == "continue":
            self._onset = "continue"
        elif kind == "stop":
            self._halt()
        elif kind == "songpos" and not self._playing:
            self._position = position

    def check(self) -> State:
        """Stop the music of a clock that has ceased without a stop; call it now and then."""
        state = self.state
        if state == "lost" and self._playing:
            self._halt()
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
            If no clock came in that time.
        """
        until = None if seconds is None else self._now() + seconds
        while self._heard is None:
            if until is not None and self._now() >= until:
                raise PortError(
                    f"no MIDI clock came in {seconds:g} s; let the other program send clock to"
                    " this port and play, or leave --clock in out"
                )
            sleep(0.02)

    def _pulse(self, seconds: float) -> None:
        """Take a pulse: begin with it, or go along."""
        self._heard = seconds
        self._fit.add(seconds)
        if self._onset is not None:
            self._begin(seconds)
        elif self._playing:
            self._position += 1 / PULSES_PER_QUARTER
            if self._fit.qpm is not None:
                with self._player.change() as transport:
                    at = self._fit.seconds - self._latency
                    transport.align(at, self._position, self._fit.qpm)

    def _begin(self, seconds: float) -> None:
        """Let the music set in with this pulse."""
        onset, self._onset = self._onset, None
        self._playing = True
        with self._player.change() as transport:
            if transport.running:
                transport.stop()
            if self._fit.qpm is not None:
                transport.set_qpm(self._fit.qpm)
            if onset == "continue":
                transport.locate(self._position)
        at = seconds - self._latency
        if onset == "start":
            self._player.start(at=at)
        else:
            self._player.continue_(at=at)

    def _halt(self) -> None:
        """Stop; a continue goes on with the next 16th."""
        if self._playing:
            self._playing = False
            self._player.stop()
            with self._player.change() as transport:
                self._position = transport.position
