"""Timed: something that happens at a moment, as a transport hands it out."""

from typing import Literal, NamedTuple

__all__ = ["Kind", "Timed"]

Kind = Literal["continue", "start", "end", "bar", "pulse", "off", "click", "hit"]

# at one moment a receiver wants to know first that the music starts, then that time goes on
_ORDER = {
    kind: rank
    for rank, kind in enumerate(("continue", "start", "end", "bar", "pulse", "off", "click", "hit"))
}


class Timed(NamedTuple):
    """Something that happens at a moment.

    Attributes
    ----------
    seconds : float
        When, by the transport's clock.
    kind : str
        ``hit``, ``click`` (of a count-in), ``pulse`` (24 a quarter), ``bar`` (a bar line),
        ``start`` or ``continue`` (the music sets in: before the pulse of the same moment), ``end``
        (of a loop that does not repeat); players add ``off``, the end of a hit's note.
    voice : int
        Of a hit: index into `paradiddle.drums.VOICES`, or -1.
    velocity : float
        Of a hit or click, in (0, 1].
    length : float
        Of a hit's note, in seconds.
    position : float
        In quarters from the start of the music.
    pitch : int
        Of a hit that has a pitch of its own, or -1.

    Examples
    --------
    >>> sorted([Timed(1.0, "hit"), Timed(1.0, "pulse"), Timed(1.0, "start")], key=lambda t: t.order)
    [Timed(seconds=1.0, kind='start', ...), Timed(seconds=1.0, kind='pulse', ...), ...]
    """

    seconds: float
    kind: Kind
    voice: int = -1
    velocity: float = 0.0
    length: float = 0.0
    position: float = 0.0
    pitch: int = -1

    @property
    def order(self) -> tuple[float, int, int, int]:
        """What to sort by."""
        return self.seconds, _ORDER[self.kind], self.voice, self.pitch
