"""Several small networks that say of each given stroke how it may be struck; their mean counts.

Each reads all strokes at once (`paradiddle.fill_encoder`) and gives every channel of a step
distributions of its own, regardless of those of other strokes. The mean of several such networks
errs less than each of them (Lakshminarayanan, Pritzel & Blundell, *Simple and Scalable Predictive
Uncertainty Estimation using Deep Ensembles*, 2017).

Shapes: B patterns, T steps, I inputs, E encoder, V channels, Q units a channel, N categories.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range
from paradiddle.fill_encoder import affine, encode, encoder_tensors
from paradiddle.sampling import softmax

__all__ = ["HumanizerNet", "HumanizerShape"]

_MAX_MEMBERS = 64

_Array = NDArray[np.float32]


@dataclass(frozen=True)
class HumanizerShape:
    """Sizes of a humanizer.

    Attributes
    ----------
    inputs : int
        Values a step that are read, I.
    channels : int
        Channels of a step, V.
    fields : tuple of int
        Categories of each of the distributions of a stroke; N together.
    members : int
        Number of networks.
    encoder : int
        Width of each, E.
    dilations : tuple of int
        As for `paradiddle.fill_encoder.encoder_tensors`.
    units : int
        Units a channel of the head, Q.
    """

    inputs: int
    channels: int
    fields: tuple[int, ...]
    members: int = 6
    encoder: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 16)
    units: int = 48

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            smallest = min(value, default=0) if isinstance(value, tuple) else value
            check_at_least(name, smallest, 1, "give a whole number from 1 up")
        check_range("members", np.array([self.members]), 1, _MAX_MEMBERS, remedy="six will do")

    @property
    def categories(self) -> int:
        """Logits of a stroke, N."""
        return sum(self.fields)

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight array; matrices have the bias as their last row."""
        own = encoder_tensors(self.inputs, self.encoder, self.dilations) | {
            "head.in": (self.encoder + 1, self.channels * self.units),
            "head.out": (self.channels, self.units + 1, self.categories),
        }
        return {
            f"{member}.{name}": shape
            for member in range(self.members)
            for name, shape in own.items()
        }


class HumanizerNet:
    """A humanizer's networks, ready to be asked.

    Parameters
    ----------
    shape : HumanizerShape
    tensors : mapping of str to float32 array
        As `HumanizerShape.tensors` names them.
    """

    def __init__(self, shape: HumanizerShape, tensors: Mapping[str, _Array]) -> None:
        self.shape = shape
        self._members = [
            {
                name.removeprefix(f"{member}."): np.asarray(array, np.float32)
                for name, array in tensors.items()
                if name.startswith(f"{member}.")
            }
            for member in range(shape.members)
        ]

    def distributions(self, inputs: _Array, strokes: NDArray[np.bool_]) -> _Array:
        """Say how strokes may be struck.

        Parameters
        ----------
        inputs : float32 array, shape (B, T, I)
        strokes : bool array, shape (B, T, V)
            Which are asked for.

        Returns
        -------
        float32 array, shape (A, N)
            Probabilities, each of the shape's fields summing to 1, of the A strokes in the order of
            ``np.nonzero(strokes)``.
        """
        places = np.nonzero(strokes)
        mean = np.zeros((len(places[0]), self.shape.categories), np.float32)
        for member in self._members:
            encoded = encode(member, self.shape.dilations, inputs)[places[:2]]  # (A, E)
            mean += self._member(member, encoded, places[2])
        return mean / np.float32(self.shape.members)

    def _member(
        self, tensors: Mapping[str, _Array], encoded: _Array, channels: NDArray[np.int64]
    ) -> _Array:
        """Distributions of strokes, (A, N), by one network, from their encodings, (A, E)."""
        units = np.maximum(affine(encoded, tensors["head.in"]), 0)
        units = units.reshape(len(units), self.shape.channels, -1)  # (A, V, Q)
        found = np.zeros((len(units), self.shape.categories), np.float32)
        ends = np.cumsum(self.shape.fields)[:-1]
        for channel in np.unique(channels).tolist():
            rows = channels == channel
            logits = affine(units[rows, channel], tensors["head.out"][channel])
            parts = np.split(logits, ends, axis=-1)
            found[rows] = np.concatenate([softmax(part) for part in parts], axis=-1)
        return found
