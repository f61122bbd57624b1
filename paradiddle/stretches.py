"""Stretches: which music plays from where on.

A hit belongs to the stretch in which its step lies, wherever before or after the step it sounds:
so every hit belongs to exactly one.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import Literal

from paradiddle.loop import Loop, Struck

__all__ = ["SLACK", "Stretch", "Stretches", "When", "next_multiple"]

When = Literal["bar", "now", "end"]

SLACK = 1e-6
"""Quarters; what two ways to compute one place differ by is less."""

_KEPT = 4.0  # quarters that are still known after they are over, for late hits and leaps back
_EIGHTH = 0.5


class Stretch:
    """A loop with its swing, from one step on until the next stretch begins.

    Parameters
    ----------
    begin : float
        Its first step, in quarters.
    origin : float
        Where the loop has its start.
    loop : Loop
        The music.
    swing : float
        Of straight 16ths.
    """

    def __init__(self, begin: float, origin: float, loop: Loop, swing: float) -> None:
        self.begin, self.origin, self.loop, self.swing = begin, origin, loop, swing
        self._hits = sorted(((hit.at(swing), hit) for hit in loop.hits), key=lambda pair: pair[0])
        self._places = [place for place, _ in self._hits]

    @property
    def end(self) -> float:
        """Where a loop that does not repeat is over, at once if it is so before it begins."""
        return math.inf if self.loop.repeats else max(self.begin, self.origin + self.loop.quarters)

    def hits(self, first: float, after: float, end: float) -> Iterator[tuple[float, Struck]]:
        """Hits that sound in [first, after), with steps from the beginning to before `end`."""
        for at in self._starts(first, after):
            # a place that rounding puts before the cut is found by the exact comparison below
            for index in range(bisect_left(self._places, first - at - SLACK), len(self._places)):
                place, hit = self._hits[index]
                if at + place >= after:
                    break
                inside = self.begin - SLACK <= at + hit.grid < end - SLACK
                if inside and at + place >= first:
                    yield at + place, hit

    def _starts(self, first: float, after: float) -> Iterator[float]:
        """Where the loop starts that can sound in [first, after)."""
        length = self.loop.quarters
        low = math.floor((first - self.origin) / length) - 1
        high = math.floor((after - self.origin) / length) + 1
        if not self.loop.repeats:
            low, high = max(low, 0), min(high, 0)
        for turn in range(low, high + 1):
            yield self.origin + turn * length


class Stretches:
    """A row of stretches, each in force until the next begins.

    Parameters
    ----------
    first : Stretch
        What is played until something else is.

    Attributes
    ----------
    until : float
        Where all ends, whatever is in force there; never by default.

    Examples
    --------
    >>> from paradiddle.pattern import Pattern
    >>> row = Stretches(Stretch(0.0, 0.0, Loop.of(Pattern.empty(1)), 0.5))
    >>> row.swap(Stretch(4.0, 4.0, Loop.of(Pattern.empty(2)), 0.5))
    >>> row.at(3.9).loop.bars, row.at(4.0).loop.bars
    (1, 2)
    """

    def __init__(self, first: Stretch) -> None:
        self._row = [first]
        self.until = math.inf

    @property
    def last(self) -> Stretch:
        """What was chosen last, even if it has yet to begin."""
        return self._row[-1]

    @property
    def end(self) -> float:
        """Where the music is over, as far as is known."""
        return min(self.until, self.last.end)

    @property
    def earliest(self) -> float:
        """How far ahead of its step a hit sounds, at the most, in quarters."""
        return max(one.loop.earliest for one in self._row)

    def at(self, position: float) -> Stretch:
        """Find what is in force at a position."""
        return [self._row[0], *(one for one in self._row if one.begin <= position + SLACK)][-1]

    def swap(self, stretch: Stretch) -> None:
        """Let a stretch follow, instead of all that were to begin later than it."""
        self._row = [*self._before(stretch.begin), stretch]

    def follow(self, loop: Loop, when: When, free: float, swing: float) -> float:
        """Let a loop follow, at the earliest from a free place on; tell where it begins.

        Parameters
        ----------
        loop : Loop
        when : str
            As of `paradiddle.transport.Transport.set_loop`.
        free : float
            In quarters.
        swing : float
            Of straight 16ths.
        """
        present = self.at(free)
        length = present.loop.quarters
        if when == "now":
            begin = free
            # its present pass, so that another length does not lead to another place
            origin = present.origin + math.floor((free - present.origin + SLACK) / length) * length
        else:
            unit = length if when == "end" else self.last.loop.quarters_per_bar
            begin = origin = present.origin + next_multiple(free - present.origin, unit)
        self.swap(Stretch(begin, origin, loop, swing))
        return begin

    def swing(self, position: float, swing: float) -> None:
        """Swing otherwise from the first eighth at or after a position on."""
        begin = next_multiple(position, _EIGHTH)
        row = self._before(begin)
        after = self._row[len(row) :]
        if not after or after[0].begin > begin + SLACK:
            row.append(Stretch(begin, row[-1].origin, row[-1].loop, swing))
        self._row = row + [Stretch(one.begin, one.origin, one.loop, swing) for one in after]

    def hits(self, first: float, after: float) -> Iterator[tuple[float, Struck]]:
        """Hits that sound in [first, after)."""
        ends = [*(one.begin for one in self._row[1:]), math.inf]
        for stretch, end in zip(self._row, ends, strict=True):
            yield from stretch.hits(first, after, min(end, self.until))

    def forget(self, position: float) -> None:
        """Drop what has been over for some time."""
        past = sum(one.begin < position - _KEPT for one in self._row[1:])
        self._row = self._row[past:]

    def _before(self, position: float) -> list[Stretch]:
        """Stretches that begin before a position."""
        return [one for one in self._row if one.begin < position - SLACK]


def next_multiple(position: float, unit: float) -> float:
    """First multiple of a unit at or after a position.

    Examples
    --------
    >>> next_multiple(4.1, 4.0), next_multiple(4.0, 4.0)
    (8.0, 4.0)
    """
    return math.ceil((position - SLACK) / unit) * unit
