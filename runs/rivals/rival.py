"""What the shared training loop needs of a model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from .examples import Batch

__all__ = ["Course", "Rival", "cell_nats"]


@dataclass(frozen=True)
class Course:
    """How a model is trained.

    Attributes
    ----------
    bars, batch : int
        Length of the windows, and how many are read at once.
    steps : int
        At most; chosen for less than 10 minutes of one core.
    rate : float
        Of Adam at first, falling to a twentieth on half a cosine.
    clip : float
        Length of the gradient at most.
    """

    bars: int
    batch: int
    steps: int
    rate: float = 1e-3
    clip: float = 1.0


class Rival(nn.Module, ABC):
    """A model of a published shape.

    Parameters
    ----------
    styles : sequence of str
        Those of the train split.
    sizes : int
        Those of the layers, by name.
    """

    name: ClassVar[str]  # of its file
    title: ClassVar[str]  # in tables
    course: ClassVar[Course]

    def __init__(self, styles: Sequence[str], **sizes: int) -> None:
        super().__init__()
        self.styles, self.sizes = tuple(styles), sizes

    @abstractmethod
    def loss(self, batch: Batch, step: int) -> Tensor:
        """Compute what training step number `step` lowers; a scalar."""

    @abstractmethod
    def judged(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Sum what early stopping goes by, and count over how much it is summed."""

    @torch.no_grad()
    def judge(self, batches: Sequence[Batch]) -> float:
        """Average `judged` over all."""
        self.eval()
        totals = torch.stack([torch.stack(self.judged(batch)) for batch in batches]).double().sum(0)
        return float(totals[0] / totals[1])


def cell_nats(logits: Tensor, hits: Tensor) -> Tensor:
    """Nats that it takes to say the nine hits of each step, (..., 9) to (...)."""
    return binary_cross_entropy_with_logits(logits.float(), hits, reduction="none").sum(-1)
