"""The drummer: an LSTM over drum events that plays on and on.

After Hollemans, *Recurrent neural networks with Swift and Accelerate* (2017): started from a random
memory and a random first event, it predicts the next event, draws it, and takes that as its input.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range, check_seed
from paradiddle.drummer_file import read_model
from paradiddle.encoding import DEFAULT_RESOLUTION, Vocabulary
from paradiddle.engine import Lstm
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.events import Events
from paradiddle.sampling import Sampler
from paradiddle.timing import DEFAULT_QPM, TICKS_PER_QUARTER, check_qpm

__all__ = ["DEFAULT_MODEL", "Drummer", "Length", "monkey"]

DEFAULT_MODEL = Path(__file__).parent / "models" / "drummer.safetensors"

_MAX_NOTES = 1_000_000  # of one piece
_MAX_TOGETHER = 10_000_000  # of all that are played side by side


@dataclass(frozen=True)
class Length:
    """How long to play: by exactly one of notes, bars or seconds.

    Raises
    ------
    InvalidValueError
        If none or several are given, or one is out of range.

    Examples
    --------
    >>> Length(bars=4).ticks(qpm=120, quarters_per_bar=4)
    7680.0
    """

    notes: int | None = None
    bars: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        given = {name: value for name, value in vars(self).items() if value is not None}
        if len(given) != 1:
            raise InvalidValueError(
                f"give one of notes, bars or seconds, got {', '.join(given) or 'none'}"
            )
        for name, value in given.items():
            limit = {"notes": _MAX_NOTES, "bars": 100_000, "seconds": 7200}[name]
            smallest = 1 if name == "notes" else 0.01
            check_range(name, np.array([value]), smallest, limit, remedy="try 1000 notes")
        if self.notes is not None and self.notes != int(self.notes):
            raise InvalidValueError(f"notes must be a whole number, got {self.notes}; round it")

    def ticks(self, qpm: float, quarters_per_bar: float) -> float:
        """Length in ticks; infinite where only the notes count.

        Raises
        ------
        InvalidValueError
            If `qpm` is no speed a MIDI file can hold.
        """
        check_qpm(qpm)
        if self.bars is not None:
            return float(self.bars * quarters_per_bar * TICKS_PER_QUARTER)
        if self.seconds is not None:
            return self.seconds * qpm / 60 * TICKS_PER_QUARTER
        return float("inf")


class Drummer:
    """A trained event model, ready to play.

    Parameters
    ----------
    vocabulary : Vocabulary
        What the indices mean.
    lstm : Lstm
        The network over the vocabulary's fields.
    document : mapping, optional
        Where the model came from; see `paradiddle.weights`.

    Examples
    --------
    >>> drummer = Drummer.load()
    >>> len(drummer.play(Length(notes=100), seed=1))
    100
    >>> drummer.play(Length(notes=100), seed=1) == drummer.play(Length(notes=100), seed=1)
    True
    """

    def __init__(
        self, vocabulary: Vocabulary, lstm: Lstm, document: Mapping[str, Any] | None = None
    ) -> None:
        tables = vocabulary.sizes + vocabulary.extra_inputs
        if lstm.shape.input_sizes != tables:
            raise ModelError(
                f"the tables hold {tables} values, the weights {lstm.shape.input_sizes}"
            )
        self.vocabulary, self.lstm = vocabulary, lstm
        self._ticks = np.array(vocabulary.ticks, np.int64)
        self.document = dict(document or {})

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Drummer":
        """Open a model file, by default the drummer that comes with the package.

        Raises
        ------
        ModelError
            If the file is damaged, of another version or no drummer.
        """
        shape, vocabulary, file = read_model(path or DEFAULT_MODEL)
        return cls(vocabulary, Lstm(shape, file.tensors), file.document)

    @property
    def qpm(self) -> float:
        """Speed the model learned from, or 120 where its file does not say."""
        return float(self.document.get("encoding", {}).get("qpm", DEFAULT_QPM))

    @property
    def resolution(self) -> int:
        """Rounding of the ticks that the model learned from."""
        return int(self.document.get("encoding", {}).get("resolution", DEFAULT_RESOLUTION))

    def play(
        self,
        length: Length,
        seed: int | None = None,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        state_scale: float = 0.1,
        qpm: float | None = None,
    ) -> Events:
        """Play something new; see `play_many` for the settings."""
        pieces = self.play_many(
            length,
            [seed],
            temperature=temperature,
            top_p=top_p,
            state_scale=state_scale,
            qpm=qpm,
        )
        return pieces[0]

    def play_many(
        self,
        length: Length,
        seeds: list[int | None],
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        state_scale: float = 0.1,
        qpm: float | None = None,
    ) -> list[Events]:
        """Play several pieces side by side, one for each seed.

        Parameters
        ----------
        length : Length
            How long each piece is.
        seeds : list of int or None
            One a piece; the same list gives the same music, None something new every time. Sums
            are rounded differently for one stream than for several, so that in time a piece
            differs from what `play` makes of the same seed.
        temperature, top_p : float
            As for `paradiddle.sampling.Sampler`.
        state_scale : float, default 0.1
            The random memory is uniform in plus or minus this.
        qpm : float, optional
            Speed of the result, by default that of the music the model learned from.

        Raises
        ------
        InvalidValueError
            If a setting is out of range, or all pieces together would exceed ten million notes.
        ModelError
            If the model plays on and on without getting anywhere.
        """
        check_at_least("number of seeds", len(seeds), 1, "give one for each piece")
        speed = self.qpm if qpm is None else qpm
        end = length.ticks(speed, self.vocabulary.quarters_per_bar)
        stream = self._stream(seeds, temperature, top_p, state_scale)
        played = _collected(stream, len(seeds), length, end, self.vocabulary)
        return [
            _trimmed(self.vocabulary.decode(played[:, k], speed), end) for k in range(len(seeds))
        ]

    def stream(
        self,
        seed: int | None = None,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        state_scale: float = 0.1,
    ) -> Iterator[NDArray[np.int64]]:
        """Play without end.

        Yields
        ------
        int64 array, shape (F,)
            Indices of the next event, for `Vocabulary.decode`.
        """
        return (row[0] for row in self._stream([seed], temperature, top_p, state_scale))

    def _stream(
        self, seeds: list[int | None], temperature: float, top_p: float, state_scale: float
    ) -> Iterator[NDArray[np.int64]]:
        """Yield (B, F) indices for ever.

        The random first event stands on a bar line, and is heard by the network alone.
        """
        check_range("state_scale", np.array([state_scale]), 0, 100, remedy="try 0.1")
        sampler = Sampler(seeds, temperature, top_p)
        memory, first = self._random_start(seeds, state_scale)
        session = self.lstm.session(len(seeds), *memory)
        row, elapsed = first, np.zeros(len(seeds), np.int64)
        while True:
            row = sampler.draw(session.step(self._read(row, elapsed)))
            elapsed += self._ticks[row[:, 1]]
            yield row

    def _read(self, row: NDArray[np.int64], elapsed: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add to events, (B, F), what the network reads besides: their place in the bar."""
        if not self.vocabulary.places:
            return row
        return np.concatenate([row, self.vocabulary.place(elapsed)[:, None]], axis=1)

    def _random_start(
        self, seeds: list[int | None], scale: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Random h and c, (2, cells, B, H), and a random first event, (B, F), for each seed."""
        shape = self.lstm.shape
        size = (2, shape.layers * len(shape.directions), shape.hidden)
        memories, events = [], []
        for seed in seeds:
            # apart from the stream that the draws use
            generator = np.random.default_rng(None if seed is None else [seed, 1])
            memories.append(generator.uniform(-scale, scale, size).astype(np.float32))
            events.append(generator.integers(0, shape.sizes))
        return np.stack(memories, axis=2), np.stack(events)


def monkey(vocabulary: Vocabulary, length: Length, seed: int | None, qpm: float) -> Events:
    """Drum like a monkey: every field uniformly random, to hear what learning is worth.

    Examples
    --------
    >>> len(monkey(Vocabulary((36, 38), (60, 120)), Length(notes=10), 0, 120))
    10
    """
    check_seed(seed)
    generator = np.random.default_rng(seed)
    end = length.ticks(qpm, vocabulary.quarters_per_bar)
    stream = (generator.integers(0, [vocabulary.sizes]) for _ in itertools.count())
    played = _collected(stream, 1, length, end, vocabulary)
    return _trimmed(vocabulary.decode(played[:, 0], qpm), end)


def _collected(
    stream: Iterator[NDArray[np.int64]],
    pieces: int,
    length: Length,
    end: float,
    vocabulary: Vocabulary,
) -> NDArray[np.int64]:
    """Take rows, (N, B, F), by their number or until every piece has reached `end` ticks."""
    most = min(_MAX_NOTES, _MAX_TOGETHER // pieces)
    if length.notes:
        remedy = f"ask for fewer or shorter pieces than {pieces} of {length.notes} notes"
        check_range("notes", np.array([length.notes]), 1, most, remedy=remedy)
        return np.stack(list(itertools.islice(stream, int(length.notes))))
    ticks = np.array(vocabulary.ticks)
    rows: list[NDArray[np.int64]] = []
    elapsed = np.zeros(pieces)
    while elapsed.min() < end:
        if len(rows) >= most:
            raise ModelError(
                f"{most} notes played and the end is not reached; ask for fewer or shorter pieces,"
                " or raise the temperature"
            )
        rows.append(next(stream))
        elapsed += ticks[rows[-1][:, 1]]
    return np.stack(rows)


def _trimmed(events: Events, end: float) -> Events:
    """Drop what comes at or after `end` ticks."""
    kept = int(np.searchsorted(events.onsets, end))
    return Events.from_onsets(
        events.notes[:kept],
        events.onsets[:kept],
        None if events.velocities is None else events.velocities[:kept],
        events.qpm,
        events.quarters_per_bar,
    )
