"""What all model files of patterns have in common: our voices on our grid."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from paradiddle import weights
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.takes import GRID
from paradiddle.weights import ModelFile

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["check_fit", "check_sizes", "read_checked", "with_sizes"]


class _Shape(Protocol):
    def tensors(self) -> Mapping[str, tuple[int, ...]]: ...


_AnyShape = TypeVar("_AnyShape", bound=_Shape)
_Described = tuple[_AnyShape, tuple[str, ...]]


def read_checked(
    path: str | Path, kind: str, described: Callable[[dict[str, Any]], _Described[_AnyShape]]
) -> tuple[_AnyShape, tuple[str, ...], ModelFile]:
    """Read a model of patterns and check it whole: version, voices, grid, styles, tensors.

    Parameters
    ----------
    path, kind, described
        As for `paradiddle.weights.read_described`; `described` gives sizes and styles.

    Raises
    ------
    ModelError
        If the file is damaged, of another version or kind, or for other voices.
    """
    (shape, styles), file = weights.read_described(path, kind, described)
    check_fit(path, file.document)
    weights.check_tensors(path, file.tensors, shape.tensors())
    return shape, styles, file


def with_sizes(document: Mapping[str, Any], shape: "DataclassInstance") -> dict[str, Any]:
    """Add a network's sizes and our voices to the document of a model."""
    voices = {**document.get("voices", {}), "names": list(VOICE_NAMES)}
    return {**document, "architecture": asdict(shape), "voices": voices}


def check_sizes(shape: object, expected: object, names: Iterable[str], styles: int) -> None:
    """Raise unless a network has the sizes that so many styles and our voices ask for.

    Raises
    ------
    InvalidValueError
        Naming the first that differs.
    """
    for name in names:
        if getattr(shape, name) != getattr(expected, name):
            raise InvalidValueError(
                f"{name} is {getattr(shape, name)}, for {styles} styles and"
                f" {len(VOICE_NAMES)} voices it is {getattr(expected, name)}"
            )


def check_fit(path: str | Path, document: Mapping[str, Any]) -> None:
    """Raise unless a model of patterns is for our voices and, where it says so, our grid.

    Raises
    ------
    ModelError
        Naming what it is for.
    """
    voices = [str(name) for name in document["voices"]["names"]]
    if voices != list(VOICE_NAMES):
        raise ModelError(
            f"{path} was trained with the voices {', '.join(voices)}; this paradiddle plays"
            f" {', '.join(VOICE_NAMES)}: train it again"
        )
    grid = document.get("grid", GRID)
    if grid != GRID:
        raise ModelError(f"{path} was trained on the grid {grid}, ours is {GRID}: train it again")
