"""Loop: the music of a transport, hits placed in quarters from its start."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from paradiddle.checks import check_range, check_whole
from paradiddle.drums import VOICE_OF_PITCH
from paradiddle.errors import InvalidValueError
from paradiddle.events import Events
from paradiddle.pattern import Pattern
from paradiddle.swing import STRAIGHT
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["HARDEST_SWING", "Loop", "Struck", "check_swing"]

HARDEST_SWING = 0.75
_SIXTEENTHS = 4  # steps of a quarter that can swing
_LENGTH, _SHARE = 0.2, 0.8  # of a note: quarters at most, and of a step


class Struck(NamedTuple):
    """One hit of a loop.

    Attributes
    ----------
    grid : float
        The step it belongs to, in quarters from the start of the loop. What belongs to the step on
        a bar line may sound before it and is still of the new bar.
    place : float
        Where it sounds when straight, in quarters.
    voice : int
        Index into `paradiddle.drums.VOICES`; -1 where its pitch belongs to none.
    velocity : float
        In (0, 1].
    length : float
        Of its note, in quarters.
    pitch : int
        Its own MIDI pitch, or -1 for that of its voice.
    swings : bool
        Whether it comes later when the transport swings.
    """

    grid: float
    place: float
    voice: int
    velocity: float
    length: float = _LENGTH
    pitch: int = -1
    swings: bool = False

    def at(self, swing: float) -> float:
        """Where it sounds with this much swing, in quarters."""
        return self.place + (2 * swing - 1) / _SIXTEENTHS * self.swings


@dataclass(frozen=True)
class Loop:
    """Timed hits, repeated or played once.

    Parameters
    ----------
    hits : tuple of Struck
        In order of their places.
    quarters : float
        Length, whole bars.
    quarters_per_bar : float, default 4
        4 for 4/4, 3.5 for 7/8.
    repeats : bool, default True
        Whether it starts again at its end.

    Examples
    --------
    >>> Loop.of(Pattern.empty(2)).quarters
    8.0
    """

    hits: tuple[Struck, ...]
    quarters: float
    quarters_per_bar: float = 4.0
    repeats: bool = True

    @classmethod
    def of(cls, pattern: Pattern, swing: float = STRAIGHT, *, repeats: bool = True) -> "Loop":
        """Place the hits of a Pattern, offsets included.

        Parameters
        ----------
        pattern : Pattern
            Any; a last bar that is begun is completed with silence.
        swing : float, default 0.5
            Swing of its own, which the transport's then leaves alone; straight 16ths swing with
            the transport.
        repeats : bool, default True
            Whether it starts again at its end.

        Raises
        ------
        InvalidValueError
            If the swing is out of range, or not straight for another grid than 16ths.

        Examples
        --------
        >>> hits = np.zeros((16, 9), bool); hits[1, 0] = True
        >>> Loop.of(Pattern(hits, hits * 0.5, hits * 0.0), 0.75).hits[0].place
        0.375
        """
        check_swing(swing)
        sixteenths = pattern.steps_per_quarter == _SIXTEENTHS
        if swing != STRAIGHT and not sixteenths:
            raise InvalidValueError(
                f"swing must be 0.5 for {pattern.steps_per_quarter} steps a quarter, got {swing};"
                " only 16ths can be swung"
            )
        length = min(_LENGTH, _SHARE / pattern.steps_per_quarter)
        steps, voices = (axis.tolist() for axis in np.nonzero(pattern.hits))
        hits = []
        for step, voice in zip(steps, voices, strict=True):
            late = float(pattern.offsets[step, voice]) + step % 2 * (2 * swing - 1)
            grid, place = (at / pattern.steps_per_quarter for at in (step, step + late))
            velocity = float(pattern.velocities[step, voice])
            swings = sixteenths and swing == STRAIGHT and step % 2 == 1
            hits.append(Struck(grid, place, voice, velocity, length, -1, swings))
        bars = max(1, math.ceil(pattern.steps / pattern.steps_per_bar))
        return cls._ordered(hits, bars, pattern.quarters_per_bar, repeats)

    @classmethod
    def of_events(cls, events: Events, *, repeats: bool = True) -> "Loop":
        """Place every event at its tick, with its own pitch; the last bar is completed.

        Examples
        --------
        >>> Loop.of_events(Events([36, 56], [0, 480])).hits[1]
        Struck(grid=1.0, place=1.0, voice=1, velocity=0.787..., length=0.2, pitch=56, swings=False)
        """
        hits = []
        rows = (events.onsets.tolist(), events.notes.tolist(), events.dynamics.tolist())
        for onset, note, velocity in zip(*rows, strict=True):
            place, voice = onset / TICKS_PER_QUARTER, VOICE_OF_PITCH.get(note, -1)
            hits.append(Struck(place, place, voice, velocity, _LENGTH, note))
        last = hits[-1].place if hits else 0.0
        return cls._ordered(
            hits, int(last // events.quarters_per_bar) + 1, events.quarters_per_bar, repeats
        )

    @classmethod
    def _ordered(
        cls, hits: Iterable[Struck], bars: int, quarters_per_bar: float, repeats: bool
    ) -> "Loop":
        """Sort the hits that can be heard."""
        heard = sorted((hit for hit in hits if hit.velocity > 0), key=lambda hit: hit.place)
        return cls(tuple(heard), bars * quarters_per_bar, quarters_per_bar, repeats)

    @property
    def bars(self) -> int:
        """Length in bars."""
        return round(self.quarters / self.quarters_per_bar)

    @cached_property
    def earliest(self) -> float:
        """How far ahead of its step a hit sounds, at the most, in quarters; 0 if none does."""
        return max((hit.grid - hit.place for hit in self.hits if hit.place < hit.grid), default=0.0)

    def between(self, first_bar: int, last_bar: int) -> "Loop":
        """Cut out some bars, counted from 1, both included.

        Raises
        ------
        InvalidValueError
            If the loop has no such bars.

        Examples
        --------
        >>> Loop.of(Pattern.empty(4)).between(2, 3).bars
        2
        """
        check_whole("last bar", last_bar, 1, self.bars, f"the loop has {self.bars} bars")
        check_whole("first bar", first_bar, 1, last_bar, "start at or before the last bar")
        begin = (first_bar - 1) * self.quarters_per_bar
        end = last_bar * self.quarters_per_bar
        hits = tuple(
            hit._replace(grid=hit.grid - begin, place=hit.place - begin)
            for hit in self.hits
            if begin <= hit.grid < end
        )
        return replace(self, hits=hits, quarters=end - begin)


def check_swing(swing: float) -> float:
    """Return `swing`, or raise unless it is in [0.5, 0.75].

    Raises
    ------
    InvalidValueError
        If it is out of range.

    Examples
    --------
    >>> check_swing(0.66)
    0.66
    """
    remedy = "0.5 is straight, 0.66 a triplet feel"
    check_range("swing", np.array([swing]), STRAIGHT, HARDEST_SWING, remedy=remedy)
    return swing
