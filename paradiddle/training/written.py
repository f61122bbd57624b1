"""The weights of a trained model, as its file holds them."""

import copy
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["written_tensors"]

_Arrays = dict[str, NDArray[np.floating[Any]]]


class _Model(Protocol):
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any: ...

    def tensors(self) -> Mapping[str, NDArray[np.float32]]: ...


_AnyModel = TypeVar("_AnyModel", bound=_Model)


def written_tensors(model: _AnyModel, state: Mapping[str, Tensor], *, half: bool) -> _Arrays:
    """Arrange weights in the engine's layout; the model keeps its own.

    Parameters
    ----------
    model : module with `tensors`
    state : mapping of str to tensor
        As its `state_dict`.
    half : bool
        In float16.
    """
    twin = copy.deepcopy(model)
    twin.load_state_dict(dict(state))
    return {
        name: array.astype(np.float16 if half else np.float32)
        for name, array in twin.tensors().items()
    }
