"""The line that leads from seconds to quarters and back, with a bend at every change of speed."""

from typing import NamedTuple

__all__ = ["TempoLine"]


class _Anchor(NamedTuple):
    """From these seconds on this place and speed hold."""

    seconds: float
    position: float
    qpm: float


class TempoLine:
    """Where the music is at which second.

    Parameters
    ----------
    seconds, position : float
        One point of the line: this second is this place in quarters.
    qpm : float
        Quarters per minute from there on, and before.

    Examples
    --------
    >>> line = TempoLine(10.0, 0.0, 120.0)
    >>> line.bend(11.0, 60.0)
    >>> line.position(12.0), line.seconds(3.0), line.position(10.5)
    (3.0, 12.0, 1.0)
    """

    def __init__(self, seconds: float, position: float, qpm: float) -> None:
        self._anchors = [_Anchor(seconds, position, qpm)]

    @property
    def qpm(self) -> float:
        """Speed at the end of the line."""
        return self._anchors[-1].qpm

    def position(self, seconds: float) -> float:
        """Quarters at a second."""
        anchor = self._anchors[0]
        for later in self._anchors[1:]:
            if later.seconds <= seconds:
                anchor = later
        return anchor.position + (seconds - anchor.seconds) * anchor.qpm / 60

    def seconds(self, position: float) -> float:
        """Second of a place, by the newest speed."""
        anchor = self._anchors[-1]
        return anchor.seconds + (position - anchor.position) * 60 / anchor.qpm

    def bend(self, seconds: float, qpm: float) -> None:
        """Go on at another speed from a second on, which is later than every bend before."""
        self.jump(seconds, self.position(seconds), qpm)

    def jump(self, seconds: float, position: float, qpm: float) -> None:
        """Be somewhere else from a second on, at some speed."""
        kept = [anchor for anchor in self._anchors if anchor.seconds < seconds]
        self._anchors = [*kept[-1:], _Anchor(seconds, position, qpm)]

    def shift(self, seconds: float) -> None:
        """Let everything come so much later."""
        self._anchors = [
            anchor._replace(seconds=anchor.seconds + seconds) for anchor in self._anchors
        ]
