"""What all model files of patterns have in common: our voices on our grid."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.takes import GRID

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["check_fit", "check_sizes", "with_sizes"]


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
