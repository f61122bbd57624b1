"""The drum machine's networks and the humanizer as graphs for other programs.

Two graphs play: one encodes a whole question, one writes a step, drawing included, so that an app
only keeps the memory, what recurs, and the random numbers. A third foretells how given strokes are
struck.

Shapes: B batch, T time, V voices, I inputs, R recalled values, E encoder, H hidden, L layers.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.fill_net import FillNet, FillShape
from paradiddle.given import V
from paradiddle.graph import BATCH, TIME, Built, Graph, Ops, Port
from paradiddle.humanizer_net import HumanizerShape
from paradiddle.quanta import (
    LOUDEST,
    OFFSET_BINS,
    TICKS_PER_BIN,
    TICKS_PER_STEP,
    VELOCITIES_PER_BIN,
    VELOCITY_BINS,
)
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["encoder_graph", "fill_step_graph", "humanizer_graph", "machine_tables"]

_EPSILON = 1e-5  # of the layer norms, see paradiddle.fill_encoder
_LEAST = 1e-30  # of what goes into a logarithm

_Tensors = Mapping[str, NDArray[np.float32]]


def machine_tables(kind: str, styles: Sequence[str], document: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what an app needs to write questions and to read answers, as JSON can hold it."""
    columns = [
        ("hits_known", V),
        ("dynamics_known", V),
        ("hits where known", V),
        ("velocities where known", V),
        ("offsets where known", V),
        ("tap: hit, velocity, offset", 3),
        ("tap known", 1),
        ("step of the bar, one-hot", STEPS_PER_BAR),
        ("bar of the phrase of 4, one-hot; the fifth for unknown", 5),
        ("style, one weight each", len(styles)),
        ("(qpm - 110) / 40, and 1; or 0, 0", 2),
        ("hits a step - 1.5, and 1; or 0, 0", 2),
        ("beat, fill", 2),
    ]
    return {
        "kind": kind,
        "voices": list(document["voices"]["names"]),
        "styles": list(styles),
        "qpm": dict(document.get("qpm", {})),
        "steps_per_bar": STEPS_PER_BAR,
        "velocity_bins": VELOCITY_BINS,
        "offset_bins": OFFSET_BINS,
        "inputs": [{"what": what, "columns": count} for what, count in columns],
    }


def encoder_graph(shape: FillShape, tensors: _Tensors) -> Graph:
    """Graph of the encoder: a whole question in, its encoding out."""
    return Graph(
        "encoder",
        "Reads a whole question to the drum machine in both directions.",
        (_rows_of(shape.inputs),),
        (Port("encoded", (BATCH, TIME, shape.encoder), "encoding of every step"),),
        partial(_encoder, tensors, shape.dilations),
    )


def humanizer_graph(shape: HumanizerShape, tensors: _Tensors) -> Graph:
    """Graph of the humanizer: hits in, how likely each way to strike them is out."""
    bins = (("velocity", shape.fields[0]), ("offset", shape.fields[1]))
    return Graph(
        "humanizer",
        "Foretells how each given stroke of a pattern is struck.",
        (_rows_of(shape.inputs),),
        tuple(
            Port(name, (BATCH, TIME, shape.channels, size), f"probability of each {name} bin")
            for name, size in bins
        ),
        partial(_humanizer, shape, tensors),
    )


def fill_step_graph(shape: FillShape, tensors: _Tensors) -> Graph:
    """Graph of one step of the drum machine, which draws the hits and how they are struck."""
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


def _rows_of(width: int) -> Port:
    text = "the question, a row a step; the columns are listed in the metadata under inputs"
    return Port("inputs", (BATCH, TIME, width), text)


def _encoder(tensors: _Tensors, dilations: Sequence[int], ops: Ops, given: Built) -> dict[str, Any]:
    return {"encoded": _encoded(ops, given["inputs"], tensors, dilations)}


def _encoded(ops: Ops, inputs: Any, tensors: _Tensors, dilations: Sequence[int]) -> Any:
    """Follow `paradiddle.fill_encoder.encode`."""
    x = ops.relu(ops.affine(inputs, tensors["encoder.in"]))  # (B, T, E)
    for block, dilation in enumerate(dilations):
        name = f"encoder.{block}"
        normal = _normalised(ops, x, tensors[f"{name}.norm"])
        mix = tensors[f"{name}.mix"]
        taps = np.stack(np.split(mix[:-1], 3), axis=-1).swapaxes(0, 1)  # (out, in, 3)
        mixed = ops.conv(ops.transpose(normal, (0, 2, 1)), taps, dilation)
        units = ops.relu(ops.add(ops.transpose(mixed, (0, 2, 1)), ops.weight(mix[-1])))
        x = ops.add(x, ops.affine(units, tensors[f"{name}.out"]))
    return _normalised(ops, x, tensors["encoder.norm"])


def _normalised(ops: Ops, x: Any, scale_and_shift: NDArray[np.float32]) -> Any:
    scale, shift = scale_and_shift
    return ops.layer_norm(x, scale, shift, _EPSILON)


def _humanizer(shape: HumanizerShape, tensors: _Tensors, ops: Ops, given: Built) -> dict[str, Any]:
    """Average what the members say of every voice."""
    fields: list[list[Any]] = [[], []]
    for member in range(shape.members):
        prefix = f"{member}."
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        encoded = _encoded(ops, given["inputs"], own, shape.dilations)
        units = ops.relu(ops.affine(encoded, own["head.in"]))  # (B, T, VQ)
        logits = [
            ops.affine(
                ops.part(units, 2, voice * shape.units, (voice + 1) * shape.units, 3),
                own["head.out"][voice],
            )
            for voice in range(shape.channels)
        ]
        together = ops.concat([ops.expand(one, 2) for one in logits], 2)  # (B, T, V, N)
        for field, (start, stop) in zip(fields, _spans(shape.fields), strict=True):
            field.append(ops.softmax(ops.part(together, 3, start, stop, 4)))
    share = ops.number(1 / shape.members)
    return {
        name: ops.mul(_sum(ops, members), share)
        for name, members in zip(("velocity", "offset"), fields, strict=True)
    }


def _spans(sizes: Sequence[int]) -> list[tuple[int, int]]:
    ends = np.cumsum(sizes).tolist()
    return [(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _sum(ops: Ops, values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = ops.add(total, value)
    return total


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
        x, h, c = ops.lstm(x, h, c, [tensors[f"decoder.lstm.{layer}"]])
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
    placed, per_bins = [], (VELOCITIES_PER_BIN, TICKS_PER_BIN)
    spans = _spans((VELOCITY_BINS, OFFSET_BINS))
    for first, per_bin, (start, stop) in zip((1, 3), per_bins, spans, strict=True):
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
