"""Checks of arguments that more than one module makes."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError

__all__ = ["check_at_least", "check_range", "check_seed", "check_whole"]


def check_range(
    name: str,
    values: NDArray[Any],
    low: float,
    high: float,
    *,
    half_open: bool = False,
    remedy: str,
) -> None:
    """Raise with the first value outside ``[low, high]``, or ``[low, high)`` if `half_open`.

    Raises
    ------
    InvalidValueError
        If any value lies outside, or is not a number.

    Examples
    --------
    >>> check_range("velocity", np.array([96.0]), 0, 1, remedy="divide MIDI velocities by 127")
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: velocity must be in [0, 1], got 96; divide MIDI ...
    """
    valid = (values >= low) & ((values < high) if half_open else (values <= high))
    if not np.all(valid):
        end = ")" if half_open else "]"
        raise InvalidValueError(
            f"{name} must be in [{_plain(low)}, {_plain(high)}{end},"
            f" got {_plain(values[~valid][0])}; {remedy}",
            field=name,
        )


def check_at_least(name: str, value: float, low: float, remedy: str) -> None:
    """Raise unless ``value >= low``.

    Raises
    ------
    InvalidValueError
        If the value is smaller, or not a number.

    Examples
    --------
    >>> check_at_least("bars", 0, 1, "ask for one bar or more")
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: bars must be at least 1, got 0; ask for one bar or more
    """
    if not value >= low:
        raise InvalidValueError(
            f"{name} must be at least {_plain(low)}, got {_plain(value)}; {remedy}", field=name
        )


def check_whole(name: str, value: float, low: int, high: int, remedy: str) -> None:
    """Raise unless a value is a whole number from `low` to `high`.

    Raises
    ------
    InvalidValueError
        If it is smaller or larger, between two, or not a number.

    Examples
    --------
    >>> check_whole("bars", 2.5, 1, 4096, "ask for one bar or more")
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: bars must be a whole number in [1, 4096], got 2.5; ask ...
    """
    if not (low <= value <= high and value == int(value)):
        raise InvalidValueError(
            f"{name} must be a whole number in [{low}, {high}], got {_plain(value)}; {remedy}",
            field=name,
        )


def check_seed(seed: int | None) -> None:
    """Raise unless `seed` is None or a whole number in [0, 2**63).

    Raises
    ------
    InvalidValueError
        If it is no whole number, negative or too large.

    Examples
    --------
    >>> check_seed(-1)
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: seed must be in [0, 2**63), got -1; leave it out for ...
    """
    if seed is not None and not (isinstance(seed, Integral) and 0 <= seed < 2**63):
        raise InvalidValueError(
            f"seed must be in [0, 2**63), got {seed};"
            " leave it out for a different result each time",
            field="seed",
        )


def _plain(value: float) -> str:
    """Write a number in full, so that one just outside a range does not read as its end."""
    whole = abs(value) < 1e15 and value == int(value)
    return str(int(value)) if whole else str(value)
