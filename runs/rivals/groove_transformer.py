"""The Monotonic Groove Transformer: a tapped rhythm in, drums out, all steps at once."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from paradiddle.given import V, tap_of

from .examples import Batch
from .rival import Course, Rival, cell_nats

__all__ = ["GrooveTransformer"]

_LENGTH = 32  # steps


class GrooveTransformer(Rival):
    """Transformer encoder of 0.5 M weights that says all cells of two bars independently.

    It reads the tapped rhythm alone: hit, velocity and offset of the loudest hit of each step. As
    in the original it knows no style or tempo. Here rests cost as much as hits, so that its
    probabilities mean what they say, and velocities and offsets count where there is a hit.
    Trained for 4 minutes; best on validation after three quarters of them.
    """

    name = "groove-transformer"
    title = "Monotonic Groove Transformer"
    course = Course(bars=2, batch=64, steps=1500)
    places: Tensor

    def __init__(
        self, styles: Sequence[str], width: int = 128, layers: int = 4, heads: int = 4
    ) -> None:
        super().__init__(styles, width=width, layers=layers, heads=heads)
        self.read = nn.Linear(3, width)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Linear(width, 3 * V)
        self.register_buffer("places", _waves(width), persistent=False)

    def said(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of hits, velocities and offsets, (B, T, 9) each."""
        tap = torch.from_numpy(tap_of(batch.cells.numpy()))  # (B, T, 3)
        said = self.out(self.encoder(self.read(tap) + self.places)).float()
        logits, velocities, offsets = said.chunk(3, -1)
        return logits, velocities.sigmoid(), offsets.tanh() / 2

    def loss(self, batch: Batch, step: int) -> Tensor:
        """Average nats a step, and squared errors a hit."""
        logits, velocities, offsets = self.said(batch)
        errors = (velocities - batch.velocities) ** 2 + (2 * (offsets - batch.offsets)) ** 2
        return cell_nats(logits, batch.hits).mean() + errors[batch.hits > 0].mean()

    def judged(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Bits of hits, and steps."""
        nats = cell_nats(self.said(batch)[0], batch.hits)
        return nats.sum() / math.log(2), batch.played.sum()


def _waves(width: int) -> Tensor:
    """Sines and cosines that say the place of a step, (32, width)."""
    speeds = 10_000 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(_LENGTH)[:, None] * speeds
    return torch.cat([angles.sin(), angles.cos()], -1)
