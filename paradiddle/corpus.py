"""Folders of MIDI files: find, read, describe by their index, filter.

A file that cannot be read is listed with its reason and the rest go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from paradiddle import smf
from paradiddle.errors import CorpusError, InvalidValueError, ParadiddleError
from paradiddle.events import Events
from paradiddle.midi import Drums, drums_of, events_of
from paradiddle.score import Score
from paradiddle.sources import SUFFIXES, UNREADABLE, one_line, open_sources
from paradiddle.timing import DEFAULT_QPM

__all__ = ["Corpus", "Entry", "Filter", "Rejection", "scan"]

_QPM_TOLERANCE = 0.5  # indexes name whole numbers; files hold whole microseconds


@dataclass(frozen=True, eq=False)
class Entry:
    """One readable drum file of a corpus.

    Attributes
    ----------
    name : str
        Path within the corpus.
    score : Score
        What the file holds.
    drums : Drums
        Which of its notes are drums, and by what rule.
    style, split, beat_type, drummer : str
        From the index; empty without one. `style` is the primary style, such as ``funk``.
    channel : int or None
        The channel asked for when the file was read.
    """

    name: str
    score: Score
    drums: Drums
    style: str = ""
    split: str = ""
    beat_type: str = ""
    drummer: str = ""
    channel: int | None = None

    @property
    def notes(self) -> int:
        """Number of drum hits."""
        return int(self.drums.mask.sum())

    @property
    def qpm(self) -> float:
        """First tempo of the file, or the MIDI default."""
        return self.score.tempos[0][1] if self.score.tempos else DEFAULT_QPM

    @property
    def time_signature(self) -> str:
        """First time signature of the file, such as ``4/4``, the MIDI default."""
        if not self.score.time_signatures:
            return "4/4"
        _, numerator, denominator = self.score.time_signatures[0]
        return f"{numerator}/{denominator}"

    def events(self) -> Events:
        """Take the drum hits as Events."""
        return self._events

    @cached_property
    def _events(self) -> Events:
        return events_of(self.score, self.channel)


class Rejection(NamedTuple):
    """A file that could not be used."""

    name: str
    reason: str


@dataclass(frozen=True)
class Filter:
    """Which files of a corpus to use; an empty field lets everything pass.

    Attributes
    ----------
    qpm : tuple of (float, float), optional
        Slowest and fastest first tempo, within half a quarter per minute.
    ticks_per_quarter : int, optional
        Resolution of the file.
    time_signature : str
        Such as ``4/4``.
    style, split, beat_type : str
        As the index names them; several with commas.
    min_notes : int
        Fewest drum hits.
    """

    qpm: tuple[float, float] | None = None
    ticks_per_quarter: int | None = None
    time_signature: str = ""
    style: str = ""
    split: str = ""
    beat_type: str = ""
    min_notes: int = 0

    @staticmethod
    def parse_qpm(text: str) -> tuple[float, float]:
        """Read ``96`` or ``90-120``.

        Raises
        ------
        InvalidValueError
            If it is neither a number nor a range.

        Examples
        --------
        >>> Filter.parse_qpm("96"), Filter.parse_qpm("90-120")
        ((96.0, 96.0), (90.0, 120.0))
        """
        try:
            low, _, high = text.partition("-")
            bounds = float(low), float(high or low)
        except ValueError:
            bounds = (1.0, 0.0)
        if not 0 < bounds[0] <= bounds[1]:
            raise InvalidValueError(f"qpm must be a number or a range such as 90-120, got {text!r}")
        return bounds

    def accepts(self, entry: Entry) -> bool:
        """Whether a file passes every field."""
        return (
            (self.qpm is None or _within(entry.qpm, self.qpm))
            and self.ticks_per_quarter in (None, entry.score.ticks_per_quarter)
            and self.time_signature in ("", entry.time_signature)
            and _listed(entry.style, self.style)
            and _listed(entry.split, self.split)
            and _listed(entry.beat_type, self.beat_type)
            and entry.notes >= self.min_notes
        )

    def __str__(self) -> str:
        """Name the fields in use, as options."""
        used = {name: value for name, value in vars(self).items() if value}
        if self.qpm:
            used["qpm"] = "-".join(f"{bound:g}" for bound in dict.fromkeys(self.qpm))
        return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in used.items())


@dataclass(frozen=True, eq=False)
class Corpus:
    """The readable files of a folder, in the order of their names, and those rejected."""

    root: str
    entries: tuple[Entry, ...]
    rejected: tuple[Rejection, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def matching(self, wanted: Filter) -> "Corpus":
        """Keep the files that a filter accepts.

        Raises
        ------
        CorpusError
            If none does.
        """
        kept = tuple(entry for entry in self.entries if wanted.accepts(entry))
        if not kept:
            raise CorpusError(
                f"none of the {len(self)} files in {self.root} passes {wanted};"
                " see what there is with: paradiddle corpus report"
            )
        return Corpus(self.root, kept, self.rejected)

    def events(self) -> list[Events]:
        """Every file as Events."""
        return [entry.events() for entry in self.entries]


def scan(path: str | Path, *, channel: int | None = None) -> Corpus:
    """Read every MIDI file in a folder and below it, in a zip archive, or a single file.

    Parameters
    ----------
    path : str or Path
        A folder, a ``.zip`` or a MIDI file. An ``info.csv`` with the column ``midi_filename``, as
        the Groove MIDI Dataset has it, adds style, split, beat type and drummer.
    channel : int, optional
        As for `paradiddle.midi.drums_of`.

    Raises
    ------
    CorpusError
        If there is no such path, no MIDI file in it, or none of them can be read as drums.
    """
    root = Path(path)
    try:
        root.stat()
        sources, index = open_sources(root)
    except FileNotFoundError:
        raise CorpusError(f"no such file or folder: {root}; check the path") from None
    except UNREADABLE as error:
        raise CorpusError(f"cannot read {root}: {one_line(error)}; check the path") from error
    if not sources:
        raise CorpusError(
            f"no MIDI files ({', '.join(SUFFIXES)}) in {root}; name a folder or .zip that has some"
        )
    entries: list[Entry] = []
    rejected: list[Rejection] = []
    for name, load in sources:
        try:
            entries.append(_entry(name, load(), index.get(name, {}), channel))
        except (ParadiddleError, *UNREADABLE) as error:
            rejected.append(Rejection(name, one_line(error)))
    if not entries:
        raise CorpusError(
            f"none of the {len(rejected)} MIDI files in {root} can be used;"
            f" {rejected[0].name}: {rejected[0].reason}"
        )
    return Corpus(str(root), tuple(entries), tuple(rejected))


def _entry(name: str, data: bytes, row: Mapping[str, str], channel: int | None) -> Entry:
    score = smf.parse(data)
    entry = Entry(
        name,
        score,
        drums_of(score, channel),
        style=(row.get("style") or "").split("/")[0],
        split=row.get("split") or "",
        beat_type=row.get("beat_type") or "",
        drummer=row.get("drummer") or "",
        channel=channel,
    )
    entry.events()  # whatever cannot become Events is refused here, by name, and not later
    return entry


def _within(qpm: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] - _QPM_TOLERANCE <= qpm <= bounds[1] + _QPM_TOLERANCE


def _listed(value: str, wanted: str) -> bool:
    return not wanted or value in [item.strip() for item in wanted.split(",")]
