"""A straight line through the latest pulses of a clock: where it is, and how fast it goes.

A bus hands pulses over late, loses one or reads one twice, and a tempo may change at once. How far
they are off the line tells these apart: pulses off by the same whole number of intervals were
miscounted, pulses that are off by more and more have another tempo. A program may hand out its
pulses in bunches, once for each of its own long blocks: that looks like pulses lost again and
again, always the same way, which no bus does. Once that is seen, no pulse is judged any more.
"""

import math
from collections import deque
from itertools import pairwise
from typing import NamedTuple

from paradiddle.transport import PULSES_PER_QUARTER

__all__ = ["PulseFit"]

_WINDOW = 24  # pulses: a quarter of them evens out jitter and still follows a drift
_FEW = 4  # pulses that tell a speed
_ENOUGH = 8  # that tell another one than before
_ANOTHER, _ANOTHER_SECONDS = 0.2, 0.05  # share, and in all: beyond what blocks do to few pulses
_ALIKE = 2.0  # the longest gap by the shortest; more, where pulses are lost or come in bunches
_LOW, _HIGH = 10.0, 1000.0  # quarters per minute that a clock may have
_LONGEST = 60 / (_LOW * PULSES_PER_QUARTER)  # seconds between two pulses

# What is odd, in intervals: this much at least, so many deviations, and that at most.
_QUIET, _DEVIATIONS, _LOUD = 0.2, 3.5, 0.45
_MISCOUNTS = (-1, 1, 2)  # one that came twice, one or two that were lost
_NEARLY = 0.35  # of an interval: what jitter makes of a whole number of them
_CLEARLY, _SURELY = 0.28, 0.14  # growth a pulse, in intervals, that two tell, or more than two
_BEFORE = 4  # pulses before it is seen that a slow change may have begun
_LONGEST_ODD = 8  # pulses off the line, until what they tell is believed
_RARELY = 480  # pulses; miscounts of one kind that come closer to each other are none
_AT_ONCE = 0.2  # intervals between pulses of one bunch
_BUNCHES, _OFTEN = 3, 48  # so many bunches in so many pulses are no accident


class _Pulse(NamedTuple):
    number: int
    seconds: float
    off: float = 0.0  # the line, in seconds


class PulseFit:
    """A straight line through the latest pulses, which tells where the clock is and how fast.

    Examples
    --------
    >>> fit = PulseFit()
    >>> for pulse in range(24):
    ...     fit.add(pulse / 48)
    >>> round(fit.qpm or 0, 6), fit.count, round(fit.seconds, 6)
    (120.0, 24, 0.479167)

    One pulse is lost, and counted when the next two are there:

    >>> for pulse in range(25, 27):
    ...     fit.add(pulse / 48)
    >>> fit.count, round(fit.seconds, 6)
    (27, 0.541667)
    """

    def __init__(self) -> None:
        self._pulses: deque[_Pulse] = deque(maxlen=_WINDOW)
        self._odd: list[_Pulse] = []  # the latest ones, all off the line to the same side
        self._interval: float | None = None  # seconds between two pulses
        self._fresh = False  # the line has begun anew, its speed is that of the one before
        self._variance = 0.0
        self._told: list[tuple[int, int]] = []  # count and miscount of the latest recounts
        self._bunches: list[int] = []  # counts at which the latest began
        self._gap = math.inf  # seconds between the latest two pulses
        self._heard = -math.inf  # when the latest came
        self._bunched = False  # pulses come in bunches, whose places on the line tell nothing
        self.count = 0
        """Of the pulses that were sent, as far as is known."""
        self.seconds = 0.0
        """When the latest pulse was sent, evened out."""

    @property
    def qpm(self) -> float | None:
        """Speed, once there are pulses enough to tell."""
        return None if self._interval is None else 60 / (self._interval * PULSES_PER_QUARTER)

    def add(self, seconds: float) -> None:
        """Take a pulse."""
        self.count += 1
        self._notice(seconds)
        if self._interval is None or len(self._pulses) < _FEW:
            if self._pulses and seconds - self._pulses[-1].seconds > _LONGEST:
                self._pulses.clear()
            self._keep(_Pulse(self.count, seconds))
            return
        self.seconds += self._interval
        pulse = _Pulse(self.count, seconds, seconds - self.seconds)
        if not self._is_odd(pulse, self._interval):
            self._forgive(self._interval)
            self._keep(pulse)
            return
        if self._odd and self._odd[0].off * pulse.off < 0:
            self._forgive(self._interval)
        self._odd.append(pulse)
        if len(self._odd) > 1:
            self._judge(self._interval)

    def pause(self) -> None:
        """Begin a new line with the next pulse, at the same speed until that is known better."""
        self._pulses.clear()
        self._odd.clear()
        self._told.clear()  # what was counted before holds
        self._fresh = True

    def _notice(self, seconds: float) -> None:
        """See whether pulses come in bunches."""
        before, self._gap, self._heard = self._gap, seconds - self._heard, seconds
        if self._interval is None or self._bunched:
            return
        close = _AT_ONCE * self._interval
        if self._gap < close <= before:
            recent = [count for count in self._bunches if self.count - count < _OFTEN]
            self._bunches = [*recent, self.count]
        if len(self._bunches) >= _BUNCHES:
            self._take_back()

    def _is_odd(self, pulse: _Pulse, interval: float) -> bool:
        """Whether a pulse is further off the line than those before it were."""
        if self._bunched:
            return False
        limit = max(_QUIET * interval, _DEVIATIONS * math.sqrt(self._variance))
        return abs(pulse.off) > min(limit, _LOUD * interval)

    def _keep(self, *pulses: _Pulse) -> None:
        """Draw the line anew, with these."""
        for pulse in pulses:
            self._pulses.append(pulse)
            self._variance += (pulse.off**2 - self._variance) / _WINDOW
        self._fit()

    def _forgive(self, interval: float) -> None:
        """Go on along the line: what was off it came late or early, no more."""
        near = [pulse for pulse in self._odd if abs(pulse.off) < interval / 2]
        self._odd.clear()
        self._keep(*near)

    def _judge(self, interval: float) -> None:
        """Find out what it means that pulses are off the line, as soon as that can be told."""
        offs = [pulse.off / interval for pulse in self._odd]
        gaps, mean = len(offs) - 1, sum(offs) / len(offs)
        growth = (abs(offs[-1]) - abs(offs[0])) / gaps
        jump = math.copysign(offs[0] - self._pulses[-1].off / interval, mean)
        miscount = round(mean)
        if miscount in _MISCOUNTS and all(abs(off - miscount) < _NEARLY for off in (*offs, jump)):
            if growth < _NEARLY / len(offs):  # or wait for one pulse more
                self._recount(miscount, interval)
        elif growth > (_CLEARLY if gaps == 1 else _SURELY) or gaps >= _LONGEST_ODD:
            self._turn(1)
        elif abs(growth) > _SURELY:
            return  # less and less: what was held up, and comes in a bunch
        elif abs(jump) < 1 - _NEARLY and abs(mean) > 0.5:
            self._turn(_BEFORE)
        elif abs(jump) < 1 - _NEARLY:
            self._forgive(interval)
        elif gaps > 1:
            self._move(mean * interval)

    def _recount(self, miscount: int, interval: float) -> None:
        """Count what was lost, or not what came twice; unless that is seen too often."""
        self._told = [one for one in self._told if self.count - one[0] < _RARELY]
        if any(told * miscount > 0 for _, told in self._told):
            latest = self._odd[-1]
            self._take_back()
            self._keep(_Pulse(self.count, latest.seconds))
            return
        self.count += miscount
        self._told.append((self.count, miscount))
        self.seconds += miscount * interval
        last = self._pulses[-1].number
        moved = [
            _Pulse(pulse.number + miscount, pulse.seconds, pulse.off - miscount * interval)
            for pulse in self._odd
        ]
        self._odd.clear()
        self._keep(*(pulse for pulse in moved if pulse.number > last))

    def _take_back(self) -> None:
        """Go back to what was counted, and begin a new line."""
        self._bunched = True
        self.count -= sum(told for _, told in self._told)
        self.pause()

    def _turn(self, before: int) -> None:
        """Take another speed, from a few pulses on the line on."""
        self._begin_with(list(self._pulses)[-before:])

    def _move(self, seconds: float) -> None:
        """Go on at the same speed from somewhere else."""
        self._begin_with(
            [pulse._replace(seconds=pulse.seconds + seconds) for pulse in self._pulses]
        )

    def _begin_with(self, pulses: list[_Pulse]) -> None:
        """Draw a line through these and the odd ones."""
        self._pulses.clear()
        self._pulses.extend([*pulses, *self._odd])
        self._odd.clear()
        self._fresh = False
        self._fit()

    def _is_another(self, slope: float, interval: float) -> bool:
        """Whether the first pulses of a new line tell another speed beyond doubt."""
        gaps = [later.seconds - one.seconds for one, later in pairwise(self._pulses)]
        apart = abs(slope - interval)
        return (
            not self._bunched
            and apart > _ANOTHER * interval
            and apart * len(gaps) > _ANOTHER_SECONDS
            and max(gaps) < _ALIKE * min(gaps)
        )

    def _fit(self) -> None:
        """Draw the line: least squares."""
        count, latest = len(self._pulses), self._pulses[-1]
        if count < (_FEW if self._interval is None else _FEW - 1):
            self.seconds = latest.seconds
            return
        ago = [pulse.number - self.count for pulse in self._pulses]
        middle = sum(ago) / count
        mean = sum(pulse.seconds for pulse in self._pulses) / count
        self._fresh = self._fresh and count < _ENOUGH
        slope = sum(
            (n - middle) * (pulse.seconds - mean)
            for n, pulse in zip(ago, self._pulses, strict=True)
        ) / sum((n - middle) ** 2 for n in ago)
        if self._fresh and self._interval is not None:
            self._fresh = not self._is_another(slope, self._interval)
            slope = self._interval if self._fresh else slope
        if slope > 0 and _LOW <= 60 / (slope * PULSES_PER_QUARTER) <= _HIGH:
            self._interval = slope
            self.seconds = mean - slope * middle
        else:
            self.seconds = latest.seconds
