"""Recordings of a corpus as Patterns: which there are, in what styles, and windows over them.

Each file is quantised whole and cut afterwards: cut first, and a kick struck a little early on the
downbeat falls out of its window (the TFDS builds of Groove lose two of three that way).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least
from paradiddle.corpus import Corpus, Entry
from paradiddle.drums import VOICES
from paradiddle.errors import CorpusError
from paradiddle.events import quantise
from paradiddle.pattern import Pattern
from paradiddle.pattern_cells import cells_of

__all__ = [
    "FEW_RECORDINGS",
    "GRID",
    "METRE",
    "STEPS_PER_BAR",
    "Take",
    "Takes",
    "Window",
    "takes_of",
    "windows_of",
]

METRE = "4/4"
STEPS_PER_BAR = 16
GRID = {"metre": METRE, "steps_per_bar": STEPS_PER_BAR}  # as model files say it
FEW_RECORDINGS = 20  # of a style; fewer teach little


@dataclass(frozen=True, eq=False)
class Take:
    """One recording on a grid of 16ths in 4/4.

    Attributes
    ----------
    name : str
        Path within the corpus.
    pattern : Pattern
        The whole recording.
    style, split, beat_type, drummer : str
        As in `paradiddle.corpus.Entry`; empty where the corpus has no index.
    """

    name: str
    pattern: Pattern
    style: str = ""
    split: str = ""
    beat_type: str = ""
    drummer: str = ""

    @cached_property
    def cells(self) -> NDArray[np.float32]:
        """Hits, velocities and offsets side by side, float32 of shape (T, 27)."""
        return cells_of(self.pattern)


@dataclass(frozen=True)
class Takes:
    """The recordings of a corpus that fit the grid, and what was left out.

    Attributes
    ----------
    takes : tuple of Take
        In the order of their names.
    other_metres : dict of str to int
        Files in other metres, left out, by time signature.
    empty, duplicates : int
        Files left out because none of their notes is one of the nine voices, or because they hold
        the same music, to the tick, as a file before them.
    collisions, unmapped : int
        Hits that fell on a cell already taken, and notes of no voice, in the takes kept.
    """

    takes: tuple[Take, ...]
    other_metres: dict[str, int]
    empty: int = 0
    duplicates: int = 0
    collisions: int = 0
    unmapped: int = 0

    def __len__(self) -> int:
        return len(self.takes)

    def __iter__(self) -> Iterator[Take]:
        return iter(self.takes)

    def where(self, wanted: Callable[[Take], bool]) -> "Takes":
        """Keep some takes; the counts of what was left out stay those of the corpus."""
        return replace(self, takes=tuple(take for take in self.takes if wanted(take)))

    def of(self, split: str = "", beat_type: str = "") -> "Takes":
        """Keep the takes of a split and a beat type; an empty name lets all pass.

        Raises
        ------
        CorpusError
            If none is left.
        """
        kept = self.where(
            lambda take: split in ("", take.split) and beat_type in ("", take.beat_type)
        )
        if not kept.takes:
            raise CorpusError(
                f"none of the {len(self)} recordings is in split {split or 'any'} and of type"
                f" {beat_type or 'any'}; the columns split and beat_type of info.csv say which are"
            )
        return kept

    def styles(self) -> dict[str, int]:
        """Count the takes of each style, most first."""
        return dict(Counter(take.style for take in self.takes if take.style).most_common())

    def drummers_held_out(self, drummers: Collection[str]) -> "Takes":
        """Split by person: all takes of these drummers become test, what else was test trains.

        A split of files has the same drummers and sessions on both sides; this one has not.

        Raises
        ------
        CorpusError
            If one of them is not in the corpus.
        """
        known = {take.drummer for take in self.takes}
        for drummer in drummers:
            if drummer not in known:
                raise CorpusError(
                    f"no recording is by {drummer!r}; there are"
                    f" {', '.join(sorted(known - {''})) or 'none with a name'}"
                )
        return replace(self, takes=tuple(_held_out(take, drummers) for take in self.takes))


def _held_out(take: Take, drummers: Collection[str]) -> Take:
    if take.drummer in drummers:
        return replace(take, split="test")
    return replace(take, split="train" if take.split == "test" else take.split)


class Window(NamedTuple):
    """Some bars of a take.

    Attributes
    ----------
    take : Take
        Where they are from.
    start, stop : int
        First step, on a bar line, and the step after the last.
    """

    take: Take
    start: int
    stop: int

    @property
    def cells(self) -> NDArray[np.float32]:
        """As `Take.cells`, of these bars."""
        return self.take.cells[self.start : self.stop]

    @property
    def pattern(self) -> Pattern:
        """These bars as a Pattern."""
        whole, kept = self.take.pattern, slice(self.start, self.stop)
        return replace(
            whole,
            hits=whole.hits[kept],
            velocities=whole.velocities[kept],
            offsets=whole.offsets[kept],
        )


def takes_of(corpus: Corpus) -> Takes:
    """Quantise the files of a corpus to 16ths in 4/4; others are counted, not bent to fit.

    Raises
    ------
    CorpusError
        If none is in 4/4 with notes of the nine voices.
    """
    takes: list[Take] = []
    metres: Counter[str] = Counter()
    seen: set[bytes] = set()
    counts: Counter[str] = Counter()
    for entry in corpus.entries:
        if entry.time_signature != METRE:
            metres[entry.time_signature] += 1
            continue
        pattern, collisions, unmapped = quantise(entry.events())
        take = _take(entry, pattern)
        fingerprint = take.cells.tobytes()
        fate = "empty" if not pattern.hits.any() else "twin" if fingerprint in seen else "kept"
        counts[fate] += 1
        if fate == "kept":
            seen.add(fingerprint)
            takes.append(take)
            counts["collisions"] += collisions
            counts["unmapped"] += unmapped
    if not takes:
        raise CorpusError(
            f"none of the {len(corpus)} files in {corpus.root} is in {METRE} with notes of the"
            f" {len(VOICES)} voices; see what there is with: paradiddle corpus report"
        )
    return Takes(
        tuple(takes),
        dict(metres.most_common()),
        counts["empty"],
        counts["twin"],
        counts["collisions"],
        counts["unmapped"],
    )


def _take(entry: Entry, pattern: Pattern) -> Take:
    return Take(entry.name, pattern, entry.style, entry.split, entry.beat_type, entry.drummer)


def windows_of(takes: Iterable[Take], bars: int) -> list[Window]:
    """Cut whole windows of some bars, one starting at every bar line; silent ones are dropped.

    Examples
    --------
    >>> hits = np.zeros((64, 9), bool)
    >>> hits[[0, 16, 32], 0] = True
    >>> take = Take("a.mid", Pattern(hits, hits * 0.5, hits * 0))
    >>> [(window.start, window.stop) for window in windows_of([take], bars=2)]
    [(0, 32), (16, 48), (32, 64)]
    """
    check_at_least("bars", bars, 1, "ask for one bar or more")
    length = bars * STEPS_PER_BAR
    return [
        Window(take, start, start + length)
        for take in takes
        for start in range(0, take.pattern.steps - length + 1, STEPS_PER_BAR)
        if take.pattern.hits[start : start + length].any()
    ]
