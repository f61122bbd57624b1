"""Patterns as questions to a fill-in model, and its answers as Patterns.

Shapes: T steps, V = 9 voices; a question has a batch of B = 1 unless it is repeated.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError
from paradiddle.given import Given, V
from paradiddle.pattern import Pattern
from paradiddle.takes import STEPS_PER_BAR

__all__ = [
    "MAX_BARS",
    "check_grid",
    "check_hits",
    "check_most",
    "question",
    "repeated",
    "whole_bars",
]

MAX_BARS = 4096

_STEPS_PER_QUARTER, _QUARTERS_PER_BAR = 4, 4.0

_Array = NDArray[np.float32]
_Mask = NDArray[np.bool_]


def question(
    cells: _Array,
    wishes: _Array,
    hits_known: _Mask | None = None,
    dynamics_known: _Mask | None = None,
    tap: _Array | None = None,
) -> Given:
    """Ask about one piece.

    Parameters
    ----------
    cells : float32 array, shape (T, 27)
    wishes : float32 array, shape (C,)
        As `paradiddle.given.condition` writes them.
    hits_known, dynamics_known : bool arrays, shape (T, 9), optional
        Nothing is known by default.
    tap : float32 array, shape (T, 3), optional
        As `paradiddle.given.tap_of` makes it.

    Returns
    -------
    Given
        With a batch of one.
    """
    nothing = np.zeros((len(cells), V), bool)
    return Given(
        cells[None],
        (nothing if hits_known is None else hits_known)[None],
        (nothing if dynamics_known is None else dynamics_known)[None],
        (np.zeros((len(cells), 3), np.float32) if tap is None else tap)[None],
        np.array([tap is not None]),
        np.zeros(1, np.int64),
        wishes[None],
    )


def repeated(given: Given, times: int) -> Given:
    """Ask the same several times."""
    return Given(*(np.repeat(array, times, axis=0) for array in vars(given).values()))


def whole_bars(given: Given) -> Given:
    """Lengthen a question to whole bars; what is added is open."""
    more = -given.steps % STEPS_PER_BAR
    timed = "cells", "hits_known", "dynamics_known", "tap"
    padding = (0, 0), (0, more), (0, 0)
    return replace(given, **{name: np.pad(getattr(given, name), padding) for name in timed})


def check_hits(pattern: Pattern, purpose: str, remedy: str) -> None:
    """Raise unless a pattern has a hit.

    Raises
    ------
    InvalidValueError
        Naming what the hits are for, and a remedy.
    """
    if not pattern.hits.any():
        raise InvalidValueError(f"the pattern has no hits {purpose}; {remedy}")


def check_grid(pattern: Pattern) -> None:
    """Raise unless a pattern is on 16ths in 4/4, and neither empty nor too long.

    Raises
    ------
    InvalidValueError
        Saying how to convert it.
    """
    if pattern.steps_per_quarter != _STEPS_PER_QUARTER:
        raise InvalidValueError(
            f"the pattern has {pattern.steps_per_quarter} steps a quarter, the models play"
            f" {_STEPS_PER_QUARTER}; convert it with"
            " paradiddle.quantise(paradiddle.Events.from_pattern(pattern)).pattern"
        )
    if pattern.quarters_per_bar != _QUARTERS_PER_BAR:
        raise InvalidValueError(
            f"the pattern has {pattern.quarters_per_bar:g} quarters a bar, the models play 4/4;"
            " draw other bar lines with dataclasses.replace(pattern, quarters_per_bar=4)"
        )
    if not pattern.steps:
        raise InvalidValueError("the pattern has no steps; generate one instead")
    check_most("bars", -(-pattern.steps // STEPS_PER_BAR), MAX_BARS)


def check_most(name: str, value: float, most: int) -> None:
    """Raise if a number is larger than `most`.

    Raises
    ------
    InvalidValueError
        Naming it.
    """
    if value > most:
        raise InvalidValueError(f"{name} must be at most {most}, got {value}; ask for fewer")
