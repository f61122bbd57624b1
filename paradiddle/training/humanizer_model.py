"""The humanizer's networks in torch, for training; `paradiddle.humanizer_net` plays them.

Shapes as there: B patterns, T steps, E encoder, V channels, Q units, A strokes.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from paradiddle.humanizer_net import HumanizerShape
from paradiddle.training.encoder_model import Encoder, Locked, with_bias

__all__ = ["HumanizerModel", "Member", "Strokes"]

_SCALE = 0.05  # of first weights that are not torch's own

Strokes = tuple[Tensor, Tensor, Tensor]
"""Pattern, step and channel of each stroke that is asked for, three times (A,)."""


class HumanizerModel(nn.Module):
    """All networks of a humanizer.

    Parameters
    ----------
    shape : HumanizerShape
    dropout : float
        Share of the values that a head reads that are hidden while training; half of it in the
        encoder.
    seed : int
        Weights are the same for the same seed, and differ from network to network.
    """

    def __init__(self, shape: HumanizerShape, dropout: float, seed: int) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.members = nn.ModuleList(Member(shape, dropout) for _ in range(shape.members))

    def forward(self, inputs: Tensor, strokes: Strokes) -> list[Tensor]:
        """Mean probabilities of each field of each stroke, (A, n)."""
        found = [
            torch.cat([part.softmax(-1) for part in self.split(member(inputs, strokes))], -1)
            for member in self.members
        ]
        return list(self.split(torch.stack(found).mean(0)))

    def split(self, logits: Tensor) -> tuple[Tensor, ...]:
        """Part categories, (A, N), by field."""
        return torch.split(logits.float(), list(self.shape.fields), dim=-1)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Weights in the engine's layout; see `HumanizerShape.tensors`."""
        return {
            f"{number}.{name}": value.detach().numpy()
            for number, member in enumerate(self.members)
            if isinstance(member, Member)
            for name, value in member.arranged().items()
        }


class Member(nn.Module):
    """One of the networks.

    Parameters
    ----------
    shape, dropout
        As for `HumanizerModel`.
    """

    def __init__(self, shape: HumanizerShape, dropout: float) -> None:
        super().__init__()
        self._channels = shape.channels
        self.encoder = Encoder(shape.inputs, shape.encoder, shape.dilations, dropout / 2)
        self.head_in = nn.Linear(shape.encoder, shape.channels * shape.units)
        self.head_out = nn.Parameter(
            torch.randn(shape.channels, shape.units, shape.categories) * _SCALE
        )
        self.bias = nn.Parameter(torch.zeros(shape.channels, shape.categories))
        self.dropout = Locked(dropout)

    def forward(self, inputs: Tensor, strokes: Strokes) -> Tensor:
        """Logits, (A, N), of strokes in questions, (B, T, I)."""
        units = functional.relu(self.head_in(self.dropout(self.encoder(inputs))))
        units = units.view(*units.shape[:2], self._channels, -1)  # (B, T, V, Q)
        channels = strokes[2]
        asked = units[strokes]  # (A, Q)
        logits = torch.zeros(len(asked), self.bias.shape[1], dtype=asked.dtype)
        for channel in torch.unique(channels).tolist():
            rows = channels == channel
            found = asked[rows] @ self.head_out[channel] + self.bias[channel]
            logits = logits.index_put((rows,), found.to(logits.dtype))
        return logits

    def arranged(self) -> dict[str, Tensor]:
        """Weights in the engine's layout."""
        return self.encoder.arranged() | {
            "head.in": with_bias(self.head_in),
            "head.out": torch.cat([self.head_out, self.bias[:, None]], dim=1),
        }
