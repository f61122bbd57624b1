"""The drum machine's model file: sizes, voices and styles in its document, and the weights."""

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle import weights
from paradiddle.fill_inputs import RECALL_WIDTH, input_width
from paradiddle.fill_net import FillShape
from paradiddle.given import V
from paradiddle.pattern_models import check_sizes, read_checked, with_sizes
from paradiddle.quanta import OFFSET_BINS, VELOCITY_BINS
from paradiddle.timing import check_qpm
from paradiddle.weights import ModelFile

__all__ = ["KIND", "read_model", "shape_for", "write_model"]

KIND = "machine"


def shape_for(styles: int, **sizes: Any) -> FillShape:
    """Sizes of a network for so many styles, with some of `FillShape`'s own given.

    Examples
    --------
    >>> shape_for(18, hidden=128).categories
    72
    """
    categories = VELOCITY_BINS + OFFSET_BINS
    return FillShape(input_width(styles), RECALL_WIDTH, V, categories, **sizes)


def read_model(path: str | Path) -> tuple[FillShape, tuple[str, ...], ModelFile]:
    """Read a drum machine's file and check it whole: version, voices, styles, tensors.

    Raises
    ------
    ModelError
        If the file is damaged, of another version, for other voices, or no drum machine.
    """
    return read_checked(path, KIND, _described)


def write_model(
    path: str | Path,
    shape: FillShape,
    document: Mapping[str, Any],
    tensors: Mapping[str, NDArray[np.floating[Any]]],
) -> None:
    """Write a drum machine's file: `document` with sizes and voices added, and the weights.

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


def _described(document: Mapping[str, Any]) -> tuple[FillShape, tuple[str, ...]]:
    """Read all of a document that playing relies on, or raise InvalidValueError."""
    with weights.describing():
        sizes = dict(document["architecture"])
        dilations = tuple(map(operator.index, sizes.pop("dilations")))
        numbers = {name: operator.index(value) for name, value in sizes.items()}
        shape = FillShape(**numbers, dilations=dilations)
        styles = tuple(map(str, document["styles"]))
        for style in styles:
            check_qpm(document["qpm"][style])
        list(document["voices"]["names"])
        for count in dict(document.get("recordings", {})).values():
            operator.index(count)
    check_sizes(
        shape, shape_for(len(styles)), ("inputs", "recall", "channels", "categories"), len(styles)
    )
    return shape, styles
