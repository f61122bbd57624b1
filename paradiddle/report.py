"""What a corpus holds, counted: formats, tempi, metres, voices, gaps, dynamics, styles."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from paradiddle.corpus import Corpus, Entry, Rejection
from paradiddle.drums import VOICE_NAMES, VOICE_OF_PITCH, pitch_name
from paradiddle.events import Events
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["GAPS", "NO_VOICE", "Report", "report"]

# Ticks between hits, named after the note value in the middle, with the lowest value of each. The
# limits fall between the values that rounding for a model leaves, so that it moves hardly any hit.
GAPS = (
    ("together", 0),
    ("flam", 13),
    ("32nd", 38),
    ("16th triplet", 68),
    ("16th", 98),
    ("8th triplet", 135),
    ("8th", 195),
    ("dotted 8th", 275),
    ("quarter", 415),
    ("longer", 700),
)

NO_VOICE = "no voice"  # under which hits of pitches outside the nine voices are counted

_Number = TypeVar("_Number", int, float)

_VOICE_TABLE = np.array([VOICE_OF_PITCH.get(pitch, len(VOICE_NAMES)) for pitch in range(128)])
_VOICE_LABELS = (*VOICE_NAMES, NO_VOICE)
_TICKS_PER_16TH = TICKS_PER_QUARTER // 4


@dataclass(frozen=True)
class Report:
    """The counts. Every mapping goes from a value to a number of files, or of hits where said.

    Attributes
    ----------
    root : str
        What was scanned.
    files : int
        Files used.
    hits : int
        Drum hits in them: the events of the sequence that `corpus convert` writes.
    hours : float
        Playing time up to the last hit of each file.
    collisions : int
        Hits that share a 16th with a harder one of the same voice, which a grid cannot hold.
    formats, ticks_per_quarter, tracks : mapping of int to int
        Of the MIDI files themselves.
    qpm : mapping of float to int
        First tempo, rounded to 0.01 quarters per minute.
    time_signatures : mapping of str to int
        First time signature, such as ``4/4``.
    tempo_changes, time_signature_changes : int
        Files that do not keep to their first.
    channel_rules : mapping of str to int
        By what rule the notes of a file count as drums.
    voices : mapping of str to int
        Hits of each of the nine voices, and `NO_VOICE` for other pitches if there are any.
    pitches : mapping of int to int
        Hits of each MIDI pitch that occurs.
    ticks : mapping of int to int
        Hits that come so many ticks after the one before, at 480 per quarter; the first of a file
        counts from its start.
    velocities : mapping of int to int
        Hits of each MIDI velocity, 1-127.
    styles, splits, beat_types, drummers : mapping of str to int
        From the index; empty without one.
    rejected : tuple of Rejection
        Files that could not be used, each with its reason.
    """

    root: str
    files: int
    hits: int
    hours: float
    collisions: int
    formats: Mapping[int, int]
    ticks_per_quarter: Mapping[int, int]
    tracks: Mapping[int, int]
    qpm: Mapping[float, int]
    time_signatures: Mapping[str, int]
    tempo_changes: int
    time_signature_changes: int
    channel_rules: Mapping[str, int]
    voices: Mapping[str, int]
    pitches: Mapping[int, int]
    ticks: Mapping[int, int]
    velocities: Mapping[int, int]
    styles: Mapping[str, int]
    splits: Mapping[str, int]
    beat_types: Mapping[str, int]
    drummers: Mapping[str, int]
    rejected: tuple[Rejection, ...]

    def to_dict(self) -> dict[str, Any]:
        """Turn into what JSON can hold.

        `ticks` gains ``unique``, ``min`` and ``max``; a pitch comes with its name and voice.
        """
        return asdict(self) | {
            "pitches": [
                {
                    "pitch": pitch,
                    "name": pitch_name(pitch),
                    "voice": _VOICE_LABELS[_VOICE_TABLE[pitch]],
                    "hits": hits,
                }
                for pitch, hits in self.pitches.items()
            ],
            "ticks": {
                "unique": len(self.ticks),
                "min": min(self.ticks),
                "max": max(self.ticks),
                "hits": dict(self.ticks),
            },
            "rejected": [rejection._asdict() for rejection in self.rejected],
        }


def report(corpus: Corpus) -> Report:
    """Count what a corpus holds.

    Parameters
    ----------
    corpus : Corpus
        As `paradiddle.corpus.scan` reads it, filtered or not.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from paradiddle import midi
    >>> from paradiddle.corpus import scan
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     midi.write(Path(folder, "beat.mid"), Events([36, 42, 38], [0, 240, 240], qpm=96))
    ...     counted = report(scan(folder))
    >>> counted.qpm, counted.pitches, counted.ticks
    ({96.0: 1}, {36: 1, 38: 1, 42: 1}, {0: 1, 240: 2})
    """
    entries = corpus.entries
    performances = corpus.events()
    pitches = _concatenated(events.notes for events in performances)
    return Report(
        root=corpus.root,
        files=len(entries),
        hits=len(pitches),
        hours=sum(map(_seconds, entries)) / 3600,
        collisions=sum(map(_collisions, performances)),
        formats=_ascending(entry.score.midi_format for entry in entries),
        ticks_per_quarter=_ascending(entry.score.ticks_per_quarter for entry in entries),
        tracks=_ascending(len(entry.score.track_names) for entry in entries),
        qpm=_ascending(round(entry.qpm, 2) for entry in entries),
        time_signatures=_commonest(entry.time_signature for entry in entries),
        tempo_changes=sum(_changes(entry.score.tempos) for entry in entries),
        time_signature_changes=sum(_changes(entry.score.time_signatures) for entry in entries),
        channel_rules=_commonest(entry.drums.rule for entry in entries),
        voices=_voices(pitches),
        pitches=_counts(pitches),
        ticks=_counts(_concatenated(events.ticks for events in performances)),
        velocities=_counts(
            _concatenated(entry.score.velocities[entry.drums.mask] for entry in entries)
        ),
        styles=_commonest(entry.style for entry in entries),
        splits=_commonest(entry.split for entry in entries),
        beat_types=_commonest(entry.beat_type for entry in entries),
        drummers=_commonest(entry.drummer for entry in entries),
        rejected=corpus.rejected,
    )


def _seconds(entry: Entry) -> float:
    """Playing time up to the last drum hit."""
    last = entry.score.ticks[entry.drums.mask][-1:]
    return float(entry.score.tempo_map.seconds(last)[0])


def _collisions(events: Events) -> int:
    """Count what `paradiddle.events.quantise` would lose, without building its grids."""
    voices = _VOICE_TABLE[events.notes]
    mapped = voices < len(VOICE_NAMES)
    steps = (events.onsets[mapped] + _TICKS_PER_16TH // 2) // _TICKS_PER_16TH
    cells = steps * len(VOICE_NAMES) + voices[mapped]
    return len(cells) - len(np.unique(cells))


def _changes(events: tuple[tuple[Any, ...], ...]) -> bool:
    """Whether tempi or time signatures ever differ from the first."""
    return any(event[1:] != events[0][1:] for event in events)


def _voices(pitches: NDArray[np.int64]) -> dict[str, int]:
    hits = np.bincount(_VOICE_TABLE[pitches], minlength=len(_VOICE_LABELS)).tolist()
    shown = _VOICE_LABELS if hits[-1] else VOICE_NAMES
    return dict(zip(shown, hits, strict=False))


def _concatenated(arrays: Iterable[NDArray[Any]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def _counts(values: NDArray[np.int64]) -> dict[int, int]:
    """Count the values that occur, ascending."""
    distinct, counts = np.unique(values, return_counts=True)
    return dict(zip(distinct.tolist(), counts.tolist(), strict=True))


def _ascending(values: Iterable[_Number]) -> dict[_Number, int]:
    return dict(sorted(Counter(values).items()))


def _commonest(values: Iterable[str]) -> dict[str, int]:
    """Count what is not empty, commonest first; of equals, in the order of the alphabet."""
    counted = Counter(value for value in values if value)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
