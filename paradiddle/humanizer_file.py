"""Humanizers as files: what their JSON document says besides the weights."""

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle import weights
from paradiddle.fill_inputs import input_width
from paradiddle.given import V
from paradiddle.humanizer_net import HumanizerShape
from paradiddle.pattern_models import check_sizes, read_checked, with_sizes
from paradiddle.quanta import OFFSET_BINS, VELOCITY_BINS
from paradiddle.weights import ModelFile

__all__ = ["KIND", "humanizer_shape", "read_model", "write_model"]

KIND = "humanizer"


def humanizer_shape(styles: int, **sizes: Any) -> HumanizerShape:
    """Size a humanizer for our voices and so many styles.

    Examples
    --------
    >>> humanizer_shape(18, members=2).members
    2
    """
    return HumanizerShape(input_width(styles), V, (VELOCITY_BINS, OFFSET_BINS), **sizes)


def read_model(path: str | Path) -> tuple[HumanizerShape, tuple[str, ...], ModelFile]:
    """Read a humanizer's file and check it whole: version, voices, styles, tensors.

    Raises
    ------
    ModelError
        If the file is damaged, of another version, for other voices, or no humanizer.
    """
    return read_checked(path, KIND, _described)


def write_model(
    path: str | Path,
    shape: HumanizerShape,
    document: Mapping[str, Any],
    tensors: Mapping[str, NDArray[np.floating[Any]]],
) -> None:
    """Write a humanizer's file: `document` with sizes and voices added, and the weights.

    Raises
    ------
    InvalidValueError
        If `read_model` would refuse the document.
    OutputError
        If the file cannot be written.
    """
    content = with_sizes(document, shape)
    _described(content)
    weights.write(path, KIND, content, tensors)


def _described(document: Mapping[str, Any]) -> tuple[HumanizerShape, tuple[str, ...]]:
    """Read all of a document that playing relies on, or raise InvalidValueError."""
    with weights.describing():
        sizes = dict(document["architecture"])
        fields, dilations = (
            tuple(map(operator.index, sizes.pop(name))) for name in ("fields", "dilations")
        )
        numbers = {name: operator.index(value) for name, value in sizes.items()}
        shape = HumanizerShape(**numbers, fields=fields, dilations=dilations)
        styles = tuple(map(str, document["styles"]))
        list(document["voices"]["names"])
    check_sizes(shape, humanizer_shape(len(styles)), ("inputs", "channels", "fields"), len(styles))
    return shape, styles
