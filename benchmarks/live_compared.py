"""Compare what came over a bus with what was sent, and that with what was due."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_TIE = 1e-6  # seconds; things due closer together may come in either order
_ALIKE, _FAR = 8, 200  # messages that show that two rows are in step again, and where to look

_Row = list[tuple[int, ...]]


class Compared(NamedTuple):
    """What became of a row of messages on its way."""

    lost: int
    extra: int
    difference: str  # the first one with its neighbours; nothing where all is as it was sent
    pairs: list[tuple[int, int]]  # places in the one row and in the other that belong together


def compared(sent: Sequence[Sequence[int]], heard: Sequence[Sequence[int]]) -> Compared:
    """Compare two rows of messages, bytes and order; one out of its place is lost and extra."""
    ours, theirs = ([tuple(one) for one in row] for row in (sent, heard))
    pairs: list[tuple[int, int]] = []
    lost = extra = here = there = 0
    difference = ""
    while here < len(ours) or there < len(theirs):
        if here < len(ours) and there < len(theirs) and ours[here] == theirs[there]:
            pairs.append((here, there))
            here, there = here + 1, there + 1
            continue
        difference = difference or _neighbours(ours, here, theirs, there)
        left, right = _step(ours[here : here + _FAR], theirs[there : there + _FAR])
        lost, extra, here, there = lost + left, extra + right, here + left, there + right
    return Compared(lost, extra, difference, pairs)


def _step(ours: _Row, theirs: _Row) -> tuple[int, int]:
    """Find how little of two rows to leave out for them to be in step again."""
    for both in range(1, len(ours) + len(theirs)):
        for left in range(max(0, both - len(theirs)), min(both, len(ours)) + 1):
            mine, other = (ours[left:][:_ALIKE], theirs[both - left :][:_ALIKE])
            if mine == other and mine:
                return left, both - left
    return len(ours), len(theirs)


def _neighbours(ours: _Row, here: int, theirs: _Row, there: int) -> str:
    """Show where two rows part."""
    rows = [
        " ".join(bytes(one).hex() for one in row[max(0, at - 2) : at + 3])
        for row, at in ((ours, here), (theirs, there))
    ]
    return f"message {here}: sent {rows[0] or 'nothing'}, heard {rows[1] or 'nothing'}"


class Due(NamedTuple):
    """A message and when it is to be sent."""

    seconds: float
    data: tuple[int, ...]


def timetable(
    due: Sequence[Due], sent: Sequence[Due], horizon: float, tolerance: float = _TIE
) -> tuple[NDArray[np.float64], str]:
    """Tell when each message sent was due, and what is wrong; NaN from the first fault on.

    The nth message of certain bytes that was sent is the nth such that was due. What was due before
    the horizon must have been sent; nothing may be sent before it is due.
    """
    wanted: dict[tuple[int, ...], list[float]] = defaultdict(list)
    for one in due:
        wanted[one.data].append(one.seconds)
    taken: dict[tuple[int, ...], int] = defaultdict(int)
    times = np.full(len(sent), np.nan)
    for at, one in enumerate(sent):
        if taken[one.data] < len(wanted[one.data]):
            times[at] = wanted[one.data][taken[one.data]]
        taken[one.data] += 1
    wrong = [
        f"{bytes(data).hex()}: {owed} due, {taken[data]} sent"
        for data, seconds in wanted.items()
        if taken[data] < (owed := sum(one < horizon for one in seconds))
    ]
    early = times - np.array([one.seconds for one in sent])
    back = np.append(0.0, -np.diff(times))
    sure = len(sent)
    for what, by, most in (("early", early, tolerance), ("out of order", back, _TIE)):
        if (bad := ~(by <= most)).any():  # NaN, too
            at = int(bad.argmax())
            sure = min(sure, at)
            wrong.append(
                f"message {at}, {bytes(sent[at].data).hex()}, {1e3 * by[at]:.3f} ms {what}"
            )
    times[sure:] = np.nan
    return times, "; ".join(wrong)
