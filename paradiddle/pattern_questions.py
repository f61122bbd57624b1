"""Patterns as questions to a fill-in model, and its answers as Patterns.

Shapes: T steps, V = 9 voices; a question has a batch of B = 1 unless it is repeated.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_range, check_seed, check_whole
from paradiddle.errors import InvalidValueError
from paradiddle.given import Given, V
from paradiddle.pattern import Pattern
from paradiddle.takes import STEPS_PER_BAR

__all__ = [
    "MAX_BARS",
    "MAX_COUNT",
    "check_density",
    "check_grid",
    "check_hits",
    "check_most",
    "check_temperature",
    "question",
    "repeated",
    "seeds_of",
    "whole_bars",
]

MAX_BARS, MAX_COUNT = 4096, 10_000

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
        raise InvalidValueError(
            f"the pattern has no hits {purpose}; {remedy}", field="pattern.hits"
        )


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
            " paradiddle.quantise(paradiddle.Events.from_pattern(pattern)).pattern",
            field="pattern.steps_per_quarter",
        )
    if pattern.quarters_per_bar != _QUARTERS_PER_BAR:
        raise InvalidValueError(
            f"the pattern has {pattern.quarters_per_bar:g} quarters a bar, the models play 4/4;"
            " draw other bar lines with dataclasses.replace(pattern, quarters_per_bar=4)",
            field="pattern.quarters_per_bar",
        )
    if not pattern.steps:
        text = "the pattern has no steps; generate one instead"
        raise InvalidValueError(text, field="pattern.steps")
    check_most("bars", -(-pattern.steps // STEPS_PER_BAR), MAX_BARS)


def check_most(name: str, value: float, most: int) -> None:
    """Raise if a number is larger than `most`.

    Raises
    ------
    InvalidValueError
        Naming it.
    """
    if value > most:
        text = f"{name} must be at most {most}, got {value}; ask for fewer"
        raise InvalidValueError(text, field=name)


def check_temperature(temperature: float, or_else: str = "") -> None:
    """Raise unless a temperature is in [0.1, 10].

    Parameters
    ----------
    temperature : float
    or_else : str
        What to say of other temperatures that are allowed.

    Raises
    ------
    InvalidValueError
        Naming it.
    """
    remedy = ", ".join(filter(None, (or_else, "0.1 keeps to the likeliest, 1 plays as learned")))
    check_range("temperature", np.array([temperature]), 0.1, 10, remedy=remedy)


def check_density(density: float) -> None:
    """Raise unless a density is in [0, 9] hits a step.

    Raises
    ------
    InvalidValueError
        Naming it.
    """
    remedy = "beats of recordings have about 1.2 hits a step"
    check_range("density", np.array([density]), 0, V, remedy=remedy)


def seeds_of(seed: int | None, count: int) -> list[int | None]:
    """List a seed for each of several patterns: the k-th is seed + k, or None for all.

    Raises
    ------
    InvalidValueError
        If `count` is not in 1 to 10,000, or a seed is out of range.

    Examples
    --------
    >>> seeds_of(7, 3), seeds_of(None, 2)
    ([7, 8, 9], [None, None])
    """
    check_whole("count", count, 1, MAX_COUNT, "ask for a few patterns")
    check_seed(seed)
    if seed is None:
        return [None] * int(count)
    check_seed(seed + int(count) - 1)
    return [seed + k for k in range(int(count))]
