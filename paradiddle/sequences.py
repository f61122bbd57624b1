"""From many performances to one long sequence of events."""

from collections.abc import Sequence

import numpy as np

from paradiddle.errors import CorpusError
from paradiddle.events import Events

__all__ = ["glue", "in_seeded_order", "up_to"]

_EARLY_TICKS = 60  # a hit this close before a bar line belongs to the bar that it opens


def glue(performances: Sequence[Events]) -> Events:
    """Join performances end to end, each from the first bar line after the one before.

    Silent bars at the start of a performance are dropped; the place of its first note within the
    bar is kept. Tempo and metre of the result are those of the first.

    Raises
    ------
    CorpusError
        If there is nothing to join, or only silence.

    Examples
    --------
    >>> glue([Events([36], [0]), Events([38], [1920 * 3 + 480])]).ticks
    array([   0, 2400])
    """
    parts = [performance for performance in performances if len(performance)]
    if not parts:
        raise CorpusError(f"nothing to join: none of {len(performances)} performances has a hit")
    onsets, bar_line = [], 0
    for performance in parts:
        bar = round(performance.ticks_per_bar)
        positions = performance.onsets
        first, last = (int(positions[i] + _EARLY_TICKS) // bar for i in (0, -1))
        onsets.append(np.maximum(positions + (bar_line - first * bar), 0))
        bar_line += (last - first + 1) * bar
    dynamics = any(part.velocities is not None for part in parts)
    return Events.from_onsets(
        np.concatenate([part.notes for part in parts]),
        np.concatenate(onsets),
        np.concatenate([part.dynamics for part in parts]) if dynamics else None,
        performances[0].qpm,
        performances[0].quarters_per_bar,
    )


def in_seeded_order(performances: Sequence[Events], seed: int) -> list[Events]:
    """Shuffle performances; the same seed gives the same order."""
    order = np.random.default_rng(seed).permutation(len(performances))
    return [performances[i] for i in order]


def up_to(performances: Sequence[Events], events: int | None) -> list[Events]:
    """Take performances from the front until they hold at least so many events; all for None."""
    if events is None:
        return list(performances)
    totals = np.cumsum([len(performance) for performance in performances])
    return list(performances[: int(np.searchsorted(totals, events)) + 1])
