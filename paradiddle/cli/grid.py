"""The beginning of a piece as a text grid."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paradiddle.events import Events
    from paradiddle.pattern import Pattern

__all__ = ["LEAK", "drawn", "opening"]

_MOST_BARS, _FIRST_BARS = 8, 4  # what is drawn whole, and how much of what is longer

LEAK = (
    "bidirectional: its accuracy is a leak of the target, not skill; the backward half reads the"
    " event that is to be predicted"
)


def drawn(pattern: "Pattern") -> str:
    """Draw a pattern, of a long one the first bars and how many follow."""
    if pattern.bars <= _MOST_BARS:
        return str(pattern)
    return f"{pattern.first(_FIRST_BARS)}\n\nand {pattern.bars - _FIRST_BARS:g} more bars"


def opening(piece: "Events", bars: int) -> str:
    """Draw the first bars; in a metre that is no whole number of 16ths, bars of 4/4."""
    from paradiddle.errors import InvalidValueError
    from paradiddle.events import Events, quantise

    shown = int(piece.onsets.searchsorted(bars * piece.ticks_per_bar))
    beginning = Events(
        piece.notes[:shown],
        piece.ticks[:shown],
        piece.dynamics[:shown],
        piece.qpm,
        piece.quarters_per_bar,
    )
    try:
        pattern = quantise(beginning).pattern
    except InvalidValueError:
        pattern = quantise(replace(beginning, quarters_per_bar=4.0)).pattern
    return str(pattern.first(bars))
