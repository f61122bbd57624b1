"""Keeping pace: how busy a piece is follows what was asked, and does not creep up by itself.

A network that learned from a few bars leans a little towards what it has just played; over dozens
of bars that adds up. As drummers do, this listens to each bar and holds back or adds in the next.

Shapes: B patterns, T steps, V = 9 voices.
"""

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import Given, V, asked_density

__all__ = ["Pace"]

_FIRST_BARS = 4  # they set a piece's own pace
_LEAST = 0.6  # hits a step; a sparser beginning is no wish for silence
_GAIN = 0.5  # of the log odds of a hit, for each e-fold that a bar was too busy
_LESS, _MORE = 0.6, 1.8  # the same before the first bar, for each e-fold asked from what is usual
_USUAL = 1.45  # hits a step that are played where they are asked for
_MOST_ASKED, _MOST_HELD = 4.0, 1.0
_SILENCE = 0.1  # hits a step added before taking logarithms

_Array = NDArray[np.float32]


class Pace:
    """What to add to the log odds of the open cells of each bar.

    Where a density is asked for, it is aimed at from the first bar on. Where none is, and no rhythm
    is tapped, a piece is held to the density of its first four bars that sound, known or not. What
    is known cannot be helped: bars change the course by the share of their cells that is open.

    Parameters
    ----------
    given : Given
        B questions.
    """

    def __init__(self, given: Given) -> None:
        asked = asked_density(given.conditions)  # (B,)
        self._asked = np.isfinite(asked)
        self._aim = np.where(self._asked, asked, 0)
        self._first_bars = np.zeros(len(given), np.int64)
        self._most = np.where(self._asked, _MOST_ASKED, _MOST_HELD)
        change = -_excess(_USUAL, self._aim)
        first = np.clip(np.where(change < 0, _LESS, _MORE) * change, -_MOST_ASKED, _MOST_ASKED)
        self._lean = np.where(self._asked, first, 0)

    def lean(self, bar: Given) -> _Array:
        """Log odds to add to every open cell of the bar to come, (B,)."""
        return np.where(self._asked | ~bar.tap_known, self._lean, 0).astype(np.float32)

    def hear(self, bar: Given, cells: _Array) -> None:
        """Take in what was known of a bar, and what came of it, (B, 16, 3V)."""
        density = cells[..., :V].sum(-1).mean(-1)  # (B,)
        untold = ~self._asked & ~bar.tap_known
        first = untold & (self._first_bars < _FIRST_BARS)
        gain = _GAIN * (~bar.hits_known).mean((1, 2)) * (self._asked | (untold & ~first))
        aim = np.where(self._asked, self._aim, np.maximum(self._aim, _LEAST))
        self._lean = np.clip(self._lean - gain * _excess(density, aim), -self._most, self._most)
        self._learn(density, first & (density > 0))

    def _learn(self, density: _Array, first: NDArray[np.bool_]) -> None:
        """Let some patterns' bars of a density, (B,), count for their own pace."""
        total = self._aim * self._first_bars + density
        self._first_bars += first
        self._aim = np.where(first, total / np.maximum(self._first_bars, 1), self._aim)


def _excess(
    density: float | NDArray[np.floating], aim: NDArray[np.floating]
) -> NDArray[np.float64]:
    """By how many e-folds a density exceeds another."""
    return np.asarray(np.log((density + _SILENCE) / (aim + _SILENCE)))
