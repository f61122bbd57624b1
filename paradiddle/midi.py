"""Standard MIDI Files to and from Events and Patterns.

Reading goes through `paradiddle.smf`; mido writes.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np
from numpy.typing import NDArray

from paradiddle import smf
from paradiddle.drums import PERCUSSION_PITCHES
from paradiddle.early import early_text, with_early
from paradiddle.errors import InvalidValueError, MidiError
from paradiddle.events import Events, Quantised, quantise
from paradiddle.files import atomic_path
from paradiddle.pattern import Pattern
from paradiddle.score import Score
from paradiddle.swing import STRAIGHT, check_swing
from paradiddle.swung_file import swing_text, with_swing
from paradiddle.timing import DEFAULT_QPM, TICKS_PER_QUARTER, rescale_ticks, time_signature_of

__all__ = [
    "DRUM_CHANNEL",
    "Drums",
    "drums_of",
    "events_of",
    "parse_channel",
    "pattern_of",
    "plain_qpm",
    "read_events",
    "read_pattern",
    "to_bytes",
    "write",
]

DRUM_CHANNEL = 10

_NOTE_TICKS = TICKS_PER_QUARTER // 8  # a 32nd: long enough for every sampler, short of most gaps
_IS_PERCUSSION = np.isin(np.arange(128), sorted(PERCUSSION_PITCHES))


class Drums(NamedTuple):
    """Which notes of a Score are drums."""

    mask: NDArray[np.bool_]  # shape (N,)
    rule: str  # why these, for people


def parse_channel(text: str | None) -> int | None:
    """Read the `--channel` option: a channel 1-16, or ``all``, which is 0.

    Raises
    ------
    InvalidValueError
        If it is neither.

    Examples
    --------
    >>> parse_channel("10"), parse_channel("all"), parse_channel(None)
    (10, 0, None)
    """
    if text is None or text == "all":
        return None if text is None else 0
    if not text.isdecimal() or not 1 <= int(text) <= 16:
        raise InvalidValueError(f"channel must be 1 to 16 or 'all', got {text!r}; drums have 10")
    return int(text)


def drums_of(score: Score, channel: int | None = None) -> Drums:
    """Find the drums of a file.

    They are the notes on channel 10; in a file without any, all notes, if every one lies in the
    percussion range (27-87 and 22, 24-26).

    Parameters
    ----------
    score : Score
        The file.
    channel : int, optional
        Take this channel, 1-16, instead; 0 takes all channels.

    Raises
    ------
    MidiError
        If there are no notes, or none that count as drums; the message names the channels.
    """
    present = sorted({int(number) for number in np.unique(score.channels)})
    if not present:
        raise MidiError("no notes in the file")
    if channel == 0:
        return Drums(np.ones(len(score.ticks), np.bool_), "all channels, as asked")
    wanted = DRUM_CHANNEL if channel is None else channel
    if wanted in present:
        return Drums(score.channels == wanted, f"channel {wanted}")
    listed = ", ".join(map(str, present))
    if channel is None and _IS_PERCUSSION[score.pitches].all():
        mask = np.ones(len(score.ticks), np.bool_)
        return Drums(mask, f"channel {listed}: every note lies in the percussion range")
    raise MidiError(
        f"no drums: nothing on channel {wanted}, notes on channel {listed};"
        " name one with --channel, or --channel all"
    )


def events_of(score: Score, channel: int | None = None) -> Events:
    """Take the drums of a file as Events, at its first tempo and metre.

    Onsets keep their bar phase: tick 0 of the file is a bar line.

    Raises
    ------
    MidiError
        As `drums_of`.
    """
    mask = drums_of(score, channel).mask
    _, numerator, denominator = score.time_signatures[0] if score.time_signatures else (0, 4, 4)
    return Events.from_onsets(
        score.pitches[mask],
        rescale_ticks(score.ticks[mask], score.ticks_per_quarter, TICKS_PER_QUARTER),
        score.velocities[mask] / np.float32(127),
        score.tempos[0][1] if score.tempos else DEFAULT_QPM,
        4 * numerator / denominator,
    )


def read_events(path: str | Path, channel: int | None = None) -> Events:
    """Read a MIDI file as Events.

    Parameters
    ----------
    path : str or Path
        A Standard MIDI File of format 0, 1 or 2.
    channel : int, optional
        As for `drums_of`.

    Raises
    ------
    MidiError
        If the file is damaged or holds no drums.
    OSError
        If it cannot be opened.
    """
    return events_of(smf.read(path), channel)


def read_pattern(
    path: str | Path, channel: int | None = None, *, steps_per_quarter: int = 4
) -> Quantised:
    """Read a MIDI file as a Pattern, with a count of what the grid could not hold.

    Of files that `write` made of a Pattern, early hits of the first step are early again; see
    `paradiddle.early`.

    Raises
    ------
    MidiError, OSError
        As `read_events`.
    InvalidValueError
        If a bar of the file is no whole number of steps.
    """
    return pattern_of(smf.read(path), channel, steps_per_quarter=steps_per_quarter)


def pattern_of(
    score: Score, channel: int | None = None, *, steps_per_quarter: int = 4
) -> Quantised:
    """Take a Pattern from a Score; see `read_pattern`.

    Raises
    ------
    MidiError, InvalidValueError
        As `read_pattern`.
    """
    found = quantise(events_of(score, channel), steps_per_quarter=steps_per_quarter)
    early = with_early(found.pattern, score.texts)
    return found._replace(pattern=replace(early, qpm=plain_qpm(early.qpm)))


def plain_qpm(qpm: float) -> float:
    """Shorten a tempo that was read to what a file can tell of it: whole microseconds a quarter.

    Examples
    --------
    >>> plain_qpm(60e6 / 594_059)
    101.0
    """
    tempo = round(60e6 / qpm)
    shorter = (round(qpm, digits) for digits in range(9))
    return next((one for one in shorter if one and round(60e6 / one) == tempo <= 60e6 / one), qpm)


def to_bytes(
    music: Events | Pattern, pitches: Sequence[int] | None = None, *, swing: float = STRAIGHT
) -> bytes:
    """Write a Standard MIDI File of format 0 at 480 ticks per quarter, on channel 10.

    Tempo and time signature come first; notes last a 32nd, less where the same drum is struck
    again sooner; the file ends on a bar line. A hit of a Pattern before the first bar line is
    written on it, and how early it was in a text event; see `paradiddle.early`. Another one tells
    the swing; see `paradiddle.swung_file`.

    Parameters
    ----------
    music : Events or Pattern
    pitches : sequence of int, optional
        What to write for each voice, as `paradiddle.kit_maps.kit_pitches` finds them. By default
        the pitches of General MIDI for a Pattern, and those of Events as they are.
    swing : float, default 0.5
        How late the second of each pair of 16ths of a Pattern starts, in [0.5, 0.75] of the pair.
        Events are as they are.

    Raises
    ------
    InvalidValueError
        If no time signature has the music's bar length, or the Pattern cannot be swung so.

    Examples
    --------
    >>> events_of(smf.parse(to_bytes(Events([36, 38], [0, 480], qpm=96)))).onsets
    array([  0, 480])
    """
    texts: list[str] = []
    quarters = 0.0
    if isinstance(music, Pattern):
        check_swing(music, swing)
        quarters = music.steps / music.steps_per_quarter
        straight = _on_kit(Events.from_pattern(music), pitches)
        texts = [early_text(music, pitches), swing_text(straight, swing)]
        events = with_swing(straight, swing) if swing != STRAIGHT else straight
    else:
        events = _on_kit(music, pitches)
    end = _end_tick(events, quarters)
    track = mido.MidiTrack(_preamble(events))
    track += [mido.MetaMessage("text", text=text) for text in texts if text]
    now = 0
    for tick, velocity, note in _note_changes(events, end):
        kind = "note_on" if velocity else "note_off"
        track.append(
            mido.Message(
                kind, channel=DRUM_CHANNEL - 1, note=note, velocity=velocity, time=tick - now
            )
        )
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_QUARTER, tracks=[track])
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def write(path: str | Path, music: Events | Pattern, pitches: Sequence[int] | None = None) -> None:
    """Write Events or a Pattern to a Standard MIDI File; see `to_bytes`.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing is left behind.
    """
    data = to_bytes(music, pitches)
    with atomic_path(Path(path)) as temporary:
        temporary.write_bytes(data)


def _on_kit(events: Events, pitches: Sequence[int] | None) -> Events:
    return events if pitches is None else events.on_kit(pitches)


def _preamble(events: Events) -> list[mido.MetaMessage]:
    """Name, tempo and time signature."""
    numerator, denominator = time_signature_of(events.quarters_per_bar)
    return [
        mido.MetaMessage("track_name", name="paradiddle"),
        mido.MetaMessage("set_tempo", tempo=round(60e6 / events.qpm)),
        mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator),
    ]


def _note_changes(events: Events, end: int) -> list[tuple[int, int, int]]:
    """List (tick, velocity, note) in order; velocity 0 is a note-off, and comes before note-ons.

    Every hit has its note-off, at `end` at the latest; hits of one note and tick end together.
    """
    onsets = events.onsets.tolist()
    velocities = np.clip(np.rint(events.dynamics * 127), 1, 127).astype(int).tolist()
    notes = events.notes.tolist()
    changes = []
    following: dict[int, tuple[int, int]] = {}  # onset and note-off of a note's next hit
    for index in range(len(notes) - 1, -1, -1):
        onset, note = onsets[index], notes[index]
        next_onset, next_off = following.get(note, (end, end))
        off = min(onset + _NOTE_TICKS, next_onset) if next_onset > onset else next_off
        following[note] = onset, off
        changes += [(off, -1, 0, note), (onset, index, velocities[index], note)]
    changes.sort()
    return [(tick, velocity, note) for tick, _, velocity, note in changes]


def _end_tick(events: Events, quarters: float) -> int:
    """Tick of the bar line at or after the end of the music."""
    last = int(events.onsets[-1]) + 1 if len(events) else 0
    bars = -(-max(last, quarters * TICKS_PER_QUARTER) // events.ticks_per_bar)
    return int(bars * events.ticks_per_bar)
