"""The cable: a MIDI port of the server that plays what one page at a time asks for."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from paradiddle.live_player import LivePlayer
from paradiddle.loop import Loop
from paradiddle.output import Output
from paradiddle.sinks import MidiSink
from paradiddle.transport import Transport

__all__ = ["Cable", "Music", "State"]

_LEAD = 0.05  # seconds until the first hit; a page takes as long to begin
# Seconds that port and page are apart: less is jitter, more is made up for at once. What lies
# between is taken up bit by bit, so that nobody hears it.
_CLOSE, _FAR, _BIT = 0.01, 0.1, 0.005


class Music(NamedTuple):
    """What a page wants to hear.

    Attributes
    ----------
    loop : Loop
    qpm, swing : float
    channel : int
        1 to 16.
    notes : tuple of 9 int, optional
        Note of each voice; General MIDI's if left out.
    """

    loop: Loop
    qpm: float
    swing: float
    channel: int = 10
    notes: tuple[int, ...] | None = None


class State(NamedTuple):
    """How the port is doing.

    Attributes
    ----------
    playing : bool
    bar : int
        The bar of the loop that sounds, counted from 1.
    connected : bool
        Whether the port is there.
    """

    playing: bool
    bar: int
    connected: bool


class Cable:
    """One transport, one player and one port; a context manager that silences and closes them.

    Parameters
    ----------
    output : Output
        The port.
    now : callable
        The clock, in seconds.
    """

    def __init__(self, output: Output, *, now: Callable[[], float] = time.perf_counter) -> None:
        self.output, self._now = output, now
        self._sink = MidiSink(output)
        self._transport = Transport(now)
        self._player = LivePlayer(self._transport, [self._sink], now=now)
        self._player.tell = lambda text: output.tell(text)
        self._taken = False
        self._apart = 0.0  # from the page, in seconds, when it told its place last

    def take(self) -> bool:
        """Take the port for a page; tell whether it was free."""
        taken, self._taken = self._taken, True
        return not taken

    def release(self) -> None:
        """Silence the port, and leave it to another page."""
        self.stop()
        self.output.silence()
        self.send_clock(False)
        self._taken = False

    def play(self, music: Music, position: float = 0.0) -> None:
        """Play from a place of the loop, in quarters.

        Raises
        ------
        ParadiddleError
            If what plays has failed before.
        """
        self._player.rest(0)  # raises what went wrong in the thread
        self.stop()
        self._apart = 0.0
        with self._player.change() as transport:
            self._sound(music)
            transport.set_loop(music.loop)
            transport.set_swing(music.swing)
            transport.set_qpm(music.qpm)
            self._go(position)

    def _go(self, position: float) -> None:
        """Begin at a place of the loop."""
        with self._player.change() as transport:
            transport.locate(position % transport.loop.quarters)
            self._player.continue_(at=self._now() + _LEAD)

    def update(self, music: Music) -> None:
        """Go on with other music at the same place, at once.

        Raises
        ------
        InvalidValueError
            If its metre is another while music plays.
        """
        with self._player.change() as transport:
            transport.set_loop(music.loop, "now")
            if music.swing != transport.swing:
                transport.set_swing(music.swing)
            self.set_qpm(music.qpm)
            self._sound(music)

    def set_qpm(self, qpm: float) -> None:
        """Play at another tempo."""
        with self._player.change() as transport:
            if qpm != transport.qpm:
                transport.set_qpm(qpm)

    def follow(self, position: float) -> None:
        """Stay with a page that is at a place of the loop, in quarters, as of `play`.

        What it tells may come late: only what it tells twice is taken for true.
        """
        with self._player.change() as transport:
            if not transport.running or transport.waits:
                return
            seconds = self._now() + _LEAD
            length, speed = transport.loop.quarters, transport.qpm / 60
            if position >= length and not transport.loop.repeats:
                return  # the page is at its end, and stops
            behind = position - transport.place_in_loop(seconds)
            apart = ((behind + length / 2) % length - length / 2) / speed
            before, self._apart = self._apart, apart
            wrong = _both(before, apart)
            if abs(wrong) > _FAR:
                self._begin_anew(position)
            elif abs(wrong) > _CLOSE:
                step = math.copysign(_BIT, wrong)
                self._apart -= step
                there = transport.position_at(seconds) + step * speed
                transport.align(seconds, there, transport.qpm)

    def _begin_anew(self, position: float) -> None:
        """Go elsewhere; receivers of the clock are told."""
        self.stop()
        with self._player.change() as transport:
            transport.set_loop(transport.loop)  # counted from its start again
            self._go(position)
        self._apart = 0.0

    def stop(self) -> None:
        """Stop, and silence everything."""
        if self._transport.running:
            self._player.stop()

    def send_clock(self, on: bool) -> None:
        """Send MIDI clock, or no longer; who follows it is started with the music."""
        with self._player.lock:
            if not on:
                self._sink.release_clock()
            self._sink.clock = on

    def state(self) -> State:
        """Tell how it is doing."""
        with self._player.change() as transport:
            bar = int(transport.place_in_loop() // transport.quarters_per_bar) + 1
            return State(transport.running, bar, self.output.alive)

    def silent(self) -> AbstractContextManager[None]:
        """Silence the port, and play on after the block."""
        return self._player.silent()

    def close(self) -> None:
        """Silence the port and close it; again does nothing."""
        self._player.close()

    def _sound(self, music: Music) -> None:
        """Use a channel and notes; what sounds on others ends."""
        chosen = music.channel, music.notes
        if chosen != (self._sink.channel, self._sink.pitches):
            self.output.silence()
            self._sink.channel, self._sink.pitches = chosen

    def __enter__(self) -> "Cable":
        self._player.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _both(one: float, other: float) -> float:
    """Find what two numbers have in common: the smaller one, or 0 where they point apart."""
    return min(one, other, key=abs) if one * other > 0 else 0.0
