"""How like real drumming windows are, all together: histograms compared, and copies counted.

Unlike `paradiddle.portrait`, which takes pieces in free time, this takes windows on the grid and
looks at what a fill-in model decides: place, syncopation, dynamics and timing.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from paradiddle.drums import voice_index
from paradiddle.given import V
from paradiddle.measures import hits_of
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["ITEMS", "copied_share", "histograms", "overlaps", "syncopation"]

_KICK, _SNARE = voice_index("kick"), voice_index("snare")
_BINS = 50
_DENSITY_WIDTH, _DENSITY_BINS = 2, 24  # hits a bar
_SYNCOPATION_BINS = 16  # of 1 a bar
_SPREAD_BINS = 20
_MOST_VELOCITY_SPREAD, _MOST_OFFSET_SPREAD = 0.5, 0.4

# Longuet-Higgins & Lee: 0 for the bar, -1 for its half, down to -4 for a sixteenth
_METRE = np.array([0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4])

_Array = NDArray[np.float32]
_Mask = NDArray[np.bool_]
_Reals = NDArray[np.float64]

ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "density": "hits a bar, of each bar",
        "voices": "share of the hits of each voice",
        "kick": "kicks by 16th of the bar",
        "snare": "snares by 16th of the bar",
        "syncopation": "syncopation of kick and snare a bar, of each window",
        "velocity": "velocities of hits",
        "timing": "offsets of hits",
        "velocity spread": "standard deviation of velocities within each window",
        "timing spread": "standard deviation of offsets within each window",
    }
)
"""What is compared, and what it means."""


def histograms(cells: _Array) -> dict[str, _Reals]:
    """Describe windows, (N, T, 27), by a histogram for each of `ITEMS`.

    Returns
    -------
    dict of str to float64 array
        Each sums to 1, or is all 0 where there is nothing to count.
    """
    hits = hits_of(cells)
    velocities, offsets = cells[..., V : 2 * V], cells[..., 2 * V :]
    bars = hits.reshape(-1, STEPS_PER_BAR, V)
    tension = syncopation(hits[..., _KICK] | hits[..., _SNARE])
    return {
        "density": _counted(bars.sum((1, 2)) // _DENSITY_WIDTH, _DENSITY_BINS),
        "voices": _shares(bars.sum((0, 1))),
        "kick": _shares(bars[..., _KICK].sum(0)),
        "snare": _shares(bars[..., _SNARE].sum(0)),
        "syncopation": _counted(tension.astype(np.int64), _SYNCOPATION_BINS),
        "velocity": _spread_out(velocities[hits], 0, 1, _BINS),
        "timing": _spread_out(offsets[hits], -0.5, 0.5, _BINS),
        "velocity spread": _deviations(velocities, hits, _MOST_VELOCITY_SPREAD),
        "timing spread": _deviations(offsets, hits, _MOST_OFFSET_SPREAD),
    }


def overlaps(one: Mapping[str, _Reals], other: Mapping[str, _Reals]) -> dict[str, float]:
    """Measure the area that two sets of `histograms` share, item by item: 1 where they are equal.

    Examples
    --------
    >>> kicks, snares = np.zeros((2, 1, 16, 27), np.float32)
    >>> kicks[0, ::4, 0] = snares[0, ::4, 1] = 1
    >>> shared = overlaps(histograms(kicks), histograms(snares))
    >>> shared["voices"], shared["density"]
    (0.0, 1.0)
    """
    return {name: float(np.minimum(one[name], other[name]).sum()) for name in ITEMS}


def syncopation(onsets: _Mask) -> _Reals:
    """Syncopation of rhythms a bar, after Longuet-Higgins & Lee (1984).

    An onset followed by a rest on a metrically stronger 16th, before the next onset, adds the
    difference of their levels: 0 for the bar line, -1 for its half, -2 for a quarter, down to -4.

    Parameters
    ----------
    onsets : bool array, shape (N, T)
        From a bar line on.

    Returns
    -------
    float64 array, shape (N,)

    Examples
    --------
    >>> onsets = np.zeros((2, 16), bool)
    >>> onsets[0, [0, 4, 8, 12]] = onsets[1, [0, 6, 12]] = True
    >>> syncopation(onsets).tolist()
    [0.0, 2.0]
    """
    steps = onsets.shape[1]
    weakest = _METRE.min()
    strongest = np.full(len(onsets), weakest)  # rest since this step, before the next onset
    total: _Reals = np.zeros(len(onsets))
    for step in reversed(range(steps)):
        level, struck = _METRE[step % STEPS_PER_BAR], onsets[:, step]
        total += np.where(struck, np.maximum(strongest - level, 0), 0)
        strongest = np.where(struck, weakest, np.maximum(strongest, level))
    a_bar: _Reals = total * STEPS_PER_BAR / steps
    return a_bar


def copied_share(made: _Mask, train: _Mask) -> float:
    """Share of hit patterns, (N, T, 9), that occur exactly so among those of train.

    Examples
    --------
    >>> made = np.zeros((2, 16, 9), bool)
    >>> made[0, 0, 0] = True
    >>> copied_share(made, made[:1])
    0.5
    """
    known = {one.tobytes() for one in train}
    return sum(one.tobytes() in known for one in made) / len(made)


def _counted(values: NDArray[np.int64], bins: int) -> _Reals:
    """Share of each whole number; what lies beyond the last counts for it."""
    return _shares(np.bincount(np.minimum(values, bins - 1), minlength=bins))


def _spread_out(values: NDArray[np.floating], low: float, high: float, bins: int) -> _Reals:
    return _shares(np.histogram(np.clip(values, low, high), bins, (low, high))[0])


def _deviations(values: _Array, hits: _Mask, most: float) -> _Reals:
    """Count standard deviations of the hits of each window that has two or more."""
    counts = hits.sum((1, 2))
    heard = np.where(hits, values, 0).astype(np.float64)
    mean = heard.sum((1, 2)) / np.maximum(counts, 1)
    square = (heard**2).sum((1, 2)) / np.maximum(counts, 1)
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return _spread_out(deviation[counts > 1], 0, most, _SPREAD_BINS)


def _shares(counts: NDArray[np.integer]) -> _Reals:
    shares: _Reals = counts / max(counts.sum(), 1)
    return shares
