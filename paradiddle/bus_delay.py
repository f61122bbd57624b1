"""How long MIDI messages take on the bus: what a follower of a clock makes up for."""

import ctypes

from paradiddle.jack_client import load_jack
from paradiddle.ports import uses_jack

__all__ = ["bus_delay"]

_NO_START = 0x01  # JackNoStartServer
_PERIODS = 1.25  # that a clock pulse takes to come in and a note to go out, on average


def bus_delay(backend: str | None = None) -> float:
    """Estimate the seconds from a clock pulse that is sent to a note that comes of it.

    JACK hands messages over once a period: on average a pulse waits for half of one before it
    comes in, a note for another half before it goes out, and both for what the programs need.
    Other systems are quick; where this one is unknown the answer is 0.

    Parameters
    ----------
    backend : str, optional
        As for `paradiddle.ports.list_ports`.

    Examples
    --------
    >>> bus_delay("mido.backends.portmidi")
    0.0
    """
    library = load_jack() if uses_jack(backend) else None
    return 0.0 if library is None else _PERIODS * _period(library)


def _period(library: ctypes.CDLL) -> float:
    """Ask JACK for its period, in seconds; 0 where it does not answer."""
    frames, rate = library.jack_get_buffer_size, library.jack_get_sample_rate
    for ask in (frames, rate):
        ask.restype, ask.argtypes = ctypes.c_uint32, (ctypes.c_void_p,)
    client = library.jack_client_open(b"paradiddle period", _NO_START, None)
    if not client:
        return 0.0
    try:
        return float(frames(client)) / max(1.0, float(rate(client)))
    finally:
        library.jack_client_close(client)
