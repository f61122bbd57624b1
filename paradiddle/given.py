"""What a fill-in model is told before it plays, as arrays: known cells, a tapped rhythm, wishes.

Shapes: B patterns, T steps, V = 9 voices, S styles. Cells are hits, velocities and offsets side by
side, (B, T, 3V), in the units of `paradiddle.pattern.Pattern`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paradiddle.drums import VOICES
from paradiddle.takes import STEPS_PER_BAR

__all__ = [
    "BEAT",
    "FILL",
    "Given",
    "V",
    "asked_density",
    "condition",
    "condition_width",
    "tap_of",
]

V = len(VOICES)
BEAT, FILL = "beat", "fill"

_QPM_CENTRE, _QPM_SCALE = 110.0, 40.0
_DENSITY_CENTRE = 1.5  # hits a step

_Array = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Given:
    """One batch of questions to a fill-in model.

    Attributes
    ----------
    cells : float32 array, shape (B, T, 27)
        Known cells; what is not known is not read, except to say how likely it is.
    hits_known, dynamics_known : bool array, shape (B, T, 9)
        Where a hit or a rest is given, and where a hit's velocity and offset are.
    tap : float32 array, shape (B, T, 3)
        A rhythm without drums: hit, velocity and offset of each step; see `tap_of`.
    tap_known : bool array, shape (B,)
        Whether the rhythm is given.
    first_bar : int64 array, shape (B,)
        Number of the first bar in its piece, of which the place in a phrase of four follows; -1
        where it is unknown.
    conditions : float32 array, shape (B, S + 6)
        See `condition`.
    """

    cells: _Array
    hits_known: _Mask
    dynamics_known: _Mask
    tap: _Array
    tap_known: _Mask
    first_bar: NDArray[np.int64]
    conditions: _Array

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def steps(self) -> int:
        """Number of steps, T."""
        return int(self.cells.shape[1])

    def bars(self, first: int, last: int) -> "Given":
        """Keep the bars from `first` up to but not `last`."""
        kept = slice(first * STEPS_PER_BAR, last * STEPS_PER_BAR)
        return Given(
            self.cells[:, kept],
            self.hits_known[:, kept],
            self.dynamics_known[:, kept],
            self.tap[:, kept],
            self.tap_known,
            np.where(self.first_bar < 0, -1, self.first_bar + first),
            self.conditions,
        )


def condition_width(styles: int) -> int:
    """Count the values that `condition` makes for so many styles.

    Examples
    --------
    >>> condition_width(18)
    24
    """
    return styles + 6


def condition(
    style_weights: Sequence[float] | _Array,
    qpm: float | None,
    density: float | None,
    beat_type: str | None,
) -> _Array:
    """Write what is wished for as one row, each wish beside a mark that it was made.

    Parameters
    ----------
    style_weights : S numbers
        One a style, summing to 1; all zero for no style.
    qpm : float, optional
        Quarters per minute.
    density : float, optional
        Hits a step, on average.
    beat_type : str, optional
        `BEAT` for time keeping, `FILL` for a drum fill.

    Returns
    -------
    float32 array, shape (S + 6,)

    Examples
    --------
    >>> condition([0, 1], qpm=150, density=None, beat_type=BEAT).tolist()
    [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0]
    """
    speed = (0.0, 0.0) if qpm is None else ((qpm - _QPM_CENTRE) / _QPM_SCALE, 1.0)
    busy = (0.0, 0.0) if density is None else (density - _DENSITY_CENTRE, 1.0)
    kind = (float(beat_type == BEAT), float(beat_type == FILL))
    return np.array([*style_weights, *speed, *busy, *kind], np.float32)


def asked_density(conditions: _Array) -> _Array:
    """Read the densities that rows of `condition`, (B, S + 6), ask for; NaN where none is.

    Examples
    --------
    >>> wishes = [condition([1.0], 120, density, None) for density in (None, 2.5)]
    >>> asked_density(np.stack(wishes)).tolist()
    [nan, 2.5]
    """
    density, asked = conditions[:, -4], conditions[:, -3] > 0
    return np.where(asked, density + np.float32(_DENSITY_CENTRE), np.float32(np.nan))


def tap_of(cells: _Array) -> _Array:
    """Reduce cells, (..., T, 27), to the rhythm of their loudest hits, (..., T, 3).

    Examples
    --------
    >>> cells = np.zeros((1, 27), np.float32)
    >>> cells[0, [0, 2, 9, 11, 18]] = 1, 1, 0.5, 0.75, 0.25
    >>> tap_of(cells).tolist()
    [[1.0, 0.75, 0.0]]
    """
    struck = np.where(cells[..., :V] > 0, cells[..., V : 2 * V], -1)  # also at velocity 0
    loudest = struck.argmax(-1)[..., None]
    return np.concatenate(
        [np.take_along_axis(part, loudest, -1) for part in np.split(cells, 3, axis=-1)], axis=-1
    )
