"""Music made from nothing but wishes, by each model that is measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paradiddle.baselines import Baselines
from paradiddle.exam import BARS, Exam
from paradiddle.measures import hits_of
from paradiddle.pattern import Pattern
from paradiddle.players import Player, Progress, play, quiet
from paradiddle.questions import cells_of
from paradiddle.takes import STEPS_PER_BAR, Take, Window

__all__ = ["Composer", "Made", "humanized_by", "made_by"]

_PER_STYLE = 64

_Array = NDArray[np.float32]


class Composer(Protocol):
    """A model of latent codes, as far as it is measured."""

    def reconstruct(self, cells: _Array) -> _Array:
        """Encode windows, (B, T, 27), and decode the means, greedily."""

    def generate(
        self,
        style: str,
        bars: int,
        *,
        qpm: float,
        temperature: float = 1.0,
        count: int = 1,
        seed: int | None = None,
    ) -> list[Pattern]:
        """Draw codes for a style, and decode them."""


@dataclass(frozen=True, eq=False)
class Made:
    """Windows made from nothing but style, tempo and kind.

    Attributes
    ----------
    as_train : float32 array, shape (N, 32, 27)
        In the mix of styles and tempi of the train windows, as many as the exam has windows.
    of_styles : float32 array, shape (M, 32, 27), optional
        64 of each known style, at tempi that recordings of it have; None where none was asked for.
    styles : list of M strings
        The style that each was asked for.
    """

    as_train: _Array
    of_styles: _Array | None = None
    styles: list[str] = field(default_factory=list)


def made_by(
    exam: Exam,
    baselines: Baselines,
    player: Player | None = None,
    latent: Composer | None = None,
    *,
    seed: int = 0,
    progress: Progress = quiet,
) -> dict[str, Made]:
    """Generate two bars at a time with each model there is, and with the position marginals."""
    asked = exam.like_train(len(exam.windows), seed)
    styled = exam.of_each_style(_PER_STYLE, seed)
    styles = [window.take.style for window in styled]
    made: dict[str, Made] = {}
    if player:
        name = "two bars from nothing"
        both = play(
            player, "nothing", asked + styled, first_seed=seed, progress=progress, name=name
        )
        made["machine"] = _shared_out(both, len(asked), styles)
    if latent:
        both = _composed(latent, asked + styled, seed, progress)
        made["latent"] = _shared_out(both, len(asked), styles)
    made["position marginals"] = Made(_drawn(baselines, len(asked), seed))
    return made


def _shared_out(cells: _Array, count: int, styles: list[str]) -> Made:
    return Made(cells[:count], cells[count:] if styles else None, styles)


def humanized_by(
    exam: Exam,
    baselines: Baselines,
    player: Player | None = None,
    *,
    seed: int = 0,
    progress: Progress = quiet,
) -> dict[str, _Array]:
    """Give the hits of an exam's windows new velocities and offsets, with each model there is."""
    hits = hits_of(cells_of(exam.windows))
    made: dict[str, _Array] = {}
    if player:
        for name, temperature in (("machine, sampled", 1.0), ("machine, median", 0.0)):
            made[name] = play(
                player,
                "hits",
                exam.windows,
                temperature=temperature,
                first_seed=seed,
                progress=progress,
                name=f"{name}, to draw",
            )
    made["ridge"] = baselines.ridge.humanize(hits)
    return made


def _composed(latent: Composer, windows: Sequence[Window], seed: int, progress: Progress) -> _Array:
    """Two bars for each window of its style and tempo, (N, 32, 27)."""

    def wish(place: int) -> tuple[str, float]:
        return windows[place].take.style, windows[place].take.pattern.qpm

    cells = np.zeros((len(windows), BARS * STEPS_PER_BAR, 27), np.float32)
    done = 0
    for (style, qpm), group in groupby(sorted(range(len(windows)), key=wish), key=wish):
        places = list(group)
        progress("latent, two bars for a style", done, len(windows))
        patterns = latent.generate(style, BARS, qpm=qpm, count=len(places), seed=seed + places[0])
        cells[places] = [Take("", pattern).cells for pattern in patterns]
        done += len(places)
    progress("latent, two bars for a style", done, len(windows))
    return cells


def _drawn(baselines: Baselines, count: int, seed: int) -> _Array:
    """Draw hits from the position marginals, with the mean dynamics of their cells."""
    steps = BARS * STEPS_PER_BAR
    chance = baselines.marginals.probabilities(np.zeros((steps, 27), np.float32))
    hits = np.random.default_rng(seed).random((count, *chance.shape)) < chance
    return baselines.cell_means.humanize(hits)
