"""Sequences of indices cut into chunks for truncated back-propagation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paradiddle.errors import CorpusError

__all__ = ["Chunk", "Streams", "Windows", "handed_on", "misread"]


@dataclass(frozen=True)
class Chunk:
    """Inputs and targets, int64 tensors of shapes (T, B, F + E) and (T, B, F)."""

    inputs: Tensor
    targets: Tensor


class Streams:
    """A long sequence read by parallel streams, chunk after chunk.

    Stream b reads the b-th part of the sequence. A stream's end is the next stream's start, so the
    state can be handed on when an epoch ends.

    Parameters
    ----------
    inputs, targets : int arrays, shapes (N - 1, F + E) and (N - 1, F)
        What is read, and what is to be predicted from it.
    streams, unroll : int
        Parallel parts, and steps of one chunk.

    Raises
    ------
    CorpusError
        If the sequence does not fill one chunk of every stream.

    Examples
    --------
    >>> sequence = np.arange(22).reshape(11, 2)
    >>> streams = Streams(sequence[:-1], sequence[1:], streams=2, unroll=3)
    >>> [chunk.inputs[:, :, 0].tolist() for chunk in streams.epoch(0)]
    [[[0, 10], [2, 12], [4, 14]], [[6, 16], [8, 18]]]
    """

    hands_on_state = True

    def __init__(
        self,
        inputs: NDArray[np.integer[Any]],
        targets: NDArray[np.integer[Any]],
        streams: int,
        unroll: int,
    ) -> None:
        length = len(inputs) // streams
        if length < unroll:
            raise CorpusError(
                f"{len(inputs) + 1} events do not fill one chunk: {streams} streams of {unroll}"
                f" steps need {streams * unroll + 1}; use more files, or smaller --streams and"
                " --unroll"
            )
        self._inputs, self._targets = (
            torch.tensor(part[: streams * length])
            .long()
            .reshape(streams, length, -1)
            .transpose(0, 1)
            .contiguous()  # (T, B, fields)
            for part in (inputs, targets)
        )
        self._unroll = unroll
        self.chunks = -(-length // unroll)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks of an epoch from chunk `start` on; all epochs are alike."""
        for i in range(start * self._unroll, len(self._inputs), self._unroll):
            part = slice(i, i + self._unroll)
            yield Chunk(self._inputs[part], self._targets[part])


class Windows:
    """Every window of a sequence once an epoch, shuffled, each with its targets one step on.

    Parameters
    ----------
    inputs, targets : int arrays, shapes (N - 1, F + E) and (N - 1, F)
        What is read, and what is to be predicted from it.
    batch, length : int
        Windows taken together, and steps of each.
    seed : int
        Epoch e is shuffled by (seed, e), so that a resumed run sees the same order.

    Raises
    ------
    CorpusError
        If the sequence is shorter than one window.
    """

    hands_on_state = False

    def __init__(
        self,
        inputs: NDArray[np.integer[Any]],
        targets: NDArray[np.integer[Any]],
        batch: int,
        length: int,
        seed: int,
    ) -> None:
        if len(inputs) < length:
            raise CorpusError(
                f"{len(inputs) + 1} events do not fill one chunk of {length} steps;"
                " use more files, or a smaller --unroll"
            )
        self._inputs, self._targets = (torch.tensor(part).long() for part in (inputs, targets))
        self._batch, self._length, self._seed = batch, length, seed
        self._starts = np.arange(len(inputs) - length + 1)
        self.chunks = -(-len(self._starts) // batch)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Chunk]:
        """Yield the batches of an epoch from batch `start` on."""
        order = np.random.default_rng([self._seed, epoch]).permutation(self._starts)
        steps = np.arange(self._length)[:, None]
        for i in range(start * self._batch, len(order), self._batch):
            window = steps + order[i : i + self._batch]  # (T, B)
            yield Chunk(self._inputs[window], self._targets[window])


def handed_on(state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """State of the streams at the start of an epoch: that of the stream before at its end.

    Parameters
    ----------
    state : pair of float32 tensors, shape (layers, B, H)

    Examples
    --------
    >>> handed_on((torch.tensor([[[1.0], [2.0]]]),) * 2)[0].flatten()
    tensor([0., 1.])
    """
    h, c = (torch.roll(part, 1, dims=1) for part in state)
    h[:, 0], c[:, 0] = 0, 0
    return h, c


def misread(inputs: Tensor, fields: int, share: float, seed: list[int]) -> Tensor:
    """Replace some events by others of the same chunk.

    Parameters
    ----------
    inputs : int64 tensor, shape (T, B, F + E)
    fields : int
        F, the fields to replace; those that are read only stay.
    share : float
        Of the events, in [0, 1].
    seed : list of int
        The same seed replaces the same.

    Examples
    --------
    >>> misread(torch.arange(4).reshape(4, 1, 1), 1, 0.0, [0]).flatten()
    tensor([0, 1, 2, 3])
    """
    if not share:
        return inputs
    generator = np.random.default_rng(seed)
    events = inputs[..., :fields].flatten(0, 1)  # (T * B, F)
    other = torch.from_numpy(generator.permutation(len(events)))
    slip = torch.from_numpy(generator.random(len(events)) < share)
    events = torch.where(slip[:, None], events[other], events)
    return torch.cat([events.view(*inputs.shape[:2], fields), inputs[..., fields:]], dim=-1)
