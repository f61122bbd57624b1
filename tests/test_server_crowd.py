"""More connections than a server takes, or than one address may have."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from attempts import attempts
from fastapi import FastAPI
from raw_clients import (
    CONNECTIONS,
    PATIENT,
    SOON,
    Address,
    Clock,
    Wire,
    answer,
    connected,
    health,
    impatient_server,
    refused,
    to_the_end,
    within,
)
from uvicorn.server import ServerState

from paradiddle.server.connection import Patience, connection_with
from paradiddle.server.midi_port import PATH
from paradiddle.server.serving import config_of


@contextmanager
def crowd(address: Address) -> Iterator[list[socket.socket]]:
    """As many connections as the server takes, which ask for nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected(address)) for _ in range(CONNECTIONS)]


def test_those_that_are_too_many_are_told_when_to_come_again() -> None:
    def trial() -> None:
        with impatient_server() as (address, app), crowd(address) as idle:
            with connected(address) as client:
                client.sendall(health(address))
                assert refused(to_the_end(client), 503)["retry-after"] == "1"
            assert to_the_end(idle[0]) == b""  # after the deadline there is room again
            within(SOON, lambda: not app.state.connections, "somebody idle is still there")
            with connected(address) as client:
                client.sendall(health(address))
                assert answer(client)[0] == 200

    attempts(trial)


@pytest.mark.parametrize(
    ("host", "most"),
    [
        ("192.0.2.7", 3),
        ("::ffff:192.0.2.7", 3),
        ("127.0.0.1", 9),
        ("::1", 9),
        ("::ffff:127.0.0.1", 9),
    ],
)
def test_one_address_gets_its_share_of_the_connections(host: str, most: int) -> None:
    made = connection_with(Patience(connections=9, share=3))
    config, state = config_of(FastAPI(), Patience()), ServerState()

    def app_of(host: str) -> Any:
        connection = made(config, state, {}, Clock())  # type: ignore[arg-type]
        connection.connection_made(Wire(extra={"peername": (host, 1)}))
        return connection.app

    apps = [app_of(host) for _ in range(10)]
    assert apps[most - 1] is apps[0]
    assert apps[most] is not apps[0]
    assert apps[most].status_code == (429 if most < 9 else 503)
    if most < 9:
        assert app_of("192.0.2.8") is apps[0]  # those that were refused take nobody's place


def test_many_that_are_refused_are_cut_off_but_for_a_few() -> None:
    made = connection_with(Patience(connections=2, share=1))
    config, state = config_of(FastAPI(), Patience()), ServerState()
    wires = [Wire(extra={"peername": ("192.0.2.7", 1)}) for _ in range(100)]
    for wire in wires:
        made(config, state, {}, Clock()).connection_made(wire)  # type: ignore[arg-type]
    told = [not wire.aborted for wire in wires]
    assert 10 < sum(told) < 50
    assert all(told[: sum(told)])


def test_a_websocket_that_is_one_too_many_is_refused() -> None:
    with impatient_server(asking=PATIENT) as (address, _), crowd(address):
        asked = (
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        with connected(address) as client:
            client.sendall(asked.encode())
            assert refused(to_the_end(client), 503)["retry-after"] == "1"
