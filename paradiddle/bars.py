"""Bars of endless music: what one is, what is wished for, and what makes the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from paradiddle.loop import Loop
from paradiddle.pattern import Pattern
from paradiddle.stretches import SLACK
from paradiddle.style_weights import Style
from paradiddle.timing import DEFAULT_QPM

__all__ = ["MOST_TAKEN_BACK", "Bar", "BarSource", "Wishes", "cut_over", "joined", "part"]

MOST_TAKEN_BACK = 4  # bars


@dataclass(frozen=True)
class Bar:
    """One bar as it is drawn, and as it is played.

    Attributes
    ----------
    pattern : Pattern
        One bar long.
    loop : Loop
        Its hits; may be more than the grid of the pattern can hold.
    fill : bool, default False
        Whether it is a drum fill.
    """

    pattern: Pattern
    loop: Loop
    fill: bool = False

    @classmethod
    def of(cls, pattern: Pattern, fill: bool = False) -> "Bar":
        """Play what is drawn."""
        return cls(pattern, Loop.of(pattern), fill)


@dataclass(frozen=True)
class Wishes:
    """How the next bars are to be; each as `paradiddle.machine.Machine.generate` takes it."""

    style: Style = None
    temperature: float = 1.0
    density: float | None = None
    qpm: float = DEFAULT_QPM


class BarSource(Protocol):
    """Where bars come from: it makes one when asked, from those before it."""

    quarters_per_bar: float

    def next(self, wishes: Wishes, *, fill: bool = False) -> Bar:
        """Make the bar that comes next, a drum fill where that is asked for and can be had."""

    def spare_fill(self, wishes: Wishes) -> Bar | None:
        """Make a drum fill for whenever one is wanted at once, if fills can be had.

        It is no part of the row of bars: the next one is as it would be without it.
        """

    def take_back(self) -> None:
        """Forget the last bar, at most `MOST_TAKEN_BACK` in a row."""

    def vary(self) -> None:
        """Begin something new with the next bar."""


def cut_over(first: Bar, second: Bar, quarters: float) -> Bar:
    """Change from one bar to another of its metre and grid, some quarters after the bar line.

    Examples
    --------
    >>> from paradiddle.rhythm import tapped
    >>> soft, loud = (Bar.of(tapped([velocity] * 16)) for velocity in (0.2, 0.8))
    >>> [round(hit.velocity, 1) for hit in cut_over(soft, loud, 3.5).loop.hits][12:]
    [0.2, 0.2, 0.8, 0.8]
    """
    before = [hit for hit in first.loop.hits if hit.grid < quarters - SLACK]
    after = [hit for hit in second.loop.hits if hit.grid >= quarters - SLACK]
    hits = tuple(sorted([*before, *after], key=lambda hit: hit.place))
    old, new, step = (
        first.pattern,
        second.pattern,
        round(quarters * first.pattern.steps_per_quarter),
    )
    pattern = replace(
        old,
        hits=np.concatenate([old.hits[:step], new.hits[step:]]),
        velocities=np.concatenate([old.velocities[:step], new.velocities[step:]]),
        offsets=np.concatenate([old.offsets[:step], new.offsets[step:]]),
    )
    return Bar(pattern, replace(first.loop, hits=hits), second.fill)


def part(pattern: Pattern, bar: int) -> Pattern:
    """Cut out one bar, counted from 0.

    Examples
    --------
    >>> part(Pattern.empty(3), 2).bars
    1.0
    """
    kept = slice(bar * pattern.steps_per_bar, (bar + 1) * pattern.steps_per_bar)
    return replace(
        pattern,
        hits=pattern.hits[kept],
        velocities=pattern.velocities[kept],
        offsets=pattern.offsets[kept],
    )


def joined(patterns: Sequence[Pattern], qpm: float) -> Pattern:
    """Put patterns of one grid and metre, at least one, one after the other at some tempo.

    Examples
    --------
    >>> joined([Pattern.empty(1), Pattern.empty(2)], qpm=90).bars
    3.0
    """
    return replace(
        patterns[0],
        hits=np.concatenate([one.hits for one in patterns]),
        velocities=np.concatenate([one.velocities for one in patterns]),
        offsets=np.concatenate([one.offsets for one in patterns]),
        qpm=qpm,
    )
