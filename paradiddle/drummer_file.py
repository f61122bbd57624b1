"""The drummer's model file: sizes and tables in its document, weights in the engine's layout."""

import operator
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle import weights
from paradiddle.checks import check_at_least
from paradiddle.encoding import DEFAULT_RESOLUTION, Vocabulary
from paradiddle.engine import LstmShape
from paradiddle.errors import InvalidValueError
from paradiddle.sequences import Recipe
from paradiddle.timing import DEFAULT_QPM, TICKS_PER_QUARTER, check_qpm
from paradiddle.weights import ModelFile

__all__ = ["KIND", "read_model", "write_model"]

KIND = "drummer"


def read_model(path: str | Path) -> tuple[LstmShape, Vocabulary, ModelFile]:
    """Read a drummer's file and check it whole: version, description, tensors.

    Raises
    ------
    ModelError
        If the file is damaged, of another version or no drummer.
    """
    (shape, vocabulary), file = weights.read_described(path, KIND, _described)
    weights.check_tensors(path, file.tensors, shape.tensors())
    return shape, vocabulary, file


def write_model(
    path: str | Path,
    shape: LstmShape,
    vocabulary: Vocabulary,
    document: Mapping[str, Any],
    tensors: Mapping[str, NDArray[np.floating[Any]]],
) -> None:
    """Write a drummer's file: `document` with sizes and tables added, and the weights.

    Raises
    ------
    InvalidValueError
        If `read_model` would refuse the document.
    OutputError
        If the file cannot be written.
    """
    encoding = {
        **document.get("encoding", {}),
        "ticks_per_quarter": TICKS_PER_QUARTER,
        **asdict(vocabulary),
    }
    content = {**document, "architecture": asdict(shape), "encoding": encoding}
    _described(content)
    weights.write(path, KIND, content, tensors)


def _described(document: Mapping[str, Any]) -> tuple[LstmShape, Vocabulary]:
    """Read all of a document that playing and exporting rely on, or raise InvalidValueError."""
    with weights.describing():
        encoding = document["encoding"]
        shape, vocabulary = _shape_of(document["architecture"]), _vocabulary_of(encoding)
        tables = vocabulary.sizes + vocabulary.extra_inputs
        if shape.input_sizes != tables:
            raise InvalidValueError(f"sizes {shape.input_sizes} with tables of {tables} values")
        check_qpm(encoding.get("qpm", DEFAULT_QPM))
        resolution = operator.index(encoding.get("resolution", DEFAULT_RESOLUTION))
        check_at_least("resolution", resolution, 1, "1 keeps human timing as it is")
        _check_training(document.get("training", {}))
    return shape, vocabulary


def _check_training(training: Any) -> None:
    """Raise unless the account of the training is an object with a recipe that can be read."""
    if not isinstance(training, dict):
        raise TypeError(f"training must be an object, got {training!r}")
    if "sequence" in training:
        Recipe.from_dict(training["sequence"])


def _shape_of(architecture: Mapping[str, Any]) -> LstmShape:
    """Read the sizes from a model file's document."""
    return LstmShape(
        tuple(map(operator.index, architecture["sizes"])),
        operator.index(architecture["hidden"]),
        operator.index(architecture["layers"]),
        bool(architecture["bidirectional"]),
        tuple(map(operator.index, architecture["extra_inputs"])),
    )


def _vocabulary_of(encoding: Mapping[str, Any]) -> Vocabulary:
    """Read the tables from a model file's document."""
    return Vocabulary(
        tuple(map(operator.index, encoding["notes"])),
        tuple(map(operator.index, encoding["ticks"])),
        tuple(map(float, encoding["velocities"])),
        operator.index(encoding["places"]),
        operator.index(encoding["ticks_per_bar"]),
    )
