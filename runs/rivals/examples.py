"""Windows of recordings as tensors.

Shapes: B windows, T steps, V = 9 voices, S styles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from paradiddle.exam import BARS
from paradiddle.given import V, condition
from paradiddle.takes import STEPS_PER_BAR, Take, Window

__all__ = ["Batch", "batch_of", "phrases"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows side by side, the shorter ones filled up with silence.

    Attributes
    ----------
    cells : float32 tensor, shape (B, T, 27)
        Hits, velocities and offsets.
    played : bool tensor, shape (B, T)
        Steps that a window has.
    conditions : float32 tensor, shape (B, S + 6)
        Style, tempo and kind; see `paradiddle.given.condition`.
    starts : int64 tensor, shape (B,)
        First step in the recording.
    """

    cells: Tensor
    played: Tensor
    conditions: Tensor
    starts: Tensor

    @property
    def hits(self) -> Tensor:
        """The hits as 0 and 1, (B, T, 9)."""
        return self.cells[..., :V]

    @property
    def velocities(self) -> Tensor:
        """In [0, 1], (B, T, 9)."""
        return self.cells[..., V : 2 * V]

    @property
    def offsets(self) -> Tensor:
        """In [-0.5, 0.5) of a step, (B, T, 9)."""
        return self.cells[..., 2 * V :]

    @property
    def before(self) -> Tensor:
        """The cells of the step before each, zero before the first, (B, T, 27)."""
        return pad(self.cells[:, :-1], (0, 0, 1, 0))

    @property
    def positions(self) -> Tensor:
        """Number of each step in its recording, (B, T)."""
        return self.starts[:, None] + torch.arange(self.cells.shape[1])

    @property
    def steps_of_bar(self) -> Tensor:
        """Which 16th of the bar each step is, one-hot, (B, T, 16)."""
        return one_hot(self.positions % STEPS_PER_BAR, STEPS_PER_BAR).float()


def batch_of(windows: Sequence[Window], styles: Sequence[str]) -> Batch:
    """Put windows of any lengths side by side; a style not in `styles` is not told."""
    lengths = torch.tensor([window.stop - window.start for window in windows])
    longest = int(lengths.max())
    cells = np.zeros((len(windows), longest, 3 * V), np.float32)
    for row, window in zip(cells, windows, strict=True):
        row[: window.stop - window.start] = window.cells
    return Batch(
        torch.from_numpy(cells),
        torch.arange(longest) < lengths[:, None],
        torch.from_numpy(np.stack([_told(window.take, styles) for window in windows])),
        torch.tensor([window.start for window in windows]),
    )


def _told(take: Take, styles: Sequence[str]) -> np.ndarray:
    weights = [float(style == take.style) for style in styles]
    return condition(weights, take.pattern.qpm, None, take.beat_type or None)


def phrases(windows: Sequence[Window], bars: int, hop: int) -> list[Window]:
    """Cut the recordings of windows again: so many bars or what is left, one each `hop` bars.

    Those of two bars are chosen among the windows themselves, which are all whole.
    """
    if bars == BARS:
        return [window for window in windows if window.start % (hop * STEPS_PER_BAR) == 0]
    return [
        Window(take, start, min(start + bars * STEPS_PER_BAR, take.pattern.steps))
        for take in dict.fromkeys(window.take for window in windows)
        for start in range(0, take.pattern.steps, hop * STEPS_PER_BAR)
    ]
