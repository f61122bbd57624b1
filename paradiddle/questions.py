"""Questions to a fill-in model whose answers are known: windows of recordings with parts hidden.

Style, tempo and kind of each recording are told and density is not, as for the published baselines.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import Given, V, condition, tap_of
from paradiddle.takes import STEPS_PER_BAR, Take, Window

__all__ = [
    "TASKS",
    "ask",
    "batches",
    "cells_of",
    "qpm_of",
    "whole",
]

_Masks = tuple[NDArray[np.bool_], NDArray[np.bool_], bool]  # hits known, dynamics known, tap known


def _nothing(shape: tuple[int, ...]) -> _Masks:
    return np.zeros(shape, bool), np.zeros(shape, bool), False


def _first_bar(shape: tuple[int, ...]) -> _Masks:
    known = np.zeros(shape, bool)
    known[:, :STEPS_PER_BAR] = True
    return known, known.copy(), False


def _tap(shape: tuple[int, ...]) -> _Masks:
    return np.zeros(shape, bool), np.zeros(shape, bool), True


def _hits(shape: tuple[int, ...]) -> _Masks:
    return np.ones(shape, bool), np.zeros(shape, bool), False


TASKS: Mapping[str, Callable[[tuple[int, ...]], _Masks]] = MappingProxyType(
    {"nothing": _nothing, "first bar": _first_bar, "tap": _tap, "hits": _hits}
)
"""What is told: nothing, the first bar, the rhythm of the loudest hits, or all hits and rests."""


def ask(task: str, windows: Sequence[Window], styles: Sequence[str]) -> Given:
    """Hide all but what a task tells of some windows of one length.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    windows : sequence of Window
        Their own cells are in `Given.cells` for likelihoods.
    styles : sequence of str
        The styles of the model, in its order; one that it does not know is not told.

    Returns
    -------
    Given
    """
    cells = cells_of(windows)  # (B, T, 27)
    hits_known, dynamics_known, tap_known = TASKS[task]((*cells.shape[:2], V))
    return Given(
        cells,
        hits_known,
        dynamics_known,
        tap_of(cells),
        np.full(len(windows), tap_known),
        np.array([window.start // STEPS_PER_BAR for window in windows], np.int64),
        np.stack([_wishes(window.take, styles) for window in windows]),
    )


def _wishes(take: Take, styles: Sequence[str]) -> NDArray[np.float32]:
    weights = [float(style == take.style) for style in styles]
    return condition(weights, take.pattern.qpm, None, take.beat_type or None)


def whole(take: Take) -> Window:
    """Take all of a recording as one window."""
    return Window(take, 0, take.pattern.steps)


def cells_of(windows: Sequence[Window]) -> NDArray[np.float32]:
    """Stack the cells of windows of one length, (B, T, 27)."""
    return np.stack([window.cells for window in windows])


def qpm_of(windows: Sequence[Window]) -> NDArray[np.floating[Any]]:
    """Tempo of each window, (B,)."""
    return np.array([window.take.pattern.qpm for window in windows])


def batches(windows: Sequence[Window], size: int) -> Iterator[list[int]]:
    """Share out the places of windows in lists of at most `size`, each of windows of one length.

    Examples
    --------
    >>> from paradiddle.pattern import Pattern
    >>> short, long = (whole(Take(f"{bars}.mid", Pattern.empty(bars))) for bars in (1, 2))
    >>> list(batches([short, long, short, short], size=2))
    [[0, 2], [3], [1]]
    """
    lengths: dict[int, list[int]] = {}
    for place, window in enumerate(windows):
        lengths.setdefault(window.stop - window.start, []).append(place)
    for places in lengths.values():
        for start in range(0, len(places), size):
            yield places[start : start + size]
