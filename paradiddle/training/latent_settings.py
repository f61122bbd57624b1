"""Sizes and recipe of the latent model."""

from dataclasses import dataclass

import numpy as np

from paradiddle.checks import check_at_least, check_range, check_seed, check_whole
from paradiddle.given import condition_width
from paradiddle.latent_file import CELLS_IN, CELLS_OUT, STEPS_PER_TOKEN, LatentShape
from paradiddle.latent_net import MixerShape, PriorShape
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["LatentSettings"]


@dataclass(frozen=True)
class LatentSettings:
    """Sizes and recipe of the latent model.

    Attributes
    ----------
    lengths : tuple of int
        Windows, in bars, each with a model of its own.
    width, narrow, latent, blocks : int
        Of the autoencoders; see `paradiddle.latent_net.MixerShape`.
    code, prior_width, prior_blocks : int
        Of the priors; see `paradiddle.latent_net.PriorShape`.
    batch : int
        Windows a step.
    beta : float
        Weight of the bits of a code above `free_bits`.
    free_bits : float
        Bits of a code that cost nothing.
    velocity_weight, offset_weight : float
        Weight of a nat of them beside one of the hits.
    mixing, shifting : float
        Share of the windows that take some voices from another window, and that begin elsewhere.
    anonymous : float
        Share of the windows whose style the prior is not told, and whose tempo it is not told.
    seed : int
        Of first weights and batches.

    Raises
    ------
    InvalidValueError
        If a number is out of range.
    """

    lengths: tuple[int, ...] = (2, 4)
    width: int = 128
    narrow: int = 64
    latent: int = 256
    blocks: int = 2
    code: int = 128
    prior_width: int = 256
    prior_blocks: int = 2
    batch: int = 256
    beta: float = 0.2
    free_bits: float = 48.0
    velocity_weight: float = 0.5
    offset_weight: float = 0.3
    mixing: float = 0.3
    shifting: float = 0.2
    anonymous: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least("number of lengths", len(self.lengths), 1, "try 2 and 4 bars")
        for bars in self.lengths:
            check_range("length", np.array([bars]), 1, 64, remedy="try 2 and 4 bars")
        check_whole("batch", self.batch, 2, 4096, "windows are mixed with each other; try 256")
        for name in ("mixing", "shifting", "anonymous"):
            check_range(name, np.array([getattr(self, name)]), 0, 1, remedy="it is a share")
        for name in ("beta", "free_bits", "velocity_weight", "offset_weight"):
            check_range(name, np.array([getattr(self, name)]), 0, 1e6, remedy="0 leaves it out")
        check_seed(self.seed)

    def shape(self, bars: int, styles: int) -> LatentShape:
        """Sizes of the model of one length."""
        return LatentShape(
            MixerShape(
                bars * STEPS_PER_BAR // STEPS_PER_TOKEN,
                STEPS_PER_TOKEN * CELLS_IN,
                STEPS_PER_TOKEN * CELLS_OUT,
                self.width,
                self.narrow,
                self.latent,
                self.blocks,
            ),
            PriorShape(
                self.code,
                condition_width(styles),
                self.latent,
                self.prior_width,
                self.prior_blocks,
            ),
        )
