"""Clients that are slow to ask, idle, or no HTTP: nobody waits for them for long."""

import inspect
import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import h11
import pytest
from attempts import attempts
from raw_clients import (
    ASKING,
    PATIENT,
    SOON,
    Address,
    answer,
    connected,
    health,
    impatient_server,
    post,
    refused,
    to_the_end,
    wired,
)
from servers import shipped_models
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from paradiddle.server.app import create_app
from paradiddle.server.connection import Connection, Patience
from paradiddle.server.guards import Hosts
from paradiddle.server.midi_port import PATH
from paradiddle.server.serving import config_of


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    """A server whose deadline for a head nobody misses."""
    with impatient_server(asking=PATIENT) as (address, _):
        yield address


@pytest.fixture(scope="module")
def hasty() -> Iterator[Address]:
    """A server whose deadline for a head anybody may miss who is held up."""
    with impatient_server() as (address, _):
        yield address


def test_whoever_asks_nothing_is_hung_up_on(hasty: Address) -> None:
    begun = time.monotonic()
    with connected(hasty) as client:
        assert to_the_end(client) == b""
    assert 0.9 * ASKING < time.monotonic() - begun < SOON


@pytest.mark.parametrize("before", [0, 1])
def test_a_head_that_dribbles_is_not_waited_for(hasty: Address, before: int) -> None:
    def trial() -> None:
        with connected(hasty) as client:
            for _ in range(before):
                client.sendall(health(hasty))
                assert answer(client)[0] == 200
            begun = time.monotonic()
            received = dribbled(client, health(hasty)[:30])
            took = time.monotonic() - begun
            refused(received, 408)
        assert 0.9 * ASKING < took < SOON
        assert f"{ASKING:g} seconds".encode() in received

    attempts(trial)


def dribbled(client: socket.socket, data: bytes) -> bytes:
    """Send byte by byte until an answer comes; give all of it."""
    for byte in data:
        client.sendall(bytes([byte]))
        if select.select([client], [], [], 0.05)[0]:
            break
    return to_the_end(client)


def test_an_idle_connection_is_closed_without_a_word(hasty: Address) -> None:
    def trial() -> None:
        with connected(hasty) as client:
            client.sendall(health(hasty))
            answer(client)
            begun = time.monotonic()
            assert to_the_end(client) == b""
        assert time.monotonic() - begun < SOON

    attempts(trial)


async def at_once(scope: Any, receive: Any, send: Any) -> None:
    """An application that waits for nothing."""
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})


def test_a_connection_in_use_stays_open() -> None:
    connection, clock, wire = wired(Patience(asking=3))
    connection.app = at_once
    for _ in range(6):
        clock.pass_(2)
        connection.data_received(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        clock.pass_(0)
    assert wire.written.count(b"HTTP/1.1 200") == 6
    assert not wire.closed
    clock.pass_(4)  # less than uvicorn itself waits
    assert wire.closed


def test_a_body_may_take_longer_than_a_head(hasty: Address) -> None:
    request = post(hasty, "generate", {"bars": 1, "seed": 1})

    def trial() -> None:
        with connected(hasty) as client:
            client.sendall(request[:-5])
            time.sleep(2 * ASKING)
            client.sendall(request[-5:])
            assert answer(client)[0] == 200

    attempts(trial)


def test_a_socket_of_the_midi_port_has_no_such_deadline(hasty: Address) -> None:
    websockets = pytest.importorskip("websockets.sync.client")

    def trial() -> None:
        with agreed(websockets.connect, f"ws://127.0.0.1:{hasty[1]}{PATH}") as client:
            assert json.loads(client.recv(timeout=PATIENT))["type"] == "state"
            time.sleep(3 * ASKING)
            client.send('{"type": "nothing"}')
            assert json.loads(client.recv(timeout=PATIENT))["type"] == "error"

    attempts(trial)


def agreed(connect: Callable[[str], Any], address: str) -> Any:
    """Open a WebSocket before the deadline for a head."""
    websockets = pytest.importorskip("websockets.exceptions")
    try:
        return connect(address)
    except (websockets.InvalidHandshake, OSError) as late:
        raise AssertionError(f"the server hung up: {late!r}") from late


def test_what_is_no_http_is_refused_like_all_else(address: Address) -> None:
    with connected(address) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
        refused(to_the_end(client), 400)


def test_a_broken_body_is_refused_like_all_else(address: Address) -> None:
    head = post(address, "generate", {}).partition(b"Content-Length")[0]
    with connected(address) as client:
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n")
        refused(to_the_end(client), 400)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("/api/import", "", 413), ("/api/generate", "Origin: http://evil.example\r\n", 403)],
)
def test_who_writes_all_before_it_reads_gets_its_refusal(
    address: Address, path: str, headers: str, status: int
) -> None:
    size = 4_000_000
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n{headers}"
    for _ in range(3):
        with connected(address) as client:
            client.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode() + bytes(size))
            time.sleep(0.1)
            refused(to_the_end(client), status)


def test_who_waits_to_be_told_to_go_on_is_refused_at_once(address: Address) -> None:
    head = f"POST /api/import HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n"
    begun = time.monotonic()
    with connected(address) as client:
        client.sendall(f"{head}Content-Length: 4000000\r\nExpect: 100-continue\r\n\r\n".encode())
        refused(to_the_end(client), 413)
    assert time.monotonic() - begun < 12  # before a body would be late


def test_who_sends_no_more_is_not_read_for_long(address: Address) -> None:
    head = f"POST /api/import HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n"
    begun = time.monotonic()
    with connected(address) as client:
        client.sendall(f"{head}Content-Length: 4000000\r\n\r\n".encode() + bytes(1000))
        refused(to_the_end(client), 413)
    assert time.monotonic() - begun < 12  # before a body would be late


def test_a_request_without_a_name_is_told_so(address: Address) -> None:
    for version, status in (("1.1", 400), ("1.0", 421)):
        with connected(address) as client:
            client.sendall(f"GET / HTTP/{version}\r\n\r\n".encode())
            received = to_the_end(client)
            refused(received, status)
            assert b"Host header" in received


def test_uvicorn_has_all_that_a_connection_of_ours_is_made_of() -> None:
    """Nothing of this is documented: after an update, see what `connection` needs to be now."""
    for name in (
        "connection_made",
        "connection_lost",
        "handle_websocket_upgrade",
        "on_response_complete",
        "resume_writing",
        "send_400_response",
        "_unsupported_upgrade_warning",
    ):
        assert name in vars(H11Protocol), name
    connection, _, wire = wired(Patience())
    assert connection.transport is wire
    assert connection.connections == {connection}
    assert isinstance(connection.conn, h11.Connection)
    assert connection.cycle is None
    assert connection.client is None
    assert "response_complete" in inspect.getsource(RequestResponseCycle)


def test_it_is_the_same_whatever_parsers_are_installed() -> None:
    app = create_app(shipped_models(), Hosts.of("127.0.0.1", 1))
    config = config_of(app, Patience())
    config.load()
    assert isinstance(config.http_protocol_class, type)
    assert issubclass(config.http_protocol_class, Connection)
