"""How long MIDI messages take on the bus: what a follower of a clock makes up for."""

from paradiddle.jack_client import JackClient, load_jack
from paradiddle.ports import uses_jack
from paradiddle.stopping import signals_wait

__all__ = ["bus_delay"]

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
    if library is None:
        return 0.0
    with signals_wait():
        try:
            client = JackClient(library, "paradiddle period")
        except OSError:  # there is no server
            return 0.0
        try:
            return _PERIODS * client.period
        finally:
            client.close()
