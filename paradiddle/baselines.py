"""What simple models make of the same questions: the figures that a drum machine has to beat.

All are fitted to windows of the train split, two bars each, (N, 32, 27).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import V, tap_of
from paradiddle.measures import hits_of
from paradiddle.takes import STEPS_PER_BAR

__all__ = [
    "Baselines",
    "CellMeans",
    "Humaniser",
    "MeanVelocity",
    "PositionMarginals",
    "Ridge",
    "TapTable",
    "best_ridge",
    "ridges",
]

_PRIOR = 0.5  # hits and rests added to every count
_LOUDNESSES = 4  # kinds of tap
_PENALTIES = (30.0, 100.0, 300.0, 1000.0)
_LEAST = 1e-3  # on the constant, so that a sum of few windows can be solved

_Array = NDArray[np.float32]
_Mask = NDArray[np.bool_]
_Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PositionMarginals:
    """How often each voice is struck at each 16th of the bar, whatever is told.

    Attributes
    ----------
    shares : float64 array, shape (16, 9)
        Of bars.
    """

    shares: _Reals

    @classmethod
    def fit(cls, cells: _Array) -> "PositionMarginals":
        """Count, with half a hit and half a rest beforehand."""
        bars = hits_of(cells).reshape(-1, STEPS_PER_BAR, V)
        return cls((bars.sum(0) + _PRIOR) / (len(bars) + 2 * _PRIOR))

    def probabilities(self, cells: _Array) -> _Reals:
        """Chance of a hit in windows of some length, (T, 9)."""
        return np.tile(self.shares, (-(-cells.shape[-2] // STEPS_PER_BAR), 1))[: cells.shape[-2]]


@dataclass(frozen=True, eq=False)
class TapTable:
    """How often each voice is struck, given the 16th of the bar and how hard the tap is there.

    Attributes
    ----------
    shares : float64 array, shape (16, 5, 9)
        By place, by no tap or the quarter of [0, 1] that its velocity lies in, by voice.
    """

    shares: _Reals

    @classmethod
    def fit(cls, cells: _Array) -> "TapTable":
        """Count, with half a hit and half a rest beforehand."""
        kinds = _kinds_of_tap(cells).reshape(-1, STEPS_PER_BAR)
        bars = hits_of(cells).reshape(-1, STEPS_PER_BAR, V)
        counts = np.full((STEPS_PER_BAR, _LOUDNESSES + 1, V), _PRIOR)
        totals = np.full((STEPS_PER_BAR, _LOUDNESSES + 1, 1), 2 * _PRIOR)
        places = np.broadcast_to(np.arange(STEPS_PER_BAR), kinds.shape)
        np.add.at(counts, (places, kinds), bars)
        np.add.at(totals, (places, kinds), 1)
        return cls(counts / totals)

    def probabilities(self, cells: _Array) -> _Reals:
        """Chance of a hit given the taps of some cells, (B, T, 9)."""
        return self.shares[np.arange(cells.shape[-2]) % STEPS_PER_BAR, _kinds_of_tap(cells)]


def _kinds_of_tap(cells: _Array) -> NDArray[np.int64]:
    """0 where nothing is tapped, 1 to 4 by how hard."""
    tap = tap_of(cells)
    loudness = np.minimum((tap[..., 1] * _LOUDNESSES).astype(np.int64), _LOUDNESSES - 1)
    return np.where(tap[..., 0] > 0, 1 + loudness, 0)


class Humaniser(Protocol):
    """Gives bare hits velocity and timing."""

    def humanize(self, hits: _Mask) -> _Array:
        """Turn hits, (B, 32, 9), into cells, (B, 32, 27)."""


@dataclass(frozen=True)
class MeanVelocity:
    """Every hit on the grid and equally hard.

    Attributes
    ----------
    velocity : float
        Mean of all hits.
    """

    velocity: float

    @classmethod
    def fit(cls, cells: _Array) -> "MeanVelocity":
        """Average over all hits."""
        return cls(float(cells[..., V : 2 * V][hits_of(cells)].mean()))

    def humanize(self, hits: _Mask) -> _Array:
        """See `Humaniser`."""
        return _cells(hits, np.full(hits.shape, self.velocity), np.zeros(hits.shape))


@dataclass(frozen=True, eq=False)
class CellMeans:
    """Every hit as hits of its voice at its 16th of the bar are on average.

    Attributes
    ----------
    velocities, offsets : float64 arrays, shape (16, 9)
        The averages; where train has no hit, those of all hits.
    """

    velocities: _Reals
    offsets: _Reals

    @classmethod
    def fit(cls, cells: _Array) -> "CellMeans":
        """Average over the hits of each voice at each 16th."""
        hits = hits_of(cells)
        counts = hits.reshape(-1, STEPS_PER_BAR, V).sum(0)

        def mean(values: _Array) -> _Reals:
            totals = values.reshape(-1, STEPS_PER_BAR, V).sum(0, dtype=np.float64)
            means: _Reals = np.where(
                counts > 0, totals / np.maximum(counts, 1), values[hits].mean()
            )
            return means

        return cls(mean(cells[..., V : 2 * V]), mean(cells[..., 2 * V :]))

    def humanize(self, hits: _Mask) -> _Array:
        """See `Humaniser`."""
        places = np.arange(hits.shape[-2]) % STEPS_PER_BAR
        return _cells(hits, self.velocities[places], self.offsets[places])


@dataclass(frozen=True, eq=False)
class Ridge:
    """Velocity and offset of each cell by ridge regression on all 288 hits of the two bars.

    Attributes
    ----------
    velocity_weights, offset_weights : float64 arrays, shape (289, 288)
        A column for each cell; the last row is the constant.
    """

    velocity_weights: _Reals
    offset_weights: _Reals

    def humanize(self, hits: _Mask) -> _Array:
        """See `Humaniser`."""
        regressors = _regressors(hits)
        velocities = (regressors @ self.velocity_weights).reshape(hits.shape)
        offsets = (regressors @ self.offset_weights).reshape(hits.shape)
        return _cells(hits, velocities, offsets)


def ridges(cells: _Array) -> dict[float, Ridge]:
    """Fit ridge regressions, by penalty; each cell's goes by the windows in which it is a hit."""
    hits = hits_of(cells)
    regressors = _regressors(hits)
    width = regressors.shape[1]
    solutions = np.zeros((len(_PENALTIES), width, 2, width - 1))
    flat = cells.reshape(len(cells), -1, 3, V).swapaxes(2, 3).reshape(len(cells), -1, 3)
    for cell, struck in enumerate(hits.reshape(len(hits), -1).T):
        if struck.any():
            known, wanted = regressors[struck], flat[struck, cell, 1:]  # (n, 289), (n, 2)
            gram = (known.T @ known).astype(np.float64)
            solutions[:, :, :, cell] = _solve(gram, known.astype(np.float64).T, wanted)
    return {
        penalty: Ridge(weights[:, 0], weights[:, 1])
        for penalty, weights in zip(_PENALTIES, solutions, strict=True)
    }


def _solve(gram: _Reals, known: _Reals, wanted: _Array) -> _Reals:
    """Weights for each penalty, (P, 289, 2); the mean is not penalised."""
    mean = wanted.mean(0, dtype=np.float64)
    moments = known @ (wanted - mean)
    solutions = []
    for penalty in _PENALTIES:
        diagonal = np.full(len(gram), penalty)
        diagonal[-1] = _LEAST
        weights = np.linalg.solve(gram + np.diag(diagonal), moments)
        weights[-1] += mean
        solutions.append(weights)
    return np.stack(solutions)


def best_ridge(cells: _Array, validation: _Array) -> Ridge:
    """Fit ridge regressions; keep for each of the two parts what is best on validation windows.

    Best is the least squared error over all hits.
    """
    fitted, hits = list(ridges(cells).values()), hits_of(validation)
    made = [ridge.humanize(hits) for ridge in fitted]

    def best(part: slice) -> Ridge:
        errors = [((cells - validation)[..., part][hits] ** 2).mean() for cells in made]
        return fitted[int(np.argmin(errors))]

    return Ridge(best(slice(V, 2 * V)).velocity_weights, best(slice(2 * V, None)).offset_weights)


def _regressors(hits: _Mask) -> _Array:
    """Hits and a constant, (N, 289)."""
    flat = hits.reshape(len(hits), -1)
    return np.concatenate([flat, np.ones((len(flat), 1))], 1, dtype=np.float32)


def _cells(hits: _Mask, velocities: _Reals, offsets: _Reals) -> _Array:
    """Put hits and their dynamics side by side, within their ranges."""
    late = np.nextafter(np.float32(0.5), np.float32(0))
    parts = hits, np.clip(velocities, 0, 1) * hits, np.clip(offsets, -0.5, late) * hits
    return np.concatenate(parts, -1, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Baselines:
    """All of them, fitted to the same windows."""

    marginals: PositionMarginals
    tap_table: TapTable
    mean_velocity: MeanVelocity
    cell_means: CellMeans
    ridge: Ridge

    @classmethod
    def fit(cls, cells: _Array, validation: _Array) -> "Baselines":
        """Fit them to train windows; what they leave open is chosen on validation windows."""
        return cls(
            PositionMarginals.fit(cells),
            TapTable.fit(cells),
            MeanVelocity.fit(cells),
            CellMeans.fit(cells),
            best_ridge(cells, validation),
        )

    def humanisers(self) -> dict[str, Humaniser]:
        """Those that give hits velocity and timing, by name."""
        return {
            "quantised, mean velocity": self.mean_velocity,
            "mean of step and voice": self.cell_means,
            "ridge": self.ridge,
        }
