"""Clients that speak to a server byte by byte, and connections without a server."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from fastapi import FastAPI
from servers import patient_server
from uvicorn.server import ServerState

from paradiddle.output import Output
from paradiddle.server.cable import Cable
from paradiddle.server.connection import Connection, Patience, connection_with
from paradiddle.server.guards import HEADERS
from paradiddle.server.serving import config_of

Address = tuple[str, int]

ASKING, TAKING, CONNECTIONS = 0.4, 1.0, 5
PATIENT = 60.0  # seconds; no stall of the machine is as long
SOON = 30.0  # by when a deadline must have passed
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"


class Port:
    """A driver's port."""

    def send(self, message: Any) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def impatient_server(
    asking: float = ASKING, taking: float = TAKING
) -> Iterator[tuple[Address, FastAPI]]:
    """A real server with short deadlines, few connections and a MIDI port."""
    cable = Cable(Output(Port, "fake"))
    with patient_server(Patience(asking, taking, CONNECTIONS), cable) as running:
        yield running


@contextmanager
def connected(address: Address, *, window: int | None = None) -> Iterator[socket.socket]:
    """A connection, which holds back the server when so many bytes wait to be read.

    Fails when the server hangs up while something is sent or read.
    """
    with socket.socket() as client:
        if window is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        client.settimeout(PATIENT)
        client.connect(address)
        try:
            yield client
        except ConnectionError as error:
            raise AssertionError("the server hung up") from error


def health(address: Address) -> bytes:
    return HEALTH % address[1]


def post(address: Address, name: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST /api/{name} HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def to_the_end(client: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    received = b""
    try:
        while chunk := client.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer with a length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += some(client)
    head, _, body = received.partition(b"\r\n\r\n")
    status, headers = parsed(head)
    while len(body) < int(headers["content-length"]):
        body += some(client)
    return status, headers, body


def some(client: socket.socket, most: int = 65_536) -> bytes:
    """Read what comes next."""
    received = client.recv(most)
    assert received, "the server hung up"
    return received


def parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}


def refused(received: bytes, status: int) -> dict[str, str]:
    """Check a refusal, that all guards are in it, and give its headers."""
    assert received, "the server hung up without a word"
    head, _, body = received.partition(b"\r\n\r\n")
    got, headers = parsed(head)
    assert got == status
    assert headers["connection"] == "close"
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert json.loads(body)["detail"][0]["message"]
    return headers


def within(seconds: float, happened: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


class Clock:
    """A loop's clock that is moved by hand, and what it is to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: dict[int, tuple[float, Callable[[], Any]]] = {}
        self._count = 0

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], Any]) -> Any:
        self._count += 1
        self.timers[self._count] = self.now + seconds, call
        return SimpleNamespace(cancel=partial(self.timers.pop, self._count, None))

    def create_task(self, work: Coroutine[Any, Any, None]) -> Any:
        """Do what waits for nothing when time passes."""
        self.call_later(0, partial(next, work.__await__(), None))
        return Mock()

    def pass_(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [(at, number) for number, (at, _) in self.timers.items() if at <= end]:
            self.now, number = min(due)
            self.timers.pop(number)[1]()
        self.now = end


class Wire(asyncio.Transport):
    """A connection on which so many bytes have not been taken."""

    unsent, aborted, closed, written = 0, False, False, b""

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.aborted or self.closed

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True


def wired(patience: Patience) -> tuple[Connection, Clock, Wire]:
    """A connection without a server."""
    config = config_of(FastAPI(), patience)
    clock, wire = Clock(), Wire()
    made = connection_with(patience)
    connection = made(config, ServerState(), {}, clock)  # type: ignore[arg-type]
    connection.connection_made(wire)
    return connection, clock, wire
