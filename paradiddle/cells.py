"""LSTM cells and softmaxes over preallocated buffers, the inner loop of the engine.

Inputs are categorical, so the product of a one-hot row with the input matrix is a row look-up.
Weights are rearranged once when a model is opened: ``sigmoid(x) = (1 + tanh(x / 2)) / 2`` lets one
`tanh` serve all four gates, the halves moving into the weights, and biases ride on a constant
input. A step then costs two matrix products and about ten calls into preallocated buffers.

Shapes: B streams, F fields, H hidden, W units of the layer below. All arrays float32.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, minimum, multiply, tanh
from numpy.typing import NDArray

__all__ = [
    "Cell",
    "DenseCell",
    "ManyStreamsCell",
    "OneStreamCell",
    "Softmax",
    "aligned",
    "halved",
    "index_cell",
]

_Array = NDArray[np.float32]
_Indices = NDArray[np.integer[Any]]

# 0-d arrays: ufuncs take them quicker than scalars
_ONE, _HALF = np.array(1, np.float32), np.array(0.5, np.float32)
_EXP_LIMIT = np.array(80, np.float32)  # exp of more overflows float32 once many are summed
_reduceat = add.reduceat
_SAFE_SUMS = 1e-30, 1e34  # outside, a softmax without its maximum taken off loses precision


class Cell(ABC):
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

    @abstractmethod
    def step(self, inputs: Any) -> None:
        """Read one input of every stream: indices (B, F + E), or the layer below (B, W)."""

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


class OneStreamCell(Cell):
    """First layer of a single stream: the looked-up rows join the recurrent product."""

    def __init__(self, weights: _Array, sizes: tuple[int, ...], hidden: int) -> None:
        operand = np.ones((1, hidden + len(sizes)), np.float32)  # [h | 1 for each row]
        super().__init__(hidden, operand, 0)
        self._table, self._starts = _table(weights, sizes), _starts(sizes)
        recurrent = weights[sum(sizes) : -1]
        self._matrix = aligned(np.pad(recurrent, ((0, len(sizes)), (0, 0))))
        self._rows = self._matrix[hidden:]

    def step(self, inputs: _Indices) -> None:
        """Read indices, (1, F)."""
        self._table.take(inputs[0] + self._starts, 0, self._rows, "clip")  # "clip" spares a copy
        dot(self._operand, self._matrix, self._gates)
        self._update()


class ManyStreamsCell(Cell):
    """First layer of several streams: looked-up rows are added to one recurrent product."""

    def __init__(self, weights: _Array, sizes: tuple[int, ...], hidden: int, streams: int) -> None:
        super().__init__(hidden, np.ones((streams, hidden + 1), np.float32), 0)  # [h | 1]
        self._table, self._starts = weights[: sum(sizes)], _starts(sizes)
        self._recurrent = weights[sum(sizes) :]
        self._rows = np.zeros_like(self._gates)

    def step(self, inputs: _Indices) -> None:
        """Read indices, (B, F)."""
        dot(self._operand, self._recurrent, self._gates)
        for field, start in enumerate(self._starts):
            self._table.take(inputs[:, field] + start, 0, self._rows, "clip")
            add(self._gates, self._rows, self._gates)
        self._update()


class DenseCell(Cell):
    """A layer above the first: one product with the layer below, the own state and a 1."""

    def __init__(self, weights: _Array, inputs: int, hidden: int, streams: int) -> None:
        operand = np.ones((streams, inputs + hidden + 1), np.float32)  # [x | h | 1]
        super().__init__(hidden, operand, inputs)
        self._inputs = operand[:, :inputs]
        self._weights = weights

    def step(self, inputs: _Array) -> None:
        """Read the layer below, (B, W), doubled as every hidden state."""
        self._inputs[...] = inputs
        dot(self._operand, self._weights, self._gates)
        self._update()


class Softmax:
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
            totals: Any = _reduceat(self._row, self._starts).tolist()
            low, high = min(totals), max(totals)
        else:
            sums = _reduceat(exponentials, self._starts, 1)
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


def index_cell(weights: _Array, sizes: tuple[int, ...], hidden: int, streams: int) -> Cell:
    """Choose how the first layer reads indices of fields of these sizes.

    Parameters
    ----------
    weights : float32 array, shape (sum of sizes + H + 1, 4H)
        As `halved` returns them.
    """
    if streams == 1:
        return OneStreamCell(weights, sizes, hidden)
    return ManyStreamsCell(weights, sizes, hidden, streams)


def aligned(array: _Array) -> _Array:
    """Copy to memory that starts on a cache line: products with it are a seventh faster."""
    line = 64
    memory = np.empty(array.nbytes + line, np.uint8)
    start = -memory.ctypes.data % line
    copy = memory[start : start + array.nbytes].view(np.float32).reshape(array.shape)
    copy[...] = array
    return copy


def halved(weights: _Array, one_hot_rows: int) -> _Array:
    """Halve what a doubled hidden state multiplies and what `tanh` turns into a sigmoid."""
    ready = np.array(weights, np.float32, order="C")
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
