"""Events to and from the index arrays that models read.

A sequence is an int32 array of shape (N, F): one row an event, one column a categorical *field* -
note, ticks and, where dynamics are modelled, velocity. One-hot rows exist only where another
program wants them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range
from paradiddle.drums import VOICE_OF_PITCH
from paradiddle.errors import InvalidValueError
from paradiddle.events import MAX_TICKS, Events
from paradiddle.timing import DEFAULT_QPM, TICKS_PER_QUARTER

__all__ = [
    "DEFAULT_RESOLUTION",
    "VELOCITY_LEVELS",
    "Vocabulary",
    "one_hot",
    "round_ticks",
]

DEFAULT_RESOLUTION = 5  # ticks: 5 ms at 125 qpm, below what anyone hears as early or late
VELOCITY_LEVELS = 8

# Gaps up to the first number are rounded to that many times the resolution; the ear judges a
# long gap less precisely than a short one, and rare values would only swell the vocabulary.
_COARSENESS = ((120, 1), (480, 2), (1920, 8), (float("inf"), 24))


@dataclass(frozen=True)
class Vocabulary:
    """What each index of each field means.

    Attributes
    ----------
    notes : tuple of int
        MIDI pitches, distinct.
    ticks : tuple of int
        Ticks since the previous event, 480 per quarter, in any order.
    velocities : tuple of float
        Velocities in [0, 1]; empty for the classic two-field model.
    places : int, default 0
        Equal parts of a bar in which an event is told to lie, a field that is read but never
        predicted: it is what keeps a drummer on the bar line. 0 leaves it out, as the classic does.
    ticks_per_bar : int, default 1920
        Length of the bar that `places` divides.

    Raises
    ------
    InvalidValueError
        If a table is empty, repeats a value or leaves its range.

    Examples
    --------
    >>> vocabulary = Vocabulary.of(Events([36, 42, 38], [0, 240, 240], [0.9, 0.4, 0.7]))
    >>> vocabulary.sizes
    (3, 2, 8)
    >>> vocabulary.encode(Events([38, 36], [0, 240], [0.9, 0.1]))
    array([[1, 0, 7],
           [0, 1, 0]], dtype=int32)
    """

    notes: tuple[int, ...]
    ticks: tuple[int, ...]
    velocities: tuple[float, ...] = ()
    places: int = 0
    ticks_per_bar: int = 4 * TICKS_PER_QUARTER

    def __post_init__(self) -> None:
        check_range("places", np.array([self.places]), 0, 10_000, remedy="96 are plenty")
        check_at_least("ticks_per_bar", self.ticks_per_bar, 1, "4/4 has 1920")
        for name, values, top in (
            ("notes", self.notes, 127),
            ("ticks", self.ticks, MAX_TICKS),
            ("velocities", self.velocities, 1),
        ):
            if not values and name != "velocities":
                raise InvalidValueError(f"the table of {name} is empty")
            if len(set(values)) != len(values) or not all(0 <= value <= top for value in values):
                raise InvalidValueError(
                    f"the table of {name} must hold distinct values in [0, {top}], got {values}"
                )

    @classmethod
    def of(cls, events: Events, *, velocity: bool = True, places: int = 0) -> "Vocabulary":
        """Collect the notes and ticks that occur; velocities are eight equal levels."""
        levels = (np.arange(VELOCITY_LEVELS) + 0.5) / VELOCITY_LEVELS if velocity else np.zeros(0)
        return cls(
            tuple(np.unique(events.notes).tolist()),
            tuple(np.unique(events.ticks).tolist()),
            tuple(levels.tolist()),
            places,
            round(events.ticks_per_bar),
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields, in the order of the columns."""
        return ("note", "ticks", "velocity")[: 3 if self.velocities else 2]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of values of each field."""
        return tuple(
            len(table) for table in (self.notes, self.ticks, self.velocities) if len(table)
        )

    @property
    def quarters_per_bar(self) -> float:
        """Length of a bar in quarters."""
        return self.ticks_per_bar / TICKS_PER_QUARTER

    @property
    def extra_inputs(self) -> tuple[int, ...]:
        """Number of values of the fields that are read but not predicted."""
        return (self.places,) if self.places else ()

    def encode(self, events: Events) -> NDArray[np.int32]:
        """Turn events into indices, int32 of shape (N, F).

        A note that is not in the table becomes one of the same drum voice, or else the nearest
        pitch; ticks and velocities become the nearest there are.
        """
        columns = [self._note_table[events.notes], _nearest(self._ticks, events.ticks)]
        if self.velocities:
            columns.append(_nearest(np.array(self.velocities), events.dynamics))
        return np.stack(columns, axis=1).astype(np.int32)

    def decode(self, indices: NDArray[np.integer[Any]], qpm: float = DEFAULT_QPM) -> Events:
        """Turn indices of shape (N, F) back into events.

        Raises
        ------
        InvalidValueError
            If the shape does not fit the fields, or an index lies outside its table.
        """
        _check_indices(indices, self.sizes)
        velocities = np.array(self.velocities)[indices[:, 2]] if self.velocities else None
        return Events(
            np.array(self.notes)[indices[:, 0]],
            self._ticks[indices[:, 1]],
            velocities,
            qpm,
            self.quarters_per_bar,
        )

    def inputs(self, indices: NDArray[np.integer[Any]], start: int = 0) -> NDArray[np.integer[Any]]:
        """Add to a sequence what is read but not predicted.

        Parameters
        ----------
        indices : int array, shape (N, F)
            Events; the ticks of the first count from `start`.
        start : int, default 0
            Ticks since a bar line.

        Returns
        -------
        int array, shape (N, F + 1), or (N, F) where there are no places
            With the place of each event in its bar.

        Examples
        --------
        >>> Vocabulary((36,), (0, 480), places=4).inputs(np.array([[0, 0], [0, 1], [0, 1]]))
        array([[0, 0, 0],
               [0, 1, 1],
               [0, 1, 2]])
        """
        if not self.places:
            return indices
        places = self.place(start + np.cumsum(self._ticks[indices[:, 1]]))
        return np.concatenate([indices, places[:, None].astype(indices.dtype)], axis=1)

    def place(self, onsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Index of the part of a bar that each onset, in ticks from a bar line, lies in."""
        return onsets % self.ticks_per_bar * self.places // self.ticks_per_bar

    def fingerprint(self, indices: NDArray[np.integer[Any]]) -> str:
        """Hash tables and sequence, to recognise the sequence that a model learned.

        Returns
        -------
        str
            SHA-256 in hexadecimal.
        """
        tables = json.dumps(asdict(self)).encode()
        return hashlib.sha256(tables + indices.astype(np.int32).tobytes()).hexdigest()

    def unknown(self, events: Events) -> int:
        """Count the events whose note or ticks the tables do not hold."""
        known = np.isin(events.notes, self.notes) & np.isin(events.ticks, self.ticks)
        return int((~known).sum())

    @cached_property
    def _ticks(self) -> NDArray[np.int64]:
        return np.array(self.ticks, np.int64)

    @cached_property
    def _note_table(self) -> NDArray[np.int64]:
        """Index of the note that stands for each MIDI pitch."""
        return np.array([self._stand_in(pitch) for pitch in range(128)])

    def _stand_in(self, pitch: int) -> int:
        voice = VOICE_OF_PITCH.get(pitch)
        distances = [
            (
                note != pitch,
                voice is not None and VOICE_OF_PITCH.get(note) != voice,
                abs(note - pitch),
            )
            for note in self.notes
        ]
        return distances.index(min(distances))


def _nearest(table: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """Index of the value of a table, in any order, that is nearest to each value."""
    order = np.argsort(table)
    ascending = table[order]
    middles = (ascending[1:] + ascending[:-1]) / 2
    nearest: NDArray[np.int64] = order[np.searchsorted(middles, values, side="right")]
    return nearest


def _check_indices(indices: NDArray[np.integer[Any]], sizes: Sequence[int]) -> None:
    """Raise unless the indices fit the fields: one out of place would pass for another value."""
    if indices.ndim != 2 or indices.shape[1] != len(sizes):
        raise InvalidValueError(
            f"indices must have shape (events, {len(sizes)}), got {indices.shape}"
        )
    outside = (indices < 0) | (indices >= np.array(sizes))
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise InvalidValueError(
            f"an index of field {column} must be in [0, {sizes[column]}),"
            f" got {indices[row, column]}; encode with the same tables"
        )


def round_ticks(events: Events, resolution: int = DEFAULT_RESOLUTION) -> Events:
    """Round the time between events so that few distinct values remain, without drift.

    Gaps below a 16th are rounded to `resolution`, below a quarter to twice, below four quarters to
    8 times and beyond to 24 times that; the error is carried into the next gap, so an onset is
    never further from its place than half the step of its own gap, but for hits that a long gap,
    rounded up, overtook: they sound at once. Events that come to sound together are sorted by note.

    Parameters
    ----------
    events : Events
        What to round.
    resolution : int, default 5
        In ticks; 1 keeps every gap as it is.

    Raises
    ------
    InvalidValueError
        If the resolution is below 1.

    Examples
    --------
    >>> round_ticks(Events([36, 42, 42, 42], [0, 118, 121, 122])).ticks
    array([  0, 120, 120, 120])
    """
    check_at_least("resolution", resolution, 1, "1 keeps human timing as it is")
    onsets, cursor = [], 0
    for onset in events.onsets.tolist():
        cursor += _rounded(onset - cursor, resolution)
        onsets.append(cursor)
    rounded = np.array(onsets, np.int64)
    order = np.lexsort((events.notes, rounded))
    return Events.from_onsets(
        events.notes[order],
        rounded[order],
        None if events.velocities is None else events.velocities[order],
        events.qpm,
        events.quarters_per_bar,
    )


def _rounded(gap: int, resolution: int) -> int:
    """Round one gap; one that the carried error has made negative becomes 0."""
    step = resolution
    if resolution > 1:
        step *= next(factor for limit, factor in _COARSENESS if gap < limit)
    return max((gap + step // 2) // step * step, 0)


def one_hot(indices: NDArray[np.integer[Any]], sizes: Sequence[int]) -> NDArray[np.float32]:
    """Expand indices of shape (N, F) to one-hot rows, float32 of shape (N, sum of sizes).

    Raises
    ------
    InvalidValueError
        If the shape does not fit the sizes, or an index lies outside its field.

    Examples
    --------
    >>> one_hot(np.array([[1, 0]]), (2, 3))
    array([[0., 1., 1., 0., 0.]], dtype=float32)
    """
    _check_indices(indices, sizes)
    rows = np.zeros((len(indices), sum(sizes)), np.float32)
    starts = np.cumsum((0, *sizes[:-1]))
    np.put_along_axis(rows, indices + starts, np.float32(1), axis=1)
    return rows
