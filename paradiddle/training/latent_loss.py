"""What the latent recipe trains on and what it measures: changed windows, nats, agreement.

Shapes: B windows, T steps, K tokens; cells, (B, T, 27), as in `paradiddle.latent_cells`.
"""

import math

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from paradiddle.latent_cells import OFFSET_SPREAD, SPREAD_RANGE, VELOCITY_SPREAD
from paradiddle.latent_file import CELLS_OUT

__all__ = ["agreement", "altered", "cell_nats"]

_LOG_2 = math.log(2)


def altered(
    cells: NDArray[np.float32], mixing: float, shifting: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Take some voices from the next window, and turn round where a window begins, (B, T, 27).

    Examples
    --------
    >>> cells = np.zeros((2, 16, 27), np.float32)
    >>> cells[0, 3] = 1
    >>> altered(cells, 0.0, 1.0, np.random.default_rng(1))[0].any(1).nonzero()[0].tolist()
    [12]
    """
    count, steps, width = cells.shape
    mixed = (rng.random((count, width // 3)) < 0.5) & (rng.random((count, 1)) < mixing)
    cells = np.where(np.tile(mixed, 3)[:, None], np.roll(cells, 1, axis=0), cells)
    starts = np.where(rng.random(count) < shifting, rng.integers(0, steps, count), 0)
    order = (np.arange(steps) + starts[:, None]) % steps  # (B, T)
    return np.take_along_axis(cells, np.expand_dims(order, 2), axis=1)


def cell_nats(outputs: Tensor, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How surprising hits, velocities and offsets are to the decoder, in nats a window.

    Parameters
    ----------
    outputs : float32 tensor, shape (B, K, 180)
    cells : float32 tensor, shape (B, T, 27)

    Returns
    -------
    three float32 tensors, shape (B,)
    """
    hits, velocities, offsets = cells.chunk(3, -1)
    logits, *values = _split(outputs)
    nats = functional.binary_cross_entropy_with_logits(logits, hits, reduction="none")
    return (
        nats.sum((1, 2)),
        _laplace(hits, velocities, values[0].sigmoid(), values[1], VELOCITY_SPREAD),
        _laplace(hits, offsets, 0.5 * values[2].tanh(), values[3], OFFSET_SPREAD),
    )


def _split(outputs: Tensor) -> tuple[Tensor, ...]:
    """Five values of every cell, (B, T, 9) each."""
    values = outputs.reshape(len(outputs), -1, CELLS_OUT)
    return values.chunk(5, -1)


def _laplace(hits: Tensor, truth: Tensor, centre: Tensor, spread: Tensor, start: float) -> Tensor:
    """Nats of a Laplace distribution over the hits."""
    logarithm = spread.clamp(-SPREAD_RANGE, SPREAD_RANGE) + start
    nats = (truth - centre).abs() * (-logarithm).exp() + logarithm + _LOG_2
    return (hits * nats).sum((1, 2))


def agreement(outputs: Tensor, cells: Tensor) -> dict[str, float]:
    """Count, over windows, what decoded and real ones agree in."""
    hits, velocities, offsets = cells.chunk(3, -1)
    logits, velocity, _, offset, _ = _split(outputs)
    played, real = logits > 0, hits > 0
    right, full = played & real, real.any(-1)
    return {
        "right": float(right.sum()),
        "played": float(played.sum()),
        "real": float(real.sum()),
        "exact": float(((played == real).all(-1) & full).sum()),
        "full": float(full.sum()),
        "velocity": float((right * (velocity.sigmoid() - velocities).abs()).sum()),
        "offset": float((right * (0.5 * offset.tanh() - offsets).abs()).sum()),
    }
