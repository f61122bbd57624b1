"""How slowly a drummer's memory forgets a small change, as something to train down.

A network that is only taught to remember may amplify any difference of its memory, rounding
included, wherever it plays what it never learned; after some hundred events nobody can tell what
it will do, not even the same weights on another machine. A penalty on the growth of a small change
keeps the music in charge of the memory. The growth is a finite-time Lyapunov exponent; it can be
trained by back-propagation (Engelken, Gradient Flossing, NeurIPS 2023, who pulls it to zero).

Shapes: T time, B streams, F + E fields read, D layers, H hidden.
"""

import numpy as np
import torch
from torch import Tensor

from paradiddle.training.data import misread
from paradiddle.training.models import EventLstm, State

__all__ = ["unsteadiness"]

_MISREAD = 0.4  # of the events: the drummer's own slips, and the odd places they lead to
_EVERY = 3  # one stream of so many is looked at; it costs as much as the music itself
_CHANGE = 1e-3  # norm: small beside a memory, large beside rounding
_FALL = 0.08  # nats an event by which a change is to fade
_FADED = 1e-8  # squared; nothing is gained below


def unsteadiness(
    model: EventLstm, inputs: Tensor, state: State | None, astray: State | None, seed: list[int]
) -> tuple[Tensor, State]:
    """How far a change of the memory stays above what is left of one that fades as it should.

    Some streams are read as they are, and once more by a drummer who misreads and has long gone
    astray: on its own it is between the two.

    Parameters
    ----------
    model : EventLstm
        Reading forward only.
    inputs : int64 tensor, shape (T, B, F + E)
        Events.
    state : pair of float32 tensors (D, B, H), optional
        Memory before them; zeros when left out.
    astray : pair of float32 tensors (D, ceil(B / 3), H), optional
        Memory of who misreads, as an earlier call returned it; zeros when left out.
    seed : list of int
        The same seed changes and misreads the same.

    Returns
    -------
    float32 tensor, scalar
        Mean over events and streams, in nats; 0 is steady.
    State
        `astray` for the events that follow.
    """
    shape = model.shape
    events = inputs[:, ::_EVERY]
    count = events.shape[1]
    zeros = torch.zeros(shape.layers, count, shape.hidden)
    true = (zeros, zeros) if state is None else (state[0][:, ::_EVERY], state[1][:, ::_EVERY])
    events = torch.cat([events, misread(events, len(shape.sizes), _MISREAD, seed)], 1)
    h, c = (torch.cat(pair, 1) for pair in zip(true, astray or (zeros, zeros), strict=True))
    left, (h, c) = _left(model, events, (h, c), seed)
    line = -_FALL * torch.arange(1.0, len(left) + 1)
    after = h[:, count:].detach(), c[:, count:].detach()
    return torch.relu(left - line[:, None]).mean(), after


def _left(model: EventLstm, events: Tensor, state: State, seed: list[int]) -> tuple[Tensor, State]:
    """Log of what is left of a random change of the memory after each event, (T, B)."""
    h, c = state
    count = h.shape[1]
    h_change, c_change = _changes(h.shape, seed)
    changed = torch.cat([h, h + h_change], 1), torch.cat([c, c + c_change], 1)
    outputs, (h, c) = model.read(torch.cat([events, events], 1), changed)
    before, after = outputs.chunk(2, dim=1)  # (T, B, H)
    left = ((after - before) / _CHANGE).pow(2).sum(-1).add(_FADED).log() / 2
    return left, (h[:, :count], c[:, :count])


def _changes(size: torch.Size, seed: list[int]) -> tuple[Tensor, Tensor]:
    """Draw changes of h and c, (D, B, H) each, together of norm `_CHANGE` in every stream."""
    both = np.random.default_rng(seed).standard_normal((2, *size)).astype(np.float32)
    both *= _CHANGE / np.sqrt((both**2).sum((0, 1, 3), keepdims=True))
    h, c = torch.from_numpy(both)
    return h, c
