"""Striking given hits most middlingly: by a humanizer where one fits, or by the machine itself."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import ModelError
from paradiddle.fill_medians import medians
from paradiddle.fill_net import FillNet
from paradiddle.given import Given
from paradiddle.humanizer import DEFAULT_HUMANIZER, Humanizer

__all__ = ["Steady"]

_SAMPLES = 8

_Array = NDArray[np.float32]


class Steady:
    """Strikes hits at temperature 0.

    Parameters
    ----------
    net : FillNet
        Answers where there is no humanizer, by medians over a few samples.
    styles : sequence of str
        Those of the network.
    file : str or Path, optional
        A humanizer's file, read on first use. Without one it is the humanizer that comes along,
        if that knows the same styles.
    """

    def __init__(self, net: FillNet, styles: Sequence[str], file: str | Path | None) -> None:
        self._net, self._styles, self._file = net, tuple(styles), file

    def strike(self, given: Given) -> _Array:
        """Give known hits velocities and offsets, (B, T, 27).

        Raises
        ------
        ModelError
            If the humanizer's file cannot be read or knows other styles.
        """
        if self.humanizer is None:
            return medians(self._net, given, _SAMPLES)
        return self.humanizer.medians(given)

    @cached_property
    def humanizer(self) -> Humanizer | None:
        """Who answers; None for the network."""
        humanizer = Humanizer.load(self._file or DEFAULT_HUMANIZER)
        if humanizer.styles == self._styles:
            return humanizer
        if self._file is None:
            return None
        raise ModelError(
            f"{self._file} knows the styles {', '.join(humanizer.styles)}, the machine"
            f" {', '.join(self._styles)}; train both on the same recordings"
        )
