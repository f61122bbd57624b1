"""Tiny drummers with random weights, and a forward pass to hold theirs against."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.drummer import Drummer
from paradiddle.drummer_file import write_model
from paradiddle.encoding import Vocabulary
from paradiddle.engine import LstmShape

VOCABULARY = Vocabulary((36, 38, 42), (0, 60, 120, 240), (0.25, 0.5, 0.875))
CLASSIC = Vocabulary(VOCABULARY.notes, VOCABULARY.ticks)
PLACED = replace(VOCABULARY, places=6, ticks_per_bar=1440)  # 3/4 in eighths


def random_tensors(shape: LstmShape, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Weights strong enough that what was played before matters."""
    generator = np.random.default_rng(seed)
    return {
        name: (generator.standard_normal(size) * min(1, 3 / shape.hidden**0.5)).astype(np.float32)
        for name, size in shape.tensors().items()
    }


def write_drummer(
    path: Path,
    vocabulary: Vocabulary = VOCABULARY,
    *,
    hidden: int = 8,
    layers: int = 1,
    bidirectional: bool = False,
    document: Mapping[str, Any] | None = None,
) -> Path:
    """Write a drummer's model file."""
    shape = LstmShape(vocabulary.sizes, hidden, layers, bidirectional, vocabulary.extra_inputs)
    write_model(path, shape, vocabulary, document or {}, random_tensors(shape))
    return path


def tiny_drummer(folder: Path, vocabulary: Vocabulary = VOCABULARY, **settings: Any) -> Drummer:
    """Load a drummer of its own file."""
    return Drummer.load(write_drummer(folder / "tiny.safetensors", vocabulary, **settings))


def published_lstm(
    wx: NDArray[np.float32],
    wy: NDArray[np.float32],
    sizes: Sequence[int],
    indices: NDArray[np.integer[Any]],
    extra_inputs: Sequence[int] = (),
) -> Iterator[list[NDArray[np.float64]]]:
    """Yield each field's probabilities after each event, as the published drummer computes them.

    ``gates = [x, h, 1] @ Wx`` in column blocks f, i, o, g; ``c = σ(f)c + σ(i)tanh(g)``,
    ``h = σ(o)tanh(c)``; ``y = [h, 1] @ Wy`` and a softmax a field.
    """
    hidden, inputs = len(wy) - 1, (*sizes, *extra_inputs)
    h, c = np.zeros(hidden), np.zeros(hidden)
    for event in indices:
        x = np.concatenate([np.eye(size)[i] for size, i in zip(inputs, event, strict=True)])
        gates = np.concatenate([x, h, [1]]) @ wx.astype(np.float64)
        f, i, o = (1 / (1 + np.exp(-block)) for block in np.split(gates, 4)[:3])
        c = f * c + i * np.tanh(gates[3 * hidden :])
        h = o * np.tanh(c)
        y = np.exp(np.concatenate([h, [1]]) @ wy.astype(np.float64))
        yield [part / part.sum() for part in np.split(y, np.cumsum(sizes)[:-1])]
