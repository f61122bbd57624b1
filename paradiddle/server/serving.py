"""Run the server: one process, or several workers on one socket."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI

from paradiddle.errors import InvalidValueError, ParadiddleError
from paradiddle.server.app import create_app
from paradiddle.server.connection import Patience, connection_with
from paradiddle.server.guards import Hosts
from paradiddle.server.models import load_models
from paradiddle.stopping import end_on_signals, ignore, suspended_in

if TYPE_CHECKING:
    from paradiddle.server.cable import Cable

__all__ = ["Settings", "bind", "config_of", "end_quietly", "serve"]

_GRACE_SECONDS = 2  # for answers that are being written
_KILL_SECONDS = 5.0
_BACKLOG = 512
_ENDING = (signal.SIGINT, signal.SIGTERM)
# a terminal that is closed; who started the server with nohup wants it to go on
_HANGING_UP = tuple(
    number
    for name in ("SIGHUP", "SIGQUIT", "SIGBREAK")
    if (number := getattr(signal, name, None)) is not None
    and signal.getsignal(number) is not signal.SIG_IGN
)
_PING_SECONDS = 3.0  # a page that does not answer so long is gone, and its notes must not hang
_SHORT_LIFE = 10.0  # seconds; a worker that fails sooner would fail again


@dataclass(frozen=True)
class Settings:
    """What a worker needs to know.

    Attributes
    ----------
    model : Path, optional
        Folder of one's own models.
    hosts : Hosts
        Names that are answered to.
    patience : Patience
        How long clients are waited for.
    """

    model: Path | None
    hosts: Hosts
    patience: Patience = field(default_factory=Patience)


def bind(host: str, port: int) -> socket.socket:
    """Take a port of an address; 0 takes any that is free.

    Raises
    ------
    InvalidValueError
        If it is in use, or the address is none of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise InvalidValueError(
            f"host {host!r} is unknown; try 127.0.0.1, or 0.0.0.0 for all of this machine"
        ) from None
    family, kind, protocol, _, address = found[0]
    taken = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        reason = (error.strerror or str(error)).lower()
        raise InvalidValueError(
            f"cannot listen on {host}, port {port}: {reason}; choose another with --port or --host"
        ) from None
    taken.set_inheritable(True)
    return taken


def end_quietly(*, with_port: bool = False) -> None:
    """Let SIGINT and SIGTERM end this process well, from now until it serves.

    Parameters
    ----------
    with_port : bool, default False
        Whether it holds a MIDI port, which is silenced and closed on other signals too.
    """
    end_on_signals(_signals(with_port))


def _signals(with_port: bool) -> tuple[signal.Signals, ...]:
    """List the signals that end a server well."""
    return (*_ENDING, *_HANGING_UP) if with_port else _ENDING


def serve(
    settings: Settings, listening: socket.socket, workers: int = 1, cable: "Cable | None" = None
) -> None:
    """Serve until SIGINT or SIGTERM, and come back when all workers have ended.

    Parameters
    ----------
    settings : Settings
    listening : socket
    workers : int, default 1
    cable : Cable, optional
        A MIDI port for pages to play to; with one worker alone.

    Raises
    ------
    ParadiddleError
        If a model cannot be loaded, or workers do not stay alive.
    """
    if workers == 1:
        _work(settings, listening, cable)
    else:
        _Workers(settings, listening, workers).run()


class _Server(uvicorn.Server):
    """Ends well, however often it is asked: within its time of grace."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self.should_exit = True


def _work(settings: Settings, listening: socket.socket, cable: "Cable | None" = None) -> None:
    """Be a worker; what ends it leaves its port silent."""
    try:
        _run(settings, listening, cable)
    finally:
        ignore(_signals(cable is not None))  # to be hurried changes nothing any more
        if cable is not None:
            cable.close()  # if the server never came to it


def _run(settings: Settings, listening: socket.socket, cable: "Cable | None") -> None:
    """Serve until a signal comes."""
    app = create_app(load_models(settings.model), settings.hosts, cable=cable)
    server = _Server(config_of(app, settings.patience, sockets=cable is not None))
    for number in _signals(cable is not None):
        signal.signal(number, server.handle_exit)  # also before it runs, and when it has ended
    with nullcontext() if cable is None else suspended_in(cable.silent):
        server.run([listening])


def config_of(app: FastAPI, patience: Patience, *, sockets: bool = False) -> uvicorn.Config:
    """Say how an application is served, with WebSockets or without."""
    return uvicorn.Config(
        app,
        http=connection_with(patience),
        log_level="warning",
        access_log=False,
        **_socket_settings(sockets),
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _socket_settings(wanted: bool) -> dict[str, Any]:
    """Take WebSockets, if wanted."""
    if not wanted:
        return {"ws": "none"}
    from paradiddle.server.midi_port import MOST_BYTES

    pings = {"ws_ping_interval": _PING_SECONDS, "ws_ping_timeout": _PING_SECONDS}
    return {"ws": "auto", "ws_max_size": MOST_BYTES, **pings}


def _work_for_parent(settings: Settings, listening: socket.socket) -> None:
    """Be a worker that ends with the process that started it."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)  # nothing to tidy up before it serves
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work(settings, listening)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


class _Workers:
    """Keeps several workers alive."""

    def __init__(self, settings: Settings, listening: socket.socket, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._arguments = (settings, listening)
        self._count = count
        self._running: dict[SpawnProcess, float] = {}  # since when
        self._waker, self._wake = multiprocessing.Pipe(duplex=False)

    def run(self) -> None:
        """Start them, replace those that die, and end them all."""
        for number in _ENDING:
            signal.signal(number, lambda number, frame: self._wake.send_bytes(b"end"))
        try:
            for _ in range(self._count):
                self._start()
            while not self._waker.poll():
                wait([self._waker, *(process.sentinel for process in self._running)])
                self._replace([one for one in self._running if not one.is_alive()])
        finally:
            self._end()
            ignore(_ENDING)

    def _start(self) -> None:
        process = self._context.Process(target=_work_for_parent, args=self._arguments)
        process.start()
        self._running[process] = time.monotonic()

    def _replace(self, dead: Sequence[SpawnProcess]) -> None:
        """Start others for those that died, unless the server is to end anyway."""
        if self._waker.poll():
            return
        for process in dead:
            lived = time.monotonic() - self._running.pop(process)
            if process.exitcode and process.exitcode > 0 and lived < _SHORT_LIFE:
                raise ParadiddleError(
                    f"a worker failed at its start, with {process.exitcode}; see its message above"
                )
            self._start()

    def _end(self) -> None:
        for process in self._running:
            process.terminate()
        deadline = time.monotonic() + _KILL_SECONDS
        for process in self._running:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
