"""Swing: the second of every two 16ths comes late."""

import numpy as np

from paradiddle.checks import check_range
from paradiddle.errors import InvalidValueError
from paradiddle.pattern import Pattern

__all__ = ["HARDEST", "STRAIGHT", "check_swing"]

STRAIGHT, HARDEST = 0.5, 0.75
_STEPS_PER_QUARTER = 4


def check_swing(pattern: Pattern, swing: float) -> None:
    """Raise unless a pattern can be swung so.

    Raises
    ------
    InvalidValueError
        If `swing` is out of range, or the pattern is on another grid than 16ths.
    """
    remedy = "0.5 is straight, 0.66 a triplet feel"
    check_range("swing", np.array([swing]), STRAIGHT, HARDEST, remedy=remedy)
    if swing != STRAIGHT and pattern.steps_per_quarter != _STEPS_PER_QUARTER:
        raise InvalidValueError(
            f"swing must be 0.5 for {pattern.steps_per_quarter} steps a quarter, got {swing};"
            " only 16ths can be swung",
            field="swing",
        )
