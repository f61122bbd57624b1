"""Computations that several formats can express, said once.

A `Graph` names its inputs and outputs and builds itself from the operations of `Ops`; each format
brings operations of its own (`paradiddle.onnx_ops`, `paradiddle.coreml_ops`).

Shapes: T time, B batch, D layers times directions, H hidden; matrices have the bias as their last
row.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BATCH", "TIME", "Built", "Graph", "Ops", "Port", "Runner", "exactly_half"]

TIME, BATCH = "time", "batch"

Value = Any  # an operation's result, whatever the format makes of it
_Array = NDArray[Any]
Runner = Callable[[Mapping[str, _Array]], dict[str, _Array]]  # inputs by name to outputs by name


@dataclass(frozen=True)
class Port:
    """One input or output of a graph.

    Attributes
    ----------
    name : str
    shape : tuple of int or str
        Sizes; `TIME` and `BATCH` stand for any.
    text : str
        What it means, for people.
    whole : bool, default False
        Whether it holds whole numbers instead of float32.
    """

    name: str
    shape: tuple[int | str, ...]
    text: str
    whole: bool = False

    def sized(self, **sizes: int) -> tuple[int, ...]:
        """Shape with numbers in the place of names.

        Examples
        --------
        >>> Port("x", (TIME, BATCH, 3), "rows").sized(time=5, batch=1)
        (5, 1, 3)
        """
        return tuple(sizes[size] if isinstance(size, str) else size for size in self.shape)


class Ops(ABC):
    """Operations that a graph is built from, on values of one format."""

    @abstractmethod
    def weight(self, array: _Array) -> Value:
        """Constant; float32, stored in half the bytes where nothing is lost."""

    @abstractmethod
    def matmul(self, x: Value, weights: _Array) -> Value:
        """Multiply (..., n) by a constant (n, m)."""

    @abstractmethod
    def add(self, x: Value, y: Value) -> Value:
        """Sum, broadcast."""

    @abstractmethod
    def sub(self, x: Value, y: Value) -> Value:
        """Difference, broadcast."""

    @abstractmethod
    def mul(self, x: Value, y: Value) -> Value:
        """Product, broadcast."""

    @abstractmethod
    def div(self, x: Value, y: Value) -> Value:
        """Quotient, broadcast."""

    @abstractmethod
    def maximum(self, x: Value, y: Value) -> Value:
        """Larger of two, broadcast."""

    @abstractmethod
    def minimum(self, x: Value, y: Value) -> Value:
        """Smaller of two, broadcast."""

    @abstractmethod
    def floor(self, x: Value) -> Value:
        """Round down."""

    @abstractmethod
    def log(self, x: Value) -> Value:
        """Natural logarithm."""

    @abstractmethod
    def relu(self, x: Value) -> Value:
        """Zero where negative."""

    @abstractmethod
    def softmax(self, x: Value) -> Value:
        """Probabilities along the last axis."""

    @abstractmethod
    def greater(self, x: Value, y: Value) -> Value:
        """1 where x > y, else 0, as float32."""

    @abstractmethod
    def cumsum(self, x: Value) -> Value:
        """Add up along the last axis of (n, m)."""

    @abstractmethod
    def sum_of(self, x: Value, axis: int) -> Value:
        """Sum along an axis, which stays with size 1."""

    @abstractmethod
    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Side by side along an axis."""

    @abstractmethod
    def part(self, x: Value, axis: int, start: int, stop: int, rank: int) -> Value:
        """Keep `start` up to but not `stop` of an axis of a value of so many axes."""

    @abstractmethod
    def expand(self, x: Value, axis: int) -> Value:
        """Insert an axis of size 1."""

    @abstractmethod
    def squeeze(self, x: Value, axis: int) -> Value:
        """Drop an axis of size 1."""

    @abstractmethod
    def transpose(self, x: Value, axes: Sequence[int]) -> Value:
        """Order the axes anew."""

    @abstractmethod
    def one_hot_sum(self, indices: Value, starts: Sequence[int], width: int) -> Value:
        """Rows, (T, B, width), with a 1 at each of (T, B, F) indices, counted from `starts`."""

    @abstractmethod
    def conv(self, x: Value, weights: _Array, dilation: int) -> Value:
        """Convolve (B, n, T) with (m, n, 3) to (B, m, T); zeros lie beyond both ends."""

    @abstractmethod
    def layer_norm(self, x: Value, scale: _Array, shift: _Array, epsilon: float) -> Value:
        """Normalise the last axis."""

    @abstractmethod
    def lstm(
        self, x: Value, h: Value, c: Value, weights: Sequence[_Array]
    ) -> tuple[Value, Value, Value]:
        """Run one layer, of one direction or both.

        Parameters
        ----------
        x : (T, B, n)
        h, c : (directions, B, H)
        weights : one array, (n + H + 1, 4H), a direction
            Column blocks f, i, o, g.

        Returns
        -------
        (T, B, directions * H), and h and c after the last step of each direction
        """

    def lstm_step(
        self, x: Value, h: Value, c: Value, weights: Sequence[_Array]
    ) -> tuple[Value, Value, Value]:
        """Run one layer for one step; parameters and results as of `lstm`, with T = 1."""
        return self.lstm(x, h, c, weights)

    def affine(self, x: Value, weights: _Array) -> Value:
        """Multiply by all rows but the last and add that one."""
        return self.add(self.matmul(x, weights[:-1]), self.weight(weights[-1]))

    def number(self, value: float) -> Value:
        """Constant of one value."""
        return self.weight(np.array([value], np.float32))


Built = Mapping[str, Value]


@dataclass(frozen=True)
class Graph:
    """A computation with names.

    Attributes
    ----------
    name : str
        Start of its file's name.
    text : str
        What it does, in one sentence.
    inputs, outputs : tuple of Port
    build : callable
        From operations and the inputs by name to the outputs by name.
    """

    name: str
    text: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    build: Callable[[Ops, Built], dict[str, Value]]


def exactly_half(array: _Array) -> bool:
    """Whether float16 holds every value of an array as it is.

    Examples
    --------
    >>> exactly_half(np.array([0.5])), exactly_half(np.array([0.1]))
    (True, False)
    """
    with np.errstate(over="ignore"):
        return bool((array.astype(np.float16) == array).all())
