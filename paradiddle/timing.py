"""Steps, quarters, ticks and seconds: the units of time and the ways between them.

A *quarter* is a quarter note, a *tick* the smallest unit of a MIDI file, a *step* one cell of a
grid. Speed is `qpm`, quarters per minute, whatever the metre.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError

__all__ = [
    "DEFAULT_QPM",
    "LIVE_QPM",
    "TICKS_PER_QUARTER",
    "TempoMap",
    "check_live_qpm",
    "check_qpm",
    "rescale_ticks",
    "ticks_per_bar",
    "time_signature_of",
]

TICKS_PER_QUARTER = 480
DEFAULT_QPM = 120.0
LIVE_QPM = 20.0, 400.0
"""Slowest and fastest that music is played live, whoever sets the tempo."""

_MAX_QPM = 60_000_000.0  # a MIDI tempo is a whole number of microseconds, at least 1


def check_qpm(qpm: float) -> float:
    """Return `qpm` as a float, or raise if it is no speed a MIDI file can hold.

    Raises
    ------
    InvalidValueError
        Unless ``3.58 <= qpm <= 60,000,000``: a tempo has 24 bits of microseconds per quarter.

    Examples
    --------
    >>> check_qpm(96)
    96.0
    """
    value = float(qpm)
    if not 60e6 / 0xFFFFFF <= value <= _MAX_QPM:
        text = f"qpm must be in [3.58, 60000000], got {qpm}; try 120"
        raise InvalidValueError(text, field="qpm")
    return value


def check_live_qpm(name: str, qpm: float, remedy: str = f"try {DEFAULT_QPM:g}") -> float:
    """Return `qpm` as a float, or raise if it is no speed to play live at.

    Raises
    ------
    InvalidValueError
        Unless it is within `LIVE_QPM`; it begins with `name`.

    Examples
    --------
    >>> check_live_qpm("--bpm", 0)
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: --bpm must be in [20, 400] to play live, got 0; try 120
    """
    low, high = LIVE_QPM
    if not low <= qpm <= high:
        raise InvalidValueError(
            f"{name} must be in [{low:g}, {high:g}] to play live, got {qpm:g}; {remedy}"
        )
    return float(qpm)


def rescale_ticks(ticks: NDArray[np.int64], source: int, target: int) -> NDArray[np.int64]:
    """Convert absolute ticks between resolutions, rounding halves up, without drift.

    Parameters
    ----------
    ticks : int64 array
        Absolute positions at `source` ticks per quarter.
    source, target : int
        Ticks per quarter, at least 1.

    Examples
    --------
    >>> rescale_ticks(np.array([0, 48, 96, 97]), 96, 480)
    array([  0, 240, 480, 485])
    """
    if source == target:
        return ticks
    return (2 * ticks * target + source) // (2 * source)


def ticks_per_bar(numerator: int, denominator: int, ticks_per_quarter: int) -> Fraction:
    """Length of one bar in ticks.

    Examples
    --------
    >>> ticks_per_bar(7, 8, 480)
    Fraction(1680, 1)
    """
    return Fraction(4 * numerator * ticks_per_quarter, denominator)


def time_signature_of(quarters_per_bar: float) -> tuple[int, int]:
    """Find the time signature with the smallest denominator for a bar length.

    Raises
    ------
    InvalidValueError
        If no signature down to 64ths has that length.

    Examples
    --------
    >>> time_signature_of(4), time_signature_of(3.5)
    ((4, 4), (7, 8))
    """
    for denominator in (4, 8, 16, 32, 64):
        numerator = quarters_per_bar * denominator / 4
        if math.isfinite(numerator) and numerator == int(numerator) and 1 <= numerator <= 255:
            return int(numerator), denominator
    raise InvalidValueError(
        f"quarters_per_bar must be a whole number of 64ths up to 255 beats, got {quarters_per_bar};"
        " 4/4 is 4, 7/8 is 3.5",
        field="quarters_per_bar",
    )


@dataclass(frozen=True)
class TempoMap:
    """Where in a MIDI file the speed changes.

    Attributes
    ----------
    ticks_per_quarter : int
        Resolution of `ticks`.
    ticks : tuple of int
        Ascending positions of the changes.
    qpm : tuple of float
        Speed from each position on; before the first the MIDI default, 120, holds.
    """

    ticks_per_quarter: int
    ticks: tuple[int, ...] = ()
    qpm: tuple[float, ...] = ()

    def seconds(self, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Convert absolute ticks to seconds from the start of the file.

        Examples
        --------
        >>> TempoMap(480, (0, 960), (120.0, 60.0)).seconds(np.array([480, 960, 1440]))
        array([0.5, 1. , 2. ])
        """
        starts = np.array((0, *self.ticks), np.float64)
        seconds_per_tick = 60 / (np.array((DEFAULT_QPM, *self.qpm)) * self.ticks_per_quarter)
        elapsed = np.concatenate([[0.0], np.cumsum(np.diff(starts) * seconds_per_tick[:-1])])
        segment = np.searchsorted(starts, ticks, side="right") - 1
        return elapsed[segment] + (ticks - starts[segment]) * seconds_per_tick[segment]
