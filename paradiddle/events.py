"""Events: a drum performance as a sequence of (note, ticks[, velocity])."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paradiddle.checks import check_range
from paradiddle.drums import VOICE_OF_PITCH, VOICES
from paradiddle.errors import InvalidValueError
from paradiddle.pattern import MAX_STEPS, Pattern
from paradiddle.timing import DEFAULT_QPM, TICKS_PER_QUARTER, check_qpm

__all__ = ["DEFAULT_VELOCITY", "MAX_TICKS", "Events", "Quantised", "quantise"]

DEFAULT_VELOCITY = 100 / 127  # of events that carry none

MAX_TICKS = 2**28 - 1  # what a MIDI file can hold between two events

_BAR_QUARTERS = 1 / 16, 1020  # time signatures reach from 1/64 to 255/1
_VOICE_TABLE = np.array([VOICE_OF_PITCH.get(pitch, -1) for pitch in range(128)])
_VOICE_PITCHES = np.array([voice.pitch for voice in VOICES])


@dataclass(frozen=True, eq=False)
class Events:
    """Note-ons in order, each with the time since the one before: every hit is kept.

    Arrays are copied and set read-only.

    Parameters
    ----------
    notes : int64 array, shape (N,)
        MIDI pitches, 0-127.
    ticks : int64 array, shape (N,)
        Ticks since the previous event, 480 per quarter; the first counts from a bar line.
    velocities : float32 array, shape (N,), optional
        In [0, 1]; None where the sequence carries no dynamics.
    qpm : float, default 120
        Quarters per minute.
    quarters_per_bar : float, default 4
        4 for 4/4, 3.5 for 7/8.

    Raises
    ------
    InvalidValueError
        If shapes differ or a value lies outside its range.

    Examples
    --------
    >>> events = Events([36, 42, 38], [0, 240, 240])
    >>> events.onsets
    array([  0, 240, 480])
    """

    notes: NDArray[np.int64]
    ticks: NDArray[np.int64]
    velocities: NDArray[np.float32] | None = None
    qpm: float = DEFAULT_QPM
    quarters_per_bar: float = 4.0

    def __post_init__(self) -> None:
        notes, ticks = _integers("notes", self.notes), _integers("ticks", self.ticks)
        if len(notes) != len(ticks):
            raise InvalidValueError(
                f"notes and ticks must be of one length, got {len(notes)} and {len(ticks)}",
                field="ticks",
            )
        check_range("note", notes, 0, 127, remedy="use General MIDI percussion pitches")
        check_range("ticks", ticks, 0, MAX_TICKS, remedy="count from the previous event")
        object.__setattr__(self, "notes", notes)
        object.__setattr__(self, "ticks", ticks)
        if self.velocities is not None:
            object.__setattr__(self, "velocities", _velocities(self.velocities, len(notes)))
        object.__setattr__(self, "qpm", check_qpm(self.qpm))
        check_range(
            "quarters_per_bar",
            np.array([self.quarters_per_bar]),
            *_BAR_QUARTERS,
            remedy="4/4 is 4, 7/8 is 3.5",
        )
        object.__setattr__(self, "quarters_per_bar", float(self.quarters_per_bar))

    def __len__(self) -> int:
        return len(self.notes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Events):
            return NotImplemented
        return (
            (self.qpm, self.quarters_per_bar) == (other.qpm, other.quarters_per_bar)
            and np.array_equal(self.notes, other.notes)
            and np.array_equal(self.ticks, other.ticks)
            and (self.velocities is None) == (other.velocities is None)
            and np.array_equal(self.dynamics, other.dynamics)
        )

    def __hash__(self) -> int:
        return hash((self.qpm, self.notes.tobytes(), self.ticks.tobytes()))

    @property
    def onsets(self) -> NDArray[np.int64]:
        """Absolute positions in ticks, shape (N,)."""
        return np.cumsum(self.ticks)

    @property
    def dynamics(self) -> NDArray[np.float32]:
        """Velocities in [0, 1], shape (N,); 100/127 throughout where the sequence has none."""
        if self.velocities is None:
            return np.full(len(self), DEFAULT_VELOCITY, np.float32)
        return self.velocities

    @property
    def ticks_per_bar(self) -> float:
        """Length of a bar in ticks."""
        return self.quarters_per_bar * TICKS_PER_QUARTER

    def seconds(self) -> NDArray[np.float64]:
        """Onsets in seconds from the start, shape (N,).

        Examples
        --------
        >>> Events([36, 38], [0, 480], qpm=60).seconds()
        array([0., 1.])
        """
        return self.onsets.astype(np.float64) * (60 / (self.qpm * TICKS_PER_QUARTER))

    @classmethod
    def from_onsets(
        cls,
        notes: ArrayLike,
        onsets: ArrayLike,
        velocities: ArrayLike | None = None,
        qpm: float = DEFAULT_QPM,
        quarters_per_bar: float = 4.0,
    ) -> "Events":
        """Build from absolute positions in ticks, in any order; ties keep theirs.

        Raises
        ------
        InvalidValueError
            If lengths differ or a value lies outside its range.

        Examples
        --------
        >>> Events.from_onsets([38, 36], [480, 0]).ticks
        array([  0, 480])
        """
        positions = _integers("onsets", onsets)
        check_range(
            "onset", positions, 0, np.inf, half_open=True, remedy="count from the first bar line"
        )
        pitches = _integers("notes", notes)
        if len(pitches) != len(positions):
            raise InvalidValueError(
                f"notes and onsets must be of one length, got {len(pitches)} and {len(positions)}"
            )
        order = np.argsort(positions, kind="stable")
        dynamics = None if velocities is None else _velocities(velocities, len(pitches))[order]
        ticks = np.diff(positions[order], prepend=0)
        return cls(pitches[order], ticks, dynamics, qpm, quarters_per_bar)

    @classmethod
    def from_pattern(cls, pattern: Pattern) -> "Events":
        """Place every hit of a Pattern at its tick, offsets included.

        A hit before the very start is moved to it. Hits of one tick come in the order of voices.

        Examples
        --------
        >>> hits = np.zeros((16, 9), bool); hits[4, 1] = True
        >>> Events.from_pattern(Pattern(hits, hits * 0.5, hits * 0.25)).ticks
        array([510])
        """
        steps, voices = np.nonzero(pattern.hits)
        ticks_per_step = TICKS_PER_QUARTER / pattern.steps_per_quarter
        onsets = np.rint((steps + pattern.offsets[steps, voices]) * ticks_per_step)
        # Rounded to a tick, a hit near the middle between two steps must not change its step.
        first, after = (_first_tick(step, pattern.steps_per_quarter) for step in (steps, steps + 1))
        return cls.from_onsets(
            _VOICE_PITCHES[voices],
            np.maximum(np.clip(onsets, first, after - 1), 0).astype(np.int64),
            pattern.velocities[steps, voices],
            pattern.qpm,
            pattern.quarters_per_bar,
        )

    def on_kit(self, pitches: Sequence[int]) -> "Events":
        """Give every note the pitch of its voice; one that belongs to no voice keeps its own.

        Parameters
        ----------
        pitches : sequence of 9 int
            In the order of `paradiddle.drums.VOICES`.

        Raises
        ------
        InvalidValueError
            If there are not nine, or one is no MIDI pitch.

        Examples
        --------
        >>> Events([35, 44, 96], [0, 240, 0]).on_kit(range(60, 69)).notes
        array([60, 62, 96])
        """
        if len(pitches) != len(VOICES):
            raise InvalidValueError(
                f"a kit needs a pitch for each of {len(VOICES)} voices, got {len(pitches)}"
            )
        voices = _VOICE_TABLE[self.notes]
        notes = np.where(voices >= 0, np.asarray(pitches, np.int64)[voices], self.notes)
        return replace(self, notes=notes)


class Quantised(NamedTuple):
    """A Pattern and what the grid could not hold."""

    pattern: Pattern
    collisions: int  # hits that fell on a cell already struck harder: flams, drags, rolls
    unmapped: int  # hits of pitches that belong to none of the nine voices


def quantise(events: Events, *, steps_per_quarter: int = 4) -> Quantised:
    """Move every event to its nearest step, keeping its distance as the offset.

    Of several hits of one voice on one step the hardest stays. The Pattern ends with a whole bar.

    Parameters
    ----------
    events : Events
        What to quantise, whole: cut windows afterwards, or hits just before a bar line are lost.
    steps_per_quarter : int, default 4
        Resolution of the grid.

    Raises
    ------
    InvalidValueError
        If a bar is no whole number of steps, or the grid would exceed a million steps.

    Examples
    --------
    >>> pattern, collisions, unmapped = quantise(Events([36, 38, 38], [0, 475, 30]))
    >>> pattern.offsets[4, 1], collisions, unmapped
    (np.float32(-0.041666668), 1, 0)
    """
    blank = Pattern.empty(
        0,
        qpm=events.qpm,
        steps_per_quarter=steps_per_quarter,
        quarters_per_bar=events.quarters_per_bar,
    )
    voices = _VOICE_TABLE[events.notes]
    mapped = voices >= 0
    # In whole numbers: a half-way hit must not fall short of its step by a rounding error.
    scaled = events.onsets[mapped] * steps_per_quarter
    steps = (2 * scaled + TICKS_PER_QUARTER) // (2 * TICKS_PER_QUARTER)
    length = -(-(int(steps.max(initial=-1)) + 1) // blank.steps_per_bar) * blank.steps_per_bar
    if length > MAX_STEPS:
        raise InvalidValueError(f"a grid of {length} steps is too long; at most {MAX_STEPS}")
    dynamics = events.dynamics[mapped]
    # The loudest is written last and stays; of equals the first.
    order = np.lexsort((-np.arange(len(steps)), dynamics))
    cells = steps[order], voices[mapped][order]
    hits, velocities, offsets = (np.zeros((length, len(VOICES)), np.float32) for _ in range(3))
    hits[cells], velocities[cells] = 1, dynamics[order]
    offsets[cells] = (scaled / TICKS_PER_QUARTER - steps)[order]
    pattern = Pattern(
        hits > 0, velocities, offsets, events.qpm, steps_per_quarter, events.quarters_per_bar
    )
    return Quantised(pattern, len(steps) - int(hits.sum()), int((~mapped).sum()))


def _first_tick(steps: NDArray[np.int64], steps_per_quarter: int) -> NDArray[np.int64]:
    """First tick that is nearer to a step than to the one before it; half-way counts."""
    return -((1 - 2 * steps) * TICKS_PER_QUARTER // (2 * steps_per_quarter))


def _integers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    """Copy to a read-only vector of whole numbers."""
    array = np.array(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InvalidValueError(
            f"{name} must be a vector of whole numbers, got {array.dtype} of shape {array.shape}"
        )
    array = array.astype(np.int64)
    array.flags.writeable = False
    return array


def _velocities(values: ArrayLike, length: int) -> NDArray[np.float32]:
    """Copy to a read-only vector in [0, 1]."""
    array = np.array(values, np.float32)
    if array.shape != (length,):
        text = f"velocities must have shape ({length},), got {array.shape}"
        raise InvalidValueError(text, field="velocities")
    check_range("velocity", array, 0, 1, remedy="divide MIDI velocities by 127")
    array.flags.writeable = False
    return array
