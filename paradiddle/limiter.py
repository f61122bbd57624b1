"""A soft limiter: the mix gets as loud as it may and no sample clips."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["CEILING", "limit"]

CEILING = 10 ** (-0.3 / 20)
"""Highest absolute sample value, 0.3 dB below full scale."""

_KNEE = 0.55  # below this nothing is changed
_OVERSHOOT = 1.25  # what the knee takes; louder stretches are turned down first
_BLOCK = 64  # samples that share one gain before smoothing
_LOOK_AHEAD_SECONDS = 0.004
_RELEASE_SECONDS = 0.09
_CHUNK = 4096  # blocks worked on at once, so that hours need no second copy in memory


def limit(mix: NDArray[np.float32], sample_rate: int) -> None:
    """Bring a mix under `CEILING`, in place.

    Two stages, both without memory of the distant past. Where peaks exceed what the knee can
    take, the gain glides down a few milliseconds before them and back up after; then a tanh knee
    rounds single peaks, which keeps drums punchy and adds a little warmth.

    Parameters
    ----------
    mix : numpy.ndarray
        Shape (samples, channels), float32, C-contiguous; changed in place.
    sample_rate : int
        Samples per second.

    Examples
    --------
    >>> loud = np.full((1000, 2), 3.0, np.float32)
    >>> limit(loud, 44100)
    >>> bool(loud.max() <= CEILING)
    True
    """
    gains = _block_gains(mix, sample_rate)
    step = _BLOCK * _CHUNK
    for first in range(0, len(mix), step):
        part = mix[first : first + step]
        if gains is not None:
            blocks = gains[first // _BLOCK : first // _BLOCK + _CHUNK + 1]
            part *= _interpolated(blocks, len(part))[:, None]
        _round_peaks(part)


def _block_gains(mix: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32] | None:
    """Gain at each block's edge, or None when nothing needs turning down."""
    peaks = _block_peaks(mix)
    if peaks.max() <= _OVERSHOOT:
        return None
    cut = 1 - np.minimum(1.0, _OVERSHOOT / np.maximum(peaks, _OVERSHOOT))
    released = cut.copy()
    hold = math.ceil(_RELEASE_SECONDS * sample_rate / _BLOCK)
    for blocks in range(1, min(hold, cut.size)):
        np.maximum(released[blocks:], cut[:-blocks] * (1 - blocks / hold), out=released[blocks:])
    # The mean of maxima over windows that all hold a peak is never below the peak's own cut; an
    # edge belongs to the blocks on both its sides, hence the extra 2.
    ahead = math.ceil(_LOOK_AHEAD_SECONDS * sample_rate / _BLOCK / 2)
    padded = np.pad(released, 2 * ahead + 1)
    widest = np.lib.stride_tricks.sliding_window_view(padded, 2 * ahead + 2).max(axis=1)
    kernel = np.hanning(2 * ahead + 3)[1:-1]
    gains: NDArray[np.float32] = 1 - np.convolve(widest, kernel / kernel.sum(), mode="valid")
    return gains.astype(np.float32)


def _block_peaks(mix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highest absolute sample of each block."""
    whole = len(mix) // _BLOCK * _BLOCK
    flat = mix[:whole].reshape(whole // _BLOCK, _BLOCK * mix.shape[1])
    peaks = np.maximum(flat.max(axis=1, initial=0.0), -flat.min(axis=1, initial=0.0))
    rest = np.max(np.abs(mix[whole:]), initial=0.0)
    return np.append(peaks, np.float32(rest))


def _interpolated(edges: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Glide from each block's edge to the next, sample by sample."""
    ramp = np.arange(_BLOCK, dtype=np.float32) / np.float32(_BLOCK)
    lines = edges[:-1, None] + np.diff(edges)[:, None] * ramp  # (blocks, _BLOCK)
    gains: NDArray[np.float32] = lines.reshape(-1)[:samples]
    return gains


def _round_peaks(part: NDArray[np.float32]) -> None:
    """Bend what lies above the knee towards the ceiling, in place."""
    flat = part.reshape(-1)
    loud = np.flatnonzero(np.abs(flat) > _KNEE)
    value = flat[loud]
    room = np.float32(CEILING - _KNEE)
    bent = np.float32(_KNEE) + room * np.tanh((np.abs(value) - np.float32(_KNEE)) / room)
    flat[loud] = np.copysign(np.minimum(bent, np.float32(CEILING)), value)
