"""Measuring a drummer: how well it predicts, and how much of what it plays is copied."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.corpus import Corpus
from paradiddle.drummer import Drummer
from paradiddle.encoding import Vocabulary
from paradiddle.errors import CorpusError
from paradiddle.events import Events, quantise
from paradiddle.sequences import Recipe

__all__ = [
    "Copying",
    "Scores",
    "copying",
    "recipe_of",
    "sequence_of",
    "teacher_forced",
]

_BLOCK = 4096  # events whose logits are held at once
_STEPS_PER_BAR = 16


@dataclass(frozen=True)
class Scores:
    """How well each next event is predicted, given all before it.

    Attributes
    ----------
    events : int
        Number of predictions: events but one.
    joint_accuracy : float
        Share of events whose note *and* ticks are both the likeliest.
    accuracy : dict of str to float
        The same for each field alone.
    bits : dict of str to float
        Mean negative log-likelihood of each field, in bits per event.
    """

    events: int
    joint_accuracy: float
    accuracy: dict[str, float]
    bits: dict[str, float]

    @property
    def total_bits(self) -> float:
        """Negative log-likelihood of whole events, in bits per event."""
        return sum(self.bits.values())

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {**asdict(self), "bits_per_event": self.total_bits}


def recipe_of(drummer: Drummer) -> Recipe | None:
    """Return how the sequence that a drummer learned was made, None where its file does not say."""
    stored = drummer.document.get("training", {}).get("sequence")
    return None if stored is None else Recipe.from_dict(stored)


def sequence_of(drummer: Drummer, corpus: Corpus, split: str = "train") -> Events:
    """Make the sequence that a drummer learned again, or one of another split in the same way.

    Parameters
    ----------
    drummer : Drummer
        Its file says how; every file of the corpus is taken where it does not.
    corpus : Corpus
        All files, not filtered.
    split : str, default "train"
        ``train`` is what the drummer learned; of another split every file is taken.

    Raises
    ------
    CorpusError
        If no file is left.
    """
    recipe = recipe_of(drummer) or Recipe(resolution=drummer.resolution)
    if split not in ("train", recipe.wanted.split):
        recipe = replace(recipe, wanted=replace(recipe.wanted, split=split), max_events=None)
    return recipe.build(corpus)


def teacher_forced(drummer: Drummer, indices: NDArray[np.int32]) -> Scores:
    """Score a drummer on a sequence, read once from start to end with the state carried.

    What a bidirectional drummer gets right is no skill: its backward half has read the answers.
    It starts anew every 4,096 events, for from the far end it cannot carry its state.

    Parameters
    ----------
    drummer : Drummer
        The model.
    indices : int32 array, shape (N, F)
        The sequence, encoded with the drummer's own vocabulary.

    Raises
    ------
    CorpusError
        If there are fewer than two events.
    """
    if len(indices) < 2:
        raise CorpusError(f"{len(indices)} events leave nothing to predict; use more files")
    inputs = drummer.vocabulary.inputs(indices)
    session = drummer.lstm.session(1)
    right: list[NDArray[np.bool_]] = []
    nats: list[NDArray[np.float64]] = []
    for start in range(0, len(indices) - 1, _BLOCK):
        targets = indices[start + 1 : start + 1 + _BLOCK]
        block = inputs[start : start + len(targets), None]  # (T, 1, F + E)
        if drummer.lstm.shape.bidirectional:
            session.set_state(None, None)
        logits = drummer.lstm.logits(block, session)[:, 0]  # (T, S)
        hits, losses = _compare(logits, targets, drummer.vocabulary.sizes)
        right.append(hits)
        nats.append(losses)
    return _scores(np.concatenate(right), np.concatenate(nats), drummer.vocabulary.fields)


def _compare(
    logits: NDArray[np.float32], targets: NDArray[np.int32], sizes: Sequence[int]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Per event and field, (T, F): whether the likeliest value is right, and its loss in nats."""
    hits, losses = [], []
    for field, target in zip(
        np.split(logits.astype(np.float64), np.cumsum(sizes)[:-1], axis=1), targets.T, strict=True
    ):
        shifted = field - field.max(axis=1, keepdims=True)
        chosen = shifted[np.arange(len(target)), target]
        hits.append(field.argmax(axis=1) == target)
        losses.append(np.log(np.exp(shifted).sum(axis=1)) - chosen)
    return np.stack(hits, axis=1), np.stack(losses, axis=1)


def _scores(right: NDArray[np.bool_], nats: NDArray[np.float64], fields: Sequence[str]) -> Scores:
    """Average over events; `right` and `nats` are (N, F)."""
    return Scores(
        len(right),
        float(right[:, :2].all(axis=1).mean()),
        {name: float(right[:, k].mean()) for k, name in enumerate(fields)},
        {name: float(nats[:, k].mean() / np.log(2)) for k, name in enumerate(fields)},
    )


@dataclass(frozen=True)
class Copying:
    """How much of what was played stands in the training files.

    Attributes
    ----------
    bars : int
        Bars looked at; silent ones are left out.
    verbatim_bars : float
        Share of bars whose hits, nine voices on 16ths, occur in the training files, at any 16th.
    longest_run : int
        Longest run of events, note and ticks, that occurs there too.
    """

    bars: int
    verbatim_bars: float
    longest_run: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def copying(played: Sequence[Events], training: Events, vocabulary: Vocabulary) -> Copying:
    """Look for what was played in the sequence that was learned.

    Parameters
    ----------
    played : sequence of Events
        New music.
    training : Events
        The sequence learned, rounded as the model saw it.
    vocabulary : Vocabulary
        To compare events by.

    Examples
    --------
    >>> beat = Events([36, 38] * 20, [0] + [480] * 39)
    >>> copying([beat], beat, Vocabulary.of(beat))
    Copying(bars=10, verbatim_bars=1.0, longest_run=39)
    """
    known = set(_bars(training, hop=1))
    bars = [bar for events in played for bar in _bars(events, hop=_STEPS_PER_BAR)]
    copied = sum(bar in known for bar in bars)
    source = _symbols(training, vocabulary)
    # the first event's ticks are set by whoever starts the clock
    pieces = [_symbols(events, vocabulary)[1:] for events in played]
    return Copying(len(bars), copied / max(len(bars), 1), _longest_run(pieces, source))


def _bars(events: Events, hop: int) -> list[bytes]:
    """Hit patterns of one bar each, from every `hop`-th step, silent ones left out."""
    hits = quantise(replace(events, quarters_per_bar=4.0)).pattern.hits
    starts = range(0, len(hits) - _STEPS_PER_BAR + 1, hop)
    return [
        hits[start : start + _STEPS_PER_BAR].tobytes()
        for start in starts
        if hits[start : start + _STEPS_PER_BAR].any()
    ]


def _symbols(events: Events, vocabulary: Vocabulary) -> NDArray[np.int32]:
    """One number for each (note, ticks)."""
    indices = vocabulary.encode(events)
    return indices[:, 0] * np.int32(len(vocabulary.ticks)) + indices[:, 1]


def _longest_run(pieces: Sequence[NDArray[np.int32]], source: NDArray[np.int32]) -> int:
    """Length of the longest run of any piece that occurs in the source, by bisection."""
    low, high = 0, max((len(piece) for piece in pieces), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        known = _runs(source, middle)
        if any(not known.isdisjoint(_runs(piece, middle)) for piece in pieces):
            low = middle
        else:
            high = middle - 1
    return low


def _runs(symbols: NDArray[np.int32], length: int) -> set[int]:
    """Hashes of every run of `length` symbols; 64 bits make a chance meeting negligible."""
    if len(symbols) < length:
        return set()
    base, value = np.uint64(0x9E3779B97F4A7C15), np.zeros(len(symbols) - length + 1, np.uint64)
    for offset in range(length):
        value = (
            value * base + symbols[offset : offset + len(value)].astype(np.uint64) + np.uint64(1)
        )
    return set(value.tolist())
