"""The fill-in network in torch, for training; `paradiddle.fill_net` plays it.

Shapes as there: B patterns, T steps, V channels, K and Q units, N categories.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from paradiddle.fill_net import FillShape
from paradiddle.training.encoder_model import Encoder, Locked, with_bias

__all__ = ["Batch", "FillModel", "Losses"]

_SCALE = 0.05  # of first weights that are not torch's own


class Batch(NamedTuple):
    """Questions with their answers.

    Attributes
    ----------
    inputs : float32 tensor, shape (B, T, I)
        As `paradiddle.fill_inputs.encoder_inputs` writes them.
    recall : float32 tensor, shape (B, T, R)
        As `paradiddle.fill_inputs.recall_of` writes it.
    cells : float32 tensor, shape (B, T, 3V)
        The answer.
    categories : int64 tensor, shape (B, T, V, 2)
        Its velocity and offset bins.
    hits_asked, dynamics_asked : float32 tensors, shape (B, T, V)
        1 where a hit or rest, or velocity and offset of a hit, is to be foretold.
    """

    inputs: Tensor
    recall: Tensor
    cells: Tensor
    categories: Tensor
    hits_asked: Tensor
    dynamics_asked: Tensor


class Losses(NamedTuple):
    """Surprisal in nats: of the hits of each step, (B, T), and of what is asked besides."""

    hits: Tensor
    velocities: Tensor
    offsets: Tensor


class FillModel(nn.Module):
    """Encoder, LSTM and heads of `paradiddle.fill_net.FillNet`.

    Parameters
    ----------
    shape : FillShape
    velocity_bins : int
        How many of the shape's categories are velocities; the others are offsets.
    dropout : float
        Share of the values that the LSTM and the heads read that are hidden while training, the
        same ones at every step of a pattern; half of it in the encoder.
    seed : int
        Weights are the same for the same seed.
    """

    earlier: Tensor

    def __init__(self, shape: FillShape, velocity_bins: int, dropout: float, seed: int) -> None:
        super().__init__()
        self.shape, self.velocity_bins = shape, velocity_bins
        read = shape.encoder + shape.recall
        channels, hidden = shape.channels, shape.hidden
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder = Encoder(shape.inputs, shape.encoder, shape.dilations, dropout / 2)
            self.decoder_in = nn.Linear(3 * channels + read, hidden)
            self.lstm = nn.LSTM(hidden, hidden, shape.layers, batch_first=True)
            self.hits_in = nn.Linear(read + hidden, channels * shape.hit_units)
            self.hits_given = _small(channels, channels, shape.hit_units)
            self.hits_out = _small(channels, shape.hit_units)
            self.hits_bias = nn.Parameter(torch.full((channels,), -2.0))
            self.dynamics_in = nn.Linear(read + hidden, channels * shape.dynamics_units)
            self.dynamics_given = _small(3, channels, channels, shape.dynamics_units)
            self.dynamics_out = _small(channels, shape.dynamics_units, shape.categories)
            self.dynamics_bias = nn.Parameter(torch.zeros(channels, shape.categories))
        for layer in range(shape.layers):  # one bias a gate is enough
            bias = getattr(self.lstm, f"bias_hh_l{layer}")
            nn.init.zeros_(bias).requires_grad_(False)
        self.dropout = Locked(dropout)
        earlier = torch.triu(torch.ones(channels, channels), 1)[..., None]  # of two channels
        self.register_buffer("earlier", earlier, False)

    def forward(self, batch: Batch) -> Losses:
        """Foretell what is asked, all steps at once, each given the true ones before it."""
        state = self._state(batch)
        hits = batch.cells[..., : self.shape.channels]
        logits = self._hit_logits(state, hits)
        surprisal = functional.binary_cross_entropy_with_logits(logits, hits, reduction="none")
        velocities, offsets = self._dynamics(state, batch)
        return Losses((surprisal * batch.hits_asked).sum(-1), velocities, offsets)

    def _state(self, batch: Batch) -> Tensor:
        """All that the heads read, (B, T, E + R + H)."""
        read = torch.cat([self.encoder(batch.inputs), batch.recall], -1)  # (B, T, E + R)
        written = functional.pad(batch.cells, (0, 0, 1, -1))  # one step later
        x = functional.relu(self.decoder_in(self.dropout(torch.cat([written, read], -1))))
        hidden, _ = self.lstm(x)  # (B, T, H)
        state: Tensor = self.dropout(torch.cat([read, hidden], -1))
        return state

    def _hit_logits(self, state: Tensor, hits: Tensor) -> Tensor:
        """Log odds of each hit given those of the channels before it, (B, T, V)."""
        given = (self.hits_given * self.earlier).flatten(1)  # (V, VK)
        units = functional.relu(self.hits_in(state) + hits @ given)
        logits: Tensor = (self._by_channel(units) * self.hits_out).sum(-1) + self.hits_bias
        return logits

    def _dynamics(self, state: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Surprisal of velocities and offsets where they are asked."""
        units = functional.relu(self.dynamics_in(state) + batch.cells @ self._dynamics_given())
        units = self._by_channel(units)  # (B, T, V, Q)
        channel, *place = torch.nonzero(batch.dynamics_asked.permute(2, 0, 1), as_tuple=True)
        asked = units[place[0], place[1], channel]  # (A, Q), sorted by channel
        counts = torch.bincount(channel, minlength=self.shape.channels).tolist()
        parts = torch.split(asked, counts)
        logits = torch.cat(
            [part @ self.dynamics_out[k] + self.dynamics_bias[k] for k, part in enumerate(parts)]
        )
        answers = batch.categories[place[0], place[1], channel]  # (A, 2)
        velocity, offset = logits.float().tensor_split([self.velocity_bins], dim=-1)
        return (
            functional.cross_entropy(velocity, answers[:, 0], reduction="none"),
            functional.cross_entropy(offset, answers[:, 1], reduction="none"),
        )

    def _by_channel(self, units: Tensor) -> Tensor:
        """Give each channel its own units, (B, T, VK) to (B, T, V, K)."""
        return units.view(*units.shape[:-1], self.shape.channels, -1)

    def _dynamics_given(self) -> Tensor:
        """Collect what all hits, and velocities and offsets of earlier channels, add, (3V, VQ)."""
        hits, *rest = self.dynamics_given
        return torch.cat([hits, *(part * self.earlier for part in rest)]).flatten(1)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Weights in the engine's layout; see `FillShape.tensors`."""
        return {name: value.detach().numpy() for name, value in self._arranged().items()}

    def _arranged(self) -> Mapping[str, Tensor]:
        tensors = self.encoder.arranged()
        for layer in range(self.shape.layers):
            tensors[f"decoder.lstm.{layer}"] = self._lstm_rows(layer)
        return tensors | {
            "decoder.in": with_bias(self.decoder_in),
            "hits.in": with_bias(self.hits_in),
            "hits.given": (self.hits_given * self.earlier).flatten(1),
            "hits.out": torch.cat([self.hits_out, self.hits_bias[:, None]], dim=1),
            "dynamics.in": with_bias(self.dynamics_in),
            "dynamics.given": self._dynamics_given(),
            "dynamics.out": torch.cat([self.dynamics_out, self.dynamics_bias[:, None]], dim=1),
        }

    def _lstm_rows(self, layer: int) -> Tensor:
        """Weights of a layer with the engine's order of gates."""
        below, own, bias = (
            getattr(self.lstm, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih")
        )
        i, f, g, o = torch.cat([below.T, own.T, bias[None]]).chunk(4, dim=1)
        return torch.cat([f, i, o, g], dim=1)


def _small(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(shape) * _SCALE)
