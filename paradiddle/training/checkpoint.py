"""Everything a training run needs to go on exactly where it stopped, in one safetensors file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from paradiddle import weights
from paradiddle.errors import ModelError
from paradiddle.training.models import EventLstm, State
from paradiddle.training.optimizer import load_optimizer, optimizer_tensors

__all__ = ["KIND", "MEMORIES", "Position", "load", "save"]

KIND = "drummer checkpoint"
MEMORIES = "state", "astray"
"""Of the streams, and of those that misread."""


@dataclass
class Position:
    """Where a run is.

    Attributes
    ----------
    epoch, chunk : int
        The next chunk to train on.
    loss, right, seen : float, int, int
        Sums over the chunks of this epoch so far: loss times events, events with note and ticks
        right, events.
    seconds : float
        Time trained, over all sittings.
    curve : list of dict
        One row an epoch: epoch, loss, joint_accuracy, learning_rate.
    start : dict, optional
        The model that the run began with: ``fingerprint`` of its weights and how its ``training``
        went.
    """

    epoch: int = 0
    chunk: int = 0
    loss: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)
    start: dict[str, Any] | None = None


def save(
    path: Path,
    settings: dict[str, Any],
    position: Position,
    model: EventLstm,
    optimizer: torch.optim.AdamW,
    states: Mapping[str, State],
) -> None:
    """Write a checkpoint, whole or not at all; memories have names."""
    tensors = {f"model.{name}": array for name, array in model.tensors().items()}
    tensors |= optimizer_tensors(model, optimizer)
    for name, state in states.items():
        for part, value in zip("hc", state, strict=True):
            tensors[f"{name}.{part}"] = value.detach().contiguous().numpy()
    weights.write(path, KIND, {"settings": settings, "position": asdict(position)}, tensors)


def load(
    path: Path, model: EventLstm, optimizer: torch.optim.AdamW
) -> tuple[Position, dict[str, State]]:
    """Read a checkpoint into a model and its optimizer; returns the memories by name.

    Raises
    ------
    ModelError
        If the file is damaged or of another architecture.
    """
    file = weights.read(path, KIND)
    ours = {n.removeprefix("model."): a for n, a in file.tensors.items() if n.startswith("model.")}
    weights.check_tensors(path, ours, model.shape.tensors())
    model.load_tensors(ours)
    load_optimizer(model, optimizer, file.tensors)
    try:
        position = Position(**file.document["position"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"the description in {path} is damaged: {error}") from None
    states = {
        name: (torch.tensor(file.tensors[f"{name}.h"]), torch.tensor(file.tensors[f"{name}.c"]))
        for name in MEMORIES
        if {f"{name}.h", f"{name}.c"} <= file.tensors.keys()
    }
    return position, states
