"""The most middling way to strike given hits: medians over all that a network thinks likely.

Shapes: B patterns, T steps, V = 9 voices, N velocity and offset bins of a voice.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least
from paradiddle.errors import InvalidValueError
from paradiddle.fill_net import FillNet
from paradiddle.fill_playing import play
from paradiddle.fill_surprise import asked_logits, heard_bars
from paradiddle.given import Given, V
from paradiddle.quanta import OFFSET_BINS, VELOCITY_BINS, median_offset, median_velocity
from paradiddle.sampling import softmax

__all__ = ["medians"]

_Array = NDArray[np.float32]


def medians(net: FillNet, given: Given, samples: int, first_seed: int = 0) -> _Array:
    """Find the median velocity and offset of each hit, given all hits and what else is known.

    A hit's distribution depends on how those before it were struck. It is averaged over samples of
    them, which takes far fewer than a median of samples of the hit itself (after Rao and Blackwell;
    Gelfand & Smith, *Sampling-Based Approaches to Calculating Marginal Densities*, 1990).

    Parameters
    ----------
    net : FillNet
    given : Given
        B questions of whole bars, whose hits are all known.
    samples : int
        How many to average over; 8 are plenty.
    first_seed : int, default 0
        Sample k of pattern b is drawn from seed ``first_seed + k * B + b``.

    Returns
    -------
    float32 array, shape (B, T, 27)
        Cells; known velocities and offsets are as they were.

    Raises
    ------
    InvalidValueError
        If a hit or rest is not known, or there are no samples.
    """
    check_at_least("samples", samples, 1, "draw one or more")
    if not given.hits_known.all():
        raise InvalidValueError("medians need all hits and rests known; fill in the hits first")
    hits = given.cells[..., :V]
    total = np.zeros((*hits.shape, VELOCITY_BINS + OFFSET_BINS), np.float32)
    for sample in range(samples):
        first = first_seed + sample * len(given)
        seeds = list(range(first, first + len(given)))
        total += _foretold(net, replace(given, cells=play(net, given, seeds)))
    open_hits = (hits > 0) & ~given.dynamics_known
    even = np.where(open_hits[..., None], total, 1)  # a median of nothing is never used
    velocities = median_velocity(even[..., :VELOCITY_BINS])
    offsets = median_offset(even[..., VELOCITY_BINS:])
    struck = np.concatenate([hits, velocities, offsets], axis=-1, dtype=np.float32)
    return np.where(np.tile(open_hits, 3), struck, given.cells * np.tile(hits > 0, 3))


def _foretold(net: FillNet, given: Given) -> _Array:
    """Distributions of the open velocities and offsets, given what comes before, (B, T, V, N)."""
    bars = []
    for driven, hidden, true in heard_bars(net, given):
        bar = np.zeros((*true.hits_known.shape, VELOCITY_BINS + OFFSET_BINS), np.float32)
        units = net.dynamics_units(hidden) + driven.dynamics
        for voice, rows, logits in asked_logits(net, units, true):
            parts = np.split(logits, [VELOCITY_BINS], axis=-1)
            bar[rows, voice] = np.concatenate([softmax(part) for part in parts], axis=-1)
        bars.append(bar)
    return np.concatenate(bars, axis=1)
