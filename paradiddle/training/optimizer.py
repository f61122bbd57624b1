"""What an optimizer remembers of each parameter, as tensors with names."""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["load_optimizer", "optimizer_tensors", "trained"]

_PREFIX = "adam."


def trained(model: nn.Module) -> list[tuple[str, Tensor]]:
    """Parameters that an optimizer changes, by name."""
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def optimizer_tensors(
    model: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, NDArray[Any]]:
    """Return the state of an optimizer of `trained` parameters, as ``adam.KEY.PARAMETER``.

    Examples
    --------
    >>> model = nn.Linear(2, 1, bias=False)
    >>> optimizer = torch.optim.AdamW(model.parameters())
    >>> model(torch.ones(1, 2)).sum().backward()
    >>> optimizer.step()
    >>> sorted(optimizer_tensors(model, optimizer))
    ['adam.exp_avg.weight', 'adam.exp_avg_sq.weight', 'adam.step.weight']
    """
    return {
        f"{_PREFIX}{key}.{name}": value.detach().cpu().numpy()
        for name, parameter in trained(model)
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def load_optimizer(
    model: nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, NDArray[Any]]
) -> None:
    """Take what `optimizer_tensors` returned; other tensors are passed over.

    Parameters
    ----------
    model : Module
        Its `trained` parameters are those of the optimizer, in the same order.
    optimizer : Optimizer
        Changed in place.
    tensors : mapping of str to array
    """
    places = {name: place for place, (name, _) in enumerate(trained(model))}
    state: dict[int, dict[str, Tensor]] = {}
    for label, array in tensors.items():
        if label.startswith(_PREFIX):
            _, key, name = label.split(".", 2)
            if name in places:
                state.setdefault(places[name], {})[key] = torch.tensor(array)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
