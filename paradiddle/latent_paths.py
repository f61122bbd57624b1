"""Ways between latents: along a sphere, and in even steps of what they stand for."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["even_choice", "spherical"]

_NEARLY_STRAIGHT = 1e-3  # sine of the angle


def spherical(
    start: NDArray[np.float32], end: NDArray[np.float32], places: ArrayLike
) -> NDArray[np.float32]:
    """Go from one latent to another along a great circle (slerp: Shoemake, 1985).

    Between normally distributed points a straight line passes through where there are none.

    Parameters
    ----------
    start, end : float32 array, shape (B, Z)
    places : numbers, shape (N,)
        0 is the start, 1 the end.

    Returns
    -------
    float32 array, shape (N, B, Z)

    Examples
    --------
    >>> start, end = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
    >>> spherical(start, end, [0, 0.5, 1]).round(3).tolist()
    [[[1.0, 0.0]], [[0.707..., 0.707...]], [[0.0, 1.0]]]
    """
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = (start * end).sum(-1) / np.maximum(lengths, 1e-12)
    angle = np.arccos(cosine.clip(-1, 1))[None, :, None]  # (1, B, 1)
    sine = np.sin(angle)
    t = np.asarray(places, np.float64)[:, None, None]  # (N, 1, 1)
    straight = sine < _NEARLY_STRAIGHT
    safe = np.where(straight, 1, sine)
    first = np.where(straight, 1 - t, np.sin((1 - t) * angle) / safe)
    second = np.where(straight, t, np.sin(t * angle) / safe)
    return (first * start + second * end).astype(np.float32)


def even_choice(points: NDArray[np.floating[Any]], count: int) -> list[int]:
    """Choose points along a path so that neighbours are as evenly and as little apart as can be.

    Of all choices that include both ends, in order, it is the one with the smallest sum of squared
    distances, by dynamic programming; distance is the sum of absolute differences.

    Parameters
    ----------
    points : float array, shape (M, ...)
        What is found along the path.
    count : int
        How many to choose, 2 to M.

    Returns
    -------
    list of int
        Rising from 0 to M - 1.

    Examples
    --------
    A path that stands still in its first half:

    >>> even_choice(np.array([0, 0, 0, 0, 1, 2, 3, 4]), 3)
    [0, 5, 7]
    """
    flat = points.reshape(len(points), -1)
    distances = np.stack([np.abs(flat - point).sum(1, dtype=np.float64) for point in flat])
    onwards = np.triu(np.ones(distances.shape, bool), 1)
    costs = np.where(onwards, distances**2, np.inf)
    best, before = costs[0], []  # from the start to each point, after one hop
    for _ in range(count - 2):
        total = best[:, None] + costs
        before.append(total.argmin(0))
        best = total.min(0)
    chosen = [len(points) - 1]
    for last in reversed(before):
        chosen.append(int(last[chosen[-1]]))
    return [0, *reversed(chosen)]
