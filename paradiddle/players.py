"""Fill-in models as they are measured, and having them play what is hidden of recordings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paradiddle.given import Given
from paradiddle.questions import ask, batches
from paradiddle.takes import Window

__all__ = ["BATCH", "Player", "Progress", "Surprise", "play", "quiet", "told"]

BATCH = 128

_Array = NDArray[np.float32]

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is, and how much there is."""


class Surprise(Protocol):
    """Bits that a model needs for what it was not told; see `Player.bits`."""

    @property
    def hits(self) -> NDArray[np.floating[Any]]:
        """For the hits and rests of each step, (B, T)."""


class Player(Protocol):
    """A fill-in model, as far as it is measured."""

    @property
    def styles(self) -> Sequence[str]:
        """Styles by name, in the order of `Given.conditions`."""

    def play(self, given: Given, seeds: Sequence[int | None], temperature: float = 1.0) -> _Array:
        """Fill in what is open, (B, T, 27); temperature 0 takes likeliest hits and medians."""

    def medians(self, given: Given, samples: int, first_seed: int = 0) -> _Array:
        """Give known hits the medians of their distributions over samples of those before them."""

    def steady(self, given: Given) -> _Array:
        """Give known hits the most middling velocities and offsets; nothing is drawn."""

    def bits(self, given: Given) -> Surprise:
        """Say how likely the cells of `given` are that are not known."""


def quiet(task: str, done: int, of: int) -> None:
    """Report no progress."""


def play(
    player: Player,
    task: str,
    windows: Sequence[Window],
    *,
    temperature: float = 1.0,
    first_seed: int = 0,
    progress: Progress = quiet,
    name: str = "",
) -> _Array:
    """Have a model fill in what a task hides of windows of one length.

    Parameters
    ----------
    player : Player
        The model.
    task : str
        One of `paradiddle.questions.TASKS`.
    windows : sequence of Window
        Read for what is told, and no more.
    temperature : float, default 1
        0 for the likeliest.
    first_seed : int, default 0
        The window at place ``i`` is drawn from seed ``first_seed + i``.
    progress, name
        Told how far it is, and what to call it.

    Returns
    -------
    float32 array, shape (B, T, 27)
    """
    made: list[_Array] = []
    for places in told(batches(windows, BATCH), len(windows), name or task, progress):
        given = ask(task, [windows[place] for place in places], player.styles)
        seeds = [first_seed + place for place in places]
        made.append(player.play(given, seeds, temperature))
    return np.concatenate(made)


def told(
    lists: Iterable[list[int]], total: int, name: str, progress: Progress
) -> Iterator[list[int]]:
    """Pass lists of places on, and tell how many of the places in all are done."""
    done = 0
    progress(name, done, total)
    for places in lists:
        yield places
        done += len(places)
        progress(name, done, total)
