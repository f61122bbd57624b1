"""How far what was made is from what was played: the definitions behind every figure.

Shapes: B windows, T steps, V = 9 voices; cells are hits, velocities and offsets side by side,
(B, T, 3V), in the units of `paradiddle.pattern.Pattern`. Accuracy over all cells is no measure of
drumming, for silence alone scores 87 %: these count hits, whole steps, or surprise.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import CorpusError
from paradiddle.given import V

__all__ = [
    "Divergence",
    "DynamicsError",
    "HitScores",
    "divergence",
    "dynamics_error",
    "histogram_divergence",
    "hit_scores",
    "hits_of",
    "milliseconds_per_step",
    "surprise",
]

_BINS, _FLOOR = 50, 1e-3
_SURE = 1e-6  # no probability is taken to be nearer to 0 or 1
_STEPS_PER_QUARTER = 4

_Array = NDArray[np.float32]
_Reals = NDArray[np.floating[Any]]
_Mask = NDArray[np.bool_]


def hits_of(cells: _Array) -> _Mask:
    """Take the hits out of cells, (..., 27) to bool (..., 9)."""
    return cells[..., :V] > 0


def milliseconds_per_step(qpm: _Reals) -> _Reals:
    """Length of a 16th at a tempo in quarters per minute.

    Examples
    --------
    >>> milliseconds_per_step(np.array([120.0])).tolist()
    [125.0]
    """
    return 60_000 / _STEPS_PER_QUARTER / np.asarray(qpm)


@dataclass(frozen=True)
class HitScores:
    """How well hits were found.

    Attributes
    ----------
    f1 : float
        2 x hits in both / (hits made + hits played), over all cells of all windows together.
    exact_steps : float
        Share of steps whose nine voices are all right, of steps with a hit in what was played.
    exact_all_steps : float
        The same of all steps, silent ones too.
    """

    f1: float
    exact_steps: float
    exact_all_steps: float

    def to_dict(self) -> dict[str, float]:
        """Return them as JSON values."""
        return asdict(self)


def hit_scores(made: _Mask, played: _Mask) -> HitScores:
    """Compare hits with hits, (..., T, 9) both.

    Raises
    ------
    CorpusError
        If nothing was played.

    Examples
    --------
    >>> played = np.zeros((1, 4, 9), bool)
    >>> played[0, 0, :2] = played[0, 2, 1] = True
    >>> made = played.copy()
    >>> made[0, 2, 1] = False
    >>> hit_scores(made, played)
    HitScores(f1=0.8, exact_steps=0.5, exact_all_steps=0.75)
    """
    sounding = played.any(-1)
    if not sounding.any():
        raise CorpusError("nothing was played, so nothing can be found; take windows with hits")
    right = (made == played).all(-1)
    both, total = np.count_nonzero(made & played), made.sum() + played.sum()
    return HitScores(
        float(2 * both / total),
        float(right[sounding].mean()),
        float(right.mean()),
    )


@dataclass(frozen=True)
class DynamicsError:
    """How far velocity and timing of single hits are off.

    Attributes
    ----------
    offset_mae_ms : float
        Mean distance between offsets, in milliseconds at the tempo of each recording.
    offset_mse : float
        Mean squared distance between offsets, in 16ths squared.
    velocity_mae : float
        Mean distance between velocities in [0, 1].
    """

    offset_mae_ms: float
    offset_mse: float
    velocity_mae: float

    def to_dict(self) -> dict[str, float]:
        """Return them as JSON values."""
        return asdict(self)


def dynamics_error(made: _Array, played: _Array, qpm: _Reals) -> DynamicsError:
    """Compare velocities and offsets, over the hits that both have.

    Parameters
    ----------
    made, played : float32 arrays, shape (B, T, 27)
        Cells.
    qpm : array, shape (B,)
        Tempo of each window.

    Raises
    ------
    CorpusError
        If they have no hit in common.
    """
    common = hits_of(made) & hits_of(played)
    if not common.any():
        raise CorpusError("no hit is in both, so no timing can be compared; take more windows")
    difference = np.abs(made.astype(np.float64) - played)
    velocity, offset = difference[..., V : 2 * V], difference[..., 2 * V :]
    late = offset * milliseconds_per_step(qpm)[:, None, None]
    return DynamicsError(
        float(late[common].mean()),
        float((offset[common] ** 2).mean()),
        float(velocity[common].mean()),
    )


@dataclass(frozen=True)
class Divergence:
    """How differently velocities and offsets are spread, in nats.

    Attributes
    ----------
    timing : float
        `histogram_divergence` of the offsets of all hits over [-0.5, 0.5) of a 16th.
    velocity : float
        The same of their velocities over [0, 1].
    """

    timing: float
    velocity: float

    def to_dict(self) -> dict[str, float]:
        """Return them as JSON values."""
        return asdict(self)


def divergence(made: _Array, played: _Array) -> Divergence:
    """Compare the distributions over the hits of some cells, (..., 27), with those of others."""
    hits, real = hits_of(made), hits_of(played)

    def part(place: slice, low: float, high: float) -> float:
        return histogram_divergence(played[..., place][real], made[..., place][hits], low, high)

    return Divergence(part(slice(2 * V, None), -0.5, 0.5), part(slice(V, 2 * V), 0.0, 1.0))


def histogram_divergence(played: _Reals, made: _Reals, low: float, high: float) -> float:
    """Kullback-Leibler divergence of histograms, KL(played || made), in nats.

    Both have 50 equal bins; 0.001 is added to every count, so that an empty bin costs much and
    not everything.

    Examples
    --------
    >>> values = (np.arange(1000) + 0.5) / 1000
    >>> histogram_divergence(values, values, 0, 1)
    0.0
    >>> round(histogram_divergence(values, values * 0.5, 0, 1), 2)
    4.61
    """
    counts = [np.histogram(values, _BINS, (low, high))[0] + _FLOOR for values in (played, made)]
    p, q = (count / count.sum() for count in counts)
    return float((p * np.log(p / q)).sum())


def surprise(probabilities: _Reals, hits: _Mask) -> NDArray[np.float64]:
    """Bits that it takes to say the hits of each step, where the voices are drawn independently.

    Parameters
    ----------
    probabilities : array that broadcasts to (..., T, 9)
        Of a hit.
    hits : bool array, shape (..., T, 9)
        What was played.

    Returns
    -------
    float64 array, shape (..., T)

    Examples
    --------
    >>> surprise(np.full((1, 9), 0.5), np.zeros((1, 9), bool)).tolist()
    [9.0]
    """
    chance = np.clip(np.asarray(probabilities, np.float64), _SURE, 1 - _SURE)
    bits: NDArray[np.float64] = -np.log2(np.where(hits, chance, 1 - chance)).sum(-1)
    return bits
