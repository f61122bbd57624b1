"""How much work a request is, known before it is done: none may hold a worker for long.

Costs are milliseconds of one core, medians of runs with the models that come along, on a cloud
machine of 2026. Of the questions that are not in the table the ranges of their fields say enough:
64 bars to morph are 0.4 s however many patterns lie between, 5,000 notes of the drummer 0.5 s, the
longest MIDI file 0.1 s.
"""

from types import MappingProxyType
from typing import NamedTuple

from paradiddle.server.field_errors import FieldError

__all__ = ["COSTS", "MOST_MS", "Cost", "check_work"]

MOST_MS = 1000.0


class Cost(NamedTuple):
    """What a verb costs: the field that says how often it is done, and milliseconds.

    Attributes
    ----------
    field : str
        ``count``, or ``repeat``.
    unit : str
        What patterns are counted in.
    each : float
        Milliseconds a unit, every time.
    once : float
        Milliseconds a unit, however often.
    given : float
        Milliseconds, every time, a unit of what was given to go on from.
    """

    field: str
    unit: str
    each: float
    once: float = 0.0
    given: float = 0.0

    def most(self, size: float, given: float = 0.0) -> int:
        """Count how often it may be done for so many units.

        Examples
        --------
        >>> COSTS["generate"].most(64)
        4
        """
        size = max(size, 1)  # a part of a bar is not worth counting
        return int((MOST_MS - self.once * size) / (self.each * size + self.given * given))


COSTS = MappingProxyType(
    {
        "generate": Cost("count", "bars", each=2.8, once=3.4),  # candidates are played side by side
        "continue": Cost("count", "bars", each=6.7, given=2.8),
        "fill": Cost("count", "bars", each=7.6),
        "humanize": Cost("count", "bars", each=13.0),  # where every cell is a hit; usual are 5
        "tap": Cost("count", "bars", each=7.2),
        "wav": Cost("repeat", "hits", each=0.07),  # five minutes of silence would be 0.2 s
    }
)


def check_work(verb: str, times: int, size: float, given: float = 0.0) -> None:
    """Refuse what would hold a worker for over a second.

    Parameters
    ----------
    verb : str
        Of `COSTS`.
    times : int
        How often it is to be done.
    size : float
        Of what is played, in the units of the verb.
    given : float
        Of what it goes on from.

    Raises
    ------
    FieldError
        If it is too much.

    Examples
    --------
    >>> check_work("humanize", 4, 8)
    >>> check_work("humanize", 4, 64)
    Traceback (most recent call last):
    paradiddle.server.field_errors.FieldError: count must be at most 1 for patterns of 64 bars, ...
    """
    cost = COSTS[verb]
    if times > (most := cost.most(size, given)):
        field = cost.field
        text = (
            f"{field} must be at most {most} for patterns of {size + given:g} {cost.unit}, got"
            f" {times}; ask for less at once"
        )
        raise FieldError(field, times, text)
