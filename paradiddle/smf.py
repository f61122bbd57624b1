"""A single-pass reader of Standard MIDI Files for what a drummer needs.

It keeps note-ons, tempi, time signatures and names and skips everything else, so that a file
without note-offs loses nothing and thousands of files read in a second. Limits on bytes, events
and length bound the memory and time that a damaged or hostile file can cost.

Source: *Standard MIDI Files 1.0* (RP-001, MIDI Manufacturers Association).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path

import numpy as np

from paradiddle.errors import MidiError
from paradiddle.score import Score
from paradiddle.timing import DEFAULT_QPM, ticks_per_bar

__all__ = [
    "MAX_BYTES",
    "MAX_CHANGES",
    "MAX_HOURS",
    "MAX_NOTES",
    "MAX_QUARTERS",
    "MAX_TEXTS",
    "Score",
    "parse",
    "read",
]

MAX_BYTES = 16 * 2**20
MAX_NOTES = 1_000_000
MAX_CHANGES = 100_000  # of tempo and of time signature
MAX_TEXTS = 16  # text events at the start of a track that are kept
MAX_HOURS = 2
MAX_QUARTERS = 500_000  # at 480 ticks per quarter, what one interval of a MIDI file can hold

_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_META_TEXT, _META_TRACK_NAME, _META_END_OF_TRACK = 0x01, 0x03, 0x2F
_META_TEMPO, _META_TIME_SIGNATURE = 0x51, 0x58


@dataclass
class _Track:
    """What one track chunk holds; the four sequences of notes run in parallel."""

    name: str = ""
    ticks: list[int] = field(default_factory=list)
    keys: bytearray = field(default_factory=bytearray)
    velocities: bytearray = field(default_factory=bytearray)
    statuses: bytearray = field(default_factory=bytearray)
    tempos: list[tuple[int, float]] = field(default_factory=list)
    time_signatures: list[tuple[int, int, int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    length: int = 0

    @property
    def changes(self) -> int:
        """How often tempo or time signature is set."""
        return len(self.tempos) + len(self.time_signatures)


def read(path: str | Path) -> Score:
    """Read a Standard MIDI File.

    Raises
    ------
    MidiError
        If the file is larger than 16 MiB or `parse` refuses it.
    OSError
        If the file cannot be opened.
    """
    with Path(path).open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return parse(data)


def parse(data: bytes) -> Score:
    r"""Parse the bytes of a Standard MIDI File of format 0, 1 or 2.

    Raises
    ------
    MidiError
        If the bytes are no MIDI file, are cut short, use SMPTE time or a division of 0, hold over
        a million notes or 100,000 tempi and time signatures, or last over two hours or half a
        million quarters.

    Examples
    --------
    >>> head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    >>> score = parse(head + b"MTrk" + bytes([0, 0, 0, 8, 0, 0x99, 36, 100, 24, 38, 90, 0]))
    Traceback (most recent call last):
    paradiddle.errors.MidiError: track 1 ends in the middle of an event; ...
    >>> score = parse(head + b"MTrk" + bytes([0, 0, 0, 7, 0, 0x99, 36, 100, 24, 38, 90]))
    >>> score.ticks, score.pitches, score.channels
    (array([ 0, 24]), array([36, 38], dtype=uint8), array([10, 10], dtype=uint8))
    """
    if len(data) > MAX_BYTES:
        raise MidiError(f"larger than {MAX_BYTES // 2**20} MiB; no drum part is, split the file")
    midi_format, track_count, division, start = _header(data)
    tracks = _tracks(data, start, track_count)
    if midi_format == 2:
        _lay_end_to_end(tracks, division)
    return _score(midi_format, division, tracks)


def _said(data: bytes) -> str:
    """Write bytes as text where they are text, else as numbers."""
    text = data.decode("latin-1")
    return f"'{text}'" if text.isascii() and text.isprintable() else data.hex(" ").upper()


def _header(data: bytes) -> tuple[int, int, int, int]:
    """Read format, number of tracks, ticks per quarter and where the next chunk starts."""
    if not data:
        raise MidiError("the file is empty")
    if data[:4] != b"MThd":
        raise MidiError(f"not a Standard MIDI File: it starts with {_said(data[:4])}, not 'MThd'")
    length = int.from_bytes(data[4:8])
    if len(data) < 14 or length < 6 or 8 + length > len(data):
        raise MidiError(f"the header is cut short: {len(data)} bytes; the file is damaged")
    midi_format, track_count, division = (int.from_bytes(data[i : i + 2]) for i in (8, 10, 12))
    if midi_format > 2:
        raise MidiError(f"MIDI format {midi_format} is unknown; formats 0, 1 and 2 can be read")
    if division & 0x8000:
        raise MidiError("time is in SMPTE frames; export the file with ticks per quarter note")
    if division == 0:
        raise MidiError("a division of 0 ticks per quarter; the file is damaged")
    return midi_format, track_count, division, 8 + length


def _tracks(data: bytes, start: int, count: int) -> list[_Track]:
    """Read every track chunk, skipping chunks of other kinds."""
    tracks: list[_Track] = []
    notes = changes = 0
    while len(tracks) < count:
        if start + 8 > len(data):
            raise MidiError(
                f"{len(tracks)} of {count} tracks are there; the file is cut short or damaged"
            )
        end = start + 8 + int.from_bytes(data[start + 4 : start + 8])
        if end > len(data):
            raise MidiError(
                f"track {len(tracks) + 1} ends {end - len(data)} bytes after the file;"
                " the file is cut short or damaged"
            )
        if data[start : start + 4] == b"MTrk":
            tracks.append(_track(data[start + 8 : end], len(tracks) + 1))
            notes += len(tracks[-1].ticks)
            if notes > MAX_NOTES:
                raise MidiError(f"over {MAX_NOTES} notes in {len(tracks)} tracks; split the file")
            changes += tracks[-1].changes
            _check_changes(changes)
        start = end
    return tracks


def _track(chunk: bytes, number: int) -> _Track:
    """Read the events of one track chunk."""
    track = _Track()
    try:
        _read_events(iter(chunk), track)
    except StopIteration:
        raise MidiError(
            f"track {number} ends in the middle of an event; the file is cut short or damaged"
        ) from None
    return track


def _read_events(stream: Iterator[int], track: _Track) -> None:
    """Walk one track; a stream that stops inside an event raises StopIteration."""
    # One loop over plain integers: calls and attribute look-ups here would triple its time.
    following = stream.__next__
    add_tick, add_key = track.ticks.append, track.keys.append
    add_velocity, add_status = track.velocities.append, track.statuses.append
    tick = status = 0
    for byte in stream:
        if byte < 0x80:
            tick += byte
        elif (low := following()) < 0x80:
            tick += (byte & 0x7F) << 7 | low
        else:
            tick += _variable_length(stream, byte, low)
        byte = following()
        if byte > 0x7F:
            if byte > 0xEF:
                if not _system_event(stream, byte, tick, track):
                    break
                continue
            status = byte
            byte = following()
        if 0x8F < status < 0xA0:
            add_tick(tick)
            add_key(byte)
            add_velocity(following())
            add_status(status)
        elif status < 0xC0 or status > 0xDF:  # all but program change and channel pressure
            if not status:
                raise MidiError("an event without a status byte; the file is damaged")
            following()
    track.length = tick


def _variable_length(stream: Iterator[int], *taken: int) -> int:
    """Read a variable-length quantity of at most four bytes, some of them `taken` already."""
    value = 0
    for byte in islice(chain(taken, stream), 4):
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value
    raise MidiError("a number of more than four bytes, or cut short; the file is damaged")


def _system_event(stream: Iterator[int], status: int, tick: int, track: _Track) -> bool:
    """Read or skip a meta, SysEx or system event; False at the end of the track."""
    if status not in (0xF0, 0xF7, 0xFF):
        _take(stream, _SYSTEM_DATA_BYTES.get(status, 0))
        return True
    kind = next(stream) if status == 0xFF else None
    payload = _take(stream, _variable_length(stream))
    _meta_event(kind, payload, tick, track)
    return kind != _META_END_OF_TRACK


def _take(stream: Iterator[int], length: int) -> bytes:
    """Take exactly `length` bytes."""
    payload = bytes(islice(stream, length))
    if len(payload) < length:
        raise StopIteration
    return payload


def _meta_event(kind: int | None, payload: bytes, tick: int, track: _Track) -> None:
    """Note a tempo, a time signature or a name."""
    if kind == _META_TEMPO and len(payload) == 3:
        microseconds = int.from_bytes(payload)
        if not microseconds:
            raise MidiError("a tempo of 0 microseconds per quarter; the file is damaged")
        track.tempos.append((tick, 60e6 / microseconds))
        _check_changes(track.changes)
    elif kind == _META_TIME_SIGNATURE and len(payload) >= 2:
        if not payload[0] or payload[1] > 6:
            raise MidiError(f"a time signature of {payload[0]}/2^{payload[1]}; the file is damaged")
        track.time_signatures.append((tick, payload[0], 1 << payload[1]))
        _check_changes(track.changes)
    elif kind == _META_TRACK_NAME and not track.name:
        track.name = payload.decode("utf-8", "replace").strip()
    elif kind == _META_TEXT and not tick and len(track.texts) < MAX_TEXTS:
        track.texts.append(payload.decode("utf-8", "replace"))


def _check_changes(changes: int) -> None:
    """Refuse a flood of tempi, which would cost far more time than as many notes."""
    if changes > MAX_CHANGES:
        raise MidiError(
            f"over {MAX_CHANGES} tempi and time signatures; the file is damaged, or thin them out"
        )


def _lay_end_to_end(tracks: list[_Track], division: int) -> None:
    """Move each track of a format 2 file to the bar line after the one before."""
    offset = 0
    for track in tracks:
        last = track.time_signatures[-1] if track.time_signatures else (0, 4, 4)
        bar = ticks_per_bar(*last[1:], division)
        track.ticks[:] = [tick + offset for tick in track.ticks]
        track.tempos[:] = [(tick + offset, qpm) for tick, qpm in track.tempos]
        track.time_signatures[:] = [(t + offset, n, d) for t, n, d in track.time_signatures]
        bars = -(-Fraction(track.length - last[0]) // bar)
        track.length += offset
        offset += last[0] + int(bars * bar)


def _score(midi_format: int, division: int, tracks: list[_Track]) -> Score:
    """Merge tracks into one Score, checking what the walk could not."""
    ticks = np.array(list(chain.from_iterable(track.ticks for track in tracks)), np.int64)
    pitches, velocities, statuses = (
        np.frombuffer(b"".join(getattr(track, name) for track in tracks), np.uint8)
        for name in ("keys", "velocities", "statuses")
    )
    if max(pitches.max(initial=0), velocities.max(initial=0)) > 0x7F:
        raise MidiError("a note with a data byte above 127; the file is damaged")
    order = np.flatnonzero(velocities)  # a note-on with velocity 0 is a note-off
    if len(tracks) > 1:
        order = order[np.argsort(ticks[order], kind="stable")]
    score = Score(
        midi_format,
        division,
        tuple(track.name for track in tracks),
        ticks[order],
        pitches[order],
        velocities[order],
        (statuses[order] & np.uint8(0x0F)) + np.uint8(1),
        tuple(sorted((change for track in tracks for change in track.tempos), key=_tick_of)),
        tuple(
            sorted((change for track in tracks for change in track.time_signatures), key=_tick_of)
        ),
        tuple(text for track in tracks for text in track.texts),
        max((track.length for track in tracks), default=0),
    )
    _check_length(score)
    return score


def _tick_of(change: tuple[int, ...] | tuple[int, float]) -> int:
    """Sort key of tempo and metre changes: their tick alone, so that ties keep their order."""
    return int(change[0])


def _check_length(score: Score) -> None:
    """Refuse a file that claims to last longer than anyone drums."""
    if not len(score.ticks):
        return
    quarters = int(score.ticks[-1]) // score.ticks_per_quarter
    if quarters > MAX_QUARTERS:
        raise MidiError(
            f"it claims to last {quarters} quarters, the limit is {MAX_QUARTERS};"
            " cut it, unless the file is damaged"
        )
    slowest = min((qpm for _, qpm in score.tempos), default=DEFAULT_QPM)
    if _hours(score, min(slowest, DEFAULT_QPM)) <= MAX_HOURS:
        return
    hours = float(score.tempo_map.seconds(score.ticks[-1:])[0]) / 3600
    if hours > MAX_HOURS:
        raise MidiError(
            f"it claims to last {hours:,.1f} hours, the limit is {MAX_HOURS}; cut it, unless the"
            " file is damaged"
        )


def _hours(score: Score, qpm: float) -> float:
    """Length of a score played at one speed throughout."""
    return int(score.ticks[-1]) / (score.ticks_per_quarter * qpm * 60)
