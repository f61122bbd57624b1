"""Tiny latent models with random weights, and patterns for them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import condition_width
from paradiddle.latent_file import LatentShape, write_model
from paradiddle.latent_net import MixerShape, PriorShape
from paradiddle.pattern import Pattern

STYLES = ("funk", "jazz")


def latent_shape(bars: int, styles: int = len(STYLES)) -> LatentShape:
    """Sizes of a tiny model."""
    return LatentShape(
        MixerShape(4 * bars, 108, 180, 12, 6, 10, 2),
        PriorShape(5, condition_width(styles), 10, 8, 2),
    )


def random_weights(
    shapes: dict[int, LatentShape], seed: int = 0, scale: float = 0.4
) -> dict[str, NDArray[np.float32]]:
    """Weights of every model, by their names in a file."""
    generator = np.random.default_rng(seed)
    return {
        f"{bars}.{name}": (generator.standard_normal(size) * scale).astype(np.float32)
        for bars, shape in shapes.items()
        for name, size in shape.tensors().items()
    }


def write_latent(path: Path, lengths: tuple[int, ...] = (2, 4), seed: int = 0) -> Path:
    """Write a tiny model file."""
    shapes = {bars: latent_shape(bars) for bars in lengths}
    document = {"encoding": {"qpm": 97.0}}
    write_model(path, shapes, STYLES, document, random_weights(shapes, seed))
    return path


def groove_of(bars: int, seed: int = 0, qpm: float = 100) -> Pattern:
    """Give a random pattern, no bar of which is silent."""
    generator = np.random.default_rng(seed)
    hits = generator.random((16 * bars, 9)) < 0.2
    hits[::16, 0] = True
    velocities = generator.uniform(0.1, 1, hits.shape)
    offsets = generator.uniform(-0.3, 0.3, hits.shape)
    return Pattern(hits, velocities, offsets, qpm)
