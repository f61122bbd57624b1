"""MIDI ports: list, open and make them; python-rtmidi through mido, loaded on use."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from paradiddle.errors import InvalidValueError, MissingExtraError, PortError
from paradiddle.output import Output

__all__ = [
    "VIRTUAL_NAME",
    "Input",
    "Output",
    "Ports",
    "list_ports",
    "match_port",
    "open_input",
    "open_output",
]

VIRTUAL_NAME = "paradiddle"
"""What a virtual port is called unless another name is given."""

_RTMIDI = "mido.backends.rtmidi"
_ALSA = Path("/dev/snd/seq")  # without it ALSA has no MIDI, but JACK may


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
        with _hushed():
            inputs, outputs = driver.get_input_names(), driver.get_output_names()
    except Exception as error:  # each driver has its own
        raise PortError(
            f"cannot list MIDI ports: {error}; load ALSA's snd-seq or start a JACK server"
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
    driver = _driver(backend)
    if virtual is not None:
        if name is not None:
            raise InvalidValueError(
                f"play to port {name!r} or to a virtual port {virtual!r}, not to both"
            )
        _check_virtual()
        return Output(
            lambda: _opened(driver.open_output, virtual, virtual=True, client_name=VIRTUAL_NAME),
            virtual,
        )
    found = match_port(name, list_ports(backend=backend).outputs)

    watch = _Watch(driver, backend)

    def is_there() -> bool:
        return _match(found, watch.names()) is not None

    def reopened() -> Any:
        again = _match(found, driver.get_output_names()) or found
        return _opened(driver.open_output, again)

    return Output(reopened, found, is_there)


class Input:
    """A port that is listened to; a context manager.

    Parameters
    ----------
    port : object
        A port of mido.
    """

    def __init__(self, port: Any) -> None:
        self._port = port
        self.name: str = port.name

    def listen(self, heard: Callable[[Any], None] | None) -> None:
        """Call a function with every `mido.Message`, in the driver's thread; None stops that."""
        self._port.callback = heard

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_input(
    name: str | None = None, *, virtual: str | None = None, backend: str | None = None
) -> Input:
    """Open a port to listen to; parameters and errors as for `open_output`."""
    driver = _driver(backend)
    if virtual is not None:
        _check_virtual()
        return Input(_opened(driver.open_input, virtual, virtual=True, client_name=VIRTUAL_NAME))
    found = match_port(name, list_ports(backend=backend).inputs, "input")
    return Input(_opened(driver.open_input, found))


class _Watch:
    """Asks for the outputs again and again, with one client of the MIDI system.

    To make a client takes a tenth of a second in which no other thread of Python runs.
    """

    def __init__(self, driver: Any, backend: str | None) -> None:
        self._driver, self._backend = driver, backend
        self._client: Any = None
        self.names()  # now, while nothing plays

    def names(self) -> tuple[str, ...]:
        """List the outputs; none where the MIDI system is gone."""
        if not self._driver.name.startswith(_RTMIDI):
            return list_ports(backend=self._backend).outputs
        import rtmidi

        if self._client is None:
            api = getattr(rtmidi, f"API_{self._driver.api or 'UNSPECIFIED'}")
            try:
                with _hushed():
                    self._client = rtmidi.MidiOut(rtapi=api, name=f"{VIRTUAL_NAME} watch")
            except Exception:  # there is no MIDI system at the moment
                return ()
        names = tuple(self._client.get_ports())
        if not names:  # it may have gone and come back, with another client to be
            self._client.delete()
            self._client = None
        return names


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
    """
    listed = ", ".join(dict.fromkeys(names)) or "none; connect one, or use a virtual port"
    if name is None:
        if len(set(names)) == 1:
            return names[0]
        raise PortError(f"which {direction} port? there are: {listed}")
    if name in names:
        return name
    near = sorted({one for one in names if name.lower() in one.lower()})
    if len(near) > 1:
        raise PortError(f"{direction} port {name!r} may be {' or '.join(near)}; write more of it")
    if not near:
        raise PortError(f"no {direction} port is called {name!r}; there are: {listed}")
    return near[0]


def _match(name: str, names: tuple[str, ...] | list[str]) -> str | None:
    """Find a port that was here before; ALSA may give it another number."""
    bare = _bare(name)
    return next((one for one in names if one == name), None) or next(
        (one for one in names if _bare(one) == bare), None
    )


def _bare(name: str) -> str:
    """Drop ALSA's number of client and port."""
    head, _, tail = name.rpartition(" ")
    return head if tail.replace(":", "").isdigit() else name


def _driver(backend: str | None) -> Any:
    """Load a backend of mido."""
    import mido

    chosen = backend or os.environ.get("MIDO_BACKEND") or _RTMIDI
    if chosen == _RTMIDI and sys.platform == "linux" and not _ALSA.exists():
        chosen += "/UNIX_JACK"
    driver = mido.Backend(chosen)
    try:
        driver.load()
    except ImportError as error:
        if chosen.startswith(_RTMIDI):
            raise MissingExtraError("playing to MIDI ports", "ports") from error
        raise PortError(
            f"no MIDI backend is called {chosen!r}; leave MIDO_BACKEND unset"
        ) from error
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


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep what libraries in C say about a missing server from the terminal."""
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


def _check_virtual() -> None:
    """Say what to do on Windows."""
    if sys.platform == "win32":
        raise PortError(
            "Windows has no virtual MIDI ports; install loopMIDI, make a port there and give its"
            " name"
        )
