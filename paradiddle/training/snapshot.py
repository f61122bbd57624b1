"""A run in steps as one safetensors file: all that it needs to go on exactly where it stopped."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paradiddle import weights
from paradiddle.errors import ModelError
from paradiddle.training.optimizer import load_optimizer, optimizer_tensors
from paradiddle.training.run_settings import RunPosition

__all__ = ["kind_of", "load", "save"]

_MODEL, _AVERAGE = "model.", "average."


def kind_of(name: str) -> str:
    """Kind of the checkpoint file of a model of that name.

    Examples
    --------
    >>> kind_of("machine")
    'machine checkpoint'
    """
    return f"{name} checkpoint"


def save(
    path: Path,
    kind: str,
    identity: Mapping[str, Any],
    position: RunPosition,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Mapping[str, Tensor],
) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    path, kind
        As for `paradiddle.weights.write`.
    identity : mapping
        What must be the same for the run to go on.
    position, model, optimizer
        State of the run.
    average : mapping of str to tensor
        Averaged weights, by their names in the model; empty where there are none.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    tensors = {f"{_MODEL}{name}": _array(value) for name, value in model.state_dict().items()}
    tensors |= {f"{_AVERAGE}{name}": _array(value) for name, value in average.items()}
    tensors |= optimizer_tensors(model, optimizer)
    content = {"settings": dict(identity), "position": asdict(position)}
    weights.write(path, kind, content, tensors)


def load(
    path: Path,
    kind: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Mapping[str, Tensor],
) -> RunPosition:
    """Read a checkpoint into a model, its optimizer and its average.

    Raises
    ------
    ModelError
        If the file is damaged or of another architecture.
    """
    file = weights.read(path, kind)
    for prefix, state in ((_MODEL, model.state_dict()), (_AVERAGE, average)):
        ours = {
            name.removeprefix(prefix): array
            for name, array in file.tensors.items()
            if name.startswith(prefix)
        }
        shapes = {name: tuple(value.shape) for name, value in state.items()}
        weights.check_tensors(path, ours, shapes)
        for name, value in state.items():  # they share memory with the model's
            value.copy_(torch.tensor(ours[name]))
    load_optimizer(model, optimizer, file.tensors)
    try:
        return RunPosition(**file.document["position"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"the description in {path} is damaged: {error}") from None


def _array(value: Tensor) -> Any:
    return value.detach().cpu().numpy()
