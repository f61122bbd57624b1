"""Signals that end or suspend a program, turned into what lets it be silent first."""

import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from types import FrameType

__all__ = [
    "end_on_signals",
    "ignore",
    "signals_wait",
    "start_thread",
    "stops_on_signals",
    "suspended_in",
]

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")


class _Leaving:
    """Handles signals: raises for the first of them, unless that has to wait."""

    def __init__(self, status: int | None = None) -> None:
        self.stopped = False
        self._status = status  # to end with, whatever the signal
        self.waits = 0  # how many things are under way that are not to be cut short
        self._due: BaseException | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        if not self.stopped:
            self.stopped = True
            self._due = self._exception(number)
            self.leave()

    def _exception(self, number: int) -> BaseException:
        if self._status is not None:
            return SystemExit(self._status)
        return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)

    def leave(self) -> None:
        """Raise what is due, once nothing is under way."""
        if self._due is not None and not self.waits:
            due, self._due = self._due, None
            raise due


@contextlib.contextmanager
def stops_on_signals() -> Iterator[None]:
    """Turn signals that end a program into exceptions, so that `finally` and `with` silence it.

    The first becomes KeyboardInterrupt (Ctrl+C) or SystemExit. All others do nothing from then on
    until the process ends: a second one must not disturb the silencing. One that was ignored
    before, as under nohup, stays ignored. Works in the main thread.
    """
    leaving = _Leaving()
    before = {
        number: handler
        for number in _numbers()
        # None: set by something that is not Python, which could not be given it back
        if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, leaving)
        if hasattr(signal, "siginterrupt"):  # what reads and writes in C goes on reading
            signal.siginterrupt(number, False)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if leaving.stopped else handler)


def end_on_signals(numbers: Collection[int], status: int = 0) -> None:
    """Let the first of some signals end the program with a status, from now on.

    Those after it are ignored until the process is over. Works in the main thread.

    Parameters
    ----------
    numbers : collection of int
        The signals.
    status : int, default 0
        That of the SystemExit which is raised.
    """
    leaving = _Leaving(status)
    for number in numbers:
        signal.signal(number, leaving)
    atexit.register(ignore, numbers)  # Python itself gives up its handlers before it is over


def ignore(numbers: Iterable[int]) -> None:
    """Ignore some signals from now on; works in the main thread."""
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """Let what `stops_on_signals` or `end_on_signals` raise come after a block, and never within.

    For what must be whole or not there: a client of JACK that is left half open holds up its
    server. In other threads than the main one no signal comes anyway.

    Examples
    --------
    >>> with stops_on_signals(), signals_wait():
    ...     print("whole")
    whole
    """
    leaving = _ours() if threading.current_thread() is threading.main_thread() else None
    if leaving is None:
        yield
        return
    leaving.waits += 1
    try:
        yield
    finally:
        leaving.waits -= 1
        leaving.leave()


def start_thread(work: Callable[..., object], name: str, *arguments: object) -> threading.Thread:
    """Run something in a daemon thread; a signal that comes meanwhile waits until it runs.

    One that raised within `threading.Thread.start` could leave the thread waiting for ever.

    Parameters
    ----------
    work : callable
        What it does.
    name : str
        Of the thread.
    *arguments
        What to call it with.

    Raises
    ------
    KeyboardInterrupt, SystemExit
        What came meanwhile, unless the caller lets signals wait; the thread runs then.

    Examples
    --------
    >>> start_thread(print, "printer", "runs").join()
    runs
    """
    thread = threading.Thread(target=work, name=name, args=arguments, daemon=True)
    with signals_wait():
        thread.start()
    return thread


@contextlib.contextmanager
def suspended_in(silence: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Suspend the program, when asked to by Ctrl+Z, within a context that keeps it silent.

    Works in the main thread; where there is no such signal, or it is ignored, nothing changes.

    Parameters
    ----------
    silence : callable
        Gives the context. It is entered between any two steps of the main thread: where it waits
        for other threads, they may be waiting for this one.
    """
    number = getattr(signal, "SIGTSTP", None)
    if number is None or signal.getsignal(number) is not signal.SIG_DFL:
        yield
        return
    under_way = False

    def suspend(*_: object) -> None:
        nonlocal under_way
        if under_way:
            return
        under_way = True
        try:
            with signals_wait(), silence():
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)  # the system knows whether somebody can wake it
        finally:
            signal.signal(number, suspend)
            under_way = False

    signal.signal(number, suspend)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)


def _numbers() -> list[int]:
    """List the signals that there are here."""
    return [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]


def _ours() -> _Leaving | None:
    """Find the handler that is installed, if one is."""
    for number in _numbers():
        handler = signal.getsignal(number)
        if isinstance(handler, _Leaving):
            return handler
    return None
