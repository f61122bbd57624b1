"""Signals that end a program, turned into exceptions that let it clean up."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

__all__ = ["stops_on_signals"]


@contextlib.contextmanager
def stops_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that `finally` and `with` silence the music.

    Works in the main thread; Ctrl+C is KeyboardInterrupt anyway.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)  # a second one must not disturb the silencing
        raise SystemExit(128 + number)

    names = ("SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [(number, signal.signal(number, leave)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
