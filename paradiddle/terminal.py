"""Single keys without Enter, and a terminal that is as it was afterwards."""

import atexit
import contextlib
import os
import re
import select
import sys
import time
from typing import Any

__all__ = ["Keys", "descriptor_of"]

_SEQUENCES = {"\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left"}
_SEQUENCES |= {text.replace("[", "O"): name for text, name in _SEQUENCES.items()}

# What terminals send for one key, by ECMA-48: a control sequence with parameters, intermediate
# bytes and a final one; a shifted character; Alt with a character; or a plain character.
_KEY = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b[^\[O\x1b]|[^\x1b]", re.DOTALL)
_BEGUN = re.compile(r"\x1b(\[[0-?]*[ -/]*|O)?\Z")  # one of which more may come
_SLOW_SECONDS = 0.25  # that the rest of a sequence may take through a slow line


class Keys:
    """Keys of a terminal as they are pressed.

    As a context manager it gives the terminal back as it was on every way out, an exception and
    `sys.exit` included; whoever runs it turns signals into one of these. Ctrl+Z does nothing
    meanwhile: a shell would be left with a terminal in which nothing that is typed shows.

    Parameters
    ----------
    fd : int
        File descriptor; where it is no terminal, no key ever comes.

    Attributes
    ----------
    are_there : bool
        Whether keys can come.
    gone : bool
        Whether there was a terminal, and it has been closed.

    Examples
    --------
    >>> reader, writer = os.pipe()
    >>> with Keys(reader) as keys:
    ...     keys.are_there, keys.read(0)
    (False, None)
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.are_there = _is_terminal(fd)
        self.gone = False
        self._saved: list[Any] | None = None
        self._waiting: list[str] = []
        self._begun, self._since = "", 0.0  # a sequence of which more may come

    def __enter__(self) -> "Keys":
        if self.are_there and sys.platform != "win32":
            import termios

            self._saved = termios.tcgetattr(self._fd)
            atexit.register(self.restore)
            self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def read(self, timeout: float) -> str | None:
        """Wait for a key.

        Parameters
        ----------
        timeout : float
            Seconds to wait at the most.

        Returns
        -------
        str or None
            A character, or ``up``, ``down``, ``left``, ``right``, ``escape``; None where no key
            was pressed.
        """
        end = time.monotonic() + timeout
        while not self._waiting:
            left = max(0.0, end - time.monotonic())
            patience = min(left, _SLOW_SECONDS) if self._begun else left
            self._waiting = self._keys(self._text(patience))
            if time.monotonic() >= end:
                break
        return self._waiting.pop(0) if self._waiting else None

    def restore(self) -> None:
        """Give the terminal back; again does nothing."""
        if self._saved is None or sys.platform == "win32":
            return
        import termios

        atexit.unregister(self.restore)
        saved, self._saved = self._saved, None
        with contextlib.suppress(termios.error, OSError):  # it may have been closed
            termios.tcsetattr(self._fd, termios.TCSADRAIN, saved)

    def _listen(self) -> None:
        """Take keys one by one, do not show them, and do not let Ctrl+Z stop the process."""
        if sys.platform == "win32":
            return
        import termios
        import tty

        tty.setcbreak(self._fd, termios.TCSADRAIN)  # what was typed already counts
        mode = termios.tcgetattr(self._fd)
        mode[6][termios.VSUSP] = b"\0"
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)

    def _keys(self, typed: str) -> list[str]:
        """Split what was typed into keys; keep a sequence that is not whole for the next time."""
        text = self._begun + typed
        if typed:
            self._since = time.monotonic()
        late = time.monotonic() - self._since >= _SLOW_SECONDS
        begun = _BEGUN.search(text)
        self._begun = "" if begun is None or late else begun[0]
        if begun is not None:
            text = text[: begun.start()] + ("\x1b" if late and begun[0] == "\x1b" else "")
        return _keys_in(text)

    def _text(self, timeout: float) -> str:
        """Take what was typed."""
        if not self.are_there:
            time.sleep(timeout)
            return ""
        if sys.platform == "win32":
            return _typed_on_windows(timeout)
        try:
            if not select.select([self._fd], [], [], timeout)[0]:
                return ""
            typed = os.read(self._fd, 1024)
        except OSError:
            typed = b""
        if not typed:  # the terminal is gone
            self.are_there, self.gone = False, True
        return typed.decode(errors="ignore")


def descriptor_of(stream: object) -> int:
    """Find the file descriptor of a stream; -1 where it has none.

    Examples
    --------
    >>> descriptor_of(None)
    -1
    """
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return -1


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _keys_in(text: str) -> list[str]:
    """Split whole keys; of sequences that are not known nothing is made."""
    if text.endswith("\x1b"):  # alone
        return [*_keys_in(text[:-1]), "escape"]
    found = (_SEQUENCES.get(key, key) for key in _KEY.findall(text))
    return [key for key in found if not key.startswith("\x1b")]


def _typed_on_windows(timeout: float) -> str:
    """Take one key of the Windows console."""
    if sys.platform != "win32":
        return ""
    import msvcrt

    end = time.monotonic() + timeout
    while not msvcrt.kbhit():
        if time.monotonic() >= end:
            return ""
        time.sleep(0.005)
    return msvcrt.getwch()
