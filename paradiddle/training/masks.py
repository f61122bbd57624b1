"""What a fill-in model is told while it learns: one of seven kinds of question for each pattern."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from paradiddle.given import V

__all__ = ["KINDS", "Known", "draw_known"]

_Mask = NDArray[np.bool_]


class Known(NamedTuple):
    """What is known of one pattern.

    Attributes
    ----------
    hits, dynamics : bool arrays, shape (T, 9)
    tap : bool
        Whether the rhythm is tapped.
    """

    hits: _Mask
    dynamics: _Mask
    tap: bool = False


def draw_known(generator: Generator, steps: int) -> Known:
    """Draw a kind of question with the shares of `KINDS`, and its particulars.

    Examples
    --------
    >>> known = draw_known(np.random.default_rng(0), 64)
    >>> known.hits.shape, known.dynamics.shape
    ((64, 9), (64, 9))
    """
    kinds = list(KINDS)
    kind = kinds[int(generator.choice(len(kinds), p=[share for share, _ in KINDS.values()]))]
    return KINDS[kind][1](generator, steps)


def _nothing(generator: Generator, steps: int) -> Known:
    return Known(_all(steps, False), _all(steps, False))


def _tap(generator: Generator, steps: int) -> Known:
    return Known(_all(steps, False), _all(steps, False), tap=True)


def _hits(generator: Generator, steps: int) -> Known:
    return Known(_all(steps, True), _all(steps, False))


def _prefix(generator: Generator, steps: int) -> Known:
    return _cells(_all(steps, False) | (np.arange(steps) < generator.integers(1, steps))[:, None])


def _voices(generator: Generator, steps: int) -> Known:
    return _cells(_all(steps, False) | (generator.random(V) < 0.5))


def _scattered(generator: Generator, steps: int) -> Known:
    return _cells(generator.random((steps, V)) < generator.random())


def _around(generator: Generator, steps: int) -> Known:
    first, last = sorted(generator.integers(0, steps + 1, 2))
    step = np.arange(steps)
    return _cells(_all(steps, False) | ((step < first) | (step >= last))[:, None])


def _cells(known: _Mask) -> Known:
    return Known(known, known)


def _all(steps: int, value: bool) -> _Mask:
    return np.full((steps, V), value)


KINDS: dict[str, tuple[float, Callable[[Generator, int], Known]]] = {
    "nothing": (0.2, _nothing),
    "prefix": (0.15, _prefix),
    "tap": (0.2, _tap),
    "hits": (0.15, _hits),
    "voices": (0.1, _voices),
    "scattered cells": (0.1, _scattered),
    "around a gap": (0.1, _around),
}
"""Share and maker of every kind of question."""
