"""The networks of the latent recipe in torch, for training; `paradiddle.latent_net` plays them.

Their parameters have the names and shapes that `MixerShape.tensors` and `PriorShape.tensors` list,
so that a state dict is a model file.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from paradiddle.latent_net import MixerShape, PriorShape

__all__ = ["ConditionalVae", "MixerVae", "drawn", "nats_above_normal"]

_LOG_VARIANCE = -8.0, 3.0  # of posteriors: neither certain beyond use nor without bounds


class MixerVae(nn.Module):
    """Autoencoder of sequences; see `paradiddle.latent_net.Mixer`."""

    def __init__(self, shape: MixerShape) -> None:
        super().__init__()
        flat = shape.tokens * shape.narrow
        self.shape = shape
        self.encoder, self.decoder = _Side(shape), _Side(shape)
        self.encoder.tokens = nn.Linear(shape.inputs, shape.width)
        self.encoder.narrow = nn.Linear(shape.width, shape.narrow)
        self.encoder.latent = nn.Linear(flat, 2 * shape.latent)
        self.decoder.latent = nn.Linear(shape.latent, flat)
        self.decoder.narrow = nn.Linear(shape.narrow, shape.width)
        self.decoder.tokens = nn.Linear(shape.width, shape.outputs)

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the posterior, (B, Z) each, of inputs (B, K, I)."""
        side = self.encoder
        x = side.mixed(side.tokens(inputs) + side.place)  # (B, K, D)
        mean, log_variance = side.latent(side.narrow(x).flatten(1)).chunk(2, -1)
        return mean, log_variance.clamp(*_LOG_VARIANCE)

    def decode(self, latents: Tensor) -> Tensor:
        """Return what the sequences are made of, (B, K, O), for latents (B, Z)."""
        side, shape = self.decoder, self.shape
        x = side.latent(latents).view(len(latents), shape.tokens, shape.narrow)
        return torch.as_tensor(side.tokens(side.mixed(side.narrow(x) + side.place)))


class _Side(nn.Module):
    """Blocks, places of the tokens and a last norm, of an encoder or a decoder."""

    tokens: nn.Linear
    narrow: nn.Linear
    latent: nn.Linear

    def __init__(self, shape: MixerShape) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(shape.tokens, shape.width))
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)

    def mixed(self, x: Tensor) -> Tensor:
        """Run all blocks on tokens (B, K, D)."""
        for block in self.blocks:
            x = block(x)
        return torch.as_tensor(self.norm(x))


class _Block(nn.Module):
    """One network along the tokens and one along the width."""

    def __init__(self, shape: MixerShape) -> None:
        super().__init__()
        tokens, width = shape.tokens, shape.width
        self.time_norm, self.width_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.time_in, self.time_out = nn.Linear(tokens, 2 * tokens), nn.Linear(2 * tokens, tokens)
        self.width_in, self.width_out = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Change tokens, (B, K, D)."""
        turned = self.time_norm(x).transpose(1, 2)  # (B, D, K)
        x = x + self.time_out(functional.silu(self.time_in(turned))).transpose(1, 2)
        return torch.as_tensor(
            x + self.width_out(functional.silu(self.width_in(self.width_norm(x))))
        )


class ConditionalVae(nn.Module):
    """Autoencoder of latents under conditions: an encoder for training and the prior that plays."""

    def __init__(self, shape: PriorShape) -> None:
        super().__init__()
        self.encoder = _Residual(shape.latent + shape.conditions, 2 * shape.code, shape)
        self.decoder = _Residual(shape.code + shape.conditions, 2 * shape.latent, shape)

    def encode(self, latents: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the code, (B, U) each."""
        mean, log_variance = self.encoder(torch.cat([latents, conditions], -1)).chunk(2, -1)
        return mean, log_variance.clamp(*_LOG_VARIANCE)

    def decode(self, codes: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the latents, (B, Z) each."""
        mean, log_variance = self.decoder(torch.cat([codes, conditions], -1)).chunk(2, -1)
        return mean, log_variance


class _Residual(nn.Module):
    """Residual layers; see `paradiddle.latent_net.Prior`."""

    def __init__(self, inputs: int, outputs: int, shape: PriorShape) -> None:
        super().__init__()
        self.start = nn.Linear(inputs, shape.width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "norm": nn.LayerNorm(shape.width),
                    "in": nn.Linear(shape.width, shape.width),
                    "out": nn.Linear(shape.width, shape.width),
                }
            )
            for _ in range(shape.blocks)
        )
        self.norm = nn.LayerNorm(shape.width)
        self.end = nn.Linear(shape.width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, outputs)."""
        x = self.start(x)
        for block in self.blocks:
            assert isinstance(block, nn.ModuleDict)
            x = x + block["out"](functional.silu(block["in"](block["norm"](x))))
        return torch.as_tensor(self.end(self.norm(x)))


def drawn(mean: Tensor, log_variance: Tensor, generator: torch.Generator) -> Tensor:
    """Draw from normal distributions so that gradients pass."""
    noise = torch.randn(mean.shape, generator=generator).to(mean.device)
    return mean + torch.exp(0.5 * log_variance) * noise


def nats_above_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Divergence from a standard normal, summed over the last axis.

    Examples
    --------
    >>> nats_above_normal(torch.tensor([3.0, 4.0]), torch.zeros(2))
    tensor(12.5000)
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)
