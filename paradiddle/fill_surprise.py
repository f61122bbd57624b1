"""How surprised a fill-in network is by music: exact likelihoods, each step given those before it.

Shapes: B patterns, T steps, V = 9 voices, K and Q units a voice of the heads of hits and dynamics.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.fill_inputs import Recall
from paradiddle.fill_net import Driven, FillNet
from paradiddle.fill_playing import encoded_bars
from paradiddle.given import Given, V
from paradiddle.quanta import VELOCITY_BINS, offset_bin, velocity_bin
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["Bits", "asked_logits", "heard_bars", "surprise"]

_Array = NDArray[np.float32]


class Bits(NamedTuple):
    """Surprisal in bits of what was not known.

    Attributes
    ----------
    hits : float32 array, shape (B, T)
        Of the hits and rests of a step.
    velocities, offsets : float32 arrays, shape (B, T, 9)
        Of the bin of each hit's velocity and offset, see `paradiddle.quanta`; 0 elsewhere.
    """

    hits: _Array
    velocities: _Array
    offsets: _Array


def surprise(net: FillNet, given: Given) -> Bits:
    """Measure the true cells, which `given` holds besides saying which of them are known.

    Parameters
    ----------
    net : FillNet
    given : Given
        B questions of whole bars.

    Raises
    ------
    InvalidValueError
        If they are not of whole bars.
    """
    bars = [_bar(net, *heard) for heard in heard_bars(net, given)]
    return Bits(*(np.concatenate(parts, axis=1) for parts in zip(*bars, strict=True)))


def heard_bars(net: FillNet, given: Given) -> Iterator[tuple[Driven, _Array, Given]]:
    """Let a network hear the true cells.

    Yields
    ------
    Driven
        What encoding and past bars add to the heads of a bar.
    float32 array, shape (B, 16, H)
        Twice the hidden states of its steps, each before that step is heard.
    Given
        The bar itself.
    """
    session, recall = net.session(len(given)), Recall(len(given))
    written = np.zeros((len(given), 3 * V), np.float32)
    for bar, encoded in encoded_bars(net, given):
        true = given.bars(bar, bar + 1)
        driven = net.drive(encoded, recall.next_bar())
        hidden = np.empty((len(given), STEPS_PER_BAR, net.shape.hidden), np.float32)
        for step in range(STEPS_PER_BAR):
            session.step(written, driven.lstm[:, step])
            hidden[:, step], written = session.h, true.cells[:, step]
        recall.add(true.cells)
        yield driven, hidden, true


def _bar(net: FillNet, driven: Driven, hidden: _Array, true: Given) -> Bits:
    """Measure one bar."""
    hits = true.cells[..., :V]
    hit_units, dynamics_units = net.units(hidden)
    asked = ~true.hits_known
    velocities, offsets = _dynamics_bits(net, dynamics_units + driven.dynamics, true)
    return Bits(
        (_hit_bits(net, hit_units + driven.hits, hits) * asked).sum(-1), velocities, offsets
    )


def _hit_bits(net: FillNet, units: _Array, hits: _Array) -> _Array:
    """Surprisal of each cell, (B, 16, V), from units of the hit head, (B, 16, VK)."""
    heads = net.heads
    units = units + hits @ heads.hits_given.reshape(V, -1)
    active = np.maximum(units, 0).reshape(*hits.shape, -1)
    logits = np.einsum("btvk,vk->btv", active, heads.hits_out) + heads.hits_bias
    return np.asarray(np.logaddexp(0, np.where(hits > 0, -logits, logits)) / np.log(2), np.float32)


def _dynamics_bits(net: FillNet, units: _Array, true: Given) -> tuple[_Array, _Array]:
    """Surprisal of velocities and offsets, (B, 16, V), from units, (B, 16, VQ)."""
    hits, velocities, offsets = np.split(true.cells, 3, axis=-1)
    result = np.zeros((2, *hits.shape), np.float32)
    for voice, rows, logits in asked_logits(net, units, true):
        parts = np.split(logits, [VELOCITY_BINS], axis=-1)
        truths = velocity_bin(velocities[rows, voice]), offset_bin(offsets[rows, voice])
        for k, (part, truth) in enumerate(zip(parts, truths, strict=True)):
            result[k, rows, voice] = _category_bits(part, truth)
    return result[0], result[1]


def asked_logits(
    net: FillNet, units: _Array, true: Given
) -> Iterator[tuple[int, NDArray[np.bool_], _Array]]:
    """Compute what velocities and offsets are asked, from units, (B, 16, VQ).

    Yields
    ------
    int
        A voice.
    bool array, shape (B, 16)
        Its n hits whose dynamics are not known.
    float32 array, shape (n, N)
        Logits of their velocity bins and offset bins.
    """
    hits = true.cells[..., :V] > 0
    units = units.reshape(*hits.shape, -1)  # (B, 16, V, Q)
    asked = hits & ~true.dynamics_known
    for voice in range(V):
        rows = asked[..., voice]
        yield voice, rows, net.dynamics_logits(voice, units[rows, voice], true.cells[rows])


def _category_bits(logits: _Array, truth: NDArray[np.int64]) -> _Array:
    """Surprisal of a category in each row, (n, m) and (n,) to (n,)."""
    logits = logits - logits.max(-1, keepdims=True)
    chosen = np.take_along_axis(logits, truth[:, None], -1)[:, 0]
    return np.asarray((np.log(np.exp(logits).sum(-1)) - chosen) / np.log(2), np.float32)
