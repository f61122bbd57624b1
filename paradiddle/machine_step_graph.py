"""A step of the drum machine as a graph for other programs, drawing included.

Shapes: B batch, V voices, R recalled values, E encoder, H hidden, L layers.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.fill_net import FillNet, FillShape
from paradiddle.graph import BATCH, Built, Graph, Ops, Port
from paradiddle.quanta import (
    LOUDEST,
    OFFSET_BINS,
    TICKS_PER_BIN,
    TICKS_PER_STEP,
    VELOCITIES_PER_BIN,
    VELOCITY_BINS,
)

__all__ = ["fill_step_graph"]

_LEAST = 1e-30  # of what goes into a logarithm
# of velocity and offset: number of its draw, values a bin, first logit and the one after the last
_FIELDS = (
    (1, VELOCITIES_PER_BIN, 0, VELOCITY_BINS),
    (3, TICKS_PER_BIN, VELOCITY_BINS, VELOCITY_BINS + OFFSET_BINS),
)

_Tensors = Mapping[str, NDArray[np.float32]]


def fill_step_graph(shape: FillShape, tensors: _Tensors) -> Graph:
    """Graph of one step of the drum machine, which draws the hits and how they are struck.

    Examples
    --------
    >>> from paradiddle.machine_file import shape_for
    >>> [port.name for port in fill_step_graph(shape_for(18), {}).outputs]
    ['cells', 'hit_logits', 'dynamics_logits', 'h_out', 'c_out']
    """
    cells, state = 3 * shape.channels, (shape.layers, BATCH, shape.hidden)
    voices = (BATCH, shape.channels)
    inputs = (
        Port("written", (BATCH, cells), "cells of the step before, zeros before the first"),
        Port("encoded", (BATCH, shape.encoder), "the encoder's row of this step"),
        Port("recall", (BATCH, shape.recall), "what was played at this place of the bars before"),
        Port("given", (BATCH, cells), "known cells: hits, velocities, offsets"),
        Port("hits_known", voices, "1 where a hit or a rest is given"),
        Port("dynamics_known", voices, "1 where a hit's velocity and offset are given"),
        Port("draws", (BATCH, shape.channels, 5), "uniform random numbers in [0, 1)"),
        Port("temperature", (BATCH, 1), "0.1 to 10; 1 draws as learned"),
        Port("lean", (BATCH, 1), "added, times the temperature, to each open log odds; or 0"),
        Port("h_in", state, "hidden state of every layer before the step"),
        Port("c_in", state, "cell state of every layer before the step"),
    )
    outputs = (
        Port("cells", (BATCH, cells), "what was written: hits, velocities, offsets"),
        Port(
            "hit_logits", voices, "log odds of each voice's hit, given those of the voices before"
        ),
        Port(
            "dynamics_logits",
            (BATCH, shape.channels, shape.categories),
            "logits of the velocity bins, then the offset bins, of each voice",
        ),
        Port("h_out", state, "hidden state of every layer after the step"),
        Port("c_out", state, "cell state of every layer after the step"),
    )
    return Graph(
        "step",
        "Writes one step of a pattern, given what was written, the encoding and random numbers.",
        inputs,
        outputs,
        partial(_step, shape, tensors),
    )


def _step(shape: FillShape, tensors: _Tensors, ops: Ops, given: Built) -> dict[str, Any]:
    """Follow `paradiddle.fill_net` and the loop over voices of `paradiddle.fill_playing`."""
    read = ops.concat([given["encoded"], given["recall"]], 1)
    hidden, state = _remembered(shape, tensors, ops, given, read)
    seen = ops.concat([read, hidden], 1)
    hits, logits = _hits(shape, tensors, ops, given, seen)
    shaded, dynamics = _dynamics(shape, tensors, ops, given, seen, hits)
    return {
        "cells": ops.concat([*hits, *shaded], 1),
        "hit_logits": ops.concat(logits, 1),
        "dynamics_logits": ops.concat([ops.expand(one, 1) for one in dynamics], 1),
        **state,
    }


def _remembered(
    shape: FillShape, tensors: _Tensors, ops: Ops, given: Built, read: Any
) -> tuple[Any, dict[str, Any]]:
    """Step the LSTM: the last layer's hidden state, and the state of all."""
    entered = ops.affine(ops.concat([given["written"], read], 1), tensors["decoder.in"])
    x = ops.expand(ops.relu(entered), 0)  # (1, B, H)
    states: dict[str, list[Any]] = {"h_out": [], "c_out": []}
    for layer in range(shape.layers):
        h, c = (ops.part(given[name], 0, layer, layer + 1, 3) for name in ("h_in", "c_in"))
        x, h, c = ops.lstm_step(x, h, c, [tensors[f"decoder.lstm.{layer}"]])
        states["h_out"].append(h)
        states["c_out"].append(c)
    return ops.squeeze(x, 0), {name: ops.concat(each, 0) for name, each in states.items()}


def _hits(
    shape: FillShape, tensors: _Tensors, ops: Ops, given: Built, seen: Any
) -> tuple[list[Any], list[Any]]:
    """Decide hits voice by voice; known ones stay."""
    heads, width = FillNet(shape, tensors).heads, shape.hit_units
    units = ops.affine(seen, tensors["hits.in"])  # (B, VK)
    hits: list[Any] = []
    logits: list[Any] = []
    for voice in range(shape.channels):
        own = ops.part(units, 1, voice * width, (voice + 1) * width, 2)
        if hits:
            added = ops.matmul(ops.concat(hits, 1), heads.hits_given[:voice, voice])
            own = ops.add(own, added)
        logit = ops.add(
            ops.matmul(ops.relu(own), heads.hits_out[voice][:, None]),
            ops.weight(heads.hits_bias[voice : voice + 1]),
        )
        drawn = ops.greater(logit, _bound(ops, given, voice))
        hits.append(_kept(ops, given["hits_known"], given["given"], voice, voice, drawn))
        logits.append(logit)
    return hits, logits


def _bound(ops: Ops, given: Built, voice: int) -> Any:
    """Log odds above which a voice is hit."""
    draw, least = _draw(ops, given, voice, 0), ops.number(_LEAST)
    rest = ops.sub(ops.number(1), draw)
    odds = ops.sub(ops.log(ops.maximum(draw, least)), ops.log(ops.maximum(rest, least)))
    return ops.mul(ops.sub(odds, given["lean"]), given["temperature"])


def _draw(ops: Ops, given: Built, voice: int, which: int) -> Any:
    """One random number of a voice, (B, 1)."""
    own = ops.squeeze(ops.part(given["draws"], 1, voice, voice + 1, 3), 1)
    return ops.part(own, 1, which, which + 1, 2)


def _kept(ops: Ops, known: Any, cells: Any, voice: int, column: int, drawn: Any) -> Any:
    """Take a column of the known cells where a voice is known, else what was drawn."""
    mask = ops.part(known, 1, voice, voice + 1, 2)
    given = ops.part(cells, 1, column, column + 1, 2)
    return ops.add(ops.mul(mask, given), ops.mul(ops.sub(ops.number(1), mask), drawn))


def _dynamics(
    shape: FillShape, tensors: _Tensors, ops: Ops, given: Built, seen: Any, hits: list[Any]
) -> tuple[list[Any], list[Any]]:
    """Strike the hits voice by voice: velocities then offsets, and the logits of all voices."""
    heads, width, voices = FillNet(shape, tensors).heads, shape.dynamics_units, shape.channels
    units = ops.affine(seen, tensors["dynamics.in"])  # (B, VQ)
    settled = ops.mul(given["hits_known"], given["dynamics_known"])
    velocities: list[Any] = []
    offsets: list[Any] = []
    found = []
    for voice in range(voices):
        heard = [*range(voices)]
        heard += [voices + k for k in range(voice)] + [2 * voices + k for k in range(voice)]
        before = ops.concat([*hits, *velocities, *offsets], 1)
        added = ops.matmul(before, heads.dynamics_given[voice][heard])
        own = ops.add(ops.part(units, 1, voice * width, (voice + 1) * width, 2), added)
        logits = ops.add(
            ops.matmul(ops.relu(own), heads.dynamics_out[voice]),
            ops.weight(heads.dynamics_bias[voice]),
        )
        for column, made in zip(
            (voices + voice, 2 * voices + voice), _struck(ops, given, voice, logits), strict=True
        ):
            struck = ops.mul(hits[voice], made)
            kept = _kept(ops, settled, given["given"], voice, column, struck)
            (velocities if column < 2 * voices else offsets).append(kept)
        found.append(logits)
    return [*velocities, *offsets], found


def _struck(ops: Ops, given: Built, voice: int, logits: Any) -> tuple[Any, Any]:
    """Draw a velocity and an offset, as `paradiddle.quanta` has them."""
    cooled = ops.div(logits, given["temperature"])
    placed = []
    for first, per_bin, start, stop in _FIELDS:
        rising = ops.cumsum(ops.softmax(ops.part(cooled, 1, start, stop, 2)))
        total = ops.part(rising, 1, stop - start - 1, stop - start, 2)
        bound = ops.mul(_draw(ops, given, voice, first), total)
        above = ops.sum_of(ops.greater(rising, bound), 1)
        chosen = ops.sub(ops.number(stop - start), above)
        within = ops.floor(ops.mul(_draw(ops, given, voice, first + 1), ops.number(per_bin)))
        placed.append(ops.add(ops.mul(chosen, ops.number(per_bin)), within))
    midi = ops.minimum(ops.add(placed[0], ops.number(1)), ops.number(LOUDEST))
    ticks = ops.sub(placed[1], ops.number(TICKS_PER_STEP // 2))
    return ops.div(midi, ops.number(LOUDEST)), ops.div(ticks, ops.number(TICKS_PER_STEP))
