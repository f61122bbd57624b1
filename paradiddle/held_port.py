"""A port that may vanish: it is let go of then, and picked up again when it is back."""

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

from paradiddle.errors import PortError

__all__ = ["VIRTUAL_NAME", "HeldPort"]

VIRTUAL_NAME = "paradiddle"
"""What a port of our own is called unless another name is given."""


class HeldPort(ABC):
    """What `paradiddle.ports.Output` and `Input` have in common; a context manager that closes it.

    May be used from several threads.

    Parameters
    ----------
    open_port : callable
        Opens the port: gives what the driver has for one, with ``close()``.
    name : str
        Its name, for people.
    is_there : callable, optional
        Whether the port is among those of the machine.

    Attributes
    ----------
    kind : str
        What people call it.
    name : str
    reopened : int
        How often it was picked up again.
    tell : callable
        Called with one line for people when the port goes and when it is back.

    Raises
    ------
    PortError
        If it cannot be opened.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        open_port: Callable[[], Any],
        name: str,
        is_there: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name, self._open, self._is_there = name, open_port, is_there
        self.tell: Callable[[str], None] = lambda text: None
        self._lock = threading.RLock()
        self._gone = self._closed = self._missed = False
        self.reopened = 0
        self._port: Any = open_port()

    @property
    def alive(self) -> bool:
        """Whether messages arrive, as far as is known."""
        return self._port is not None and not self._gone

    @abstractmethod
    def close(self) -> None:
        """Close the port; again does nothing."""

    def check(self) -> bool:
        """Look whether the port is there, and pick it up again if it is back.

        Asking takes milliseconds: not for the thread that plays.

        Returns
        -------
        bool
            Whether it is alive.
        """
        if self._closed:
            return False
        if not self._there():
            self._lose()
        elif not self.alive:
            self._miss()  # it broke and is back between two looks
            with contextlib.suppress(PortError):
                self.reopen()
        return self.alive

    def reopen(self) -> None:
        """Open the port anew.

        Raises
        ------
        PortError
            If it cannot be opened.
        """
        self._drop()  # before: a system that has started again takes nobody in beside it
        fresh = self._open()
        with self._lock:
            if self._closed:
                fresh.close()
                return
            self._port, self._gone = fresh, False
            self.reopened += 1
            self._resume()
        if self._missed:
            self._missed = False
            self.tell(f"{self.kind} {self.name} is back")

    @abstractmethod
    def _resume(self) -> None:
        """Go on with a port that has just been opened anew; under the lock."""

    def _there(self) -> bool:
        """Whether the port is listed; a MIDI system that is gone lists none."""
        try:
            return self._is_there()
        except PortError:
            return False

    def _lose(self) -> None:
        """Let go of a port that is gone."""
        self._gone = True
        self._drop()
        self._miss()

    def _miss(self) -> None:
        """Say once that the port is gone."""
        if not self._missed:
            self._missed = True
            self.tell(f"{self.kind} {self.name} is gone; it is picked up again when it is back")

    def _drop(self) -> None:
        """Close the driver's port, if there is one."""
        with self._lock:
            port, self._port = self._port, None
        # outside the lock: for a server that has died the driver waits a second
        if port is not None:
            with contextlib.suppress(Exception):  # it may be gone already
                port.close()

    def _let_go(self) -> None:
        """Close the driver's port for good, and forget what watched it."""
        self._closed = True
        self._drop()
        self._is_there = lambda: False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
