"""Hits struck just before the very first bar line, for which a MIDI file has no time.

They are written on the bar line, so that a loop stays a loop, and how early they were is kept in a
text event at its start, which our own reading takes back and other programs ignore.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from paradiddle.drums import VOICE_OF_PITCH, VOICES
from paradiddle.pattern import Pattern
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["early_text", "with_early"]

_HEAD = "paradiddle early:"
_PAIR = re.compile(r"(\d{1,3})-(\d{1,4})")


def early_text(pattern: Pattern, pitches: Sequence[int] | None = None) -> str:
    """Say which hits of the first step are early, and by how many ticks; empty where none is.

    Parameters
    ----------
    pattern : Pattern
    pitches : sequence of int, optional
        What is written for each voice, by default the pitches of General MIDI.

    Examples
    --------
    >>> hits = np.zeros((16, 9), bool)
    >>> hits[0, :2] = True
    >>> early_text(Pattern(hits, hits * 0.5, hits * np.float32(-0.1)))
    'paradiddle early: 36-12 38-12'
    """
    if not pattern.steps:
        return ""
    ticks = np.rint(-pattern.offsets[0] * (TICKS_PER_QUARTER / pattern.steps_per_quarter))
    written = [voice.pitches[0] for voice in VOICES] if pitches is None else pitches
    early = np.flatnonzero(ticks > 0).tolist()
    pairs = [f"{written[voice]}-{int(ticks[voice])}" for voice in early]
    return " ".join([_HEAD, *pairs]) if pairs else ""


def with_early(pattern: Pattern, texts: Iterable[str]) -> Pattern:
    """Take back what `early_text` wrote, for hits that are on the first step.

    Examples
    --------
    >>> hits = np.zeros((16, 9), bool)
    >>> hits[0, 0] = True
    >>> on_the_line = Pattern(hits, hits * 0.5, hits * 0.0)
    >>> with_early(on_the_line, ["paradiddle early: 36-12"]).offsets[0, 0]
    np.float32(-0.1)
    """
    offsets = pattern.offsets.copy()
    ticks_per_step = TICKS_PER_QUARTER / pattern.steps_per_quarter
    for pitch, ticks in _pairs(texts):
        voice = VOICE_OF_PITCH.get(pitch)
        within = 0 < ticks <= round(ticks_per_step / 2)
        if voice is not None and within and pattern.steps and pattern.hits[0, voice]:
            offsets[0, voice] = max(-ticks / ticks_per_step, -0.5)
    return replace(pattern, offsets=offsets)


def _pairs(texts: Iterable[str]) -> list[tuple[int, int]]:
    """Pitches, and by how many ticks they are early."""
    return [
        (int(pitch), int(ticks))
        for text in texts
        if text.startswith(_HEAD)
        for pitch, ticks in _PAIR.findall(text)
    ]
