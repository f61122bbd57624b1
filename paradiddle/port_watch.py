"""Which MIDI ports there are now, asked again and again while music plays."""

import contextlib
import os
import re
import sys
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Literal, Protocol

from paradiddle.errors import PortError
from paradiddle.jack_client import JackClient, load_jack

__all__ = [
    "RTMIDI",
    "Direction",
    "OwnPlace",
    "Place",
    "Watch",
    "hushed",
    "port_like",
    "watch_of",
]

Direction = Literal["output", "input"]

RTMIDI = "mido.backends.rtmidi"
"""The backend of mido that goes to ALSA, JACK, CoreMIDI and Windows."""

_NAME = "paradiddle watch"  # what other programs see
_AGAIN_SECONDS = 0.5  # between attempts to reach a server


class Watch(Protocol):
    """Knows what ports there are. May be used from several threads."""

    def alive(self) -> bool:
        """Whether there is a MIDI system, and all that was opened belongs to it."""

    def names(self, direction: Direction) -> tuple[str, ...]:
        """List the ports to play to or to listen to; none where the MIDI system is gone."""

    def connections(self, port: str) -> frozenset[str]:
        """Name what a port is connected with, where that is known."""

    def adopt(self, port: Any) -> None:
        """Take note of a driver's port that was opened."""


class _JackWatch:
    """Asks a JACK server, and when that has ended, its successor.

    libjack keeps what it knows of a server for all clients of a process together: with one of a
    dead server left, clients of the next would see the dead one's ports, and the old one could not
    even be closed any more. So no new one is made before all the old ones are closed.
    """

    def __init__(self, library: Any) -> None:
        self._library, self._lock = library, threading.RLock()
        self._client: JackClient | None = None
        self._ports: weakref.WeakSet[Any] = weakref.WeakSet()
        self._tried = -_AGAIN_SECONDS
        self.alive()  # now, while nothing plays

    def alive(self) -> bool:
        with self._lock:
            if self._client is not None and self._client.alive:
                return True
            if any(not port.closed for port in list(self._ports)):
                return False
            now = time.monotonic()
            if now - self._tried < _AGAIN_SECONDS:
                return False
            self._tried = now
            if self._client is not None:
                self._client.close()
                self._client = None
            with contextlib.suppress(OSError):  # there is no server at the moment
                self._client = JackClient(self._library, _NAME)
            return self._client is not None

    def names(self, direction: Direction) -> tuple[str, ...]:
        with self._lock:
            return self._client.names(direction) if self.alive() and self._client else ()

    def connections(self, port: str) -> frozenset[str]:
        with self._lock:
            return self._client.connections(port) if self.alive() and self._client else frozenset()

    def adopt(self, port: Any) -> None:
        with self._lock:
            self._ports.add(port)


class _ListWatch:
    """Asks a backend of mido."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def alive(self) -> bool:
        return True

    def names(self, direction: Direction) -> tuple[str, ...]:
        ask = self._driver.get_output_names if direction == "output" else None
        try:
            return tuple((ask or self._driver.get_input_names)())
        except Exception:  # each driver has its own
            return ()

    def connections(self, port: str) -> frozenset[str]:
        return frozenset()

    def adopt(self, port: Any) -> None:
        pass


class _RtMidiWatch(_ListWatch):
    """Asks python-rtmidi with one client for each direction, where it is not JACK.

    To make a client takes a tenth of a second in which no other thread of Python runs.
    """

    def __init__(self, driver: Any) -> None:
        super().__init__(driver)
        self._lock = threading.Lock()
        self._clients: dict[Direction, Any] = {}

    def names(self, direction: Direction) -> tuple[str, ...]:
        import rtmidi

        with self._lock:
            try:
                if direction not in self._clients:
                    kind = rtmidi.MidiOut if direction == "output" else rtmidi.MidiIn
                    api = getattr(rtmidi, f"API_{self._driver.api or 'UNSPECIFIED'}")
                    with hushed():
                        self._clients[direction] = kind(rtapi=api, name=_NAME)
                return tuple(self._clients[direction].get_ports())
            except Exception:  # there is no MIDI system at the moment
                self._clients.pop(direction, None)
                return ()


_watches: "weakref.WeakValueDictionary[tuple[str, ...], Any]" = weakref.WeakValueDictionary()
_making = threading.Lock()
_hushing = threading.RLock()


def watch_of(driver: Any) -> Watch:
    """Give the watch of a backend of mido, one for all ports that are open."""
    server = os.environ.get("JACK_DEFAULT_SERVER", "")
    key = (str(driver.name), str(driver.api), server)
    with _making:
        found: Watch | None = _watches.get(key)
        if found is None:
            found = _watches[key] = _made(driver)
        return found


def _made(driver: Any) -> Watch:
    if not driver.name.startswith(RTMIDI):
        return _ListWatch(driver)
    library = load_jack() if driver.api == "UNIX_JACK" else None
    return _RtMidiWatch(driver) if library is None else _JackWatch(library)


class Place:
    """Where a port of another program is, and was: opens it, and tells when that is due again.

    Parameters
    ----------
    watch : Watch
    name : str
        Of the port, as it was found.
    direction : str
        ``output`` or ``input``.
    open_port : callable
        Opens a driver's port of a name.
    """

    def __init__(
        self, watch: Watch, name: str, direction: Direction, open_port: Callable[[str], Any]
    ) -> None:
        self._watch, self.name, self._direction = watch, name, direction
        self._open_port = open_port
        self._at: str | None = None  # its name when it was opened
        self._links: frozenset[str] = frozenset()  # ports of ours that it was connected with then
        self._others: frozenset[str] = frozenset()  # names that were there beside it

    def open(self) -> Any:
        """Open the port.

        Raises
        ------
        PortError
            If it cannot be opened.
        """
        at, names = self._look()
        if at is None:
            raise PortError(f"MIDI port {self.name!r} is not there")
        self._others = frozenset(names) - {at}
        before = self._watch.connections(at)
        port = self._open_port(at)
        self._watch.adopt(port)
        self._at, self._links = at, self._watch.connections(at) - before
        return port

    def is_there(self) -> bool:
        """Whether the port is there, and still the one that was opened.

        One that went and came back between two looks is gone once.
        """
        at, _ = self._look()
        if at is None or self._at is None:
            self._at = None
            return at is not None
        if at != self._at or (self._links and not self._links & self._watch.connections(at)):
            self._at = None
            return False
        return True

    def _look(self) -> tuple[str | None, tuple[str, ...]]:
        """Find its name of now, and give all there are."""
        names = self._watch.names(self._direction)
        self._others &= set(names)
        return port_like(self.name, names, self._others), names


class OwnPlace:
    """A port of our own: there as long as the MIDI system is.

    Parameters
    ----------
    watch : Watch
    name : str
    open_port : callable
        Makes the driver's port.
    """

    def __init__(self, watch: Watch, name: str, open_port: Callable[[], Any]) -> None:
        self._watch, self.name, self._open_port = watch, name, open_port

    def open(self) -> Any:
        """Make the port.

        Raises
        ------
        PortError
            If it cannot be made.
        """
        if not self._watch.alive():
            raise PortError("there is no MIDI system; load ALSA's snd-seq or start a JACK server")
        port = self._open_port()
        self._watch.adopt(port)
        return port

    def is_there(self) -> bool:
        """Whether the MIDI system is there that it was made in."""
        return self._watch.alive()


def port_like(name: str, names: tuple[str, ...], others: Collection[str] = ()) -> str | None:
    """Find a port that was here before; ALSA may have given it another number.

    Of those in `others` it is none: they were there beside it.

    Examples
    --------
    >>> port_like("Drums:in 24:0", ("Synth:in 24:0", "Drums:in 28:0"))
    'Drums:in 28:0'
    """
    if name in names:
        return name
    bare = _bare(name)
    return next((one for one in names if _bare(one) == bare and one not in others), None)


def _bare(name: str) -> str:
    """Drop ALSA's number of client and port, or the number that Windows counts ports with."""
    head, _, tail = name.rpartition(" ")
    number = r"\d+" if sys.platform == "win32" else r"\d+:\d+"
    return head if re.fullmatch(number, tail) else name


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Keep what libraries in C say about a missing server from the terminal."""
    with _hushing:  # or one thread would keep the other's nowhere, and give that back
        try:
            kept = os.dup(2)
        except OSError:  # there is none
            yield
            return
        try:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
                yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
