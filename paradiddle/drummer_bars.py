"""The LSTM drummer without end, cut at its bar lines."""

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.bars import MOST_TAKEN_BACK, Bar, Wishes
from paradiddle.checks import check_seed
from paradiddle.drummer import Drummer
from paradiddle.events import Events, quantise
from paradiddle.loop import Loop
from paradiddle.pattern import Pattern
from paradiddle.sampling import Sampler

__all__ = ["DrummerBars"]

_STATE_SCALE = 0.1
_MOST_EVENTS = 512  # of a bar; a network that plays more of them is stuck


class _Moment(NamedTuple):
    """All that the next event depends on."""

    h: NDArray[np.float32]
    c: NDArray[np.float32]
    row: NDArray[np.int64]  # the event heard last, (1, F)
    tick: int  # of it, from the bar line on
    due: bool  # whether it is still to be played


class DrummerBars:
    """Bars of a drummer, which knows temperatures, but no styles, densities or fills.

    Parameters
    ----------
    drummer : Drummer
    seed : int, optional
        The same gives the same music, as long as nothing is changed on the way.

    Examples
    --------
    >>> bars = DrummerBars(Drummer.load(), seed=1)
    >>> all(0 <= hit.place < 4 for hit in bars.next(Wishes()).loop.hits)
    True
    """

    def __init__(self, drummer: Drummer, seed: int | None = None) -> None:
        check_seed(seed)
        self.quarters_per_bar = drummer.vocabulary.quarters_per_bar
        self._vocabulary, self._shape = drummer.vocabulary, drummer.lstm.shape
        self._generator = np.random.default_rng(seed)
        self._session = drummer.lstm.session(1)
        self._ticks = np.array(drummer.vocabulary.ticks, np.int64)
        self._before: deque[_Moment] = deque(maxlen=MOST_TAKEN_BACK)
        self._sampler: Sampler | None = None
        self.vary()

    def next(self, wishes: Wishes, *, fill: bool = False) -> Bar:
        """Make the bar that comes next; it never is a fill.

        Raises
        ------
        InvalidValueError
            If the temperature is out of range.
        """
        if self._sampler is None or self._sampler.temperature != wishes.temperature:
            seed = int(self._generator.integers(2**31))
            self._sampler = Sampler([seed], wishes.temperature)
        self._before.append(self._moment())
        rows, ticks = self._events(self._sampler)
        piece = self._piece(rows, ticks, wishes.qpm)
        return Bar(_drawn(piece), _played(piece))

    def spare_fill(self, wishes: Wishes) -> Bar | None:
        """Make none: it knows no fills."""
        return None

    def take_back(self) -> None:
        """Forget the last bar."""
        if self._before:
            self._return_to(self._before.pop())

    def vary(self) -> None:
        """Begin something new with the next bar, from another random memory."""
        directions = self._shape.layers * len(self._shape.directions)
        size = (2, directions, 1, self._shape.hidden)
        h, c = self._generator.uniform(-_STATE_SCALE, _STATE_SCALE, size).astype(np.float32)
        # heard by the network alone
        first = self._generator.integers(0, [self._shape.sizes])
        self._return_to(_Moment(h, c, first, 0, due=False))

    def _moment(self) -> _Moment:
        return _Moment(self._session.h, self._session.c, self._row, self._tick, self._due)

    def _return_to(self, moment: _Moment) -> None:
        self._session.set_state(moment.h, moment.c)
        self._row, self._tick, self._due = moment.row, moment.tick, moment.due

    def _events(self, sampler: Sampler) -> tuple[list[NDArray[np.int64]], list[int]]:
        """Play up to the next bar line; what comes after it is due later."""
        rows: list[NDArray[np.int64]] = []
        ticks: list[int] = []
        for _ in range(_MOST_EVENTS):
            if self._due and self._tick >= self._vocabulary.ticks_per_bar:
                self._tick -= self._vocabulary.ticks_per_bar
                return rows, ticks
            if self._due:
                rows.append(self._row[0])
                ticks.append(self._tick)
            self._row = sampler.draw(self._session.step(self._read()))
            self._tick += int(self._ticks[self._row[0, 1]])
            self._due = True
        self.vary()
        return rows, ticks

    def _read(self) -> NDArray[np.int64]:
        """Tell the network the last event, and where in the bar it was."""
        if not self._vocabulary.places:
            return self._row
        place = self._vocabulary.place(np.array([[self._tick]]))
        return np.concatenate([self._row, place], axis=1)

    def _piece(self, rows: list[NDArray[np.int64]], ticks: list[int], qpm: float) -> Events:
        """Write events of one bar."""
        indices = np.array(rows, np.int64).reshape(len(rows), len(self._shape.sizes))
        events = self._vocabulary.decode(indices, qpm)
        return Events.from_onsets(
            events.notes, np.array(ticks, np.int64), events.velocities, qpm, self.quarters_per_bar
        )


def _played(piece: Events) -> Loop:
    """Play events as one bar, each on its own pitch."""
    loop = Loop.of_events(piece)
    assert loop.bars == 1
    return loop


def _drawn(piece: Events) -> Pattern:
    """Draw events of one bar; on a grid that the metre fits into."""
    finest = next(
        (steps for steps in (4, 8, 16) if (piece.quarters_per_bar * steps).is_integer()), None
    )
    if finest is None:
        return Pattern.empty(1)
    grid = quantise(piece, steps_per_quarter=finest).pattern
    blank = Pattern.empty(
        1,
        qpm=piece.qpm,
        steps_per_quarter=finest,
        quarters_per_bar=piece.quarters_per_bar,
    )
    return grid.first(1) if grid.steps >= blank.steps else blank
