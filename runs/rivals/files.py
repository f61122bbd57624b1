"""Trained rivals as model files."""

from pathlib import Path
from typing import TypeVar

import torch

from paradiddle.weights import read, write

from .loop import Trained
from .rival import Rival

__all__ = ["load", "path_of", "save"]

_Kind = TypeVar("_Kind", bound=Rival)


def path_of(folder: Path, kind: type[Rival]) -> Path:
    """Where a rival lies in a folder."""
    return folder / f"{kind.name}.safetensors"


def save(rival: Rival, trained: Trained, folder: Path) -> None:
    """Write a trained rival."""
    content = {"styles": rival.styles, "sizes": rival.sizes, "training": trained.figures()}
    tensors = {name: tensor.numpy() for name, tensor in rival.state_dict().items()}
    write(path_of(folder, type(rival)), f"rival {rival.name}", content, tensors)


def load(kind: type[_Kind], folder: Path) -> _Kind:
    """Read a rival back, ready to be measured.

    Raises
    ------
    ModelError
        If there is none, or it is damaged.
    """
    file = read(path_of(folder, kind), f"rival {kind.name}")
    rival = kind(file.document["styles"], **file.document["sizes"])
    rival.load_state_dict({name: torch.from_numpy(t) for name, t in file.tensors.items()})
    rival.eval()
    return rival
