"""What to keep of a pattern while the rest is played anew, as words or as a mask."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paradiddle.drums import VOICE_NAMES, voice_index
from paradiddle.errors import InvalidValueError
from paradiddle.pattern import Pattern

__all__ = ["Keep", "keep_mask"]

Keep = str | Iterable[str] | ArrayLike | None

_SPAN = re.compile(r"(bar|step)s?\s*(\d+)(?:\s*-\s*(\d+))?$")


def keep_mask(pattern: Pattern, keep: Keep) -> NDArray[np.bool_]:
    """Work out which cells are kept.

    Parameters
    ----------
    pattern : Pattern
        T steps.
    keep : str, several, a mask, or None
        Words: a voice (``kick``), bars (``bars 1-2``), steps (``step 5``, counted from 1), or a
        voice within them (``kick in bars 1-2``); a comma between several, of which all are kept.
        A bool mask: (T, 9) for cells, (T,) for steps, (9,) for voices. None, or no words, keeps
        nothing.

    Returns
    -------
    bool array, shape (T, 9)

    Raises
    ------
    InvalidValueError
        If a word is unknown, a bar or step is not in the pattern, or a mask has another shape.

    Examples
    --------
    >>> mask = keep_mask(Pattern.empty(2), "kick, snare in bar 2")
    >>> mask.sum(axis=0).tolist()
    [32, 16, 0, 0, 0, 0, 0, 0, 0]
    """
    mask = np.zeros(pattern.hits.shape, bool)
    if keep is None or (isinstance(keep, (list, tuple)) and not keep):
        return mask
    if isinstance(keep, str):
        keep = keep.split(",")
    words = list(keep) if isinstance(keep, Iterable) and not isinstance(keep, np.ndarray) else []
    if words and all(isinstance(word, str) for word in words):
        for word in words:
            mask |= _named(pattern, str(word).strip().lower())
        return mask
    return mask | _masked(pattern, keep)


def _masked(pattern: Pattern, keep: object) -> NDArray[np.bool_]:
    """Stretch a mask over the grid."""
    try:
        given = np.asarray(keep)
    except ValueError:  # rows of several lengths
        given = np.array(None)
    steps, voices = pattern.hits.shape
    if given.dtype != bool or given.shape not in ((steps, voices), (steps,), (voices,)):
        raise InvalidValueError(
            f"keep must be words, or a bool mask of shape ({steps}, {voices}) for cells, ({steps},)"
            f" for steps or ({voices},) for voices, got {given.dtype} of shape {given.shape}",
            field="keep",
        )
    return given[:, None] if given.shape == (steps,) else given


def _named(pattern: Pattern, word: str) -> NDArray[np.bool_]:
    """Cells that a word means."""
    if not word:
        text = "keep has an empty word; name a voice, or bars 1-2"
        raise InvalidValueError(text, field="keep")
    voice, _, span = word.partition(" in ")
    if not span and _SPAN.match(word):
        voice, span = "", word
    cells = np.zeros(pattern.hits.shape, bool)
    columns = slice(None) if not voice else [voice_index(voice)]
    cells[_steps(pattern, span) if span else slice(None), columns] = True
    return cells


def _steps(pattern: Pattern, span: str) -> slice:
    """Find the steps that ``bars 1-2`` or ``step 5`` mean."""
    match = _SPAN.match(span.strip())
    if not match:
        raise InvalidValueError(
            f"keep does not know {span!r}; write a voice ({', '.join(VOICE_NAMES)}), bars 1-2,"
            " steps 1-8, or kick in bars 1-2",
            field="keep",
        )
    unit, first, last = match[1], int(match[2]), int(match[3] or match[2])
    size = pattern.steps_per_bar if unit == "bar" else 1
    length = -(-pattern.steps // size)
    if not 1 <= first <= last <= length:
        raise InvalidValueError(
            f"keep names {span.strip()}, and the pattern has {unit}s 1 to {length}", field="keep"
        )
    return slice((first - 1) * size, last * size)
