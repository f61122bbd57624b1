"""A real-time priority for the calling thread, where the system gives one."""

import contextlib
import os
from collections.abc import Iterator

__all__ = ["real_time"]

_PRIORITY = 10  # low among real-time ones: audio servers run above


@contextlib.contextmanager
def real_time() -> Iterator[bool]:
    """Run a thread before others while in the context; tells whether that was allowed.

    Linux gives it to root and to those an ``rtprio`` limit allows it, such as the group ``audio``;
    elsewhere and otherwise nothing changes. PARADIDDLE_PRIORITY=0 in the environment forgoes it.

    Examples
    --------
    >>> with real_time() as allowed:
    ...     isinstance(allowed, bool)
    True
    """
    schedule = getattr(os, "sched_setscheduler", None)
    if schedule is None or os.environ.get("PARADIDDLE_PRIORITY") == "0":
        yield False
        return
    try:
        # 0 is the calling thread
        schedule(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_PRIORITY))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        with contextlib.suppress(OSError):
            schedule(0, os.SCHED_OTHER, os.sched_param(0))
