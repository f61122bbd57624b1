"""What all model files of patterns have in common: our voices on our grid."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import ModelError
from paradiddle.takes import GRID

__all__ = ["check_fit"]


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
