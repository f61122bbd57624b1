"""Patterns as one array, as the models of patterns read and write them, and back."""

import numpy as np
from numpy.typing import NDArray

from paradiddle.pattern import Pattern

__all__ = ["cells_of", "pattern_of"]


def cells_of(pattern: Pattern) -> NDArray[np.float32]:
    """Put hits, velocities and offsets side by side, (T, 27).

    Examples
    --------
    >>> cells_of(Pattern.empty(1)).shape
    (16, 27)
    """
    parts = [pattern.hits, pattern.velocities, pattern.offsets]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def pattern_of(cells: NDArray[np.float32], qpm: float) -> Pattern:
    """Make a Pattern on 16ths in 4/4 of cells, (T, 27).

    Examples
    --------
    >>> pattern = Pattern.empty(1, qpm=96)
    >>> pattern_of(cells_of(pattern), 96) == pattern
    True
    """
    hits, velocities, offsets = np.split(cells, 3, axis=1)
    return Pattern(hits > 0, velocities, offsets, qpm)
