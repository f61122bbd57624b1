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

__all__ = ["DEFAULT_HUMANIZER", "Humanizer"]

DEFAULT_HUMANIZER = Path(__file__).parent / "models" / "humanizer.safetensors"

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
        hits = given.cells[..., :V]
        strokes = hits > 0
        found = self._net.distributions(encoder_inputs(_bare(given)), strokes)
        velocities, offsets = np.zeros_like(hits), np.zeros_like(hits)
        velocities[strokes] = median_velocity(found[:, :VELOCITY_BINS])
        offsets[strokes] = median_offset(found[:, VELOCITY_BINS:])
        return np.concatenate([hits, velocities, offsets], axis=-1)


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
