"""What a drum machine is examined on: recordings that it never saw, in windows and whole."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paradiddle.given import BEAT
from paradiddle.takes import FEW_RECORDINGS, Take, Takes, Window, windows_of

__all__ = ["BARS", "Exam", "exam_of"]

BARS = 2


@dataclass(frozen=True, eq=False)
class Exam:
    """Beats in 4/4, whole and in windows of two bars, one starting at each bar line.

    Attributes
    ----------
    split : str
        Of the recordings examined on.
    takes : tuple of Take
        Those recordings.
    windows, train, validation : list of Window
        Their windows, and those of the train and validation splits; silent ones left out.
    known_styles : tuple of str
        Styles with `paradiddle.takes.FEW_RECORDINGS` training files or more, beats and fills.
    """

    split: str
    takes: tuple[Take, ...]
    windows: list[Window]
    train: list[Window]
    validation: list[Window]
    known_styles: tuple[str, ...]

    @cached_property
    def mix(self) -> dict[str, float]:
        """Share of each style in `windows`."""
        counts = Counter(window.take.style for window in self.windows)
        return {style: count / len(self.windows) for style, count in counts.most_common()}

    def like_train(self, count: int, seed: int) -> list[Window]:
        """Draw train windows, to ask for music of their styles and tempi."""
        return _drawn(self.train, count, seed)

    def of_each_style(self, count: int, seed: int) -> list[Window]:
        """Draw as many train windows of each known style that has beats."""
        return [
            window
            for style in self.known_styles
            if (own := [one for one in self.train if one.take.style == style])
            for window in _drawn(own, count, seed)
        ]


def _drawn(windows: Sequence[Window], count: int, seed: int) -> list[Window]:
    """Draw windows, each once as long as there are enough."""
    places = np.random.default_rng(seed).choice(len(windows), count, replace=count > len(windows))
    return [windows[place] for place in places]


def exam_of(takes: Takes, split: str = "test") -> Exam:
    """Choose the beats of a split, and those to learn baselines from.

    Parameters
    ----------
    takes : Takes
        All of a corpus with an index.
    split : str, default "test"
        What to examine on.

    Raises
    ------
    CorpusError
        If a split has no beats.
    """
    held_out = takes.of(split, BEAT)
    styles = takes.of("train").styles()
    return Exam(
        split,
        held_out.takes,
        windows_of(held_out, BARS),
        windows_of(takes.of("train", BEAT), BARS),
        windows_of(takes.of("validation", BEAT), BARS),
        tuple(style for style, count in styles.items() if count >= FEW_RECORDINGS),
    )
