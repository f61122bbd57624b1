"""Output: a MIDI port that falls silent whatever happens, and comes back when its port does."""

import atexit
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from paradiddle.drums import VOICES
from paradiddle.held_port import HeldPort

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


class Output(HeldPort):
    """A port to play to; a context manager that silences and closes it.

    A port that vanishes is no error: what is sent meanwhile is dropped, and `check`, called now and
    then, picks it up again; notes that sounded when it went are ended then. Parameters and errors
    are those of `paradiddle.held_port.HeldPort`; a driver's port has ``send(message)`` and
    ``close()``.
    """

    kind = "MIDI output port"

    def __init__(
        self,
        open_port: Callable[[], Any],
        name: str,
        is_there: Callable[[], bool] = lambda: True,
    ) -> None:
        from mido import Message

        self._message = Message
        self._pulse = Message("clock")
        self._sounding: dict[tuple[int, int], float] = {}  # channel and pitch: end in seconds
        self._ended: dict[tuple[int, int], int] = {}  # since the port was last seen: how often
        self._channels: set[int] = set()
        super().__init__(open_port, name, is_there)
        atexit.register(self.close)

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
            if self._closed:
                return
            self._channels.add(channel)
            self._release(channel, pitch)
            if not self.alive:
                return
            self._sounding[channel, pitch] = timed.seconds + timed.length
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

    def check(self) -> bool:
        """Look whether the port is there; see `HeldPort.check`."""
        with self._lock:
            before = dict(self._ended)
        alive = super().check()
        if alive:
            with self._lock:
                for note, times in before.items():
                    if self._ended.get(note) == times:
                        del self._ended[note]
        return alive

    def close(self) -> None:
        """Silence the port and close it; again does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            atexit.unregister(self.close)
            self.silence()
        if self.alive:
            time.sleep(_DRAIN_SECONDS)
        self._let_go()

    def _resume(self) -> None:
        """Silence what the port may have kept sounding, with what ended as it went unnoticed."""
        for channel, pitch in self._ended:
            self._sounding.setdefault((channel, pitch), 0.0)
        self._ended.clear()
        self.silence()

    def _release(self, channel: int, pitch: int) -> None:
        """End a note, if it sounds."""
        if (channel, pitch) in self._sounding:
            self._send("note_off", channel=channel - 1, note=pitch)
            if self.alive:  # else it is owed to the port for when it is back
                self._sounding.pop((channel, pitch), None)  # it may be silenced meanwhile
                self._ended[channel, pitch] = self._ended.get((channel, pitch), 0) + 1

    def _send(self, kind: str, **values: int) -> None:
        """Send one message."""
        with self._lock:
            self._put(self._message(kind, **values))

    def _put(self, message: Any) -> None:
        """Hand a message to the driver; one that fails has lost its port."""
        if not self.alive:
            return
        try:
            self._port.send(message)
        except Exception:  # each driver has its own; the music must go on
            self._gone = True


def pitch_of(timed: "Timed", pitches: Sequence[int] | None) -> int | None:
    """Which note a hit or click is; None for one that has neither voice nor pitch.

    Examples
    --------
    >>> from paradiddle.transport import Timed
    >>> pitch_of(Timed(0.0, "hit", voice=1), None)
    38
    """
    if timed.kind == "click" or (timed.kind == "off" and timed.voice == timed.pitch == -1):
        return CLICK_PITCHES[timed.velocity == 1.0]
    if timed.pitch >= 0 and (pitches is None or timed.voice < 0):
        return timed.pitch
    return (pitches or _GM)[timed.voice] if timed.voice >= 0 else None
