"""A convolutional encoder in NumPy: reads a whole piece in both directions, with a bounded reach.

Residual blocks, normalised first (Ba, Kiros & Hinton, *Layer Normalization*, 2016), of dilated
convolutions that read their own step and one to either side (van den Oord et al., *WaveNet*, 2016).

Shapes: B patterns, T steps, I inputs, E width of the encoder. All arrays float32.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["affine", "encode", "encoder_tensors"]

_EPSILON = 1e-5

_Array = NDArray[np.float32]


def encoder_tensors(
    inputs: int, width: int, dilations: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight array; matrices have the bias as their last row.

    Parameters
    ----------
    inputs, width : int
        Values a step that are read, I, and that come out, E.
    dilations : sequence of int
        One block each: how many steps to either side it reads.
    """
    shapes: dict[str, tuple[int, ...]] = {"encoder.in": (inputs + 1, width)}
    for block in range(len(dilations)):
        shapes[f"encoder.{block}.norm"] = (2, width)
        shapes[f"encoder.{block}.mix"] = (3 * width + 1, width)
        shapes[f"encoder.{block}.out"] = (width + 1, width)
    return shapes | {"encoder.norm": (2, width)}


def encode(tensors: Mapping[str, _Array], dilations: Sequence[int], inputs: _Array) -> _Array:
    """Read pieces in both directions, (B, T, I) to (B, T, E)."""
    x = np.maximum(affine(inputs, tensors["encoder.in"]), 0)  # (B, T, E)
    for block, dilation in enumerate(dilations):
        name = f"encoder.{block}"
        normal = _normalised(x, tensors[f"{name}.norm"])
        mixed = np.concatenate(
            [_shifted(normal, dilation), normal, _shifted(normal, -dilation)], axis=-1
        )  # (B, T, 3E)
        units = np.maximum(affine(mixed, tensors[f"{name}.mix"]), 0)
        x = x + affine(units, tensors[f"{name}.out"])
    return _normalised(x, tensors["encoder.norm"])


def affine(x: _Array, weights: _Array) -> _Array:
    """Multiply by all rows but the last and add that one, (..., n) to (..., m)."""
    flat = x.reshape(-1, x.shape[-1]) @ weights[:-1]
    flat += weights[-1]
    return flat.reshape(*x.shape[:-1], weights.shape[1])


def _normalised(x: _Array, scale_and_shift: _Array) -> _Array:
    """Layer norm over the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    variance = np.einsum("...i,...i->...", centred, centred)[..., None] / np.float32(x.shape[-1])
    scale, shift = scale_and_shift
    normal: _Array = centred / np.sqrt(variance + np.float32(_EPSILON)) * scale + shift
    return normal


def _shifted(x: _Array, steps: int) -> _Array:
    """Move (B, T, n) later by so many steps, or earlier, filling with zeros."""
    moved = np.zeros_like(x)
    if abs(steps) < x.shape[1]:
        if steps > 0:
            moved[:, steps:] = x[:, :-steps]
        else:
            moved[:, :steps] = x[:, -steps:]
    return moved
