"""Model files: one safetensors file with a JSON document in its metadata.

The document says everything that is needed to use the model and where it came from: format
version, kind, architecture, encoding, voices, training and metrics. There is no pickle anywhere.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.files import atomic_path

__all__ = [
    "FORMAT",
    "KEY",
    "ModelFile",
    "check_tensors",
    "describing",
    "read",
    "read_described",
    "write",
]

Description = TypeVar("Description")

FORMAT = 1
KEY = "paradiddle"


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes
    ----------
    document : dict
        The JSON document; its ``format`` is `FORMAT`.
    tensors : dict of str to float32 array
        The weights.
    """

    document: dict[str, Any]
    tensors: dict[str, NDArray[np.float32]]


def write(
    path: str | Path, kind: str, content: Mapping[str, Any], tensors: Mapping[str, Any]
) -> None:
    """Write a model file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Usually ``NAME.safetensors``.
    kind : str
        What sort of model it is, such as ``drummer``.
    content : mapping
        The rest of the document; must be JSON.
    tensors : mapping of str to array
        Stored as float32, float16 arrays as they are: half the size.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    document = {**content, "format": FORMAT, "kind": kind}
    arrays = {name: _stored(array) for name, array in tensors.items()}
    with atomic_path(Path(path)) as temporary:
        temporary.write_bytes(save(arrays, {KEY: json.dumps(document)}))


def _stored(array: Any) -> NDArray[np.floating[Any]]:
    """Return an array in the form in which it is written."""
    half = getattr(array, "dtype", None) == np.float16
    return np.asarray(array, np.float16 if half else np.float32, order="C")


def read(path: str | Path, kind: str) -> ModelFile:
    """Read a model file and check what can be checked without knowing its kind.

    Parameters
    ----------
    path : str or Path
        The file.
    kind : str
        The kind of model that is wanted.

    Raises
    ------
    ModelError
        If there is no such file, it is damaged or no model of ours, or its version or kind is
        another, or a weight is not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"no model file at {path}; check the path")
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path} is no model file, or damaged ({error}); train, download or copy it again"
        ) from None
    document = _document(path, metadata, kind)
    for name, tensor in tensors.items():
        if tensor.dtype not in (np.float32, np.float16):
            raise ModelError(f"tensor {name} in {path} is {tensor.dtype}; it must be float32")
        if not np.isfinite(tensor).all():
            raise ModelError(f"tensor {name} in {path} holds NaN or infinity; train it again")
    return ModelFile(
        document, {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    )


def _document(path: Path, metadata: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Parse the JSON document and check its version and kind."""
    try:
        document = json.loads(metadata[KEY])
        version, found = document["format"], document["kind"]
    except (LookupError, TypeError, ValueError, RecursionError):
        raise ModelError(f"{path} is a safetensors file, but no model of paradiddle") from None
    if version != FORMAT:
        raise ModelError(
            f"{path} is of format version {version}, this paradiddle reads version {FORMAT};"
            " install the version that wrote it, or train again"
        )
    if found != kind:
        raise ModelError(f"{path} is a {found} model; a {kind} model is wanted")
    return dict(document)


def read_described(
    path: str | Path, kind: str, described: Callable[[dict[str, Any]], Description]
) -> tuple[Description, ModelFile]:
    """Read a model file, and what its document describes.

    Parameters
    ----------
    path, kind
        As for `read`.
    described : callable
        Turns the document into sizes and tables, or raises InvalidValueError.

    Raises
    ------
    ModelError
        As `read`, or if the document does not describe such a model.
    """
    file = read(path, kind)
    try:
        return described(file.document), file
    except InvalidValueError as error:
        raise ModelError(f"the description in {path} is damaged: {error}") from None


@contextmanager
def describing() -> Iterator[None]:
    """Raise InvalidValueError for whatever a document with wrong contents raises in the block.

    Examples
    --------
    >>> with describing():
    ...     {}["styles"]
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: 'styles' is missing
    """
    try:
        yield
    except KeyError as error:
        raise InvalidValueError(f"{error} is missing") from None
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise InvalidValueError(str(error)) from None


def check_tensors(
    path: str | Path,
    tensors: Mapping[str, NDArray[np.float32]],
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    """Raise unless exactly the tensors of `shapes` are there.

    Raises
    ------
    ModelError
        Naming the tensor that is missing, superfluous or of another shape.
    """
    for name, shape in shapes.items():
        if name not in tensors:
            raise ModelError(f"tensor {name} is missing from {path}; the file is damaged")
        if tensors[name].shape != shape:
            raise ModelError(
                f"tensor {name} in {path} has shape {tensors[name].shape}, its architecture"
                f" needs {shape}; the file is damaged"
            )
    extra = sorted(set(tensors) - set(shapes))
    if extra:
        raise ModelError(f"{path} holds {', '.join(extra)}, which its architecture does not have")
