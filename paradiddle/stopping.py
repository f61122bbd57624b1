"""Signals that end a program, turned into exceptions that let it clean up."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

__all__ = ["stops_on_signals"]

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")


@contextlib.contextmanager
def stops_on_signals() -> Iterator[None]:
    """Turn signals that end a program into exceptions, so that `finally` and `with` silence it.

    The first becomes KeyboardInterrupt (Ctrl+C) or SystemExit. All others are ignored from then on
    until the process ends: a second one must not disturb the silencing, and libraries in C such as
    JACK's cannot bear one while their ports close. One that was ignored before, as under nohup,
    stays ignored. Works in the main thread.
    """
    stopped = False

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            return
        stopped = True
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    before = {
        number: handler
        for number in (getattr(signal, name) for name in _ENDING if hasattr(signal, name))
        # None: set by something that is not Python, which could not be given it back
        if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, leave)
        if hasattr(signal, "siginterrupt"):  # what reads and writes in C goes on reading
            signal.siginterrupt(number, False)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stopped else handler)
