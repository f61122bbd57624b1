"""What the drum machine answers to what it hears."""

from dataclasses import replace
from typing import Any

import numpy as np

from paradiddle.bars import Wishes, joined, part
from paradiddle.checks import check_seed
from paradiddle.machine import Machine
from paradiddle.pattern import Pattern

__all__ = ["Answers", "in_dynamics_of"]

_SPREADS = (0.5, 1.5)  # by which the dynamics of an answer are narrowed or widened, at the most


class Answers:
    """What a drum machine answers to what it hears, all in the dynamics heard.

    Parameters
    ----------
    machine : Machine
    wishes : Wishes
        Style, temperature and density; the tempo is that of what is heard.
    seed : int, optional
        The same answers the same.

    Examples
    --------
    >>> machine = Machine.load()
    >>> [heard] = machine.generate("rock", bars=2, seed=1)
    >>> Answers(machine, Wishes("rock"), 1).continuation(heard, 1).bars
    1.0
    """

    def __init__(self, machine: Machine, wishes: Wishes, seed: int | None = None) -> None:
        check_seed(seed)
        self._machine, self._seeds = machine, np.random.default_rng(seed)
        self._settings: dict[str, Any] = {
            "style": wishes.style,
            "temperature": wishes.temperature,
            "density": wishes.density,
        }

    def continuation(self, heard: Pattern, bars: int) -> Pattern:
        """Play on."""
        longer = self._machine.continue_(heard, bars, seed=self._seed(), **self._settings)
        first = round(heard.bars)
        answer = joined([part(longer, first + bar) for bar in range(bars)], heard.qpm)
        return in_dynamics_of(answer, heard)

    def complement(self, heard: Pattern) -> Pattern:
        """Play what goes with it on the voices that were not heard."""
        used = heard.hits.any(axis=0)
        whole = self._machine.fill(heard, used, seed=self._seed(), **self._settings)
        others = whole.hits & ~used
        return in_dynamics_of(replace(whole, hits=others), heard)

    def kit(self, rhythm: Pattern) -> Pattern:
        """Play a rhythm on the whole kit."""
        whole = self._machine.tap(rhythm, seed=self._seed(), **self._settings)
        return in_dynamics_of(whole, rhythm)

    def _seed(self) -> int:
        return int(self._seeds.integers(2**31))


def in_dynamics_of(answer: Pattern, heard: Pattern) -> Pattern:
    """Strike an answer as hard on average as what was heard, and about as varied.

    Examples
    --------
    >>> from paradiddle.rhythm import tapped
    >>> soft = in_dynamics_of(tapped([1.0, 0.6]), tapped([0.4, 0.3, 0.2]))
    >>> [round(velocity, 3) for velocity in soft.velocities[:, 0].tolist()]
    [0.4, 0.2]
    """
    if not (answer.hits.any() and heard.hits.any()):
        return answer
    ours, theirs = answer.velocities[answer.hits], heard.velocities[heard.hits]
    ratio = float(np.clip((theirs.std() + 0.01) / (ours.std() + 0.01), *_SPREADS))
    moved = theirs.mean() + (answer.velocities - ours.mean()) * np.float32(ratio)
    return replace(answer, velocities=np.clip(moved, np.float32(1 / 127), np.float32(1)))
