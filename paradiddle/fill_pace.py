"""Keeping pace: how busy a piece is follows what was asked, and does not creep up by itself.

A network that learned from a few bars leans a little towards what it has just played; over dozens
of bars that adds up. As drummers do, this listens to each bar and holds back or adds in the next.

Shapes: B patterns, T steps, V = 9 voices.
"""

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import Given, V, asked_density

__all__ = ["Pace"]

_OWN_BARS = 4  # a piece's own pace is that of its first bars
_GAIN = 0.5  # of the log odds of a hit, for each e-fold that a bar was too busy
_LESS, _MORE = 0.6, 1.8  # the same before the first bar, for each e-fold asked from what is usual
_USUAL = 1.45  # hits a step that are played where they are asked for
_MOST = 4.0
_SILENCE = 0.1  # hits a step added before taking logarithms

_Array = NDArray[np.float32]


class Pace:
    """What to add to the log odds of the open cells of each bar.

    Where a density is asked for, it is aimed at from the first bar on. Where none is, bars of which
    nothing is known, not even a rhythm, are held to the density of the first four of them.

    Parameters
    ----------
    given : Given
        B questions.
    """

    def __init__(self, given: Given) -> None:
        asked = asked_density(given.conditions)  # (B,)
        self._asked = np.isfinite(asked)
        self._aim = np.where(self._asked, asked, 1)
        self._own_bars = np.zeros(len(given), np.int64)
        change = -_excess(_USUAL, self._aim)
        first = np.clip(np.where(change < 0, _LESS, _MORE) * change, -_MOST, _MOST)
        self._lean = np.where(self._asked, first, 0)

    def lean(self, bar: Given) -> _Array:
        """Log odds to add to every open cell of the bar to come, (B,)."""
        return np.where(self._asked | _is_own(bar), self._lean, 0).astype(np.float32)

    def hear(self, bar: Given, cells: _Array) -> None:
        """Take in what was known of a bar, and what came of it, (B, 16, 3V)."""
        density = cells[..., :V].sum(-1).mean(-1)  # (B,)
        own = _is_own(bar) & ~self._asked
        first = own & (self._own_bars < _OWN_BARS)
        held = self._asked | (own & ~first)
        lean = np.clip(self._lean - _GAIN * _excess(density, self._aim), -_MOST, _MOST)
        self._lean = np.where(held, lean, self._lean)
        before = np.where(self._own_bars > 0, self._aim * self._own_bars, 0)
        self._own_bars += first
        mean = (before + density) / np.maximum(self._own_bars, 1)
        self._aim = np.where(first, mean, self._aim)


def _is_own(bar: Given) -> NDArray[np.bool_]:
    """Whether all of a bar is for the network to say, (B,)."""
    return ~(bar.hits_known.any((1, 2)) | bar.tap_known)


def _excess(
    density: float | NDArray[np.floating], aim: NDArray[np.floating]
) -> NDArray[np.float64]:
    """By how many e-folds a density exceeds another."""
    return np.asarray(np.log((density + _SILENCE) / (aim + _SILENCE)))
