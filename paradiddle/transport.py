"""The transport: one clock for every live output, without input or output of its own.

Time goes on in *seconds* of an injected clock and in *quarters*, the position. `Transport.due`
hands out what comes within the look-ahead, each thing once: what has been handed out ends at the
*horizon*, a position that never goes back while the music runs. Changes of music take effect beyond
it: music is a row of *stretches*, and a hit belongs to the stretch in which its step lies, so that
a swap neither loses nor doubles one.
"""

import math
from collections.abc import Callable, Iterator

from paradiddle.checks import check_at_least
from paradiddle.errors import InvalidValueError
from paradiddle.loop import Loop, Struck, check_swing
from paradiddle.marks import PULSES_PER_QUARTER, marks
from paradiddle.stretches import SLACK, Stretch, Stretches, When
from paradiddle.swing import STRAIGHT
from paradiddle.tempo_line import TempoLine
from paradiddle.timed import Kind, Timed
from paradiddle.timing import DEFAULT_QPM, check_qpm

__all__ = ["PULSES_PER_QUARTER", "Loop", "Struck", "Timed", "Transport", "When"]

_LEAD = 0.03  # seconds from `start` to the first hit, so that even that one is not late
_SIXTEENTH = 0.25  # quarters
_BEHIND = 1.0  # quarters before a start in which its early hits are looked for
# What lay so shortly before the place of a leap is struck yet, in quarters and in seconds at most.
_JUST, _JUST_SECONDS = 0.1, 0.05


class Transport:
    """Clock and look-ahead queue. Not for several threads at once: guard it with a lock.

    Parameters
    ----------
    now : callable
        The clock, in seconds, such as `time.perf_counter`.
    qpm : float, default 120
        Quarters per minute.
    look_ahead : float, default 0.05
        Seconds that things are handed out before their time.

    Raises
    ------
    InvalidValueError
        If the speed or the look-ahead is out of range.

    Examples
    --------
    >>> from paradiddle.pattern import Pattern
    >>> transport = Transport(lambda: 10.0, qpm=60)
    >>> transport.set_loop(Loop.of(Pattern.empty(1)))
    0.0
    >>> transport.start(at=10.0)
    >>> [(timed.kind, timed.seconds) for timed in transport.due()]
    [('start', 10.0), ('bar', 10.0), ('pulse', 10.0), ('pulse', 10.041666666666666)]
    """

    def __init__(
        self, now: Callable[[], float], qpm: float = DEFAULT_QPM, look_ahead: float = 0.05
    ) -> None:
        check_at_least("look_ahead", look_ahead, 0.001, "give seconds, such as 0.05")
        self._now, self.look_ahead = now, look_ahead
        self._line = TempoLine(now(), 0.0, check_qpm(qpm))
        self._running = False
        self._swing = STRAIGHT
        self._muted: set[int] = set()
        self._whole = Loop((), 4.0)  # before loop points
        self._stretches = self._from(0.0, 0.0, self._whole)
        self._begun = self._horizon = 0.0
        self._counted = self._music = 0.0  # where the count-in and the music begin
        self._handed = now()  # the second of the horizon
        self._onset: Kind = "start"
        self._sets_in = False  # whether that it does is yet to be told
        self._bars: int | None = None  # to play
        self._span = 0.0, 0.0  # from where to where they are played
        self._leapt = math.inf  # where the music was before a leap

    @property
    def running(self) -> bool:
        """Whether music plays, or its count-in."""
        return self._running

    @property
    def qpm(self) -> float:
        """Speed in quarters per minute."""
        return self._line.qpm

    @property
    def swing(self) -> float:
        """Swing of straight 16ths, 0.5 to 0.75."""
        return self._swing

    @property
    def muted(self) -> frozenset[int]:
        """Voices that keep silent."""
        return frozenset(self._muted)

    @property
    def loop(self) -> Loop:
        """The music chosen last, even if it has yet to begin."""
        return self._stretches.last.loop

    @property
    def quarters_per_bar(self) -> float:
        """Length of a bar."""
        return self.loop.quarters_per_bar

    @property
    def position(self) -> float:
        """Quarters from the start of the music, now; negative in a count-in."""
        return self._line.position(self._now()) if self._running else self._horizon

    @property
    def waits(self) -> bool:
        """Whether it has been started for a moment of which nothing has been handed out yet."""
        return self._running and self._horizon < self._counted

    def place_in_loop(self, seconds: float | None = None) -> float:
        """Quarters from the start of the loop that sounds now, or at a second."""
        position = self.position if seconds is None else self.position_at(seconds)
        stretch = self._stretches.at(position)
        return (position - stretch.origin) % stretch.loop.quarters

    def position_at(self, seconds: float) -> float:
        """Quarters from the start of the music at a second."""
        return self._line.position(seconds)

    # --- start and stop --------------------------------------------------------------------------

    def start(self, at: float | None = None, *, count_in_bars: int = 0) -> None:
        """Play from the beginning.

        Parameters
        ----------
        at : float, optional
            Second at which the count-in, or else the music, begins; at once if left out.
        count_in_bars : int, default 0
            Bars of clicks before the first hit.

        Raises
        ------
        InvalidValueError
            If the number of bars is negative.
        """
        check_at_least("count_in_bars", count_in_bars, 0, "0 starts at once")
        self._stretches = self._from(0.0, 0.0, self.loop)
        self._go(at, 0.0, -count_in_bars * self.quarters_per_bar, "start")

    def continue_(self, at: float | None = None) -> None:
        """Play on from where `stop` came, or from where `locate` went."""
        position = self._horizon
        onset: Kind = "continue" if position > 0 else "start"
        origin = self._stretches.at(position).origin
        self._stretches = self._from(position, origin, self.loop)
        self._go(at, position, position, onset)

    def begin_at(self, seconds: float) -> None:
        """Let a start that still `waits` come at another second of the transport's clock.

        Raises
        ------
        InvalidValueError
            If none does.
        """
        if not self.waits:
            raise InvalidValueError(f"nothing waits to begin at {seconds:g} s; start it first")
        self._line = TempoLine(seconds, self._counted, self.qpm)
        self._begun = self._handed = seconds

    def set_bars(self, bars: int | None) -> None:
        """End after so many bars from where the music sets in next; a bar begun there counts.

        Stopped and continued on the way it ends where it would have ended.

        Raises
        ------
        InvalidValueError
            If there are none.
        """
        check_at_least("bars", 1 if bars is None else bars, 1, "None plays on and on")
        self._bars, self._span = bars, (0.0, 0.0)

    def stop(self) -> None:
        """Stop; `continue_` goes on with the next 16th."""
        if self._running:
            position = min(max(0.0, self.position), self._stretches.end)
            self._running = False
            self._horizon = math.ceil((position - SLACK) / _SIXTEENTH) * _SIXTEENTH

    def locate(self, position: float) -> None:
        """Choose where `continue_` goes on, in quarters from the start of the music.

        Raises
        ------
        InvalidValueError
            If the position is negative, or music is playing.
        """
        check_at_least("position", position, 0, "count from the start of the music")
        if self._running:
            raise InvalidValueError(f"cannot go to position {position} while playing; stop first")
        self._horizon = position
        if position >= self._span[1]:  # elsewhere in the song: no longer on the way to its end
            self._span = 0.0, 0.0

    def _go(self, at: float | None, begin: float, count_in: float, onset: Kind) -> None:
        """Run from the count-in's start; the music sets in where it begins."""
        if self._running:
            raise InvalidValueError("the transport runs already; stop it first")
        if onset == "start" or not self._span[0] <= begin <= self._span[1]:
            self._span = begin, self._last_line(begin)
        self._stretches.until = self._span[1]
        self._leapt, self._sets_in = math.inf, True
        begun = self._now() + _LEAD if at is None else at
        self._line = TempoLine(begun, count_in, self.qpm)
        self._begun, self._onset, self._music = begun, onset, begin
        self._counted, self._horizon = count_in, count_in - _BEHIND
        self._handed = begun
        self._running = True

    def _last_line(self, begin: float) -> float:
        """Bar line at which music that sets in here is to end."""
        if self._bars is None:
            return math.inf
        return (
            math.floor(begin / self.quarters_per_bar + SLACK) + self._bars
        ) * self.quarters_per_bar

    # --- changes while it plays ------------------------------------------------------------------

    def set_qpm(self, qpm: float) -> None:
        """Go on at another speed, from the end of what has been handed out.

        Raises
        ------
        InvalidValueError
            If MIDI files cannot hold that speed.
        """
        self._line.bend(self._edge(), check_qpm(qpm))

    def align(self, seconds: float, position: float, qpm: float) -> None:
        """Follow another clock: be at `position` at `seconds`, at its speed; nothing is doubled.

        Raises
        ------
        InvalidValueError
            If MIDI files cannot hold that speed.
        """
        edge, speed = self._edge(), check_qpm(qpm)
        self._line.jump(edge, position + (edge - seconds) * speed / 60, speed)

    def leap(self, seconds: float, position: float, qpm: float) -> None:
        """Follow another clock that has been moved: be at `position` at `seconds`, at its speed.

        What lies between is left out; what it goes back to, up to a bar, is played again.

        Parameters
        ----------
        seconds : float
            A second of the transport's clock, not later than now.
        position : float
            Where the other clock is then, in quarters from the start of the music.
        qpm : float
            Its speed, in quarters per minute.

        Raises
        ------
        InvalidValueError
            If MIDI files cannot hold that speed, or nothing plays.
        """
        if not self._running or self.waits:
            raise InvalidValueError(f"cannot leap to position {position}, nothing plays; start it")
        now, speed = self._now(), check_qpm(qpm)
        before = self._line.position(now)
        self._line.jump(now, position + (now - seconds) * speed / 60, speed)
        after = self._line.position(now)
        begin = after - min(_JUST, _JUST_SECONDS * speed / 60)
        self._leapt = min(self._leapt, self._horizon)
        self._handed = max(self._handed, now)  # or a standstill before would be made up for twice
        # what has been handed out already sounds yet, and is not to sound twice
        self._horizon = max(begin, self._horizon) if after > before else begin

    def shift(self, seconds: float) -> None:
        """Let all that is yet to come be so much later, as after a machine slept."""
        self._line.shift(seconds)
        self._handed += seconds
        self._begun += seconds

    def set_loop(self, loop: Loop, when: When = "bar") -> float:
        """Change the music: every hit belongs to the old or to the new one.

        Parameters
        ----------
        loop : Loop
            In the same metre while music plays.
        when : str, default "bar"
            ``bar`` begins it at the next bar line, ``end`` where the present loop ends, ``now``
            swaps at once and stays at the same place within it.

        Returns
        -------
        float
            The first step of the new music, in quarters.

        Raises
        ------
        InvalidValueError
            If the metre is another while music plays, or `when` is none of those.
        """
        if when not in ("bar", "now", "end"):
            raise InvalidValueError(f"when must be bar, now or end, got {when!r}")
        if not self._running:
            self._whole, self._stretches = loop, self._from(0.0, 0.0, loop)
            return 0.0
        if loop.quarters_per_bar != self.quarters_per_bar:
            raise InvalidValueError(
                f"the new music has bars of {loop.quarters_per_bar:g} quarters, what plays has"
                f" {self.quarters_per_bar:g}; stop first, or choose music in the same metre"
            )
        self._whole = loop
        return self._swap(loop, when)

    def first_free(self, loop: Loop) -> float:
        """Where the music would change at the earliest: nothing from there on is handed out."""
        return self._free(loop)

    def set_loop_points(self, first_bar: int | None = None, last_bar: int | None = None) -> None:
        """Repeat only some bars of the music, counted from 1, from the next bar line on.

        Left out, all of it.

        Raises
        ------
        InvalidValueError
            If the music has no such bars.
        """
        bars = self._whole.bars
        loop = self._whole.between(
            1 if first_bar is None else first_bar, bars if last_bar is None else last_bar
        )
        if self._running:
            self._swap(loop, "bar")
        else:
            self._stretches = self._from(0.0, 0.0, loop)

    def set_swing(self, swing: float) -> None:
        """Let straight 16ths swing, from the next eighth on.

        Raises
        ------
        InvalidValueError
            Unless 0.5 <= `swing` <= 0.75.
        """
        self._swing = check_swing(swing)
        if not self._running:
            self._stretches = self._from(0.0, 0.0, self.loop)
            return
        self._stretches.swing(self._free(self.loop), swing)

    def mute(self, voice: int, on: bool = True) -> None:
        """Silence a voice, or let it be heard again."""
        (self._muted.add if on else self._muted.discard)(voice)

    def _from(self, begin: float, origin: float, loop: Loop) -> Stretches:
        """One stretch for all there is."""
        return Stretches(Stretch(begin, origin, loop, self._swing))

    def _swap(self, loop: Loop, when: When) -> float:
        """Let other music follow; tell where it begins."""
        return self._stretches.follow(loop, when, self._free(loop), self._swing)

    def _free(self, loop: Loop) -> float:
        """First place of which nothing has been handed out, nor is too late to be."""
        early = max(loop.earliest, self._stretches.earliest)
        return max(self._music, max(self._line.position(self._edge()), self._horizon) + early)

    def _edge(self) -> float:
        """Find the second from which on things can still change."""
        return max(self._now(), self._handed) if self._running else self._now()

    # --- what is due -----------------------------------------------------------------------------

    def next_wake(self) -> float:
        """Seconds until `due` is worth calling: half the look-ahead after the last time.

        Negative where that moment has passed.
        """
        if not self._running:
            return self.look_ahead
        return self._handed - self.look_ahead / 2 - self._now()

    def due(self) -> list[Timed]:
        """Hand out what comes until the look-ahead from now, in order, each thing once."""
        last = self._now() + self.look_ahead
        if not self._running or last < self._begun:
            return []
        first, self._handed = self._horizon, max(last, self._handed)
        after = self._line.position(self._handed) + SLACK
        if after <= first:
            return []
        self._horizon = after
        found = [*self._marks(first, after), *self._hits(first, after)]
        self._stretches.forget(after)
        return sorted(found, key=lambda timed: timed.order)

    def _timed(self, kind: Kind, position: float, velocity: float = 0.0) -> Timed:
        """Put a mark in time."""
        seconds = max(self._begun, self._line.seconds(position))
        return Timed(seconds, kind, velocity=velocity, position=position)

    def _marks(self, first: float, after: float) -> Iterator[Timed]:
        """Pulses, bar lines, clicks, the start and the end in [first, after)."""
        first, end, bar = max(first, self._counted), self._stretches.end, self.quarters_per_bar
        passed, self._leapt = min(first, self._leapt), math.inf
        for mark in marks(passed, min(after, end), bar, self._music):
            if mark.position >= first or mark.kind == "bar":
                yield self._timed(mark.kind, mark.position, mark.velocity)
        if self._sets_in and first <= self._music < after:
            self._sets_in = False
            yield self._timed(self._onset, self._music)
        if passed <= end < after:
            yield self._timed("end", end)

    def _hits(self, first: float, after: float) -> Iterator[Timed]:
        """Hits in [first, after)."""
        for place, hit in self._stretches.hits(first, after):
            if hit.voice not in self._muted:
                length = hit.length * 60 / self.qpm
                timed = self._timed("hit", place, hit.velocity)
                yield timed._replace(voice=hit.voice, length=length, pitch=hit.pitch)
