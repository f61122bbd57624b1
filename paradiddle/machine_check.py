"""Proof that the graphs of drum machines and humanizers compute what our own engine computes.

The engine writes patterns of which some is known, at several temperatures and densities. The graphs
write them again with the same random numbers, their memory passed from step to step.

A draw may lie so close to its bound that two right computations, each rounding in its own order,
fall to different sides of it. Steps with such a draw are written for the sake of the memory but not
compared. How close a draw is follows from the engine alone: no graph can hide behind it.

Shapes: B batch, T time, V voices, N velocity and offset bins.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.export_check import Arrays, Case, agree
from paradiddle.fill_inputs import encoder_inputs, recall_of
from paradiddle.fill_net import FillNet, FillShape
from paradiddle.fill_pace import Pace
from paradiddle.fill_playing import play
from paradiddle.given import BEAT, Given, V, condition
from paradiddle.graph import Runner
from paradiddle.humanizer_net import HumanizerNet, HumanizerShape
from paradiddle.pattern_questions import question, repeated
from paradiddle.quanta import TICKS_PER_BIN, VELOCITIES_PER_BIN, VELOCITY_BINS
from paradiddle.sampling import softmax
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["MachineMusic", "humanizer_cases"]

_BARS, _PIECES = 2, 32  # 1,024 steps
# in turns from piece to piece, so that they meet in all combinations
_TEMPERATURES = (1.0, 0.5, 1.7)
_DENSITIES = (None, 0.5, 3.0, None)  # they lean the odds of the open cells
_SHARES_KNOWN = (0.0, 0.5, 1.0, 0.2, 0.8)
_NEAR = 1e-4  # ten times what a probability may differ by

_OUTPUTS = ("cells", "hit_logits", "dynamics_logits")

_Array = NDArray[Any]


class MachineMusic:
    """Patterns that a drum machine played, and what its network thought of every cell.

    Parameters
    ----------
    shape : FillShape
    tensors : mapping of str to float32 array
    styles : sequence of str
    """

    def __init__(
        self, shape: FillShape, tensors: Mapping[str, NDArray[np.float32]], styles: Sequence[str]
    ) -> None:
        self._shape, self._net = shape, FillNet(shape, tensors)
        self._given = _partly_known(self._net, len(styles))
        self._temperatures = np.resize(_TEMPERATURES, _PIECES)
        self._cells = np.zeros_like(self._given.cells)
        for temperature in _TEMPERATURES:
            some = np.flatnonzero(self._temperatures == temperature)
            asked = _pieces(self._given, some)
            self._cells[some] = play(self._net, asked, some.tolist(), temperature)
        self._draws = np.stack([_draws_of(seed) for seed in range(_PIECES)])
        self._leans = _leans(self._given, self._cells)
        self._inputs = encoder_inputs(self._given)
        self._encoded = self._net.encode(self._inputs)
        self._recall = recall_of(self._cells)

    def encodings(self, batch: int) -> Iterator[Case]:
        """Cut the questions into batches.

        Yields
        ------
        inputs : ``inputs`` (B, T, I)
        expected : ``encoded`` (B, T, E)
        """
        for first in range(0, _PIECES, batch):
            some = slice(first, first + batch)
            yield {"inputs": self._inputs[some]}, {"encoded": self._encoded[some]}

    def check_steps(self, name: str, run: Runner, batch: int) -> float:
        """Write all patterns again, with the same draws, the memory passed from step to step.

        Returns
        -------
        float
            As `paradiddle.export_check.agree`, over cells, and probabilities of every draw.

        Raises
        ------
        ModelError
            If the graph draws another cell, or a probability differs by more than allowed.
        """
        return max(
            agree(name, _remembering(run, self._shape), self._steps(slice(first, first + batch)))
            for first in range(0, _PIECES, batch)
        )

    def _steps(self, some: slice) -> Iterator[Case]:
        """Yield steps of some patterns in their order; the memory is for the runner to keep."""
        cells, encoded, recall = self._cells[some], self._encoded[some], self._recall[some]
        driven = self._net.drive(encoded, recall)
        session, written = self._net.session(len(cells)), np.zeros_like(cells[:, 0])
        for step in range(cells.shape[1]):
            session.step(written, driven.lstm[:, step])
            units, shades = self._net.units(session.h)
            hits = _hit_logits(self._net, units + driven.hits[:, step], cells[:, step])
            dynamics = _dynamics(self._net, shades + driven.dynamics[:, step], cells[:, step])
            inputs = self._inputs_of(some, step)
            clear = np.flatnonzero(~_close(inputs, cells[:, step], hits, dynamics))
            made = zip(_OUTPUTS, (cells[:, step], hits, dynamics), strict=True)
            yield (
                {"written": written, "compared": clear, **_as_floats(inputs)},
                {name: array[clear] for name, array in made},
            )
            written = cells[:, step]

    def _inputs_of(self, some: slice, step: int) -> dict[str, _Array]:
        """Collect what the step graph reads besides the memory and what was written."""
        return {
            "encoded": self._encoded[some, step],
            "recall": self._recall[some, step],
            "given": self._given.cells[some, step],
            "hits_known": self._given.hits_known[some, step],
            "dynamics_known": self._given.dynamics_known[some, step],
            "draws": self._draws[some, step],
            "temperature": self._temperatures[some, None],
            "lean": self._leans[some, step // STEPS_PER_BAR, None],
        }


def humanizer_cases(
    shape: HumanizerShape, tensors: Mapping[str, NDArray[np.float32]], styles: int, batch: int
) -> Iterator[Case]:
    """Questions to a humanizer, and how likely it finds each way to strike each voice.

    Yields
    ------
    inputs : ``inputs`` (B, T, I)
    expected : ``velocity`` (B, T, V, velocity bins) and ``offset`` (B, T, V, offset bins)
    """
    inputs = encoder_inputs(_questions(styles))
    generator = np.random.default_rng(0)
    # known hits at random, in the columns that tell them
    inputs[..., :V] = 1
    inputs[..., 2 * V : 3 * V] = generator.random((*inputs.shape[:2], V)) < 0.2
    net = HumanizerNet(shape, tensors)
    for first in range(0, _PIECES, batch):
        some = inputs[first : first + batch]
        found = net.distributions(some, np.ones((*some.shape[:2], V), bool))
        velocity, offset = np.split(found.reshape(*some.shape[:2], V, -1), [VELOCITY_BINS], axis=-1)
        yield {"inputs": some}, {"velocity": velocity, "offset": offset}


def _questions(styles: int, densities: Sequence[float | None] = (None,)) -> Given:
    """Open questions, with each style and each density in turn."""
    nothing = np.zeros((STEPS_PER_BAR * _BARS, 3 * V), np.float32)
    given = repeated(question(nothing, condition([0.0] * styles, 100, None, BEAT)), _PIECES)
    wishes = [
        condition(
            np.eye(styles)[k % styles] if styles else [],
            80.0 + 3 * k,
            densities[k % len(densities)],
            BEAT,
        )
        for k in range(_PIECES)
    ]
    given.conditions[...] = np.stack(wishes)
    return given


def _partly_known(net: FillNet, styles: int) -> Given:
    """Questions about patterns of the model's own, of which cells at random are known."""
    played = play(net, _questions(styles), list(range(_PIECES, 2 * _PIECES)))
    given = _questions(styles, _DENSITIES)
    given.cells[...] = played
    generator = np.random.default_rng(0)
    shares = np.resize(_SHARES_KNOWN, _PIECES)[:, None, None]
    given.hits_known[...] = generator.random(given.hits_known.shape) < shares
    given.dynamics_known[...] = generator.random(given.hits_known.shape) < 0.5
    return given


def _pieces(given: Given, some: _Array) -> Given:
    return Given(*(array[some] for array in vars(given).values()))


def _draws_of(seed: int) -> NDArray[np.float64]:
    """Random numbers that `paradiddle.fill_playing.play` takes, (T, V, 5)."""
    return np.random.default_rng(seed).random((STEPS_PER_BAR * _BARS, V, 5))


def _leans(given: Given, cells: _Array) -> _Array:
    """Tell what keeping pace added to the log odds of each bar, (B, bars)."""
    pace, leans = Pace(given), []
    for bar in range(_BARS):
        asked = given.bars(bar, bar + 1)
        leans.append(pace.lean(asked))
        pace.hear(asked, cells[:, bar * STEPS_PER_BAR : (bar + 1) * STEPS_PER_BAR])
    return np.stack(leans, axis=1)


def _as_floats(inputs: Arrays) -> dict[str, _Array]:
    return {name: np.asarray(array, np.float32) for name, array in inputs.items()}


def _close(inputs: Arrays, cells: _Array, hits: _Array, dynamics: _Array) -> NDArray[np.bool_]:
    """Whether a draw of a step lies so close to its bound that rounding may decide it, (B,)."""
    draws, temperature = inputs["draws"], inputs["temperature"]  # (B, V, 5), (B, 1)
    odds = np.log(np.maximum(draws[..., 0], 1e-300) / (1 - draws[..., 0]))
    gap = np.abs(hits - temperature * (odds - inputs["lean"])) / np.maximum(1, np.abs(hits))
    close = ~inputs["hits_known"] & (gap < _NEAR)
    open_hits = (cells[:, :V] > 0) & ~(inputs["hits_known"] & inputs["dynamics_known"])
    cooled = np.asarray(dynamics / temperature[..., None], np.float32)
    parts = np.split(cooled, [VELOCITY_BINS], axis=-1)
    for logits, per_bin, first in zip(
        parts, (VELOCITIES_PER_BIN, TICKS_PER_BIN), (1, 3), strict=True
    ):
        bounds = softmax(logits).cumsum(-1)  # (B, V, bins)
        gap = np.abs(bounds - draws[..., first, None]).min(-1)
        place = per_bin * draws[..., first + 1]
        gap = np.minimum(gap, np.abs(place - np.rint(place)))
        close |= open_hits & (gap < _NEAR)
    return np.asarray(close.any(-1))


def _remembering(run: Runner, shape: FillShape) -> Runner:
    """Keep a step graph's memory from one call to the next, and give the rows to be compared."""
    memory: dict[str, _Array] = {}

    def step(inputs: Arrays) -> dict[str, _Array]:
        count = len(inputs["written"])
        zeros = np.zeros((shape.layers, count, shape.hidden), np.float32)
        state = {name: memory.get(name, zeros) for name in ("h_in", "c_in")}
        found = run({**inputs, **state})
        memory.update(h_in=found["h_out"], c_in=found["c_out"])
        return {name: found[name][inputs["compared"]] for name in _OUTPUTS}

    return step


def _hit_logits(net: FillNet, units: _Array, cells: _Array) -> _Array:
    """Log odds of every hit given those of the voices before it, (B, V)."""
    heads = net.heads
    units = units.reshape(len(units), V, -1) + np.einsum(
        "bu,uvk->bvk", cells[:, :V], heads.hits_given
    )
    logits = np.einsum("bvk,vk->bv", np.maximum(units, 0), heads.hits_out) + heads.hits_bias
    return np.asarray(logits)


def _dynamics(net: FillNet, units: _Array, cells: _Array) -> _Array:
    """Logits of every voice's velocity and offset given what comes before, (B, V, N)."""
    units = units.reshape(len(units), V, -1)
    return np.stack(
        [net.dynamics_logits(voice, units[:, voice], cells) for voice in range(V)], axis=1
    )
