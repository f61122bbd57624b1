"""Output: a MIDI port that falls silent whatever happens, and comes back when its port does."""

import atexit
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from paradiddle.drums import VOICES
from paradiddle.errors import PortError

if TYPE_CHECKING:
    from paradiddle.transport import Timed

__all__ = ["CLICK_PITCHES", "Clock", "Output"]

Clock = Literal["start", "stop", "continue", "pulse", "position"]

CLICK_PITCHES = 37, 76
"""Side stick for a beat; high wood block for the first of a bar."""

_CLOCK_NAMES = {"start": "start", "stop": "stop", "continue": "continue", "pulse": "clock"}
_ALL_NOTES_OFF = 123
_LAST_POSITION = 0x3FFF  # song position has 14 bits
_DRAIN_SECONDS = 0.1  # what a driver may need to hand over what it was given before it closes
_GM = tuple(voice.pitch for voice in VOICES)


class Output:
    """A port to play to; a context manager that silences and closes it.

    A port that vanishes is no error: what is sent meanwhile is dropped, and `reopen` picks it up
    again. May be used from several threads.

    Parameters
    ----------
    open_port : callable
        Opens the port: gives an object with ``send(message)`` and ``close()``.
    name : str
        Its name, for people.
    is_there : callable, optional
        Whether the port is among those of the machine; a virtual port always is.

    Raises
    ------
    PortError
        If it cannot be opened.
    """

    def __init__(
        self,
        open_port: Callable[[], Any],
        name: str,
        is_there: Callable[[], bool] = lambda: True,
    ) -> None:
        from mido import Message

        self.name, self._open, self._is_there = name, open_port, is_there
        self._message = Message
        self._pulse = Message("clock")
        self._lock = threading.RLock()
        self._sounding: dict[tuple[int, int], float] = {}  # channel and pitch: end in seconds
        self._channels: set[int] = set()
        self._gone = False
        self._port: Any = open_port()
        atexit.register(self.close)

    @property
    def alive(self) -> bool:
        """Whether what is sent arrives somewhere, as far as is known."""
        return self._port is not None and not self._gone

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """Channel and pitch of the notes that have not ended."""
        return frozenset(self._sounding)

    def send_hit(
        self, timed: "Timed", pitches: Sequence[int] | None = None, channel: int = 10
    ) -> None:
        """Strike a note now; one of the same pitch that still sounds ends first.

        Parameters
        ----------
        timed : Timed
            A hit or a click.
        pitches : sequence of 9 int, optional
            Note of each voice, whatever the pitch of the hit; General MIDI's, and the pitches of
            hits that have their own, if left out.
        channel : int, default 10
            1 to 16.
        """
        pitch = pitch_of(timed, pitches)
        if pitch is None:
            return
        velocity = min(127, max(1, round(timed.velocity * 127)))
        with self._lock:
            self._release(channel, pitch)
            self._sounding[channel, pitch] = timed.seconds + timed.length
            self._channels.add(channel)
            self._send("note_on", channel=channel - 1, note=pitch, velocity=velocity)

    def release(
        self, timed: "Timed", pitches: Sequence[int] | None = None, channel: int = 10
    ) -> None:
        """End the note of a hit, unless it has been struck again since."""
        pitch = pitch_of(timed, pitches)
        with self._lock:
            if pitch is not None and timed.seconds >= self._sounding.get((channel, pitch), 1e300):
                self._release(channel, pitch)

    def clock(self, kind: Clock, position: float = 0.0) -> None:
        """Send a clock message.

        Parameters
        ----------
        kind : str
            ``start``, ``stop``, ``continue``, ``pulse`` or ``position``.
        position : float
            For ``position``: quarters from the start; receivers count in 16ths.
        """
        if kind == "pulse":
            with self._lock:
                self._put(self._pulse)
        elif kind == "position":
            self._send("songpos", pos=min(_LAST_POSITION, max(0, round(position * 4))))
        else:
            self._send(_CLOCK_NAMES[kind])

    def silence(self) -> None:
        """End every note, and send all-notes-off on each channel that was used."""
        with self._lock:
            for channel, pitch in list(self._sounding):
                self._release(channel, pitch)
            for channel in sorted(self._channels):
                self._send("control_change", channel=channel - 1, control=_ALL_NOTES_OFF, value=0)

    def close(self) -> None:
        """Silence the port and close it; again does nothing."""
        with self._lock:
            atexit.unregister(self.close)
            if self._port is None:
                return
            self.silence()
            if not self._gone:
                time.sleep(_DRAIN_SECONDS)
            self._drop()
            self._is_there = lambda: False  # lets go of what watched the ports

    def check(self) -> bool:
        """Look whether the port is there, and pick it up again if it is back.

        Asking takes milliseconds: not for the thread that plays.

        Returns
        -------
        bool
            Whether it is alive.
        """
        there = self._there()
        if there and not self.alive:
            with contextlib.suppress(PortError):
                self.reopen()
        elif not there:
            self._gone = True
        return self.alive

    def reopen(self) -> None:
        """Open the port anew, and silence what it may have kept sounding.

        Raises
        ------
        PortError
            If it cannot be opened.
        """
        fresh = self._open()
        with self._lock:
            self._drop()
            self._port, self._gone = fresh, False
            self.silence()

    def _there(self) -> bool:
        """Whether the port is listed; a MIDI system that is gone lists none."""
        try:
            return self._is_there()
        except PortError:
            return False

    def _release(self, channel: int, pitch: int) -> None:
        """End a note, if it sounds."""
        if self._sounding.pop((channel, pitch), None) is not None:
            self._send("note_off", channel=channel - 1, note=pitch)

    def _send(self, kind: str, **values: int) -> None:
        """Send one message."""
        with self._lock:
            self._put(self._message(kind, **values))

    def _put(self, message: Any) -> None:
        """Hand a message to the driver; one that fails has lost its port."""
        if self._port is None or self._gone:
            return
        try:
            self._port.send(message)
        except Exception:  # each driver has its own; the music must go on
            self._gone = True

    def _drop(self) -> None:
        """Close the driver's port."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(Exception):  # it may be gone already
                port.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def pitch_of(timed: "Timed", pitches: Sequence[int] | None) -> int | None:
    """Which note a hit or click is; None for one that has neither voice nor pitch.

    Examples
    --------
    >>> from paradiddle.transport import Timed
    >>> pitch_of(Timed(0.0, "hit", voice=1), None)
    38
    """
    if timed.kind == "click":
        return CLICK_PITCHES[timed.velocity == 1.0]
    if timed.pitch >= 0 and (pitches is None or timed.voice < 0):
        return timed.pitch
    return (pitches or _GM)[timed.voice] if timed.voice >= 0 else None
