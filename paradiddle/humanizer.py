"""The humanizer: the most middling way to strike given hits, at once and with the least error.

The drum machine draws each stroke given those before it, which sounds like a person. This foretells
each from the hits alone, and takes the medians of what it finds likely.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError
from paradiddle.fill_inputs import encoder_inputs
from paradiddle.given import Given, V
from paradiddle.humanizer_file import read_model
from paradiddle.humanizer_net import HumanizerNet, HumanizerShape
from paradiddle.quanta import VELOCITY_BINS, median_offset, median_velocity
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["DEFAULT_HUMANIZER", "Humanizer"]

DEFAULT_HUMANIZER = Path(__file__).parent / "models" / "humanizer.safetensors"

_CHUNK_BARS = 64  # read at once: memory stays the same however long the piece

_Array = NDArray[np.float32]


class Humanizer:
    """A trained humanizer; `paradiddle.machine.Machine.humanize` asks it at temperature 0.

    Parameters
    ----------
    shape : HumanizerShape
        Sizes of the networks.
    styles : sequence of str
        Those it knows, in its order.
    tensors : mapping of str to float32 array
        Its weights.
    document : mapping, optional
        Where it came from; see `paradiddle.weights`.
    """

    def __init__(
        self,
        shape: HumanizerShape,
        styles: Sequence[str],
        tensors: Mapping[str, _Array],
        document: Mapping[str, Any] | None = None,
    ) -> None:
        self.styles = tuple(styles)
        self.document = dict(document or {})
        self._net = HumanizerNet(shape, tensors)
        self._reach = -(-sum(shape.dilations) // STEPS_PER_BAR)

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Humanizer":
        """Open a model file, by default the humanizer that comes with the package.

        Raises
        ------
        ModelError
            If the file is damaged, of another version, for other voices, or no humanizer.
        """
        shape, styles, file = read_model(path or DEFAULT_HUMANIZER)
        return cls(shape, styles, file.tensors, file.document)

    def medians(self, given: Given) -> _Array:
        """Find the median velocity and offset of each hit, given all hits and rests.

        Parameters
        ----------
        given : Given
            B questions whose hits are all known; velocities and offsets are not read.

        Returns
        -------
        float32 array, shape (B, T, 27)
            Cells.

        Raises
        ------
        InvalidValueError
            If a hit or rest is not known.
        """
        if not given.hits_known.all():
            raise InvalidValueError("medians need all hits and rests known; fill in the hits first")
        bars = range(0, -(-given.steps // STEPS_PER_BAR), _CHUNK_BARS)
        return np.concatenate([self._struck(given, first) for first in bars], axis=1)

    def _struck(self, given: Given, first: int) -> _Array:
        """Strike some bars, having read as far around them as the networks reach."""
        seen = max(first - self._reach, 0)
        asked = given.bars(seen, first + _CHUNK_BARS + self._reach)
        strokes = asked.cells[..., :V] > 0
        last = (first - seen + _CHUNK_BARS) * STEPS_PER_BAR
        here = slice((first - seen) * STEPS_PER_BAR, last)
        outside = np.ones(asked.steps, np.bool_)
        outside[here] = False
        strokes[:, outside] = False
        found = self._net.distributions(encoder_inputs(_bare(asked)), strokes)
        velocities, offsets = (np.zeros(strokes.shape, np.float32) for _ in range(2))
        velocities[strokes] = median_velocity(found[:, :VELOCITY_BINS])
        offsets[strokes] = median_offset(found[:, VELOCITY_BINS:])
        return np.concatenate([asked.cells[..., :V], velocities, offsets], axis=-1)[:, here]


def _bare(given: Given) -> Given:
    """Hide all but hits, rests and wishes."""
    nothing = np.zeros_like(given.hits_known)
    return Given(
        given.cells,
        given.hits_known,
        nothing,
        np.zeros_like(given.tap),
        np.zeros_like(given.tap_known),
        given.first_bar,
        given.conditions,
    )
