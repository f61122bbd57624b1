"""Start, stop, tempo and mutes of what plays along, whoever gives the word: keys, a clock, Link."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from paradiddle.band import Band
from paradiddle.live_player import LivePlayer
from paradiddle.stretches import next_multiple
from paradiddle.transport import Transport

__all__ = ["Deck", "Leader"]


class Leader(Protocol):
    """A shared clock that starts, stops and sets the tempo for all, such as Ableton Link."""

    def play(self) -> None:
        """Start with the next bar."""

    def stop(self) -> None:
        """Stop."""

    def set_qpm(self, qpm: float) -> None:
        """Change the speed."""

    def set_phase(self, position: float) -> None:
        """Move the bars: be so many quarters into one now."""


class Deck:
    """A player with its band; what a clock leads in place of the player alone.

    Parameters
    ----------
    player : LivePlayer
    band : Band
    follows : bool, default False
        Whether another clock alone starts, stops and sets the tempo.
    """

    def __init__(self, player: LivePlayer, band: Band, *, follows: bool = False) -> None:
        self.player, self.band, self.follows = player, band, follows
        self.leader: Leader | None = None
        """Which shared clock is asked to start, to stop and to change the tempo, if any."""

    @property
    def running(self) -> bool:
        """Whether music plays, or its count-in."""
        return self.player.transport.running

    @property
    def position(self) -> float:
        """Quarters from the start of the music."""
        with self.change() as transport:
            return transport.position

    def start(self, *, at: float | None = None, count_in_bars: int = 0) -> None:
        """Play from the beginning."""
        self.band.rewind()
        self.player.start(at=at, count_in_bars=count_in_bars)

    def continue_(self, *, at: float | None = None) -> None:
        """Play on from where it was stopped."""
        self.player.continue_(at=at)

    def resume(self) -> None:
        """Play on from the bar line before where it was stopped."""
        self.band.rewind()
        with self.change() as transport:
            bar = transport.quarters_per_bar
            # a stop in the last 16th of a bar is at the next line
            transport.locate(max(0.0, next_multiple(transport.position, bar) - bar))
            self.player.continue_()

    def stop(self) -> None:
        """Stop and be silent."""
        self.player.stop()

    def change(self) -> AbstractContextManager[Transport]:
        """Give the transport for a change."""
        return self.player.change()

    def toggle(self) -> str:
        """Stop the music, or play on; leave that to a clock that is followed.

        Returns
        -------
        str
            A line for people: what holds now.
        """
        if self.follows:
            return "the clock it follows starts and stops"
        chosen: Sequence[Callable[[], None]] = (
            (self.leader.play, self.leader.stop) if self.leader else (self.resume, self.stop)
        )
        chosen[self.running]()
        return "" if self.running else "stopped; space goes on"

    def set_qpm(self, qpm: float) -> None:
        """Play at another tempo, with all who share it."""
        if self.leader is not None:
            self.leader.set_qpm(qpm)
        with self.change() as transport:
            transport.set_qpm(qpm)

    def begin_bar(self) -> bool:
        """Let a bar begin now, for all who share the clock; tell whether anybody does."""
        if self.leader is None:
            return False
        self.leader.set_phase(0.0)
        return True

    def mute(self, voice: int, on: bool) -> None:
        """Silence a voice, or let it be heard."""
        with self.change() as transport:
            transport.mute(voice, on)
