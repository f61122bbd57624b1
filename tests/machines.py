"""Tiny drum machines with random weights, and questions to them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paradiddle.fill_net import FillNet, FillShape
from paradiddle.given import Given, V, condition, tap_of
from paradiddle.machine import Machine
from paradiddle.machine_file import shape_for, write_model
from paradiddle.pattern import Pattern
from paradiddle.quanta import OFFSET_BINS, VELOCITY_BINS, offset_in, velocity_in

STYLES = ("funk", "jazz", "rock")
QPM = {"funk": 96.0, "jazz": 160.0, "rock": 120.0}
SIZES = {
    "encoder": 10,
    "dilations": (1, 4, 14),  # reaches further than a bar
    "hidden": 8,
    "layers": 2,
    "hit_units": 5,
    "dynamics_units": 4,
}


def tiny_shape() -> FillShape:
    return shape_for(len(STYLES), **SIZES)


def random_tensors(shape: FillShape, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Weights strong enough that what is given and what was written matters."""
    generator = np.random.default_rng(seed)
    return {
        name: (generator.standard_normal(size) * min(1, 2 / size[-2] ** 0.5)).astype(np.float32)
        for name, size in shape.tensors().items()
    }


def tiny_net(seed: int = 0) -> FillNet:
    return FillNet(tiny_shape(), random_tensors(tiny_shape(), seed))


def tiny_machine(seed: int = 0) -> Machine:
    return Machine(tiny_shape(), STYLES, random_tensors(tiny_shape(), seed), {"qpm": QPM})


def write_machine(path: Path, **document: object) -> Path:
    described = {"styles": list(STYLES), "qpm": QPM} | document
    write_model(path, tiny_shape(), described, random_tensors(tiny_shape()))
    return path


def random_cells(batch: int, bars: int, seed: int = 0) -> NDArray[np.float32]:
    """Cells of random music, (B, T, 27)."""
    generator = np.random.default_rng(seed)
    hits = generator.random((batch, 16 * bars, V)) < 0.2
    velocities = velocity_in(generator.integers(0, VELOCITY_BINS, hits.shape), hits * 0.4)
    offsets = offset_in(generator.integers(0, OFFSET_BINS, hits.shape), hits * 0.4)
    parts = [hits, velocities * hits, offsets * hits]
    return np.concatenate(parts, axis=-1, dtype=np.float32)


def questions(
    cells: NDArray[np.float32],
    hits_known: NDArray[np.bool_] | None = None,
    dynamics_known: NDArray[np.bool_] | None = None,
    *,
    tapped: bool = False,
) -> Given:
    """Ask about cells, (B, T, 27); every pattern has its own style, tempo and first bar."""
    batch, steps = cells.shape[:2]
    nothing = np.zeros((batch, steps, V), bool)
    return Given(
        cells,
        nothing if hits_known is None else hits_known,
        nothing if dynamics_known is None else dynamics_known,
        tap_of(cells),
        np.full(batch, tapped),
        np.arange(batch) - 1,
        np.stack([condition(np.eye(3)[k % 3], 90.0 + k, None, "beat") for k in range(batch)]),
    )


def groove_of(bars: int, seed: int = 0, qpm: float = 100) -> Pattern:
    """Make a Pattern of random music with a kick on every bar line."""
    [cells] = random_cells(1, bars, seed)
    hits, velocities, offsets = np.split(cells, 3, axis=1)
    hits[::16, 0] = velocities[::16, 0] = 1
    return Pattern(hits > 0, velocities, offsets, qpm)
