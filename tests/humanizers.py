"""Tiny humanizers with random weights."""

from pathlib import Path

import numpy as np
from machines import STYLES
from numpy.typing import NDArray

from paradiddle.humanizer import Humanizer
from paradiddle.humanizer_file import humanizer_shape, write_model
from paradiddle.humanizer_net import HumanizerShape

SIZES = {"members": 2, "encoder": 6, "dilations": (1, 3), "units": 4}


def tiny_shape(**sizes: object) -> HumanizerShape:
    return humanizer_shape(len(STYLES), **(SIZES | sizes))


def random_tensors(shape: HumanizerShape, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    generator = np.random.default_rng(seed)
    return {
        name: generator.standard_normal(size).astype(np.float32)
        for name, size in shape.tensors().items()
    }


def tiny_humanizer(seed: int = 0) -> Humanizer:
    return Humanizer(tiny_shape(), STYLES, random_tensors(tiny_shape(), seed))


def write_humanizer(path: Path, **document: object) -> Path:
    write_model(
        path, tiny_shape(), {"styles": list(STYLES)} | document, random_tensors(tiny_shape())
    )
    return path
