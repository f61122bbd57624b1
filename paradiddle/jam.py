"""Playing together: call and response, the voices left out, or a kit under a tapped rhythm."""

import math
from collections import deque
from typing import Literal

import numpy as np

from paradiddle.answers import Answers
from paradiddle.band import Band
from paradiddle.bars import Bar, joined, part
from paradiddle.checks import check_whole
from paradiddle.drums import VOICES
from paradiddle.errors import InvalidValueError
from paradiddle.listening import Listener
from paradiddle.loop import Loop, Struck
from paradiddle.output import CLICK_PITCHES
from paradiddle.pattern import Pattern
from paradiddle.transport import Timed, Transport

__all__ = ["WAYS", "Jam", "Way", "check_bars"]

Way = Literal["continue", "complement", "accompany"]
WAYS: tuple[Way, ...] = ("continue", "complement", "accompany")

_MOST_BARS = 16
_PHRASE = 4
_EARLY = 0.125  # quarters that answers may come before a bar line
_MARGIN = 0.02  # seconds


class Jam(Band):
    """Listens, and keeps a transport in answers, each ready before its bar line.

    A call begins with the first bar in which something is played. With ``continue`` it lasts some
    bars, and as many of answer follow; with ``complement`` the other voices go along with the next
    bars, and so on; with ``accompany`` each bar's rhythm is played on the whole kit in the next,
    the last one over and over while nothing is played. What comes in the last tenth of a second
    before a bar line is too late for an answer that begins there.

    Parameters
    ----------
    answers : Answers
    listener : Listener
    transport : Transport
        Of a player that calls `hear`, in 4/4.
    way : str, default "continue"
        One of `WAYS`.
    bars : int, default 2
        Length of a call, 1 to 16.
    click : bool, default True
        Whether a metronome clicks while nothing is played.

    Raises
    ------
    InvalidValueError
        If there is no such way, or the number of bars is out of range.
    """

    def __init__(
        self,
        answers: Answers,
        listener: Listener,
        transport: Transport,
        way: Way = "continue",
        bars: int = 2,
        *,
        click: bool = True,
    ) -> None:
        if way not in WAYS:
            raise InvalidValueError(f"a jam must be one of {', '.join(WAYS)}, got {way!r}")
        check_bars(bars)
        super().__init__(transport)
        self.answers, self.listener, self.way, self.bars = answers, listener, way, int(bars)
        self._silence = Bar(Pattern.empty(1), _clicks() if click else Loop((), 4.0))
        self._call = 0  # the bar, from 0, that a call begins with
        self._answer: deque[Bar] = deque()
        self._rhythm: deque[int] = deque(maxlen=_PHRASE)  # bars, from 0
        self._anew: int | None = None  # the bar to begin with, where the music has been moved

    @property
    def answers_now(self) -> bool:
        """Whether the bar that sounds is an answer."""
        return self.playing is not None and bool(self.playing.pattern.hits.any())

    def prepare(self) -> None:
        """Answer once on trial: what is wrong with the wishes comes out before the music starts.

        Raises
        ------
        InvalidValueError
            If a style is unknown or a setting out of range.
        """
        self._timed(lambda: self._answered(_trial(self.bars, self.transport.qpm)))
        self.rewind()

    def rewind(self) -> None:
        """Begin again, before a stopped transport starts."""
        with self.lock:
            self.number = 0
            self.listener.take()  # what came while nothing played
            self._move(0)
            self._begin_with(self._silence)

    def relocated(self) -> None:
        """Forget what was heard and answered elsewhere, and listen; called as `hear` is."""
        self._move(self.number - 1)
        self.playing = self._silence
        self.transport.set_loop(self._silence.loop, "now")

    def hear(self, timed: Timed) -> None:
        """Take note of where the music is, and of what was played until now."""
        super().hear(timed)
        self.listener.take()

    def turn(self) -> float:
        """Decide what the next bar is, when it is time for that."""
        with self.lock:
            if self._queued or not self.transport.running:
                return math.inf
            self._begin_anew()
            bar = self.number
            line = bar * self.transport.quarters_per_bar
            left = self._spare_seconds(line - _EARLY)
        if left > _MARGIN:
            return left - _MARGIN
        music = self._timed(lambda: self._next(bar))
        with self.lock:
            if self._anew is not None:  # by now
                return 0.0
            self._queue(music)
        return math.inf

    def _move(self, bar: int) -> None:
        """Listen from a bar on; the thread that makes the answers forgets them before the next."""
        self._anew = bar
        self.listener.clear()

    def _begin_anew(self) -> None:
        """Forget call and answers, if the music has been moved."""
        if self._anew is not None:
            self._call, self._anew = self._anew, None
            self._answer.clear()
            self._rhythm.clear()

    def _next(self, bar: int) -> Bar:
        """Choose the music of a bar, counted from 0."""
        if self.way == "accompany":
            return self._accompanied(bar)
        if self.way == "complement":
            return self._complemented(bar)
        return self._continued(bar)

    def _continued(self, bar: int) -> Bar:
        """Answer when the call is over; a silent bar is no beginning of one."""
        if not self._answer:
            if not self._heard(self._call, self._call + 1).hits.any():
                self._call = bar
            if bar - self._call < self.bars:
                return self._silence
            self._take(self.answers.continuation(self._heard(self._call, bar), self.bars))
            self._call = bar + self.bars
        return self._answer.popleft()

    def _complemented(self, bar: int) -> Bar:
        """Go along with what was heard, and hear the next call meanwhile."""
        if bar - self._call >= self.bars:
            heard = self._heard(self._call, bar)
            self._call = bar
            if heard.hits.any():
                self._take(self.answers.complement(heard))
        elif not self._answer and not self._heard(self._call, self._call + 1).hits.any():
            self._call = bar
        return self._answer.popleft() if self._answer else self._silence

    def _accompanied(self, bar: int) -> Bar:
        """Play the last rhythm that was heard, in the light of those before it."""
        if bar and self._heard(bar - 1, bar).hits.any():
            self._rhythm.append(bar - 1)
        bars = [self._heard(number, number + 1) for number in self._rhythm]
        rhythm = [one for one in bars if one.hits.any()]
        if not rhythm:
            return self._silence
        whole = self.answers.kit(joined(rhythm, self.transport.qpm))
        return Bar.of(part(whole, len(rhythm) - 1))

    def _heard(self, first: int, last: int) -> Pattern:
        """Join what was heard in the bars from `first` up to but not `last`; at least one."""
        bars = [self.listener.bar(number) for number in range(first, max(last, first + 1))]
        return joined(bars, self.transport.qpm)

    def _take(self, answer: Pattern) -> None:
        self._answer.extend(Bar.of(part(answer, bar)) for bar in range(round(answer.bars)))

    def _answered(self, heard: Pattern) -> Bar:
        """Answer in the way of this jam."""
        if self.way == "continue":
            return Bar.of(self.answers.continuation(heard, self.bars))
        if self.way == "complement":
            return Bar.of(self.answers.complement(heard))
        return Bar.of(self.answers.kit(heard))


def _clicks() -> Loop:
    """Click on every quarter of a bar."""
    side_stick, _ = CLICK_PITCHES
    clicks = [Struck(beat, beat, -1, 0.6 if beat else 0.9, pitch=side_stick) for beat in range(4)]
    return Loop(tuple(clicks), 4.0)


def check_bars(bars: int) -> None:
    """Raise unless a call may be so many bars long."""
    check_whole("bars", bars, 1, _MOST_BARS, "two or four are usual")


def _trial(bars: int, qpm: float) -> Pattern:
    """Write a simple beat."""
    hits = np.zeros((bars * 16, len(VOICES)), bool)
    hits[::8, 0] = hits[4::8, 1] = True
    velocities = hits * np.float32(0.7)
    return Pattern(hits, velocities, velocities * 0, qpm)
