"""Sinks: where a player's music goes."""

from collections.abc import Sequence
from typing import Protocol

from paradiddle.checks import check_whole
from paradiddle.output import Output
from paradiddle.stretches import SLACK, next_multiple
from paradiddle.timed import Timed

__all__ = ["MidiSink", "Sink", "check_channel"]

_SIXTEENTH = 0.25  # quarters


class Sink(Protocol):
    """Where the music goes.

    `send` is called in the player's thread, `check` in another one; `stop` and `close` in whichever
    ends the music, but never while something is sent; `pause` in the main thread, in the midst of
    whatever else that does.
    """

    ahead: bool  # whether things come as early as possible, because the sink itself keeps time

    @property
    def latency(self) -> float:
        """Seconds after its time that something is heard, as far as is known."""

    def send(self, timed: Timed) -> None:
        """Take one thing, at its time unless `ahead`."""

    def pause(self) -> None:
        """Let nothing sound; the music may go on from here."""

    def stop(self) -> None:
        """End the music: silence, and tell receivers."""

    def check(self) -> None:
        """Look after the device, now and then."""

    def close(self) -> None:
        """Silence and let go of the device."""


class MidiSink:
    """Plays to a MIDI port.

    Parameters
    ----------
    output : Output
        The port.
    pitches : sequence of 9 int, optional
        Note of each voice, as for `Output.send_hit`.
    channel : int, default 10
        1 to 16.
    channels : sequence of 9 int or None, optional
        Channel of each voice that has one of its own.
    clock : bool, default False
        Send MIDI clock, start, continue, stop and song position.
    begins : float, default 0
        Where the music begins in the song of those who follow the clock, in quarters.
    """

    ahead = False
    latency = 0.0

    def __init__(
        self,
        output: Output,
        pitches: Sequence[int] | None = None,
        channel: int = 10,
        channels: Sequence[int | None] = (),
        *,
        clock: bool = False,
        begins: float = 0.0,
    ) -> None:
        self._channels = tuple(channel if one is None else one for one in channels)
        for one in (channel, *self._channels):
            check_channel(one)
        self.output, self.pitches, self.channel, self.clock = output, pitches, channel, clock
        self._begins, self._reopened = begins, output.reopened
        self._leads = False  # whether receivers of the clock have been started
        self._lost = False  # whether they are to be told their place again
        self._joins: float | None = None  # the 16th at which they are to go on

    def send(self, timed: Timed) -> None:
        """Send a note, the end of one, or a clock message."""
        if timed.kind in ("hit", "click"):
            self.output.send_hit(timed, self.pitches, self._channel_of(timed))
        elif timed.kind == "off":
            self.output.release(timed, self.pitches, self._channel_of(timed))
        elif self.clock:
            self._tell(timed)

    def _channel_of(self, timed: Timed) -> int:
        """Choose the channel of a hit or its end."""
        return self._channels[timed.voice] if self._channels and timed.voice >= 0 else self.channel

    def _tell(self, timed: Timed) -> None:
        """Send a clock message."""
        if timed.kind not in ("start", "continue", "pulse"):
            return
        if self._reopened != self.output.reopened:
            self._reopened, self._lost = self.output.reopened, self._leads or self._lost
        if timed.kind == "start" and not self._begins:
            self._leads, self._lost = True, False
            self.output.clock("start")
        elif timed.kind != "pulse" or self._lost:
            # song positions are counted in 16ths
            self._joins = next_multiple(timed.position, _SIXTEENTH)
            self._lost = False
        if self._joins is not None and timed.position >= self._joins - SLACK:
            self._continue(self._joins)
        if timed.kind == "pulse":
            self.output.clock("pulse")

    def _continue(self, position: float) -> None:
        """Let receivers of the clock go on; they take a song position while they are stopped."""
        if self._leads:
            self.output.clock("stop")
        self._leads, self._joins = True, None
        self.output.clock("position", self._begins + position)
        self.output.clock("continue")

    def pause(self) -> None:
        """Silence the port; who follows its clock stops, and goes on with the next pulses."""
        lost = self._leads or self._lost or self._joins is not None
        self.stop()
        self._lost = lost

    def stop(self) -> None:
        """Silence the port, and stop who follows its clock."""
        self.output.silence()
        self.release_clock()

    def release_clock(self) -> None:
        """Stop who follows the clock, if they have been started."""
        leads, self._leads, self._lost, self._joins = self._leads, False, False, None
        if leads:
            self.output.clock("stop")

    def check(self) -> None:
        """Pick up a port that was gone."""
        self.output.check()

    def close(self) -> None:
        """Silence and close the port."""
        self.output.close()


def check_channel(channel: int) -> None:
    """Raise unless a MIDI channel is 1 to 16.

    Raises
    ------
    InvalidValueError
        If it is not.

    Examples
    --------
    >>> check_channel(0)
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: channel must be a whole number in [1, 16], got 0; ...
    """
    check_whole("channel", channel, 1, 16, "drums have 10")
