"""Swing: the second of every two 16ths comes late."""

from dataclasses import replace

import numpy as np

from paradiddle.checks import check_range
from paradiddle.errors import InvalidValueError
from paradiddle.pattern import Pattern

__all__ = ["HARDEST", "STRAIGHT", "check_swing", "swung"]

STRAIGHT, HARDEST = 0.5, 0.75
_STEPS_PER_QUARTER = 4
_FINER = 30  # steps of the result in one of a 16th; offsets keep the rest of a place


def swung(pattern: Pattern, swing: float) -> Pattern:
    """Let the second of each pair of 16ths start at 2 × `swing` steps after the first.

    Offsets are added to the new places. Where two hits of one voice meet, the harder stays.

    Parameters
    ----------
    pattern : Pattern
        On 16ths.
    swing : float
        0.5 is straight, 2/3 a triplet feel, 0.75 the hardest.

    Returns
    -------
    Pattern
        On 120 steps a quarter, of the same length; `pattern` itself where it is straight.

    Raises
    ------
    InvalidValueError
        If `swing` is out of range, or the pattern is on another grid.

    Examples
    --------
    >>> hits = np.zeros((16, 9), bool)
    >>> hits[:2, 0] = True
    >>> np.flatnonzero(swung(Pattern(hits, hits * 0.5, hits * 0.0), 0.75).hits[:, 0])
    array([ 0, 45])
    """
    check_swing(pattern, swing)
    if swing == STRAIGHT:
        return pattern
    steps, voices = np.nonzero(pattern.hits)
    order = np.argsort(pattern.velocities[steps, voices], kind="stable")  # the hardest last
    steps, voices = steps[order], voices[order]
    places = steps + (steps % 2) * (2 * swing - 1) + pattern.offsets[steps, voices]
    finer = np.clip(np.floor(places * _FINER + 0.5), 0, pattern.steps * _FINER - 1).astype(np.int64)
    hits = np.zeros((pattern.steps * _FINER, pattern.hits.shape[1]), np.bool_)
    velocities, offsets = np.zeros(hits.shape, np.float32), np.zeros(hits.shape, np.float32)
    hits[finer, voices] = True
    velocities[finer, voices] = pattern.velocities[steps, voices]
    rest = np.float32(places * _FINER - finer)
    offsets[finer, voices] = np.clip(rest, -0.5, np.nextafter(np.float32(0.5), np.float32(0)))
    return replace(
        pattern,
        hits=hits,
        velocities=velocities,
        offsets=offsets,
        steps_per_quarter=_STEPS_PER_QUARTER * _FINER,
    )


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
