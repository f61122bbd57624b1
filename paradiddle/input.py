"""Input: a MIDI port that is listened to, and comes back when its port does."""

import contextlib
from collections.abc import Callable
from typing import Any

from paradiddle.held_port import HeldPort

__all__ = ["Input"]


class Input(HeldPort):
    """A port to listen to; a context manager that closes it.

    A port that vanishes is no error: nothing is heard meanwhile, and `check`, called now and then,
    picks it up again. Parameters and errors are those of `paradiddle.held_port.HeldPort`; a
    driver's port has ``callback`` and ``close()``.
    """

    kind = "MIDI input port"

    def __init__(
        self,
        open_port: Callable[[], Any],
        name: str,
        is_there: Callable[[], bool] = lambda: True,
    ) -> None:
        self._heard: Callable[[Any], None] | None = None
        super().__init__(open_port, name, is_there)

    def listen(self, heard: Callable[[Any], None] | None) -> None:
        """Call a function with every `mido.Message`, in the driver's thread; None stops that."""
        with self._lock:
            self._heard = heard
            if self._port is not None:
                self._port.callback = heard

    def close(self) -> None:
        """Close the port; again does nothing."""
        self._let_go()

    def _resume(self) -> None:
        with contextlib.suppress(Exception):  # gone again
            self._port.callback = self._heard
