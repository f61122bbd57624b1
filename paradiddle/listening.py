"""Listening: strokes that come in over MIDI, put on the grid of the music that is playing."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from paradiddle.drums import VOICE_NAMES, VOICE_OF_PITCH, VOICES
from paradiddle.errors import InvalidValueError
from paradiddle.kit_maps import kit_notes
from paradiddle.pattern import Pattern
from paradiddle.transport import Transport

__all__ = ["Listener", "voices_of_kit"]

_STEPS_PER_QUARTER, _STEPS_PER_BAR = 4, 16
_MOST_BARS = 64  # remembered
_BELOW_HALF = float(np.nextafter(np.float32(0.5), np.float32(0)))


def voices_of_kit(kit: str | Path = "gm") -> Mapping[int, int]:
    """Find which voice each pitch of a kit belongs to.

    Pitches that the kit's map does not name keep the voice they have in General MIDI.

    Parameters
    ----------
    kit : str or Path
        As for `paradiddle.kit_maps.kit_pitches`.

    Raises
    ------
    InvalidValueError
        If there is no such kit, or a map is wrong, or tells voices apart by their channels alone.

    Examples
    --------
    >>> voices_of_kit("gm")[45], voices_of_kit("roland-td")[45]
    (4, 5)
    """
    own: dict[int, int] = {}
    notes = kit_notes(kit)
    for voice, note in enumerate(notes):
        first = own.setdefault(note.pitch, voice)
        if notes[first].channel != note.channel:
            raise InvalidValueError(
                f"kit map {kit}: {VOICE_NAMES[first]} and {VOICE_NAMES[voice]} both have pitch"
                f" {note.pitch}, on different channels; what comes in is told apart by its pitch,"
                " so give each one of its own"
            )
    return MappingProxyType({**VOICE_OF_PITCH, **own})


class Listener:
    """Keeps what was played, bar by bar, on 16ths in 4/4 with the distance from each.

    A stroke is only noted when it comes, so that the driver's thread is never kept waiting; call
    `take` often, as each pulse of the transport is heard, to put them in their places.

    Parameters
    ----------
    transport : Transport
        Whose position a stroke has.
    voices : mapping of int to int
        Voice of each pitch.
    other : int, optional
        Voice of all other pitches; None leaves them out.
    latency : float, default 0
        Seconds that strokes take to arrive.
    now : callable
        The clock of the transport.

    Examples
    --------
    >>> transport = Transport(lambda: 0.0, qpm=60)
    >>> transport.start(at=0.0)
    >>> listener = Listener(transport, voices_of_kit(), now=lambda: 0.25)
    >>> listener.strike(38, 100)
    >>> str(listener.bar(0)).splitlines()[1]
    'snare         |.x.. .... .... ....|'
    """

    def __init__(
        self,
        transport: Transport,
        voices: Mapping[int, int],
        *,
        other: int | None = None,
        latency: float = 0.0,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._transport, self._voices, self._other = transport, voices, other
        self.latency, self._now = latency, now
        self.lock: AbstractContextManager[Any] = threading.RLock()
        """Which guards the transport: that of the player."""
        self._came: queue.SimpleQueue[tuple[int, int, float]] = queue.SimpleQueue()
        self._bars: dict[int, dict[tuple[int, int], tuple[float, float]]] = {}

    def hear(self, message: Any) -> None:
        """Take a `mido.Message`, in whatever thread it comes; all but note-ons are left out."""
        if message.type == "note_on" and message.velocity:
            self.strike(message.note, message.velocity)

    def strike(self, pitch: int, velocity: int) -> None:
        """Take a stroke of this moment; of several on one cell the hardest stays."""
        self._came.put((pitch, velocity, self._now() - self.latency))

    def take(self) -> None:
        """Put in their places the strokes that have come."""
        with self.lock:
            while not self._came.empty():
                self._place(*self._came.get())

    def _place(self, pitch: int, velocity: int, seconds: float) -> None:
        """Put a stroke in its place, if music plays; under the lock."""
        voice = self._voices.get(pitch, self._other)
        if voice is None or not self._transport.running:
            return
        place = self._transport.position_at(seconds) * _STEPS_PER_QUARTER
        step = int(np.floor(place + 0.5))
        if step < 0:
            return
        bar, step_of_bar = divmod(step, _STEPS_PER_BAR)
        cells = self._bars.setdefault(bar, {})
        loudness = velocity / 127
        if loudness > cells.get((step_of_bar, voice), (0.0, 0.0))[0]:
            offset = float(np.clip(place - step, -0.5, _BELOW_HALF))
            cells[step_of_bar, voice] = loudness, offset
        self._forget(bar - _MOST_BARS)

    def bar(self, number: int) -> Pattern:
        """Draw what was played in a bar, counted from 0, so far."""
        shape = _STEPS_PER_BAR, len(VOICES)
        velocities, offsets = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        with self.lock:
            self.take()
            for cell, (velocity, offset) in self._bars.get(number, {}).items():
                velocities[cell], offsets[cell] = velocity, min(offset, _BELOW_HALF)
            qpm = self._transport.qpm
        return Pattern(velocities > 0, velocities, offsets, qpm)

    def clear(self) -> None:
        """Forget what is in its place; what has come since goes where the music is now."""
        with self.lock:
            self._bars.clear()

    def _forget(self, bar: int) -> None:
        """Forget bars up to this one."""
        for old in [number for number in self._bars if number <= bar]:
            del self._bars[old]
