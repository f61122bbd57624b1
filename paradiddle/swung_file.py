"""Swing in a MIDI file: written as it sounds, and told in a text event, so that it can be undone.

Swung, a late hit of the second 16th of a pair may lie where an early one of the next pair would.
Those that do are listed beside the swing, as pitch and tick.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.events import Events
from paradiddle.swing import HARDEST, STRAIGHT
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["Straight", "straightened", "swing_text", "with_swing"]

_HEAD = "paradiddle swing:"
_TOLD = re.compile(_HEAD + r" (0\.\d{1,20})((?: \d{1,3}-\d{1,9})*)")
_STEP, _PAIR = TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 2

_Whole = NDArray[np.int64]


class Straight(NamedTuple):
    """Events without their swing, and what it was."""

    events: Events
    swing: float


def with_swing(straight: Events, swing: float) -> Events:
    """Let hits of the second of each pair of 16ths come late, by whole ticks; none is lost.

    Examples
    --------
    >>> with_swing(Events([36, 36, 36], [0, 120, 120]), 0.75).onsets
    array([  0, 180, 240])
    """
    onsets = straight.onsets + _second(straight) * _shift(swing)
    return _moved(straight, onsets)


def swing_text(straight: Events, swing: float) -> str:
    """Say how these events are swung by `with_swing`; empty where they are not.

    Examples
    --------
    >>> swing_text(Events([36, 36], [0, 170]), 0.75)
    'paradiddle swing: 0.75 36-230'
    """
    if swing == STRAIGHT:
        return ""
    shift = _shift(swing)
    onsets = straight.onsets + shift
    late = _second(straight) & (_in_pair(onsets) < shift)
    pairs = zip(straight.notes[late].tolist(), onsets[late].tolist(), strict=True)
    return " ".join([f"{_HEAD} {float(swing)!r}", *(f"{note}-{tick}" for note, tick in pairs)])


def straightened(events: Events, texts: Iterable[str]) -> Straight:
    """Undo what `with_swing` did, where a text tells of it; `with_swing` would do it again.

    Events that do not lie as told, because another program moved them, stay as they are.

    Examples
    --------
    >>> straight = Events([36, 36], [0, 170])
    >>> text = swing_text(straight, 0.75)
    >>> straightened(with_swing(straight, 0.75), [text]) == (straight, 0.75)
    True
    """
    as_it_is = Straight(events, STRAIGHT)
    told = next(filter(None, map(_TOLD.fullmatch, texts)), None)
    swing = float(told[1]) if told else STRAIGHT
    if told is None or not STRAIGHT < swing <= HARDEST:
        return as_it_is
    shift, places = _shift(swing), _in_pair(events.onsets)
    second = places >= _STEP + shift
    if np.any((places >= _STEP) & ~second):
        return as_it_is
    late = Counter((int(note), int(tick)) for note, tick in _pairs(told[2]))
    onsets, notes = events.onsets.tolist(), events.notes.tolist()
    for index in np.flatnonzero(places < shift).tolist():
        place = notes[index], onsets[index]
        if late[place]:  # the first of two at once: the other is of the step after
            late[place] -= 1
            second[index] = True
    straight = _moved(events, events.onsets - second * shift)
    told_apart = _cells(straight) >= _cells(events)
    return Straight(straight, swing) if told_apart and not late.total() else as_it_is


def _shift(swing: float) -> int:
    """By how many ticks the second of a pair is late."""
    return round((2 * swing - 1) * _STEP)


def _in_pair(onsets: _Whole) -> _Whole:
    """Ticks since the first that is nearest to the first of a pair of 16ths."""
    return (onsets + _STEP // 2) % _PAIR


def _second(straight: Events) -> NDArray[np.bool_]:
    """Which events are nearest to the second of a pair."""
    return _in_pair(straight.onsets) >= _STEP


def _cells(events: Events) -> int:
    """Count the steps of each pitch that have hits."""
    steps = (events.onsets + _STEP // 2) // _STEP
    return len({*zip(events.notes.tolist(), steps.tolist(), strict=True)})


def _moved(events: Events, onsets: _Whole) -> Events:
    metre = events.qpm, events.quarters_per_bar
    return Events.from_onsets(events.notes, onsets, events.velocities, *metre)


def _pairs(text: str) -> list[list[str]]:
    return [pair.split("-") for pair in text.split()]
