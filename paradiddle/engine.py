"""LSTM forward passes in NumPy: index arrays in, probability arrays out; no musical knowledge.

Shapes: B streams, T time, F fields, E more fields that are read but not predicted, H hidden, S the
sum of the sizes of the F fields. All arrays float32.

The cell is that of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000),
without peepholes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import dot
from numpy.typing import NDArray

from paradiddle.cells import DenseCell, Softmax, aligned, halved, index_cell
from paradiddle.checks import check_at_least, check_range
from paradiddle.errors import InvalidValueError

__all__ = ["Lstm", "LstmShape", "Session"]

_MAX_HIDDEN, _MAX_LAYERS = 8192, 64

_Array = NDArray[np.float32]
_Indices = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class LstmShape:
    """Sizes of a stacked LSTM over categorical fields with one softmax a field.

    Attributes
    ----------
    sizes : tuple of int
        Number of values of each field that is read and predicted, F of them.
    hidden : int
        Units of each layer and direction, H.
    layers : int, default 1
        Stacked layers.
    bidirectional : bool, default False
        Whether each layer also reads the sequence backwards.
    extra_inputs : tuple of int, default ()
        Number of values of each further field that is read only, E of them.

    Examples
    --------
    The published classic, and the bidirectional one as Keras counts it:

    >>> LstmShape((17, 209), 200).tensors()["lstm.0.forward"]
    (427, 800)
    >>> LstmShape((15, 147), 200, bidirectional=True).parameters
    645762
    """

    sizes: tuple[int, ...]
    hidden: int
    layers: int = 1
    bidirectional: bool = False
    extra_inputs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_range("hidden", np.array([self.hidden]), 1, _MAX_HIDDEN, remedy="200 are plenty")
        check_range("layers", np.array([self.layers]), 1, _MAX_LAYERS, remedy="one or two will do")
        for name, values in (("every field size", (self.sizes or (0,)) + self.extra_inputs),):
            check_at_least(name, min(values), 1, "give a whole number from 1 up")

    @property
    def directions(self) -> tuple[str, ...]:
        """Names of the directions of each layer."""
        return ("forward", "backward") if self.bidirectional else ("forward",)

    @property
    def parameters(self) -> int:
        """Number of weights, one bias a gate."""
        return sum(rows * columns for rows, columns in self.tensors().values())

    @property
    def input_sizes(self) -> tuple[int, ...]:
        """Number of values of each field that is read, F + E of them."""
        return self.sizes + self.extra_inputs

    @property
    def output_width(self) -> int:
        """Units of one layer, all directions together."""
        return self.hidden * len(self.directions)

    def tensors(self) -> dict[str, tuple[int, int]]:
        """Name and shape of every weight matrix.

        ``lstm.L.DIRECTION`` has rows for the inputs, the hidden state and the bias, and column
        blocks for the gates forget, input, output and candidate; ``dense`` has rows for the last
        layer's output and the bias, columns for the fields.
        """
        shapes = {}
        width = sum(self.input_sizes)
        for layer in range(self.layers):
            for direction in self.directions:
                shapes[f"lstm.{layer}.{direction}"] = (width + self.hidden + 1, 4 * self.hidden)
            width = self.output_width
        return shapes | {"dense": (width + 1, sum(self.sizes))}


class Lstm:
    """Weights made ready to run; open any number of sessions on them.

    Parameters
    ----------
    shape : LstmShape
        Sizes.
    tensors : mapping of str to float32 array
        As `LstmShape.tensors` names and shapes them.

    Raises
    ------
    InvalidValueError
        If a tensor is missing or has another shape.

    Examples
    --------
    >>> shape = LstmShape((3, 2), hidden=4)
    >>> zeros = {name: np.zeros(size, np.float32) for name, size in shape.tensors().items()}
    >>> lstm = Lstm(shape, zeros)
    >>> [p.tolist() for p in lstm.session(1).step(np.array([[2, 0]]))][1]
    [[0.5, 0.5]]
    """

    def __init__(self, shape: LstmShape, tensors: Mapping[str, _Array]) -> None:
        for name, size in shape.tensors().items():
            if name not in tensors or tensors[name].shape != size:
                found = tensors[name].shape if name in tensors else "nothing"
                raise InvalidValueError(f"tensor {name} must have shape {size}, got {found}")
        self.shape = shape
        self._cells = [
            [
                halved(tensors[f"lstm.{layer}.{name}"], 0 if layer else sum(shape.input_sizes))
                for name in shape.directions
            ]
            for layer in range(shape.layers)
        ]
        self._dense = aligned(tensors["dense"])
        self._dense[:-1] *= np.float32(0.5)

    def session(self, streams: int, h: _Array | None = None, c: _Array | None = None) -> "Session":
        """Start `streams` independent sequences.

        Parameters
        ----------
        streams : int
            B, at least 1.
        h, c : float32 arrays, shape (layers * directions, B, H), optional
            Hidden and cell state to start from; zeros when left out.
        """
        check_at_least("streams", streams, 1, "run at least one sequence")
        session = Session(self.shape, self._cells, self._dense, streams)
        session.set_state(h, c)
        return session

    def logits(self, indices: _Indices, session: "Session | None" = None) -> _Array:
        """Run whole sequences and return what goes into the softmaxes.

        Parameters
        ----------
        indices : int array, shape (T, B, F + E)
            Events, time first.
        session : Session, optional
            Where to carry the state from and to; one starting from zeros when left out.

        Returns
        -------
        float32 array, shape (T, B, S)
        """
        session = session or self.session(indices.shape[1])
        return session.run(indices)


class Session:
    """State and buffers of B sequences that run through one `Lstm`; see `Lstm.session`."""

    def __init__(
        self, shape: LstmShape, cells: list[list[_Array]], dense: _Array, streams: int
    ) -> None:
        self.shape, self.streams = shape, streams
        self._dense = dense
        self._layers = [
            [
                DenseCell(weights, shape.output_width, shape.hidden, streams)
                if layer
                else index_cell(weights, shape.input_sizes, shape.hidden, streams)
                for weights in directions
            ]
            for layer, directions in enumerate(cells)
        ]
        self._features = (
            np.ones((streams, shape.output_width + 1), np.float32)
            if shape.bidirectional
            else self._layers[-1][0].h_and_one
        )
        self._chain = [(cells[0].step, cells[0].h) for cells in self._layers]
        self._softmax = Softmax(shape.sizes, streams)
        self._logits = np.zeros((streams, sum(shape.sizes)), np.float32)

    @property
    def h(self) -> _Array:
        """Hidden state, float32 of shape (layers * directions, B, H); a copy."""
        return np.stack([cell.h * np.float32(0.5) for layer in self._layers for cell in layer])

    @property
    def c(self) -> _Array:
        """Cell state, float32 of shape (layers * directions, B, H); a copy."""
        return np.stack([cell.c.copy() for layer in self._layers for cell in layer])

    def set_state(self, h: _Array | None, c: _Array | None) -> None:
        """Set hidden and cell state; None sets zeros."""
        cells = [cell for layer in self._layers for cell in layer]
        size = (len(cells), self.streams, self.shape.hidden)
        for name, state in (("h", h), ("c", c)):
            if state is not None and state.shape != size:
                raise InvalidValueError(f"{name} must have shape {size}, got {state.shape}")
        for i, cell in enumerate(cells):
            cell.h[...] = 0 if h is None else 2 * h[i]
            cell.c[...] = 0 if c is None else c[i]

    def step(self, indices: _Indices) -> tuple[_Array, ...]:
        """Take one event of every stream and predict the next.

        Parameters
        ----------
        indices : int array, shape (B, F + E)
            One index a field; in range, for nothing checks it in here.

        Returns
        -------
        tuple of F float32 arrays, shapes (B, size of field)
            Probabilities. They are views of a buffer: copy what must outlive the next step.
        """
        if self.shape.bidirectional:
            self._step_both_ways(indices)
        else:
            inputs: Any = indices
            for step, output in self._chain:
                step(inputs)
                inputs = output
        dot(self._features, self._dense, self._logits)
        return self._softmax(self._logits)

    def _step_both_ways(self, indices: _Indices) -> None:
        """Step every layer, both directions of a layer on the same inputs."""
        inputs: Any = indices
        for cells in self._layers:
            for cell in cells:
                cell.step(inputs)
            inputs = np.hstack([cell.h for cell in cells])
        self._features[:, :-1] = inputs

    def run(self, indices: _Indices) -> _Array:
        """Run whole sequences, backward halves from their ends; see `Lstm.logits`."""
        for field, size in enumerate(self.shape.input_sizes):
            check_range(
                f"field {field}",
                indices[..., field],
                0,
                size,
                half_open=True,
                remedy="encode with the model's own vocabulary",
            )
        steps = len(indices)
        sequence: NDArray[Any] = indices
        for layer in self._layers:
            outputs = np.empty((steps, self.streams, self.shape.output_width), np.float32)
            for direction, cell in enumerate(layer):
                columns = slice(direction * self.shape.hidden, (direction + 1) * self.shape.hidden)
                for t in reversed(range(steps)) if direction else range(steps):
                    cell.step(sequence[t])
                    outputs[t, :, columns] = cell.h
            sequence = outputs
        return np.asarray(sequence @ self._dense[:-1] + self._dense[-1], np.float32)
