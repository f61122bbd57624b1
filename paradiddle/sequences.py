"""From many performances to the one long sequence that a drummer learns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from paradiddle.checks import check_at_least, check_seed
from paradiddle.corpus import Corpus, Filter
from paradiddle.encoding import DEFAULT_RESOLUTION, round_ticks
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.events import Events

__all__ = ["Recipe", "glue", "in_seeded_order", "up_to"]

_TEXTS = "time_signature", "style", "split", "beat_type"
_EARLY_TICKS = 60  # a hit this close before a bar line belongs to the bar that it opens


@dataclass(frozen=True)
class Recipe:
    """How a sequence is made from a corpus; kept in a model file so that it can be made again.

    Attributes
    ----------
    wanted : Filter
        Which files.
    seed : int
        Of their order.
    max_events : int, optional
        Stop after the file that reaches so many.
    resolution : int
        As for `paradiddle.encoding.round_ticks`.
    channel : int, optional
        As for `paradiddle.corpus.scan`, with which the corpus was read.

    Raises
    ------
    InvalidValueError
        If a number is out of range.
    """

    wanted: Filter = field(default_factory=Filter)
    seed: int = 0
    max_events: int | None = None
    resolution: int = DEFAULT_RESOLUTION
    channel: int | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_at_least("resolution", self.resolution, 1, "1 keeps human timing as it is")
        if self.max_events is not None:
            check_at_least("max_events", self.max_events, 1, "leave it out to use all")

    def performances(self, corpus: Corpus) -> list[Events]:
        """Choose and order the files.

        Raises
        ------
        CorpusError
            If none passes the filter.
        """
        ordered = in_seeded_order(corpus.matching(self.wanted).events(), self.seed)
        return up_to(ordered, self.max_events)

    def build(self, corpus: Corpus) -> Events:
        """Make the sequence: choose, order, glue, round.

        Raises
        ------
        CorpusError
            If no file passes the filter.
        """
        return round_ticks(glue(self.performances(corpus)), self.resolution)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """Read what `to_dict` returned, also by way of JSON.

        Raises
        ------
        InvalidValueError
            If the values are none of a recipe.

        Examples
        --------
        >>> recipe = Recipe(Filter(qpm=(90, 120), split="train"), seed=3)
        >>> Recipe.from_dict(recipe.to_dict()) == recipe
        True
        """
        try:
            wanted = dict(values["wanted"])
            if wanted.get("qpm") is not None:
                wanted["qpm"] = tuple(wanted["qpm"])
            texts = (wanted.get(name, "") for name in _TEXTS)
            if not all(isinstance(text, str) for text in texts):
                raise TypeError(f"{', '.join(_TEXTS)} must be text")
            return cls(**{**values, "wanted": Filter(**wanted)})
        except InvalidValueError:
            raise
        except (LookupError, TypeError, ValueError) as error:
            raise InvalidValueError(f"not a recipe: {type(error).__name__}: {error}") from None


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
