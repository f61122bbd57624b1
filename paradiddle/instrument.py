"""The models that come along, as functions: `generate`, `continue_`, `fill`, `humanize` and more.

Each is the method of that name of `Machine` or `Latent`, played on the model that ships. A model is
loaded when it is first played, once.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from paradiddle.latent import Latent
from paradiddle.machine import Machine

__all__ = [
    "continue_",
    "embed",
    "fill",
    "generate",
    "humanize",
    "morph",
    "styles",
    "tap",
    "vary",
]

_Model = TypeVar("_Model")
_Result = TypeVar("_Result")
_Settings = ParamSpec("_Settings")


@functools.cache
def _machine() -> Machine:
    return Machine.load()


@functools.cache
def _latent() -> Latent:
    return Latent.load()


def styles() -> tuple[str, ...]:
    """Name the styles that the machine knows.

    Examples
    --------
    >>> "funk" in styles()
    True
    """
    return _machine().styles


def _played_on(
    model: Callable[[], _Model], method: Callable[Concatenate[_Model, _Settings], _Result]
) -> Callable[_Settings, _Result]:
    """Make a function of a method, with its documentation and its signature but for `self`."""

    def play(*args: _Settings.args, **kwargs: _Settings.kwargs) -> _Result:
        return method(model(), *args, **kwargs)

    signature = inspect.signature(method)
    parameters = list(signature.parameters.values())[1:]
    play.__dict__["__signature__"] = signature.replace(parameters=parameters)
    play.__name__ = play.__qualname__ = method.__name__
    play.__doc__ = method.__doc__
    return play


generate = _played_on(_machine, Machine.generate)
continue_ = _played_on(_machine, Machine.continue_)
fill = _played_on(_machine, Machine.fill)
humanize = _played_on(_machine, Machine.humanize)
tap = _played_on(_machine, Machine.tap)
morph = _played_on(_latent, Latent.morph)
vary = _played_on(_latent, Latent.vary)
embed = _played_on(_latent, Latent.embed)
