"""A small task to train: a line through points, with dropout and a buffer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from paradiddle import weights

COEFFICIENTS = 1.0, -2.0, 0.5


class Line:
    """Learns `COEFFICIENTS`."""

    name = "line"
    decides = "mse"

    def __init__(self, *, seed: int = 0, dropout: float = 0.2, fingerprint: str = "f") -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = nn.Sequential(nn.Dropout(dropout), nn.BatchNorm1d(3), nn.Linear(3, 1))
        self.seed, self.fingerprint = seed, fingerprint
        self.validated: list[dict[str, Tensor]] = []

    def points(self, *seed: int) -> tuple[Tensor, Tensor]:
        x = torch.tensor(np.random.default_rng(seed).standard_normal((8, 3)), dtype=torch.float32)
        return x, x @ torch.tensor(COEFFICIENTS)[:, None]

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        x, y = self.points(self.seed, step)
        error = self.model(x) - y
        figures = {"error": float(error.detach().abs().mean())}
        if step % 2:
            figures["odd step"] = float(step)
        return error.square().mean(), figures

    def validate(self) -> dict[str, float]:
        assert not self.model.training
        assert not torch.is_grad_enabled()
        x, y = self.points(12345)
        self.validated.append({k: v.clone() for k, v in self.model.state_dict().items()})
        return {"mse": float((self.model(x) - y).square().mean())}

    def document(self) -> dict[str, Any]:
        return {"training": {"fingerprint": self.fingerprint, "attribution": "made up"}}

    def identity(self) -> dict[str, Any]:
        return {"inputs": 3, "sizes": (3, 1)}

    def write_model(
        self, path: Path, state: Mapping[str, Tensor], document: Mapping[str, Any]
    ) -> None:
        weights.write(path, self.name, document, {k: v.numpy() for k, v in state.items()})
