"""Requests that wait: in turn, not for sound, and only as long as their clients do."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from machines import groove_of
from numpy.typing import NDArray
from servers import patient_server, served

from paradiddle.events import Events
from paradiddle.machine import Machine
from paradiddle.pattern import Pattern
from paradiddle.server import files
from paradiddle.server.connection import Patience
from paradiddle.server.stage import Turn

PATTERN = json.loads(groove_of(1).to_json())


class Blocked:
    """Plays when it is told to, and writes down the seeds it was asked for."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def humanize(self, pattern: Pattern, *_: object, seed: int, **__: object) -> Pattern:
        self.seeds.append(seed)
        self.begun.set()
        assert self.go.wait(60)
        return pattern


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blocked]:
    player = Blocked()
    monkeypatch.setattr(
        Machine, "humanize", lambda _, *args, **named: player.humanize(*args, **named)
    )
    yield player
    player.go.set()


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts the turns that have ended."""
    count, end = threading.Semaphore(0), Turn.end

    def end_counted(turn: Turn) -> None:
        end(turn)
        count.release()

    monkeypatch.setattr(Turn, "end", end_counted)
    return count


def asking(
    address: tuple[str, int], seed: int, count: int = 1, client_host: str = "127.0.0.1"
) -> socket.socket:
    """Ask for candidates and do not wait for them."""
    wish = {"pattern": PATTERN, "seed": seed, "count": count}
    body = json.dumps(wish)
    head = (
        f"POST /api/humanize HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    client = socket.create_connection(address, 60, (client_host, 0))
    client.sendall(head.encode() + body.encode())
    return client


def test_nothing_is_played_for_clients_who_left(blocked: Blocked) -> None:
    with patient_server(Patience()) as (address, app), asking(address, 1) as first:
        places = app.state.stage.desk.places
        assert blocked.begun.wait(60)
        impatient = [asking(address, seed) for seed in (2, 3, 4)]
        until(lambda: places.held == 4)
        for client in impatient[1:]:
            client.close()
        until(lambda: places.held == 2)
        blocked.go.set()
        assert first.recv(12) == impatient[0].recv(12) == b"HTTP/1.1 200"
        impatient[0].close()
    assert blocked.seeds == [1, 2]


def test_candidates_that_nobody_waits_for_are_not_played(
    blocked: Blocked, ended: threading.Semaphore
) -> None:
    with patient_server(Patience()) as (address, app):
        with asking(address, 1, count=16):
            assert blocked.begun.wait(60)
        assert ended.acquire(timeout=60)
        blocked.go.set()
        until(lambda: app.state.stage.desk.places.held == 0)
    assert blocked.seeds == [1]


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="has one loopback address")
def test_a_backlog_of_one_client_does_not_keep_another_waiting(blocked: Blocked) -> None:
    with patient_server(Patience()) as (address, app), ExitStack() as clients:
        places = app.state.stage.desk.places
        for seed in range(1, 6):
            clients.enter_context(asking(address, seed))
            until(lambda: places.held == seed)  # noqa: B023
        other = clients.enter_context(asking(address, 99, client_host="127.0.0.2"))
        until(lambda: places.held == 6)
        blocked.go.set()
        assert other.recv(12) == b"HTTP/1.1 200"
        until(lambda: places.held == 0)
    assert blocked.seeds == [1, 99, 2, 3, 4, 5]


def test_patterns_do_not_wait_for_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go, sound_of = threading.Event(), threading.Event(), files.sound_of

    def slow(music: Events | Pattern) -> NDArray[np.float32]:
        begun.set()
        assert go.wait(60)
        return sound_of(music)

    monkeypatch.setattr(files, "sound_of", slow)
    with served() as client, ThreadPoolExecutor() as threads:
        sound = threads.submit(client.post, "/api/wav", json={"pattern": PATTERN})
        try:
            assert begun.wait(60)
            assert client.post("/api/generate", json={"bars": 1}).status_code == 200
            assert not sound.done()
        finally:
            go.set()
        assert sound.result().status_code == 200
