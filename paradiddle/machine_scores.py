"""Measuring a fill-in model: how likely it finds real beats, and how well it plays what is hidden.

Likelihoods are teacher-forced: each step is predicted given the true steps before it. Everything
else is free-running: the model hears only what was told and what it played itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least
from paradiddle.consensus import consensus
from paradiddle.given import Given
from paradiddle.measures import (
    Divergence,
    DynamicsError,
    HitScores,
    divergence,
    dynamics_error,
    hit_scores,
    hits_of,
)
from paradiddle.players import BATCH, Player, Progress, play, quiet, told
from paradiddle.questions import ask, batches, cells_of, qpm_of, whole
from paradiddle.takes import STEPS_PER_BAR, Take, Window

__all__ = [
    "HumanizeScores",
    "Likelihoods",
    "TapScores",
    "humanize_scores",
    "likelihoods",
    "tap_scores",
]

_WHOLE_FILES = 8  # recordings run to thousands of steps

_Array = NDArray[np.float32]


@dataclass(frozen=True)
class Likelihoods:
    """Bits that it takes to say the hits of a 16th step, nine voices together; less is better.

    Attributes
    ----------
    next_step : float
        Each step of whole recordings given all before it; mean over all steps of all recordings.
    nothing : float
        Two bars of which nothing is told, each step given those before it.
    second_bar : float
        The second of two bars given the first, over the steps of the second.
    tap : float
        Two bars given the loudest hit of each step: that it is, its velocity and its offset.
    """

    next_step: float
    nothing: float
    second_bar: float
    tap: float

    def to_dict(self) -> dict[str, float]:
        """Return them as JSON values."""
        return asdict(self)


def likelihoods(
    player: Player,
    takes: Sequence[Take],
    windows: Sequence[Window],
    progress: Progress = quiet,
) -> Likelihoods:
    """Score the hits of real beats; style, tempo and kind are told.

    Parameters
    ----------
    player : Player
        The model.
    takes : sequence of Take
        Recordings to read whole.
    windows : sequence of Window
        Two bars each.
    """

    def mean(task: str, over: Sequence[Window], name: str, first: int = 0) -> float:
        totals = np.zeros(2)  # bits, steps
        size = BATCH if over is windows else _WHOLE_FILES
        for places in told(batches(over, size), len(over), name, progress):
            bits = player.bits(ask(task, [over[place] for place in places], player.styles)).hits
            totals += bits[:, first:].sum(dtype=np.float64), bits[:, first:].size
        return float(totals[0] / totals[1])

    return Likelihoods(
        mean("nothing", [whole(take) for take in takes], "whole recordings, likelihood"),
        mean("nothing", windows, "two bars from nothing, likelihood"),
        mean("first bar", windows, "second bar given the first, likelihood", STEPS_PER_BAR),
        mean("tap", windows, "tap to drums, likelihood"),
    )


@dataclass(frozen=True)
class TapScores:
    """Hits played to a tapped rhythm, two bars, against those it was taken from.

    Attributes
    ----------
    greedy : HitScores
        The likeliest at each step.
    sampled : HitScores
        One sample at temperature 1.
    consensus : HitScores
        What agrees best with all the samples (`paradiddle.consensus`): one answer, by which both
        figures are counted.
    samples : int
        How many it is chosen from.
    """

    greedy: HitScores
    sampled: HitScores
    consensus: HitScores
    samples: int

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return asdict(self)


def tap_scores(
    player: Player, windows: Sequence[Window], samples: int, progress: Progress = quiet
) -> TapScores:
    """Score free-running hits, given the loudest hit of each step.

    Raises
    ------
    InvalidValueError
        If there are no samples.
    """
    check_at_least("samples", samples, 1, "draw one or more")
    played = hits_of(cells_of(windows))
    greedy = hits_of(_answers(player, "tap", windows, 0, progress))
    drawn = np.stack([hits_of(one) for one in _samples(player, "tap", windows, samples, progress)])
    return TapScores(
        hit_scores(greedy, played),
        hit_scores(drawn[0], played),
        hit_scores(consensus(drawn), played),
        samples,
    )


@dataclass(frozen=True)
class HumanizeScores:
    """Velocity and timing given to bare hits, against those that they were played with.

    Attributes
    ----------
    steady : DynamicsError
        As `Player.steady` strikes each hit.
    median : DynamicsError
        The median of each hit's distributions, given the medians of those before it.
    marginal_median : DynamicsError
        The median of each hit's distribution given all hits, averaged over samples of how those
        before it were struck.
    sampled : DynamicsError
        One sample at temperature 1.
    spread : Divergence
        Of that sample's velocities and offsets from the real ones, all hits of all windows.
    spread_of_medians : Divergence
        The same of the medians: what is likeliest each time does not sound like a person.
    samples : int
        How many `marginal_median` goes by.
    """

    steady: DynamicsError
    median: DynamicsError
    marginal_median: DynamicsError
    sampled: DynamicsError
    spread: Divergence
    spread_of_medians: Divergence
    samples: int

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return asdict(self)


def humanize_scores(
    player: Player, windows: Sequence[Window], samples: int, progress: Progress = quiet
) -> HumanizeScores:
    """Score free-running velocities and offsets, given all hits and rests.

    Raises
    ------
    InvalidValueError
        If there are no samples.
    """
    check_at_least("samples", samples, 1, "draw one or more")
    played, qpm = cells_of(windows), qpm_of(windows)
    ask_of_hits = partial(_of_hits, windows, player.styles, progress)
    steady = ask_of_hits("hits, most middling", lambda given, _: player.steady(given))
    median = _answers(player, "hits", windows, 0, progress)
    marginal = ask_of_hits(
        f"hits, medians over {samples} samples",
        lambda given, first: player.medians(given, samples, first_seed=first * samples),
    )
    drawn = _answers(player, "hits", windows, 1, progress)
    return HumanizeScores(
        dynamics_error(steady, played, qpm),
        dynamics_error(median, played, qpm),
        dynamics_error(marginal, played, qpm),
        dynamics_error(drawn, played, qpm),
        divergence(drawn, played),
        divergence(median, played),
        samples,
    )


def _of_hits(
    windows: Sequence[Window],
    styles: Sequence[str],
    progress: Progress,
    name: str,
    answer: Callable[[Given, int], _Array],
) -> _Array:
    """Ask with the hits of some windows at a time, and the place of the first of them."""
    made: list[_Array] = []
    for places in told(batches(windows, BATCH), len(windows), name, progress):
        given = ask("hits", [windows[place] for place in places], styles)
        made.append(answer(given, places[0]))
    return np.concatenate(made)


def _samples(
    player: Player, task: str, windows: Sequence[Window], samples: int, progress: Progress
) -> Iterator[_Array]:
    for sample in range(samples):
        yield _answers(player, task, windows, 1, progress, sample, samples)


def _answers(
    player: Player,
    task: str,
    windows: Sequence[Window],
    temperature: float,
    progress: Progress,
    sample: int = 0,
    of: int = 1,
) -> _Array:
    name = f"{task}, sample {sample + 1} of {of}" if temperature else f"{task}, likeliest"
    return play(
        player,
        task,
        windows,
        temperature=temperature,
        first_seed=sample * len(windows),
        progress=progress,
        name=name,
    )
