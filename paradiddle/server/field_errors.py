"""Which field of a request an error is about, and what value it had."""

import json
import math
from typing import Any

from pydantic import BaseModel

from paradiddle.errors import InvalidValueError, ParadiddleError

__all__ = ["MOST_TEXT", "FieldError", "beyond", "located", "said", "shown", "within"]

MOST_TEXT = 200

# what a request calls what the library calls otherwise
_NAMES = {
    "pattern": ("pattern", "rhythm", "velocities"),
    "end": ("b",),
    "voice": ("keep",),
}


class FieldError(InvalidValueError):
    """A field of a request has a value that it may not have.

    Parameters
    ----------
    field : str
        Dotted, such as ``pattern.steps``; empty where who catches it knows.
    value : object
        What was sent.
    message : str
    """

    def __init__(self, field: str, value: object, message: str) -> None:
        super().__init__(message, field=field)
        self.value = value


def beyond(field: str, step: int, steps: int) -> FieldError:
    """Make the error of a step that a pattern of so many steps does not have."""
    text = f"{field} must lie within steps [0, {steps}) of the pattern, got {step}"
    return FieldError(field, step, f"{text}; count steps from 0")


def within(place: str, error: InvalidValueError, sent: object) -> FieldError:
    """Say in which part of a request a field has the error, and what was sent there."""
    return FieldError(f"{place}.{error.field}", getattr(sent, error.field, None), str(error))


def located(error: ParadiddleError, wish: object) -> FieldError:
    """Find which field of a request an error of the library is about; the whole where it is none.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> wrong = InvalidValueError("unknown style 'fonk'", field="style")
    >>> error = located(wrong, SimpleNamespace(style="fonk"))
    >>> error.field, error.value
    ('style', 'fonk')
    """
    if isinstance(error, FieldError):
        return error
    field = error.field if isinstance(error, InvalidValueError) else ""
    name, value = _looked_up(field, wish) or ("body", wish)
    return FieldError(name, value, str(error))


def _looked_up(field: str, wish: object) -> tuple[str, object] | None:
    """Go to a field of a request, as far down as there is one."""
    first, *inner = field.split(".")
    for name in _NAMES.get(first, (first,)):
        value = getattr(wish, name, None) if name else None
        if value is not None:
            for part in inner:
                if hasattr(value, part):
                    name, value = f"{name}.{part}", getattr(value, part)
            return name, value
    return None


def said(value: Any) -> str:
    """Write a value that was `shown` into a message."""
    return json.dumps(value)


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
