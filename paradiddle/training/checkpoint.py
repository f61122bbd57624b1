"""Everything a training run needs to go on exactly where it stopped, in one safetensors file."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paradiddle import weights
from paradiddle.errors import ModelError
from paradiddle.training.models import EventLstm, State

__all__ = ["KIND", "Position", "load", "save"]

KIND = "drummer checkpoint"


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
    """

    epoch: int = 0
    chunk: int = 0
    loss: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)


def save(
    path: Path,
    settings: dict[str, Any],
    position: Position,
    model: EventLstm,
    optimizer: torch.optim.AdamW,
    state: State | None,
) -> None:
    """Write a checkpoint, whole or not at all."""
    tensors = {f"model.{name}": array for name, array in model.tensors().items()}
    for name, parameter in _trained(model):
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"adam.{key}.{name}"] = value.detach().reshape(value.shape).numpy()
    for name, value in zip("hc", state or (), strict=False):
        tensors[f"state.{name}"] = value.detach().numpy()
    weights.write(path, KIND, {"settings": settings, "position": asdict(position)}, tensors)


def load(
    path: Path, model: EventLstm, optimizer: torch.optim.AdamW
) -> tuple[Position, State | None]:
    """Read a checkpoint into a model and its optimizer.

    Raises
    ------
    ModelError
        If the file is damaged or of another architecture.
    """
    file = weights.read(path, KIND)
    parts = {name: torch.tensor(array) for name, array in file.tensors.items()}
    ours = {n.removeprefix("model."): a for n, a in file.tensors.items() if n.startswith("model.")}
    weights.check_tensors(path, ours, model.shape.tensors())
    model.load_tensors(ours)
    for name, parameter in _trained(model):
        optimizer.state[parameter] = {
            key.split(".")[1]: value
            for key, value in parts.items()
            if key.startswith("adam.") and key.split(".", 2)[2] == name
        }
    try:
        position = Position(**file.document["position"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"the description in {path} is damaged: {error}") from None
    state = (parts["state.h"], parts["state.c"]) if "state.h" in parts else None
    return position, state


def _trained(model: EventLstm) -> list[tuple[str, Tensor]]:
    """Parameters that the optimizer changes, by name."""
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]
