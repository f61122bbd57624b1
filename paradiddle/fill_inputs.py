"""What the fill-in network reads: known cells, the place in the phrase, wishes, the bars before.

Shapes: B patterns, T steps, V = 9 voices, I and R as `input_width` and `RECALL_WIDTH` say.
"""

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import Given, V, condition_width
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["RECALL_WIDTH", "Recall", "encoder_inputs", "input_width", "recall_of"]

_PHRASE = 4  # bars after which drummers tend to play a fill
_FADE = 0.8  # weight of a bar in the average of the bars before, against the one after it

RECALL_WIDTH = 3 * V + V + V + 2

_Array = NDArray[np.float32]


def input_width(styles: int) -> int:
    """Count the values a step, I, that `encoder_inputs` makes for so many styles."""
    return 5 * V + 4 + STEPS_PER_BAR + _PHRASE + 1 + condition_width(styles)


def encoder_inputs(given: Given) -> _Array:
    """Write questions as rows for the encoder, (B, T, I).

    Examples
    --------
    >>> none = np.zeros((1, 32, V), bool)
    >>> cells, tap = np.zeros((1, 32, 3 * V), np.float32), np.zeros((1, 32, 3), np.float32)
    >>> wishes = np.zeros((1, condition_width(18)), np.float32)
    >>> given = Given(cells, none, none, tap, np.array([False]), np.array([0]), wishes)
    >>> encoder_inputs(given).shape == (1, 32, input_width(18))
    True
    """
    batch, steps = given.cells.shape[:2]
    hits, velocities, offsets = np.split(given.cells, 3, axis=-1)
    tap_known = np.broadcast_to(given.tap_known[:, None, None], (batch, steps, 1))
    return np.concatenate(
        [
            given.hits_known,
            given.dynamics_known,
            hits * given.hits_known,
            velocities * given.dynamics_known,
            offsets * given.dynamics_known,
            given.tap * tap_known,
            tap_known,
            _places(given.first_bar, steps),
            np.broadcast_to(given.conditions[:, None], (batch, steps, given.conditions.shape[1])),
        ],
        axis=-1,
        dtype=np.float32,
    )


def _places(first_bar: NDArray[np.int64], steps: int) -> _Array:
    """One-hot step of the bar and bar of the phrase, the last for unknown, (B, T, 21)."""
    step = np.arange(steps)
    of_bar = np.eye(STEPS_PER_BAR, dtype=np.float32)[step % STEPS_PER_BAR]
    bar = (first_bar[:, None] + step // STEPS_PER_BAR) % _PHRASE
    of_phrase = np.eye(_PHRASE + 1, dtype=np.float32)[
        np.where(first_bar[:, None] < 0, _PHRASE, bar)
    ]
    return np.concatenate([np.broadcast_to(of_bar, (len(first_bar), *of_bar.shape)), of_phrase], -1)


class Recall:
    """What was played at the same place of the bars before, kept up bar by bar.

    For each step: its cells one bar ago, its hits two bars ago, the average of its hits over all
    bars before, recent ones counting more, and whether there was a bar, and two.
    """

    def __init__(self, batch: int) -> None:
        self._bars: list[_Array] = []  # the last two, (B, 16, 3V)
        self._sum = np.zeros((batch, STEPS_PER_BAR, V), np.float32)
        self._weight = 0.0

    def next_bar(self) -> _Array:
        """Features of the bar to come, (B, 16, R)."""
        features = np.zeros((len(self._sum), STEPS_PER_BAR, RECALL_WIDTH), np.float32)
        if self._bars:
            features[..., : 3 * V] = self._bars[-1]
            features[..., 4 * V : 5 * V] = self._sum / self._weight
            features[..., -2] = 1
        if len(self._bars) == 2:
            features[..., 3 * V : 4 * V] = self._bars[0][..., :V]
            features[..., -1] = 1
        return features

    def add(self, bar: _Array) -> None:
        """Take in a bar that was played, (B, 16, 3V)."""
        self._bars = [*self._bars[-1:], bar]
        self._sum = np.float32(_FADE) * self._sum + bar[..., :V]
        self._weight = _FADE * self._weight + 1


def recall_of(cells: _Array) -> _Array:
    """Features of every bar of whole pieces, (B, T, 3V) to (B, T, R).

    Examples
    --------
    >>> cells = np.zeros((1, 48, 3 * V), np.float32)
    >>> cells[0, 0, 0] = 1
    >>> features = recall_of(cells)
    >>> features[0, [0, 16, 32], 4 * V].round(3).tolist()
    [0.0, 1.0, 0.444...]
    """
    recall = Recall(len(cells))
    bars = []
    for start in range(0, cells.shape[1], STEPS_PER_BAR):
        bar = cells[:, start : start + STEPS_PER_BAR]
        bars.append(recall.next_bar()[:, : bar.shape[1]])
        if bar.shape[1] == STEPS_PER_BAR:
            recall.add(bar)
    return np.concatenate(bars, axis=1)
