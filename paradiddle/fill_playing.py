"""Writes patterns with a fill-in network, step by step: what is known is kept, the rest is drawn.

Shapes: B patterns, T steps, V = 9 voices, K and Q units a voice of the heads of hits and dynamics.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError
from paradiddle.fill_inputs import Recall, encoder_inputs
from paradiddle.fill_net import Driven, FillNet
from paradiddle.fill_pace import Pace
from paradiddle.given import Given, V
from paradiddle.quanta import VELOCITY_BINS, median_offset, median_velocity, offset_in, velocity_in
from paradiddle.sampling import softmax
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["encoded_bars", "play"]

_CHUNK_BARS = 16  # encoded at once: memory stays the same however long the piece
_DRAWS = 5  # a cell: hit, velocity bin, place in it, offset bin, place in it
_SURE = np.float32(1e30)

_Array = NDArray[np.float32]


def play(
    net: FillNet, given: Given, seeds: Sequence[int | None], temperature: float = 1.0
) -> _Array:
    """Write every step of every pattern.

    Parameters
    ----------
    net : FillNet
    given : Given
        B questions of whole bars.
    seeds : sequence of B int or None
        What is drawn for a pattern depends on its seed alone; None is different every time.
    temperature : float, default 1
        0 takes the likeliest hits and the medians of velocity and offset, 1 draws as learned.

    Returns
    -------
    float32 array, shape (B, T, 27)
        Cells; those known are as they were, bit for bit.

    Raises
    ------
    InvalidValueError
        If the questions are not of whole bars, or there are more or fewer seeds.
    """
    if len(seeds) != len(given):
        raise InvalidValueError(f"{len(given)} questions need as many seeds, got {len(seeds)}")
    generators = [np.random.default_rng(seed) for seed in seeds]
    writer = _Writer(net, given, temperature)
    for bar, encoded in encoded_bars(net, given):
        draws = np.stack([one.random((STEPS_PER_BAR, V, _DRAWS)) for one in generators])
        writer.write_bar(bar, encoded, draws)
    return writer.cells


def encoded_bars(net: FillNet, given: Given) -> Iterator[tuple[int, _Array]]:
    """Yield the number and the encoding of every bar, (B, 16, E), some encoded together.

    Raises
    ------
    InvalidValueError
        If the questions are not of whole bars.
    """
    bars, more = divmod(given.steps, STEPS_PER_BAR)
    if more:
        raise InvalidValueError(
            f"questions must be whole bars of {STEPS_PER_BAR} steps, got {given.steps} steps;"
            " lengthen them with paradiddle.pattern_questions.whole_bars"
        )
    reach = -(-net.shape.reach // STEPS_PER_BAR)
    for first in range(0, bars, _CHUNK_BARS):
        last = min(first + _CHUNK_BARS, bars)
        seen = max(first - reach, 0)
        encoded = _encoded(net, given.bars(seen, last + reach))
        for bar in range(first, last):
            start = (bar - seen) * STEPS_PER_BAR
            yield bar, encoded[:, start : start + STEPS_PER_BAR]


def _encoded(net: FillNet, given: Given) -> _Array:
    """Encode questions, (B, T, E); one that is asked many times over is read once."""
    inputs = encoder_inputs(given)
    if (inputs == inputs[:1]).all():
        inputs = inputs[:1]
    encoded = net.encode(inputs)
    return np.broadcast_to(encoded, (len(given), *encoded.shape[1:]))


class _Writer:
    """The state of B patterns that are being written."""

    def __init__(self, net: FillNet, given: Given, temperature: float) -> None:
        batch = len(given)
        self.cells = np.zeros_like(given.cells)  # (B, T, 3V)
        self._net, self._given, self._temperature = net, given, temperature
        self._session, self._recall = net.session(batch), Recall(batch)
        self._pace = Pace(given)
        self._written = np.zeros((batch, 3 * V), np.float32)
        self._hits = _hits_of_one if batch == 1 else _hits_of_many

    def write_bar(self, bar: int, encoded: _Array, draws: NDArray[np.float64]) -> None:
        """Write a bar, given its encoding, (B, 16, E), and uniform draws, (B, 16, V, 5)."""
        given = self._given.bars(bar, bar + 1)
        driven = self._net.drive(encoded, self._recall.next_bar())
        thresholds = self._thresholds(given, draws[..., 0])
        rests = given.cells[..., :V] == 0
        settled = given.hits_known & (given.dynamics_known | rests)  # (B, 16, V)
        done, hits_known = settled.all((0, 2)), bool(given.hits_known.all())
        cells = self.cells[:, bar * STEPS_PER_BAR : (bar + 1) * STEPS_PER_BAR]
        cells[...] = np.where(np.tile(settled, 3), given.cells, 0)
        for step in range(STEPS_PER_BAR):
            self._session.step(self._written, driven.lstm[:, step])
            self._written = cells[:, step]
            if not done[step]:
                hits, units = self._place_hits(driven, step, thresholds, hits_known)
                self._written[:, :V] = hits
                self._shade(self._written, settled[:, step], units, draws[:, step, :, 1:])
        self._recall.add(cells)
        self._pace.hear(given, cells)

    def _thresholds(self, given: Given, draws: NDArray[np.float64]) -> _Array:
        """Log odds above which each cell, (B, 16, V), becomes a hit; known ones are certain."""
        odds = self._temperature * np.log(np.maximum(draws, 1e-300) / (1 - draws))
        certain = np.where(given.cells[..., :V] > 0, -_SURE, _SURE)
        lean = (self._temperature or 1) * self._pace.lean(given)[:, None, None]
        free = odds - self._net.heads.hits_bias - lean
        return np.where(given.hits_known, certain, free).astype(np.float32)

    def _place_hits(
        self, driven: Driven, step: int, thresholds: _Array, known: bool
    ) -> tuple[_Array, _Array]:
        """Decide the hits of a step, (B, V), and compute the units that shade them, (B, V, Q)."""
        net, hidden = self._net, self._session.h
        if known:
            hits = (thresholds[:, step] < 0).astype(np.float32)
            dynamics = net.dynamics_units(hidden)
        else:
            units, dynamics = net.units(hidden)
            units += driven.hits[:, step]
            hits = self._hits(net, units.reshape(len(units), V, -1), thresholds[:, step])
        dynamics += driven.dynamics[:, step]
        return hits, dynamics.reshape(len(hits), V, -1)

    def _shade(
        self, cells: _Array, settled: NDArray[np.bool_], units: _Array, draws: NDArray[np.float64]
    ) -> None:
        """Give the hits of a step, in `cells` (B, 3V), velocities and offsets, voice by voice."""
        open_hits = (cells[:, :V] > 0) & ~settled
        for voice in np.flatnonzero(open_hits.any(0)).tolist():
            rows = np.flatnonzero(open_hits[:, voice])
            logits = self._net.dynamics_logits(voice, units[rows, voice], cells[rows])
            velocity, offset = self._drawn(logits, draws[rows, voice])
            cells[rows, V + voice], cells[rows, 2 * V + voice] = velocity, offset

    def _drawn(self, logits: _Array, draws: NDArray[np.float64]) -> tuple[_Array, _Array]:
        """Draw velocities and offsets from logits, (n, N), by uniform draws, (n, 4)."""
        velocity, offset = logits[:, :VELOCITY_BINS], logits[:, VELOCITY_BINS:]
        if self._temperature == 0:
            return median_velocity(softmax(velocity)), median_offset(softmax(offset))
        shade = np.float32(self._temperature)
        return (
            velocity_in(_bins(velocity / shade, draws[:, 0]), draws[:, 1]),
            offset_in(_bins(offset / shade, draws[:, 2]), draws[:, 3]),
        )


def _hits_of_one(net: FillNet, units: _Array, thresholds: _Array) -> _Array:
    """Decide a step of one pattern: all voices at once, again from the one after each hit."""
    heads = net.heads
    hits = np.zeros((1, V), np.float32)
    units, bounds, voice = units[0], thresholds[0], 0
    while voice < V:
        odds = np.einsum("vk,vk->v", np.maximum(units[voice:], 0), heads.hits_out[voice:])
        above = odds > bounds[voice:]
        first = int(above.argmax())
        if not above[first]:
            break
        voice += first
        hits[0, voice] = 1
        units[voice + 1 :] += heads.hits_given[voice, voice + 1 :]
        voice += 1
    return hits


def _hits_of_many(net: FillNet, units: _Array, thresholds: _Array) -> _Array:
    """Decide a step of several patterns, voice by voice."""
    heads = net.heads
    hits = np.zeros(thresholds.shape, np.float32)
    for voice in range(V):
        odds = np.maximum(units[:, voice], 0) @ heads.hits_out[voice]
        hits[:, voice] = odds > thresholds[:, voice]
        rows = np.flatnonzero(hits[:, voice])
        if len(rows) and voice < V - 1:
            units[rows, voice + 1 :] += heads.hits_given[voice, voice + 1 :]
    return hits


def _bins(logits: _Array, draws: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw a category from each row of logits, (n, m), by a uniform draw, (n,)."""
    rising = np.exp(logits - logits.max(1, keepdims=True)).cumsum(1)
    return np.asarray((rising <= draws[:, None] * rising[:, -1:]).sum(1))
