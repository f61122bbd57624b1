"""LSTM forward passes in NumPy: index arrays in, probability arrays out; no musical knowledge.

Inputs are categorical, so the product of a one-hot row with the input matrix is a row look-up.
Weights are rearranged once when a model is opened: ``sigmoid(x) = (1 + tanh(x / 2)) / 2`` lets one
`tanh` serve all four gates, the halves moving into the weights, and biases ride on a constant
input. A step then costs two matrix products and about ten calls into preallocated buffers.

Shapes: B streams, T time, F fields, H hidden, S the sum of the field sizes. All arrays float32.
The cell is that of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000),
without peepholes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, minimum, multiply, tanh
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range
from paradiddle.errors import InvalidValueError

__all__ = ["Lstm", "LstmShape", "Session"]

_Array = NDArray[np.float32]
_Indices = NDArray[np.integer[Any]]

# 0-d arrays: ufuncs take them quicker than scalars
_ONE, _HALF = np.array(1, np.float32), np.array(0.5, np.float32)
_EXP_LIMIT = np.array(80, np.float32)  # exp of more overflows float32 once many are summed
reduceat = add.reduceat
_SAFE_SUMS = 1e-30, 1e34  # outside, a softmax without its maximum taken off loses precision


@dataclass(frozen=True)
class LstmShape:
    """Sizes of a stacked LSTM over categorical fields with one softmax a field.

    Attributes
    ----------
    sizes : tuple of int
        Number of values of each field, F of them; inputs and outputs are the same fields.
    hidden : int
        Units of each layer and direction, H.
    layers : int, default 1
        Stacked layers.
    bidirectional : bool, default False
        Whether each layer also reads the sequence backwards.

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

    def __post_init__(self) -> None:
        for name, values in (
            ("every field size", self.sizes or (0,)),
            ("hidden", (self.hidden,)),
            ("layers", (self.layers,)),
        ):
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
        width = sum(self.sizes)
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
                _halved(tensors[f"lstm.{layer}.{name}"], 0 if layer else sum(shape.sizes))
                for name in shape.directions
            ]
            for layer in range(shape.layers)
        ]
        self._dense = np.array(tensors["dense"], np.float32)
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
        indices : int array, shape (T, B, F)
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
                _DenseCell(weights, shape.output_width, shape.hidden, streams)
                if layer
                else _index_cell(weights, shape, streams)
                for weights in directions
            ]
            for layer, directions in enumerate(cells)
        ]
        self._features = (
            np.ones((streams, shape.output_width + 1), np.float32)
            if shape.bidirectional
            else self._layers[-1][0].h_and_one
        )
        self._softmax = _Softmax(shape.sizes, streams)
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
        indices : int array, shape (B, F)
            One index a field; in range, for nothing checks it in here.

        Returns
        -------
        tuple of F float32 arrays, shapes (B, size of field)
            Probabilities. They are views of a buffer: copy what must outlive the next step.
        """
        inputs: Any = indices
        for cells in self._layers:
            for cell in cells:
                cell.step(inputs)
            inputs = cells[0].h if len(cells) == 1 else np.hstack([cell.h for cell in cells])
        if self.shape.bidirectional:
            self._features[:, :-1] = inputs
        dot(self._features, self._dense, self._logits)
        return self._softmax(self._logits)

    def run(self, indices: _Indices) -> _Array:
        """Run whole sequences, backward halves from their ends; see `Lstm.logits`."""
        for field, size in enumerate(self.shape.sizes):
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


class _Cell:
    """One layer in one direction for B streams. `h` holds twice the hidden state."""

    def __init__(self, hidden: int, operand: _Array, start: int) -> None:
        streams = len(operand)
        self._operand = operand
        self._gates = np.zeros((streams, 4 * hidden), np.float32)  # (B, 4H): f, i, o, g
        self.h = operand[:, start : start + hidden]
        self.h_and_one = operand[:, start : start + hidden + 1]
        self.c = np.zeros((streams, hidden), np.float32)
        self._views = (
            self._gates,
            self._gates[:, : 3 * hidden],
            *(self._gates[:, k * hidden : (k + 1) * hidden] for k in range(4)),
            np.zeros((streams, hidden), np.float32),
        )

    def step(self, inputs: Any) -> None:
        """Read one input of every stream: indices (B, F), or the layer below (B, W)."""
        raise NotImplementedError

    def _update(self) -> None:
        """Turn pre-activations into the new state: c = σ(f) c + σ(i) g, h = σ(o) tanh(c)."""
        gates, sigmoids, f, i, o, g, scratch = self._views
        c = self.c
        tanh(gates, gates)
        add(sigmoids, _ONE, sigmoids)  # twice the sigmoids
        multiply(i, g, scratch)
        multiply(f, c, c)
        add(c, scratch, c)
        multiply(c, _HALF, c)
        tanh(c, scratch)
        multiply(o, scratch, self.h)


class _OneStreamCell(_Cell):
    """First layer of a single stream: the looked-up rows join the recurrent product."""

    def __init__(self, weights: _Array, sizes: tuple[int, ...], hidden: int) -> None:
        operand = np.ones((1, hidden + len(sizes)), np.float32)  # [h | 1 for each row]
        super().__init__(hidden, operand, 0)
        self._table, self._starts = _table(weights, sizes), _starts(sizes)
        recurrent = weights[sum(sizes) : -1]
        self._matrix = np.vstack([recurrent, np.zeros((len(sizes), 4 * hidden), np.float32)])
        self._rows = self._matrix[hidden:]

    def step(self, inputs: _Indices) -> None:
        self._table.take(inputs[0] + self._starts, 0, self._rows, "clip")  # "clip" spares a copy
        dot(self._operand, self._matrix, self._gates)
        self._update()


class _ManyStreamsCell(_Cell):
    """First layer of several streams: looked-up rows are added to one recurrent product."""

    def __init__(self, weights: _Array, sizes: tuple[int, ...], hidden: int, streams: int) -> None:
        super().__init__(hidden, np.ones((streams, hidden + 1), np.float32), 0)  # [h | 1]
        self._table, self._starts = weights[: sum(sizes)], _starts(sizes)
        self._recurrent = weights[sum(sizes) :]
        self._rows = np.zeros_like(self._gates)

    def step(self, inputs: _Indices) -> None:
        dot(self._operand, self._recurrent, self._gates)
        for field, start in enumerate(self._starts):
            self._table.take(inputs[:, field] + start, 0, self._rows, "clip")
            add(self._gates, self._rows, self._gates)
        self._update()


class _DenseCell(_Cell):
    """A layer above the first: one product with the layer below, the own state and a 1."""

    def __init__(self, weights: _Array, inputs: int, hidden: int, streams: int) -> None:
        operand = np.ones((streams, inputs + hidden + 1), np.float32)  # [x | h | 1]
        super().__init__(hidden, operand, inputs)
        self._inputs = operand[:, :inputs]
        self._weights = weights

    def step(self, inputs: _Array) -> None:
        self._inputs[...] = inputs
        dot(self._operand, self._weights, self._gates)
        self._update()


class _Softmax:
    """One softmax a field."""

    def __init__(self, sizes: tuple[int, ...], streams: int) -> None:
        self._starts = _starts(sizes)
        self._all = np.zeros((streams, sum(sizes)), np.float32)
        self._row = self._all[0]
        self._columns = [
            slice(start, start + size) for start, size in zip(self._starts, sizes, strict=True)
        ]
        self._fields = tuple(self._all[:, columns] for columns in self._columns)

    def __call__(self, logits: _Array) -> tuple[_Array, ...]:
        """Exponentiate as is; where that could overflow or vanish, take the maxima off first."""
        exponentials = self._all
        minimum(logits, _EXP_LIMIT, out=exponentials)
        exp(exponentials, exponentials)
        if len(exponentials) == 1:  # floats are quicker than arrays of one
            totals: Any = reduceat(self._row, self._starts).tolist()
            low, high = min(totals), max(totals)
        else:
            sums = reduceat(exponentials, self._starts, 1)
            low, high = sums.min(), sums.max()
            totals = np.split(sums, len(self._fields), 1)
        if low < _SAFE_SUMS[0] or high > _SAFE_SUMS[1]:
            return self._careful(logits)
        for field, total in zip(self._fields, totals, strict=True):
            divide(field, total, field)
        return self._fields

    def _careful(self, logits: _Array) -> tuple[_Array, ...]:
        """Take each field's maximum off before exponentiating."""
        for field, columns in zip(self._fields, self._columns, strict=True):
            part = logits[:, columns]
            exp(part - part.max(axis=1, keepdims=True), field)
            divide(field, field.sum(axis=1, keepdims=True), field)
        return self._fields


def _index_cell(weights: _Array, shape: LstmShape, streams: int) -> _Cell:
    """Choose how the first layer reads indices."""
    if streams == 1:
        return _OneStreamCell(weights, shape.sizes, shape.hidden)
    return _ManyStreamsCell(weights, shape.sizes, shape.hidden, streams)


def _halved(weights: _Array, one_hot_rows: int) -> _Array:
    """Halve what a doubled hidden state multiplies and what `tanh` turns into a sigmoid."""
    ready = np.array(weights, np.float32)
    ready[one_hot_rows:-1] *= _HALF
    ready[:, : 3 * ready.shape[1] // 4] *= _HALF
    return ready


def _table(weights: _Array, sizes: tuple[int, ...]) -> _Array:
    """Rows to look up, with the bias in those of the first field."""
    table = weights[: sum(sizes)].copy()
    table[: sizes[0]] += weights[-1]
    return table


def _starts(sizes: tuple[int, ...]) -> NDArray[np.intp]:
    """Index of the first row of each field."""
    return np.cumsum((0, *sizes[:-1])).astype(np.intp)
