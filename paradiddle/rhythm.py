"""A tapped rhythm without drums, as a Pattern."""

import numpy as np
from numpy.typing import ArrayLike

from paradiddle.checks import check_range
from paradiddle.drums import VOICES
from paradiddle.errors import InvalidValueError
from paradiddle.events import DEFAULT_VELOCITY
from paradiddle.pattern import MAX_STEPS, Pattern
from paradiddle.timing import DEFAULT_QPM

__all__ = ["tapped"]


def tapped(rhythm: ArrayLike, qpm: float = DEFAULT_QPM) -> Pattern:
    """Put a rhythm on the first voice of a grid of 16ths in 4/4.

    Parameters
    ----------
    rhythm : array_like, shape (T,)
        Velocities in [0, 1], of which 0 is a rest; or bool or whole numbers, 0 for a rest and 1 for
        a tap of medium velocity.
    qpm : float, default 120
        Quarters per minute.

    Raises
    ------
    InvalidValueError
        If the rhythm is no vector of numbers, empty or too long, or a velocity is out of range or
        not a number.

    Examples
    --------
    >>> print(str(tapped([1, 0, 0, 1, 0, 0, 1, 0])).splitlines()[0])
    kick          |x..x ..x.|
    """
    try:
        taps = np.asarray(rhythm)
    except ValueError:  # rows of several lengths
        taps = np.array(None)
    if taps.ndim != 1 or (taps.size and taps.dtype.kind not in "buif"):
        raise InvalidValueError(
            f"a rhythm must be a vector of velocities, one a 16th, got {taps.dtype} of shape"
            f" {taps.shape}; try [1, 0, 0, 1]"
        )
    if not 0 < len(taps) <= MAX_STEPS:
        raise InvalidValueError(
            f"a rhythm must have 1 to {MAX_STEPS} steps, got {len(taps)}; one bar is 16"
        )
    check_range("velocity", taps, 0, 1, remedy="0 is a rest, 1 the loudest tap")
    velocities = np.zeros((len(taps), len(VOICES)), np.float32)
    velocities[:, 0] = taps if taps.dtype.kind == "f" else taps * DEFAULT_VELOCITY
    return Pattern(velocities > 0, velocities, np.zeros_like(velocities), qpm)
