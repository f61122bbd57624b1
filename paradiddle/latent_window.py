"""The latent model of one window length: cells to codes, codes to cells, codes from a prior.

Shapes: B windows, T steps, Z latent, C conditions; cells as in `paradiddle.latent_cells`.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import condition_width
from paradiddle.latent_cells import Reading, inputs_of, reading_of
from paradiddle.latent_file import LatentShape
from paradiddle.latent_net import Mixer, Prior

__all__ = ["WindowModel", "part"]

_KINSHIP = 0.8  # correlation of what is drawn for the windows of one piece
_EMPHASIS = np.float32(2.0)  # on what a style changes: twice as far is recognised more often

_Array = NDArray[np.float32]


class WindowModel:
    """An autoencoder of windows and the prior over its codes.

    Parameters
    ----------
    shape : LatentShape
    tensors : mapping of str to float32 array
        As `LatentShape.tensors` lists them.
    """

    def __init__(self, shape: LatentShape, tensors: Mapping[str, _Array]) -> None:
        self.latent = shape.autoencoder.latent
        self._mixer = Mixer(shape.autoencoder, part(tensors, "autoencoder."))
        self._prior = Prior(shape.prior, part(tensors, "prior."))

    def encode(self, cells: _Array) -> _Array:
        """Return the mean of the posterior, (B, Z), of cells, (B, T, 27)."""
        return self._mixer.encode(inputs_of(cells))

    def decode(self, codes: _Array) -> Reading:
        """Say what codes, (B, Z), sound like."""
        return reading_of(self._mixer.decode(codes))

    def draw(
        self, count: int, wishes: _Array, temperature: float, generator: np.random.Generator
    ) -> _Array:
        """Draw codes of windows that follow each other and have something in common.

        What the style changes in them is exaggerated, after the classifier-free guidance of Ho and
        Salimans (2022).

        Parameters
        ----------
        count : int
            B.
        wishes : float32 array, shape (C,)
            See `paradiddle.given.condition`.
        temperature : float
            Multiplies all that is random.
        generator : Generator

        Returns
        -------
        float32 array, shape (B, Z)
        """
        prior, scale = self._prior, np.float32(temperature)
        common = generator.standard_normal(prior.shape.code, np.float32)
        own = generator.standard_normal((count, prior.shape.code), np.float32)
        drawn = np.float32(_KINSHIP) * common + np.float32((1 - _KINSHIP**2) ** 0.5) * own
        any_style = wishes.copy()
        any_style[: len(wishes) - condition_width(0)] = 0
        plain, _ = prior.decode(scale * drawn, np.tile(any_style, (count, 1)))
        told, log_variance = prior.decode(scale * drawn, np.tile(wishes, (count, 1)))
        mean = plain + _EMPHASIS * (told - plain)
        noise = generator.standard_normal(mean.shape, np.float32)
        return np.asarray(mean + scale * np.exp(np.float32(0.5) * log_variance) * noise)


def part(tensors: Mapping[str, _Array], prefix: str) -> dict[str, _Array]:
    """Pick the tensors whose names begin so, and take that beginning off."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
