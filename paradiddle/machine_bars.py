"""The drum machine without end: each bar continues those before it, in bounded memory."""

from collections import deque
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from paradiddle.bars import MOST_TAKEN_BACK, Bar, Wishes, joined, part
from paradiddle.checks import check_seed
from paradiddle.given import BEAT, FILL
from paradiddle.machine import Machine
from paradiddle.pattern import Pattern
from paradiddle.pattern_questions import check_grid, check_hits

__all__ = ["MachineBars"]

_PHRASE = 4  # bars


class _Kept(NamedTuple):
    """A bar that is remembered."""

    pattern: Pattern
    sets_pace: bool


class MachineBars:
    """Bars of a drum machine, each continuing those before it.

    Four to seven bars are remembered, so that the first of them begins a phrase of four. Where no
    density is wished for, the first four bars set the pace that all later ones are held to.

    Parameters
    ----------
    machine : Machine
    seed : int, optional
        The same gives the same music, as long as nothing is changed on the way.
    start : Pattern, optional
        What to play on after, of any length.

    Raises
    ------
    InvalidValueError
        If the pattern has no hits, or is on another grid or in another metre.

    Examples
    --------
    >>> bars = MachineBars(Machine.load(), seed=1)
    >>> first, second = (bars.next(Wishes("funk", qpm=100)).pattern for _ in range(2))
    >>> first.bars, first == second
    (1.0, False)
    """

    quarters_per_bar = 4.0

    def __init__(
        self, machine: Machine, seed: int | None = None, start: Pattern | None = None
    ) -> None:
        check_seed(seed)
        self._machine, self._seeds = machine, np.random.default_rng(seed)
        # of their own, so that they leave the row of bars as it is
        self._spare_seeds = np.random.default_rng(None if seed is None else [seed, 1])
        self._memory: deque[_Kept] = deque(maxlen=2 * _PHRASE + MOST_TAKEN_BACK)
        self._count = 0  # bars of this piece, all told
        self._pace: list[float] = []  # hits a step of the first bars
        self._wishes: Wishes | None = None
        if start is not None:
            self._begin_with(start)

    def next(self, wishes: Wishes, *, fill: bool = False) -> Bar:
        """Make the bar that comes next.

        Raises
        ------
        InvalidValueError
            If a style is unknown or a setting out of range.
        """
        self._turn_to(wishes)
        made = self._played(wishes, FILL if fill else BEAT, self._seeds)
        self._remember(made, fill=fill)
        return Bar.of(made, fill)

    def spare_fill(self, wishes: Wishes) -> Bar:
        """Make a drum fill that could be played instead of the next bar, and is not remembered."""
        return Bar.of(self._played(wishes, FILL, self._spare_seeds), fill=True)

    def take_back(self) -> None:
        """Forget the last bar."""
        if self._memory:
            self._count -= 1
            if self._memory.pop().sets_pace and self._pace:
                self._pace.pop()

    def vary(self) -> None:
        """Begin something new with the next bar."""
        self._memory.clear()
        self._count = 0
        self._pace.clear()

    def _begin_with(self, start: Pattern) -> None:
        """Remember a pattern, of which the last bar may be open."""
        check_grid(start)
        check_hits(start, "to play on after", "leave it out to begin with something new")
        open_steps = -start.steps % start.steps_per_bar
        silence = Pattern.empty(1).hits[:open_steps]
        rest = Pattern(silence, silence * 0.0, silence * 0.0)
        whole = joined([start, rest], start.qpm)
        for bar in range(round(whole.bars)):
            self._remember(part(whole, bar))

    def _remember(self, bar: Pattern, *, fill: bool = False) -> None:
        sets_pace = len(self._pace) < _PHRASE and not fill
        if sets_pace:
            self._pace.append(float(bar.hits.sum()) / bar.steps)
        self._memory.append(_Kept(bar, sets_pace))
        self._count += 1

    def _turn_to(self, wishes: Wishes) -> None:
        """Let go of what stands in the way of new wishes."""
        before, self._wishes = self._wishes, wishes
        if before is None or replace(before, qpm=wishes.qpm) == wishes:
            return
        if (before.style, before.density) != (wishes.style, wishes.density) and self._memory:
            last = self._memory[-1].pattern
            self.vary()
            self._remember(last)  # only this stays in the ear
        self._pace.clear()

    def _played(self, wishes: Wishes, kind: str, seeds: np.random.Generator) -> Pattern:
        """Play one bar after those that are remembered."""
        settings: dict[str, Any] = {
            "temperature": wishes.temperature,
            "density": self._density(wishes, kind),
            "beat_type": kind,
            "seed": int(seeds.integers(2**31)),
        }
        heard = self._heard(wishes.qpm)
        if heard is None:
            [made] = self._machine.generate(wishes.style, 1, wishes.qpm, **settings)
            return made
        longer = self._machine.continue_(heard, 1, wishes.style, **settings)
        return part(longer, round(heard.bars))

    def _heard(self, qpm: float) -> Pattern | None:
        """Join what is remembered from the beginning of a phrase on; None where that is silence."""
        wanted = min(len(self._memory), _PHRASE + self._count % _PHRASE)
        bars = [kept.pattern for kept in list(self._memory)[len(self._memory) - wanted :]]
        heard = joined(bars, qpm) if bars else None
        return heard if heard is not None and heard.hits.any() else None

    def _density(self, wishes: Wishes, kind: str) -> float | None:
        """Hold the pace of the first bars, where no other is asked for and no fill is played."""
        if wishes.density is not None or kind == FILL or len(self._pace) < _PHRASE:
            return wishes.density
        return float(np.mean(self._pace))
