"""The fill-in network in NumPy: arrays in, arrays out; no musical knowledge.

A convolutional encoder (`paradiddle.fill_encoder`) reads the whole question in both directions; an
LSTM reads, step by step, what it has written so far, beside the encoding and what recurs; two heads
turn its state into logits, each channel of a step given those before it (after Larochelle & Murray,
*The Neural Autoregressive Distribution Estimator*, 2011).

Shapes: B patterns, T steps, I inputs, R recalled values, E encoder, H hidden, V channels, K and Q
units a channel of the two heads, N categories a channel of the second head. All arrays float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.cells import DenseCell, aligned, halved
from paradiddle.checks import check_at_least, check_range
from paradiddle.fill_encoder import affine, encode, encoder_tensors

__all__ = ["Driven", "FillNet", "FillShape", "Heads"]

_MAX_LAYERS = 64
_HALF = np.float32(0.5)

_Array = NDArray[np.float32]


@dataclass(frozen=True)
class FillShape:
    """Sizes of a fill-in network.

    Attributes
    ----------
    inputs, recall : int
        Values a step that the encoder reads, and that recur from what was written.
    channels : int
        Channels of a step, V; each is written as three values, 3V.
    categories : int
        Logits a channel of the second head, N.
    encoder : int
        Width of the encoder, E.
    dilations : tuple of int
        One block each: how many steps to either side it reads.
    hidden, layers : int
        Units of each LSTM layer, H, and their number.
    hit_units, dynamics_units : int
        Units a channel of the heads, K and Q.
    """

    inputs: int
    recall: int
    channels: int
    categories: int
    encoder: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 16)
    hidden: int = 192
    layers: int = 2
    hit_units: int = 64
    dynamics_units: int = 32

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            smallest = min(value, default=0) if name == "dilations" else value
            check_at_least(name, smallest, 1, "give a whole number from 1 up")
        check_range("layers", np.array([self.layers]), 1, _MAX_LAYERS, remedy="two will do")

    @property
    def reach(self) -> int:
        """Steps to either side that a step of the encoding depends on."""
        return sum(self.dilations)

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight array.

        Matrices have a row an input and the bias as their last row. ``decoder.in`` has rows for
        what was written last, the encoding and what recurs, each LSTM layer for the layer below
        and its own state, and column blocks for the gates forget, input, output and candidate.
        """
        shapes = encoder_tensors(self.inputs, self.encoder, self.dilations)
        channels, read = self.channels, self.encoder + self.recall
        written = 3 * channels
        for layer in range(self.layers):
            shapes[f"decoder.lstm.{layer}"] = (2 * self.hidden + 1, 4 * self.hidden)
        return shapes | {
            "decoder.in": (written + read + 1, self.hidden),
            "hits.in": (read + self.hidden + 1, channels * self.hit_units),
            "hits.given": (channels, channels * self.hit_units),
            "hits.out": (channels, self.hit_units + 1),
            "dynamics.in": (read + self.hidden + 1, channels * self.dynamics_units),
            "dynamics.given": (written, channels * self.dynamics_units),
            "dynamics.out": (channels, self.dynamics_units + 1, self.categories),
        }

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(int(np.prod(shape)) for shape in self.tensors().values())


class Driven(NamedTuple):
    """What the encoding and the past add to every pre-activation, ahead of the steps themselves.

    Attributes
    ----------
    lstm : float32 array, shape (B, T, H)
    hits : float32 array, shape (B, T, VK)
    dynamics : float32 array, shape (B, T, VQ)
    """

    lstm: _Array
    hits: _Array
    dynamics: _Array


class Heads(NamedTuple):
    """Weights of the heads as the steps use them.

    Attributes
    ----------
    hits_given : float32 array, shape (V, V, K)
        What a hit of the first channel adds to the units of the second.
    hits_out, hits_bias : float32 arrays, shapes (V, K) and (V,)
    dynamics_given : float32 array, shape (V, 3V, Q)
        What every hit of the step, and velocity and offset of earlier channels, add to a channel.
    dynamics_out, dynamics_bias : float32 arrays, shapes (V, Q, N) and (V, N)
    """

    hits_given: _Array
    hits_out: _Array
    hits_bias: _Array
    dynamics_given: _Array
    dynamics_out: _Array
    dynamics_bias: _Array


class FillNet:
    """A fill-in network, ready to encode and to be stepped through.

    Parameters
    ----------
    shape : FillShape
    tensors : mapping of str to float32 array
        As `FillShape.tensors` names them.
    """

    def __init__(self, shape: FillShape, tensors: Mapping[str, _Array]) -> None:
        self.shape = shape
        self._tensors = {name: np.asarray(array, np.float32) for name, array in tensors.items()}
        written, read = 3 * shape.channels, shape.encoder + shape.recall
        enter = 2 * self._tensors["decoder.in"]  # doubled as every hidden state, see DenseCell
        self._enter = aligned(enter[:written])
        self._layers = [
            aligned(halved(self._tensors[f"decoder.lstm.{layer}"], 0))
            for layer in range(shape.layers)
        ]
        hits, dynamics = self._tensors["hits.in"], self._tensors["dynamics.in"]
        self._from_hidden = {
            "both": aligned(_HALF * np.concatenate([hits[read:-1], dynamics[read:-1]], axis=1)),
            "dynamics": aligned(_HALF * dynamics[read:-1]),
        }
        self._drive = [
            aligned(np.concatenate([matrix[start : start + read], matrix[-1:]]))
            for matrix, start in ((enter, written), (hits, 0), (dynamics, 0))
        ]
        self.heads = self._split_heads()

    def _split_heads(self) -> Heads:
        channels, tensors = self.shape.channels, self._tensors
        earlier = np.triu(np.ones((channels, channels), np.float32), 1)  # of two channels
        heard = np.concatenate([np.ones_like(earlier), earlier, earlier])  # (3V, V)
        hits = tensors["hits.given"].reshape(channels, channels, -1) * earlier[..., None]
        dynamics = tensors["dynamics.given"].reshape(3 * channels, channels, -1) * heard[..., None]
        return Heads(
            hits,
            np.ascontiguousarray(tensors["hits.out"][:, :-1]),
            tensors["hits.out"][:, -1],
            np.ascontiguousarray(dynamics.swapaxes(0, 1)),
            np.ascontiguousarray(tensors["dynamics.out"][:, :-1]),
            np.ascontiguousarray(tensors["dynamics.out"][:, -1]),
        )

    def encode(self, inputs: _Array) -> _Array:
        """Read questions in both directions, (B, T, I) to (B, T, E)."""
        return encode(self._tensors, self.shape.dilations, inputs)

    def drive(self, encoded: _Array, recall: _Array) -> Driven:
        """Compute ahead all that does not depend on the steps, (B, T, E) and (B, T, R)."""
        read = np.concatenate([encoded, recall], axis=-1)
        return Driven(*(affine(read, matrix) for matrix in self._drive))

    def session(self, batch: int) -> "Session":
        """Start at the first step with empty memories."""
        return Session(self.shape.hidden, self._enter, self._layers, batch)

    def units(self, hidden: _Array) -> tuple[_Array, _Array]:
        """Compute what doubled states, (..., H), add to the heads' units: (..., VK), (..., VQ)."""
        both = hidden @ self._from_hidden["both"]
        split = self.shape.channels * self.shape.hit_units
        return both[..., :split], both[..., split:]

    def dynamics_units(self, hidden: _Array) -> _Array:
        """As `units`, of the second head alone."""
        return hidden @ self._from_hidden["dynamics"]

    def dynamics_logits(self, channel: int, units: _Array, cells: _Array) -> _Array:
        """Logits of a channel, (n, N), from its units, (n, Q), and the step so far, (n, 3V)."""
        heads = self.heads
        active = units + cells @ heads.dynamics_given[channel]
        np.maximum(active, 0, out=active)
        logits: _Array = active @ heads.dynamics_out[channel] + heads.dynamics_bias[channel]
        return logits


class Session:
    """The LSTM in the middle of B pieces.

    Attributes
    ----------
    h : float32 array, shape (B, H)
        Twice the hidden state of the last layer.
    """

    def __init__(self, hidden: int, enter: _Array, layers: list[_Array], batch: int) -> None:
        self._enter = enter
        self._cells = [DenseCell(weights, hidden, hidden, batch) for weights in layers]
        for cell in self._cells:
            cell.h[...] = 0
        self.h = self._cells[-1].h
        self._first = np.zeros((batch, hidden), np.float32)

    def step(self, written: _Array, drive: _Array) -> None:
        """Read what was written last, (B, 3V), and what drives the first layer, (B, H)."""
        x = self._first
        np.dot(written, self._enter, x)
        np.add(x, drive, x)
        np.maximum(x, 0, out=x)
        for cell in self._cells:
            cell.step(x)
            x = cell.h
