"""The latent model's file: sizes and styles in its document, the weights of one model a length."""

import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle import weights
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError
from paradiddle.given import condition_width
from paradiddle.latent_net import MixerShape, PriorShape
from paradiddle.pattern_models import check_fit
from paradiddle.timing import DEFAULT_QPM, check_qpm
from paradiddle.weights import ModelFile

__all__ = [
    "CELLS_IN",
    "CELLS_OUT",
    "KIND",
    "STEPS_PER_TOKEN",
    "LatentShape",
    "read_model",
    "write_model",
]

KIND = "latent"
STEPS_PER_TOKEN = 4  # a quarter
CELLS_IN = 3 * len(VOICE_NAMES)  # hits, velocities, offsets
CELLS_OUT = 5 * len(VOICE_NAMES)  # hits, centre and spread of velocities and of offsets

_STEPS_PER_BAR = 16


@dataclass(frozen=True)
class LatentShape:
    """Sizes of the model of one window length.

    Attributes
    ----------
    autoencoder : MixerShape
    prior : PriorShape
    """

    autoencoder: MixerShape
    prior: PriorShape

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        parts = {"autoencoder": self.autoencoder.tensors(), "prior": self.prior.tensors()}
        return {
            f"{part}.{name}": size for part, sizes in parts.items() for name, size in sizes.items()
        }


def read_model(path: str | Path) -> tuple[dict[int, LatentShape], tuple[str, ...], ModelFile]:
    """Read a latent model's file and check it whole: version, description, tensors.

    Returns
    -------
    dict of int to LatentShape
        By window length in bars; tensors have it as their prefix, ``2.autoencoder...``.
    tuple of str
        The styles, in the order of the conditions.
    ModelFile
        Document and tensors.

    Raises
    ------
    ModelError
        If the file is damaged, of another version or kind, or for other voices.
    """
    (shapes, styles), file = weights.read_described(path, KIND, _described)
    check_fit(path, file.document)
    weights.check_tensors(path, file.tensors, _sizes(shapes))
    return shapes, styles, file


def write_model(
    path: str | Path,
    shapes: Mapping[int, LatentShape],
    styles: tuple[str, ...],
    document: Mapping[str, Any],
    tensors: Mapping[str, NDArray[np.floating[Any]]],
) -> None:
    """Write a latent model's file: `document` with sizes and styles added, and the weights.

    Raises
    ------
    InvalidValueError
        If `read_model` would refuse the document.
    OutputError
        If the file cannot be written.
    """
    architecture = {str(bars): asdict(shape) for bars, shape in shapes.items()}
    content = {
        "voices": {"names": list(VOICE_NAMES)},
        **document,
        "architecture": architecture,
        "styles": list(styles),
    }
    _described(content)
    weights.write(path, KIND, content, tensors)


def _sizes(shapes: Mapping[int, LatentShape]) -> dict[str, tuple[int, ...]]:
    return {
        f"{bars}.{name}": size
        for bars, shape in shapes.items()
        for name, size in shape.tensors().items()
    }


def _described(document: Mapping[str, Any]) -> tuple[dict[int, LatentShape], tuple[str, ...]]:
    """Read all of a document that playing relies on, or raise InvalidValueError."""
    with weights.describing():
        list(document["voices"]["names"])
        check_qpm(dict(document.get("encoding", {})).get("qpm", DEFAULT_QPM))
        styles = tuple(map(str, document["styles"]))
        shapes = {
            int(bars): LatentShape(
                MixerShape(**_integers(parts["autoencoder"], MixerShape)),
                PriorShape(**_integers(parts["prior"], PriorShape)),
            )
            for bars, parts in document["architecture"].items()
        }
    if not shapes:
        raise InvalidValueError("it has no window length")
    for bars, shape in shapes.items():
        _check_fit(bars, shape, len(styles))
    return shapes, styles


def _integers(sizes: Mapping[str, Any], shape: type) -> dict[str, int]:
    return {field.name: operator.index(sizes[field.name]) for field in fields(shape)}


def _check_fit(bars: int, shape: LatentShape, styles: int) -> None:
    """Raise unless networks fit each other, the grid and the conditions."""
    network, prior = shape.autoencoder, shape.prior
    for name, value, wanted in (
        ("tokens", network.tokens, bars * _STEPS_PER_BAR // STEPS_PER_TOKEN),
        ("inputs", network.inputs, STEPS_PER_TOKEN * CELLS_IN),
        ("outputs", network.outputs, STEPS_PER_TOKEN * CELLS_OUT),
        ("latent", prior.latent, network.latent),
        ("conditions", prior.conditions, condition_width(styles)),
    ):
        if value != wanted:
            raise InvalidValueError(f"{name} of the model of {bars} bars is {value}, not {wanted}")
