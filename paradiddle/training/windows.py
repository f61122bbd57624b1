"""Windows of recordings to learn from, drawn at random as questions, and to validate on."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from paradiddle.errors import CorpusError
from paradiddle.given import FILL, Given, V, condition, tap_of
from paradiddle.takes import STEPS_PER_BAR, Take, Takes, Window, windows_of
from paradiddle.training.masks import Known

__all__ = ["Asked", "Windows", "validation_windows"]

_HIDDEN = {"style": 0.15, "qpm": 0.1, "density": 0.75, "beat_type": 0.1, "place": 0.1}
_VALIDATED = 3  # every third window is enough to choose by
_VALIDATION_BARS = 2


class Asked(NamedTuple):
    """Questions, and which of their steps, (B, T), are in the takes."""

    given: Given
    inside: NDArray[np.bool_]


class Windows:
    """Takes to cut windows from, long ones more often.

    Parameters
    ----------
    takes : sequence of Take
    styles : sequence of str
        In the order of `Given.conditions`.
    bars : int
        Length of a window; those at the end of a take are shorter.
    """

    def __init__(self, takes: Sequence[Take], styles: Sequence[str], bars: int) -> None:
        self._takes, self._styles, self._length = takes, styles, bars * STEPS_PER_BAR
        lengths = np.array([take.pattern.steps for take in takes], float)
        self._weights = lengths / lengths.sum()

    def ask(
        self, generator: Generator, count: int, known_of: Callable[[Generator, int], Known]
    ) -> Asked:
        """Draw windows, what is known of each by `known_of(generator, steps)`, and its wishes."""
        chosen = generator.choice(len(self._takes), count, p=self._weights)
        windows = [_random_window(self._takes[k], self._length, generator) for k in chosen]
        known = [known_of(generator, self._length) for _ in windows]
        cells = np.stack([_padded(window.cells, self._length) for window in windows])
        ends = np.array([len(window.cells) for window in windows])
        hidden = generator.random((count, len(_HIDDEN))) < list(_HIDDEN.values())
        wishes = [self._wish(window, *row) for window, row in zip(windows, hidden, strict=True)]
        places = [window.start // STEPS_PER_BAR for window in windows]
        given = Given(
            cells,
            np.stack([each.hits for each in known]),
            np.stack([each.dynamics for each in known]),
            tap_of(cells),
            np.array([each.tap for each in known]),
            np.where(hidden[:, -1], -1, places),
            np.stack(wishes),
        )
        return Asked(given, np.arange(self._length) < ends[:, None])

    def _wish(self, window: Window, *hidden: bool) -> NDArray[np.float32]:
        """Write the conditions of a window, without those that `_HIDDEN` hides, in its order."""
        no_style, no_qpm, no_density, no_beat_type, _ = hidden
        take = window.take
        style = [float(take.style == name and not no_style) for name in self._styles]
        return condition(
            style,
            None if no_qpm else take.pattern.qpm,
            None if no_density else float(window.cells[:, :V].sum(-1).mean()),
            None if no_beat_type else take.beat_type,
        )


def validation_windows(takes: Takes) -> list[Window]:
    """Choose two-bar windows of the validation split, of beats where there are any.

    Raises
    ------
    CorpusError
        If no recording is long enough.
    """
    validation = takes.of("validation")
    beats = validation.where(lambda take: take.beat_type != FILL)
    windows = windows_of(beats if len(beats) else validation, _VALIDATION_BARS)[::_VALIDATED]
    if not windows:
        raise CorpusError(
            f"no recording of split validation has {_VALIDATION_BARS} bars to validate on; use"
            " longer files, or name the split of each in the column split of info.csv"
        )
    return windows


def _random_window(take: Take, length: int, generator: Generator) -> Window:
    """Cut from a random bar on, shorter at the end of a take but of two bars where it can."""
    bars = max(1, (take.pattern.steps - 2 * STEPS_PER_BAR) // STEPS_PER_BAR + 1)
    start = STEPS_PER_BAR * int(generator.integers(bars))
    return Window(take, start, min(start + length, take.pattern.steps))


def _padded(cells: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    return np.pad(cells, ((0, length - len(cells)), (0, 0)))
