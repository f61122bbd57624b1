"""MIDI ports: list, open and make them; python-rtmidi through mido, loaded on use."""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from paradiddle.errors import InvalidValueError, MissingExtraError, PortError
from paradiddle.held_port import VIRTUAL_NAME, HeldPort
from paradiddle.input import Input
from paradiddle.output import Output
from paradiddle.port_watch import RTMIDI, Direction, OwnPlace, Place, hushed, watch_of
from paradiddle.stopping import signals_wait

__all__ = [
    "VIRTUAL_NAME",
    "Input",
    "Output",
    "Ports",
    "check_input",
    "list_ports",
    "match_port",
    "open_input",
    "open_output",
    "uses_jack",
]

_ALSA = Path("/dev/snd/seq")  # without it ALSA has no MIDI, but JACK may
_Held = TypeVar("_Held", bound=HeldPort)


class Ports(NamedTuple):
    """Names of the ports there are.

    Attributes
    ----------
    inputs, outputs : tuple of str
        What can be listened to, and what can be played to.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def list_ports(*, backend: str | None = None) -> Ports:
    """Find the MIDI ports of this machine.

    Parameters
    ----------
    backend : str, optional
        A backend of mido, such as ``mido.backends.rtmidi/UNIX_JACK``; else what the environment
        variable MIDO_BACKEND says, or ALSA, JACK, CoreMIDI or Windows, whichever is there.

    Raises
    ------
    MissingExtraError
        If python-rtmidi is not installed.
    PortError
        If there is no MIDI system.
    """
    driver = _driver(backend)
    try:
        with signals_wait(), hushed():
            inputs, outputs = driver.get_input_names(), driver.get_output_names()
    except Exception as error:  # each driver has its own
        raise PortError(
            f"cannot list MIDI ports: {error}; start the MIDI system, on Linux ALSA's snd-seq or a"
            " JACK server"
        ) from error
    return Ports(tuple(inputs), tuple(outputs))


def open_output(
    name: str | None = None, *, virtual: str | None = None, backend: str | None = None
) -> Output:
    """Open a port to play to.

    Parameters
    ----------
    name : str, optional
        A port's name or a part of it that no other has. If left out, the only one there is.
    virtual : str, optional
        Make a port of this name instead, which other programs see as an input.
    backend : str, optional
        As for `list_ports`.

    Raises
    ------
    InvalidValueError
        If both a name and a virtual port are asked for.
    PortError
        If there is no such port, it is busy, or virtual ports are not possible here.
    MissingExtraError
        If python-rtmidi is not installed.
    """
    return _whole(Output, "output", name, virtual, backend)


def open_input(
    name: str | None = None, *, virtual: str | None = None, backend: str | None = None
) -> Input:
    """Open a port to listen to; parameters and errors as for `open_output`."""
    return _whole(Input, "input", name, virtual, backend)


def check_input(name: str, *, backend: str | None = None) -> None:
    """Raise unless there is one port to listen to that is meant by a name.

    For a look before ports of our own are among those that a message lists.

    Raises
    ------
    PortError, MissingExtraError
        As for `open_input`.
    """
    match_port(name, list_ports(backend=backend).inputs, "input")


def _whole(
    kind: Callable[[Callable[[], Any], str, Callable[[], bool]], _Held],
    direction: Direction,
    name: str | None,
    virtual: str | None,
    backend: str | None,
) -> _Held:
    """Open a port; a signal that comes meanwhile finds it open, and closes it."""
    with contextlib.ExitStack() as closing:
        with signals_wait():
            place = _place(direction, name, virtual, backend)
            port = kind(place.open, place.name, place.is_there)
            closing.callback(port.close)
        closing.pop_all()
    return port


def _place(
    direction: Direction, name: str | None, virtual: str | None, backend: str | None
) -> Place | OwnPlace:
    """Find a port, or see to one of our own."""
    if virtual is not None and name is not None:
        raise InvalidValueError(
            f"play to port {name!r} or to a virtual port {virtual!r}, not to both"
        )
    if virtual is not None and sys.platform == "win32":
        raise PortError(
            "Windows has no virtual MIDI ports; install loopMIDI, make a port there and give its"
            " name"
        )
    driver = _driver(backend)

    def opened(at: str, **how: Any) -> Any:
        open_ = driver.open_output if direction == "output" else driver.open_input
        return _opened(open_, at, **how)

    if virtual is not None:
        own = {"virtual": True, "client_name": VIRTUAL_NAME}
        return OwnPlace(watch_of(driver), virtual, lambda: opened(virtual, **own))
    inputs, outputs = list_ports(backend=backend)
    found = match_port(name, outputs if direction == "output" else inputs, direction)
    return Place(watch_of(driver), found, direction, opened)


def match_port(name: str | None, names: tuple[str, ...], direction: str = "output") -> str:
    """Find the one port that is meant.

    Raises
    ------
    PortError
        If there is none, or more than one; it lists what there is.

    Examples
    --------
    >>> match_port("drum", ("Synth:in 20:0", "Drums:in 24:0"))
    'Drums:in 24:0'
    >>> match_port("synth", ("synth:in", "synth 2:in"))
    'synth:in'
    """
    listed = ", ".join(dict.fromkeys(names)) or "none; connect one, or use a virtual port"
    if name is None:
        if len(set(names)) == 1:
            return names[0]
        raise PortError(f"which {direction} port? there are: {listed}")
    if name in names:
        return name
    wanted = name.strip().lower()
    if not wanted:
        raise PortError(f"{direction} port {name!r} has no name; there are: {listed}")
    found = {one for one in names if wanted in one.lower()}
    # a program by its whole name, or else all whose names have that in them
    near = sorted({one for one in found if one.lower().split(":")[0] == wanted} or found)
    if len(near) > 1:
        raise PortError(f"{direction} port {name!r} may be {' or '.join(near)}; write more of it")
    if not near:
        raise PortError(f"no {direction} port is called {name!r}; there are: {listed}")
    return near[0]


def uses_jack(backend: str | None = None) -> bool:
    """Whether MIDI goes over a JACK server; parameters as for `list_ports`."""
    with contextlib.suppress(PortError, MissingExtraError):
        driver = _driver(backend)
        return bool(driver.name == RTMIDI and driver.api == "UNIX_JACK")
    return False


def _driver(backend: str | None) -> Any:
    """Load a backend of mido."""
    import mido

    chosen = backend or os.environ.get("MIDO_BACKEND") or RTMIDI
    if chosen == RTMIDI and sys.platform == "linux" and not _ALSA.exists():
        chosen += "/UNIX_JACK"
    driver = mido.Backend(chosen)
    try:
        driver.load()
    except ImportError as error:
        if chosen.startswith(RTMIDI):
            raise MissingExtraError("playing to MIDI ports", "ports") from error
        raise PortError(
            f"no MIDI backend is called {chosen!r}; leave MIDO_BACKEND unset"
        ) from error
    except Exception as error:  # each has its own
        raise PortError(
            f"the MIDI backend {chosen!r} cannot be loaded: {error}; leave MIDO_BACKEND unset"
        ) from error
    known = driver.module.get_api_names() if chosen.startswith(RTMIDI) else ()
    if driver.api and known and driver.api not in known:
        raise PortError(
            f"python-rtmidi knows no {driver.api} here, but {', '.join(known)}; choose one of"
            " these in MIDO_BACKEND, or leave it unset"
        )
    return driver


def _opened(open_: Callable[..., Any], name: str, **how: Any) -> Any:
    """Open a port, or say why not."""
    try:
        return open_(name, **how)
    except Exception as error:  # each driver has its own
        if isinstance(error, MissingExtraError):
            raise
        raise PortError(
            f"cannot open MIDI port {name!r}: {error}; another program may hold it: close that,"
            " or choose another port"
        ) from error
