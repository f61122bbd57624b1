"""Ctrl+C and SIGTERM as a request to stop at the next safe place."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

__all__ = ["graceful_stop"]


@contextmanager
def graceful_stop(*, until_exit: bool = False) -> Iterator[Event]:
    """Collect Ctrl+C and SIGTERM in an event while the block runs.

    Outside the main thread, where Python allows no signal handlers, the event is never set.

    Parameters
    ----------
    until_exit : bool, default False
        Ignore both signals from the end of the block on, for a process that has saved its work
        and is about to end: an impatient second Ctrl+C then does no harm.

    Examples
    --------
    >>> with graceful_stop() as stop:
    ...     signal.raise_signal(signal.SIGINT)
    ...     stop.is_set()
    True
    """
    stop = Event()

    def request(number: int, frame: FrameType | None) -> None:
        stop.set()

    if current_thread() is not main_thread():
        yield stop
        return
    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if until_exit else handler)
