"""Styles of music by name: one, a blend of several, or none, as weights a model can read."""

import difflib
import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError

__all__ = ["Style", "parse_style", "style_weights"]

Style = str | Mapping[str, float] | None


def style_weights(styles: Sequence[str], wanted: Style) -> NDArray[np.float32]:
    """Turn a style, a blend of styles or none into one weight for each style a model knows.

    Parameters
    ----------
    styles : sequence of S strings
        What the model knows, in its order.
    wanted : str, mapping of str to float, or None
        A style; styles with shares that are scaled to a sum of 1; None for any style.

    Returns
    -------
    float32 array, shape (S,)
        Summing to 1, or all zero for None.

    Raises
    ------
    InvalidValueError
        If a style is unknown, or the shares are negative, not finite or all zero.

    Examples
    --------
    >>> style_weights(["funk", "jazz", "rock"], {"funk": 3, "jazz": 1}).tolist()
    [0.75, 0.25, 0.0]
    >>> style_weights(["funk", "jazz", "rock"], "jaz")
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: unknown style 'jaz'; did you mean jazz? ...
    """
    weights = np.zeros(len(styles), np.float64)
    if wanted is None:
        return weights.astype(np.float32)
    shares = {wanted: 1.0} if isinstance(wanted, str) else _shares(wanted)
    for name, share in shares.items():
        if name not in styles:
            raise InvalidValueError(_unknown(styles, name), field="style")
        weights[list(styles).index(name)] = share
    return np.asarray(weights / weights.sum(), np.float32)


def parse_style(text: str | None) -> Style:
    """Read the `--style` option: a name, or names with shares.

    Raises
    ------
    InvalidValueError
        If a share is no number, or a style is named twice.

    Examples
    --------
    >>> parse_style("funk"), parse_style("funk:0.7, jazz:0.3"), parse_style("funk,jazz")
    ('funk', {'funk': 0.7, 'jazz': 0.3}, {'funk': 1.0, 'jazz': 1.0})
    """
    if text is None or not set(text) & {",", ":"}:
        return text
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = (piece.strip() for piece in part.partition(":"))
        if name in shares:
            raise InvalidValueError(f"style {name!r} is named twice in {text!r}; add its shares")
        try:
            shares[name] = float(share or 1)
        except ValueError:
            raise InvalidValueError(
                f"the share of style {name!r} must be a number, got {share!r};"
                " write funk:0.7,jazz:0.3"
            ) from None
    return shares


def _shares(wanted: Mapping[str, float]) -> dict[str, float]:
    """Check the shares of a blend."""
    if not isinstance(wanted, Mapping):
        raise InvalidValueError(
            f"style must be a name, or names with shares, got {wanted!r};"
            ' try "funk" or {"funk": 0.7, "jazz": 0.3}',
            field="style",
        )
    for name, share in wanted.items():
        if not (isinstance(share, Real) and 0 <= share < math.inf):
            raise InvalidValueError(
                f"the share of style {name!r} must be a number from 0 up, got {share!r};"
                " shares are scaled to a sum of 1",
                field="style",
            )
    if not sum(wanted.values()) > 0:
        raise InvalidValueError(
            f"the shares of styles must not all be zero, got {dict(wanted)};"
            " leave the style out for any style",
            field="style",
        )
    largest = max(wanted.values())  # scaled first: a sum of huge shares would be infinite
    return {name: share / largest for name, share in wanted.items()}


def _unknown(styles: Sequence[str], name: object) -> str:
    """Say that a style is unknown, and the nearest there is."""
    near = difflib.get_close_matches(str(name).lower(), styles, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"unknown style {name!r}; {hint}the model knows {', '.join(styles) or 'none'}"
