"""What happens at fixed places whatever the music: pulses, bar lines, the clicks of a count-in."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from paradiddle.timed import Kind

__all__ = ["PULSES_PER_QUARTER", "Mark", "marks"]

PULSES_PER_QUARTER = 24

_ACCENT, _BEAT = 1.0, 0.7  # velocities of clicks


class Mark(NamedTuple):
    """Something at a place.

    Attributes
    ----------
    kind : str
        As of `paradiddle.timed.Timed`.
    position : float
        In quarters from the start of the music.
    velocity : float
        Of a click.
    """

    kind: Kind
    position: float
    velocity: float = 0.0


def marks(first: float, after: float, quarters_per_bar: float, music: float) -> Iterator[Mark]:
    """Find the marks in [first, after); clicks end where the music begins.

    Examples
    --------
    >>> [mark.kind for mark in marks(-0.04, 0.04, 4.0, music=0.0)]
    ['pulse', 'bar']
    >>> [mark.velocity for mark in marks(-4.0, 0.0, 4.0, music=0.0) if mark.kind == "click"]
    [1.0, 0.7, 0.7, 0.7]
    """
    for pulse in _multiples(first, after, 1 / PULSES_PER_QUARTER):
        yield Mark("pulse", pulse)
    for bar in _multiples(first - quarters_per_bar, after, quarters_per_bar):
        if first <= bar:
            yield Mark("bar", bar)
        for beat in range(math.ceil(quarters_per_bar)):
            if first <= bar + beat < min(after, music):
                yield Mark("click", bar + beat, _BEAT if beat else _ACCENT)


def _multiples(first: float, after: float, unit: float) -> Iterator[float]:
    """Multiples of a unit in [first, after)."""
    index = math.floor(first / unit)
    while index * unit < after:
        if index * unit >= first:  # as exact as the end, so that none is found twice
            yield index * unit
        index += 1
