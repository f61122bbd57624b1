"""A client of JACK that only looks: it lists ports, and notices when the server ends.

python-rtmidi cannot tell that its server is gone: a client that is dead still lists the ports there
were and takes what is sent. So this one goes to libjack itself, the very library that python-rtmidi
has loaded, through ctypes, which lets other threads of Python run meanwhile. See JACK's API
reference, "The API for starting and shutting down clients".
"""

import ctypes
import threading
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["JackClient", "load_jack"]

_NO_START = 0x01  # JackNoStartServer
_IS_INPUT, _IS_OUTPUT = 0x1, 0x2  # JackPortFlags
_MIDI = b"8 bit raw midi"

_Ended = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def load_jack() -> ctypes.CDLL | None:
    """Find the libjack that python-rtmidi uses; None where it has none of its own.

    What it says about servers that are not there is kept from the terminal from then on.
    """
    from rtmidi import _rtmidi

    try:
        library = ctypes.CDLL(_rtmidi.__file__)  # finds what the module was linked with, too
        signatures: dict[str, tuple[Any, tuple[Any, ...]]] = {
            "jack_client_open": (ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)),
            "jack_client_close": (ctypes.c_int, (ctypes.c_void_p,)),
            "jack_on_shutdown": (None, (ctypes.c_void_p, _Ended, ctypes.c_void_p)),
            "jack_get_ports": (
                ctypes.POINTER(ctypes.c_char_p),
                (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong),
            ),
            "jack_port_by_name": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)),
            "jack_port_get_all_connections": (
                ctypes.POINTER(ctypes.c_char_p),
                (ctypes.c_void_p, ctypes.c_void_p),
            ),
            "jack_get_buffer_size": (ctypes.c_uint32, (ctypes.c_void_p,)),
            "jack_get_sample_rate": (ctypes.c_uint32, (ctypes.c_void_p,)),
            "jack_free": (None, (ctypes.c_void_p,)),
            "jack_set_error_function": (None, (ctypes.c_void_p,)),
            "jack_set_info_function": (None, (ctypes.c_void_p,)),
        }
        for name, (result, arguments) in signatures.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        # any function that takes a text and does nothing; JACK calls it in threads of its own
        silent = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
    except (AttributeError, OSError):  # built without JACK, or in another way
        return None
    library.jack_set_error_function(silent)
    library.jack_set_info_function(silent)
    return library


class JackClient:
    """One client, for as long as its server lives.

    May be used from several threads, but not while it is closed.

    Parameters
    ----------
    library : ctypes.CDLL
        As of `load_jack`.
    name : str
        What others see it called.

    Raises
    ------
    OSError
        If there is no server; none is started.
    """

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self._library = library
        self._ended = threading.Event()
        client = library.jack_client_open(name.encode(), _NO_START, None)
        if not client:
            raise OSError("there is no JACK server")
        self._client = client
        ended = _Ended(_setter(self._ended))  # kept as long as the client may call it
        library.jack_on_shutdown(client, ended, None)
        self._close = weakref.finalize(self, _closed, library, client, ended)

    @property
    def alive(self) -> bool:
        """Whether its server lives."""
        return self._close.alive and not self._ended.is_set()

    @property
    def period(self) -> float:
        """Seconds between two times at which the server hands messages over."""
        frames = self._library.jack_get_buffer_size(self._client)
        return float(frames) / max(1.0, float(self._library.jack_get_sample_rate(self._client)))

    def names(self, direction: str) -> tuple[str, ...]:
        """List the MIDI ports: ``output`` are those that can be played to, else ``input``."""
        # what is an input to JACK takes what a program puts out
        flag = _IS_INPUT if direction == "output" else _IS_OUTPUT
        return self._texts(self._library.jack_get_ports(self._client, None, _MIDI, flag))

    def connections(self, port: str) -> frozenset[str]:
        """Name the ports that a port is connected with; none if it is not there."""
        found = self._library.jack_port_by_name(self._client, port.encode())
        if not found:
            return frozenset()
        listed = self._library.jack_port_get_all_connections(self._client, found)
        return frozenset(self._texts(listed))

    def close(self) -> None:
        """Leave the server; again does nothing."""
        self._close()

    def _texts(self, array: Any) -> tuple[str, ...]:
        """Read JACK's list of texts, and free it."""
        if not array:
            return ()
        texts: list[str] = []
        while (text := array[len(texts)]) is not None:
            texts.append(text.decode(errors="replace"))
        self._library.jack_free(ctypes.cast(array, ctypes.c_void_p))
        return tuple(texts)


def _setter(event: threading.Event) -> Callable[[Any], None]:
    """Make a function that sets an event, without a hold on its owner."""

    def call(_: Any) -> None:
        event.set()

    return call


def _closed(library: ctypes.CDLL, client: int, _: Any) -> None:
    """Close a client; its callback is kept until then."""
    library.jack_client_close(client)
