"""Score: what a drummer needs of a MIDI file."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paradiddle.timing import TempoMap

__all__ = ["Score"]


@dataclass(frozen=True, eq=False)
class Score:
    """The note-ons of a MIDI file, in the file's own ticks.

    Attributes
    ----------
    midi_format : int
        0, 1 or 2. The tracks of a format 2 file follow each other, each from the next bar line.
    ticks_per_quarter : int
        Resolution of every tick in here.
    track_names : tuple of str
        One per track, empty where a track has no name.
    ticks : int64 array, shape (N,)
        Absolute positions, ascending; notes of one tick keep their order in the file.
    pitches, velocities, channels : uint8 arrays, shape (N,)
        Pitches 0-127, velocities 1-127, channels **1-16**.
    tempos : tuple of (int, float)
        (tick, qpm), ascending.
    time_signatures : tuple of (int, int, int)
        (tick, numerator, denominator), ascending.
    texts : tuple of str
        Text events at the start of the file, at most `paradiddle.smf.MAX_TEXTS` a track.
    length : int
        Tick at which the last track ends.
    """

    midi_format: int
    ticks_per_quarter: int
    track_names: tuple[str, ...]
    ticks: NDArray[np.int64]
    pitches: NDArray[np.uint8]
    velocities: NDArray[np.uint8]
    channels: NDArray[np.uint8]
    tempos: tuple[tuple[int, float], ...]
    time_signatures: tuple[tuple[int, int, int], ...]
    texts: tuple[str, ...] = ()
    length: int = 0

    @cached_property
    def tempo_map(self) -> TempoMap:
        """The speed at every tick."""
        return TempoMap(
            self.ticks_per_quarter,
            tuple(tick for tick, _ in self.tempos),
            tuple(qpm for _, qpm in self.tempos),
        )

    def seconds(self) -> NDArray[np.float64]:
        """Onsets in seconds from the start of the file, shape (N,)."""
        return self.tempo_map.seconds(self.ticks)
