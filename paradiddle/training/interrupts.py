"""Ctrl+C and SIGTERM as a request to stop at the next safe place."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

__all__ = ["graceful_stop"]


@contextmanager
def graceful_stop() -> Iterator[Event]:
    """Collect Ctrl+C and SIGTERM in an event while the block runs.

    Outside the main thread, where Python allows no signal handlers, the event is never set.

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
            signal.signal(number, handler)
