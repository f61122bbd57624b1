"""The convolutional encoder in torch, for training; `paradiddle.fill_encoder` plays it.

Shapes as there: B patterns, T steps, I inputs, E width of the encoder.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Encoder", "Locked", "with_bias"]


class Encoder(nn.Module):
    """Residual blocks of dilated convolutions over whole pieces.

    Parameters
    ----------
    inputs, width : int
    dilations : sequence of int
        As for `paradiddle.fill_encoder.encoder_tensors`.
    dropout : float
        Share of the values of a block's change that are hidden while training.
    """

    def __init__(self, inputs: int, width: int, dilations: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout) for dilation in dilations)
        self.norm = nn.LayerNorm(width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Read pieces in both directions, (B, T, I) to (B, T, E)."""
        x = functional.relu(self.enter(inputs))  # (B, T, E)
        for block in self.blocks:
            x = block(x)
        normal: Tensor = self.norm(x)
        return normal

    def arranged(self) -> dict[str, Tensor]:
        """Weights in the engine's layout."""
        tensors = {"encoder.in": with_bias(self.enter), "encoder.norm": _scale_shift(self.norm)}
        for number, block in enumerate(self.blocks):
            assert isinstance(block, _Block)
            tensors[f"encoder.{number}.norm"] = _scale_shift(block.norm)
            tensors[f"encoder.{number}.mix"] = with_bias(block.mix)
            tensors[f"encoder.{number}.out"] = with_bias(block.out)
        return tensors


class _Block(nn.Module):
    """Residual block that reads its own step and one to either side."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(3 * width, width), nn.Linear(width, width)
        self.dropout = Locked(dropout)

    def forward(self, x: Tensor) -> Tensor:
        normal, dilation = self.norm(x), self.dilation
        around = functional.pad(normal, (0, 0, dilation, dilation))
        steps = x.shape[1]
        mixed = torch.cat([around[:, :steps], normal, around[:, 2 * dilation :]], -1)
        change: Tensor = self.dropout(self.out(functional.relu(self.mix(mixed))))
        return x + change


class Locked(nn.Module):
    """Dropout with one mask for all steps of a pattern.

    After Gal & Ghahramani, *A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks*, 2016.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Hide some values of (B, T, n) at all steps."""
        if not self.training or not self.share:
            return x
        kept = torch.full((len(x), 1, x.shape[-1]), 1 - self.share, dtype=x.dtype)
        return x * (torch.bernoulli(kept) / (1 - self.share))


def with_bias(linear: nn.Linear) -> Tensor:
    """Weights of a layer as rows, the bias last."""
    return torch.cat([linear.weight.T, linear.bias[None]])


def _scale_shift(norm: nn.LayerNorm) -> Tensor:
    return torch.stack([norm.weight, norm.bias])
