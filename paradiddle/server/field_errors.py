"""Which field of a request an error is about, and what value it had."""

import json
import math
import re
from typing import Any

from pydantic import BaseModel

from paradiddle.errors import InvalidValueError, ParadiddleError

__all__ = ["MOST_TEXT", "FieldError", "located", "shown"]

MOST_TEXT = 200

# how errors of the library begin that are about one field
_ABOUT = (
    (re.compile(r"unknown style|the shares? of style|style "), "style"),
    (
        re.compile(r"the pattern has \S+ steps a quarter|steps_per_quarter"),
        "pattern.steps_per_quarter",
    ),
    (re.compile(r"the pattern has \S+ quarters a bar|a bar must"), "pattern.quarters_per_bar"),
    (re.compile(r"the pattern has no steps"), "pattern.steps"),
    (re.compile(r"the pattern has no hits"), "pattern.hits"),
    (re.compile(r"no voice is called|keep "), "keep"),
    (re.compile(r"patterns to morph"), "b.steps"),
    (re.compile(r"notes and ticks"), "events.ticks"),
    (re.compile(r"velocities must have shape"), "events.velocities"),
)
_MUST = re.compile(r"[a-z_]+(?= must)")
# what a request has where another has a pattern
_INSTEAD = {"pattern": ("pattern", "rhythm", "velocities")}


class FieldError(InvalidValueError):
    """A field of a request has a value that it may not have.

    Parameters
    ----------
    field : str
        Dotted, such as ``pattern.steps``.
    value : object
        What was sent.
    message : str
    """

    def __init__(self, field: str, value: object, message: str) -> None:
        super().__init__(message)
        self.field, self.value = field, value


def located(error: ParadiddleError, wish: object) -> FieldError:
    """Find which field of a request an error of the library is about; the whole where it is none.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> error = located(InvalidValueError("unknown style 'fonk'"), SimpleNamespace(style="fonk"))
    >>> error.field, error.value
    ('style', 'fonk')
    """
    if isinstance(error, FieldError):
        return error
    message = str(error)
    field, value = _looked_up(_field_of(message), wish) or ("body", wish)
    return FieldError(field, value, message)


def _field_of(message: str) -> str:
    """Tell which field an error of the library is about, where it says so."""
    for beginning, field in _ABOUT:
        if beginning.match(message):
            return field
    match = _MUST.match(message)
    return match[0] if match else ""


def _looked_up(field: str, wish: object) -> tuple[str, object] | None:
    """Go to a field of a request, as far down as there is one."""
    first, *inner = field.split(".")
    for name in _INSTEAD.get(first, (first,)):
        value = getattr(wish, name, None)
        if value is not None:
            for part in inner:
                if hasattr(value, part):
                    name, value = f"{name}.{part}", getattr(value, part)
            return name, value
    return None


def shown(value: Any) -> Any:
    """Reduce a value to what JSON can hold and a line can show.

    Examples
    --------
    >>> shown([1, 2]), shown([0.5] * 1000), shown(b"MThd")
    ([1, 2], 'a list of 1000', '4 bytes')
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else f"a number of {value.bit_length()} bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:MOST_TEXT]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict | list):
        return value if _is_short(value) else _summed_up(value)
    return "an object" if isinstance(value, BaseModel) else type(value).__name__


def _is_short(value: dict[Any, Any] | list[Any]) -> bool:
    """Whether a line can show it whole."""
    try:
        return len(value) < MOST_TEXT and len(json.dumps(value, allow_nan=False)) < MOST_TEXT
    except (TypeError, ValueError, RecursionError):
        return False


def _summed_up(value: dict[Any, Any] | list[Any]) -> str:
    return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
