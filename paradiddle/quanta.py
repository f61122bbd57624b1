"""Velocities and offsets as categories, so that a model can give them distributions of any shape.

A velocity bin holds four neighbouring MIDI velocities, an offset bin three ticks of 480 to the
quarter on a grid of 16ths: finer than a drummer repeats a stroke, coarse enough to learn.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LOUDEST",
    "OFFSET_BINS",
    "TICKS_PER_BIN",
    "TICKS_PER_STEP",
    "VELOCITIES_PER_BIN",
    "VELOCITY_BINS",
    "median_offset",
    "median_velocity",
    "offset_bin",
    "offset_in",
    "velocity_bin",
    "velocity_in",
]

LOUDEST, VELOCITIES_PER_BIN = 127, 4
TICKS_PER_STEP, TICKS_PER_BIN = 120, 3

VELOCITY_BINS = -(-LOUDEST // VELOCITIES_PER_BIN)
OFFSET_BINS = TICKS_PER_STEP // TICKS_PER_BIN

_Array = NDArray[np.float32]
_Bins = NDArray[np.int64]


def velocity_bin(velocities: _Array) -> _Bins:
    """Index of the bin of each velocity in [0, 1]; rests, which have 0, fall into the first.

    Examples
    --------
    >>> velocity_bin(np.array([0, 1, 4, 5, 127], np.float32) / 127).tolist()
    [0, 0, 0, 1, 31]
    """
    return np.maximum(np.rint(velocities * LOUDEST).astype(np.int64) - 1, 0) // VELOCITIES_PER_BIN


def offset_bin(offsets: _Array) -> _Bins:
    """Index of the bin of each offset in [-0.5, 0.5) of a step.

    Examples
    --------
    >>> offset_bin(np.array([-0.5, 0, 0.499], np.float32)).tolist()
    [0, 20, 39]
    """
    ticks = np.rint(offsets * TICKS_PER_STEP).astype(np.int64) + TICKS_PER_STEP // 2
    return np.minimum(ticks // TICKS_PER_BIN, OFFSET_BINS - 1)


def velocity_in(bins: _Bins, place: NDArray[np.float64]) -> _Array:
    """Take a MIDI velocity from each bin, at a place in [0, 1) of it.

    Examples
    --------
    >>> (velocity_in(np.array([0, 0, 31]), np.array([0, 0.99, 0.99])) * 127).tolist()
    [1.0, 4.0, 127.0]
    """
    midi = 1 + VELOCITIES_PER_BIN * bins + (place * VELOCITIES_PER_BIN).astype(np.int64)
    return np.minimum(midi, LOUDEST).astype(np.float32) / np.float32(LOUDEST)


def offset_in(bins: _Bins, place: NDArray[np.float64]) -> _Array:
    """Take an offset in whole ticks from each bin, at a place in [0, 1) of it.

    Examples
    --------
    >>> offset_in(np.array([0, 20, 39]), np.array([0, 0, 0.99])) * 120
    array([-60.,   0.,  59.], dtype=float32)
    """
    ticks = TICKS_PER_BIN * bins + (place * TICKS_PER_BIN).astype(np.int64)
    return (ticks - TICKS_PER_STEP // 2).astype(np.float32) / np.float32(TICKS_PER_STEP)


def median_velocity(probabilities: _Array) -> _Array:
    """Median of each distribution over velocity bins, (..., 32) to (...)."""
    return velocity_in(*_median(probabilities))


def median_offset(probabilities: _Array) -> _Array:
    """Median of each distribution over offset bins, (..., 40) to (...).

    Examples
    --------
    >>> probabilities = np.zeros((1, OFFSET_BINS), np.float32)
    >>> probabilities[0, 20:23] = 0.25, 0.5, 0.25
    >>> (median_offset(probabilities) * 120).tolist()
    [4.0]
    """
    return offset_in(*_median(probabilities))


def _median(probabilities: _Array) -> tuple[_Bins, NDArray[np.float64]]:
    """Bin that holds the median, and where in it, taking each bin as even."""
    rising = np.cumsum(probabilities, axis=-1, dtype=np.float64)
    half = rising[..., -1:] / 2
    bins = (rising <= half).sum(-1)
    above = np.take_along_axis(rising, bins[..., None], -1)
    mass = np.take_along_axis(probabilities, bins[..., None], -1)
    place = 1 - (above - half) / np.maximum(mass, 1e-30)
    return bins, np.clip(place[..., 0], 0, 1 - 1e-9)
