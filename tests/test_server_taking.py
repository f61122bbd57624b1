"""Clients that are slow to take their answers, and how much sound is made for all."""

import io
import json
import time
import wave
from collections.abc import Iterator

import pytest
from attempts import attempts
from fastapi import FastAPI
from machines import groove_of
from raw_clients import (
    PATIENT,
    SOON,
    TAKING,
    Address,
    answer,
    connected,
    impatient_server,
    parsed,
    post,
    some,
    to_the_end,
    wired,
    within,
)
from servers import served

from paradiddle.server.busy import Places
from paradiddle.server.connection import Patience
from paradiddle.server.pieces import PIECE_BYTES

SOUND = {"pattern": json.loads(groove_of(8, seed=4, qpm=60).to_json())}  # 32 seconds, 6 MB


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Address, FastAPI]]:
    with impatient_server(asking=PATIENT) as running:
        yield running


@pytest.fixture
def address(server: tuple[Address, FastAPI]) -> Address:
    return server[0]


def test_whoever_does_not_take_its_answer_is_cut_off(server: tuple[Address, FastAPI]) -> None:
    address, app = server
    sounds = app.state.stage.sounds

    def trial() -> None:
        with connected(address, window=4096) as client:
            client.sendall(post(address, "wav", SOUND | {"repeat": 5}))
            assert client.recv(12) == b"HTTP/1.1 200"
            assert sounds.held > 25_000_000
            within(SOON, lambda: sounds.held == 0, "it waits for a client that reads nothing")

    attempts(trial)


def test_whoever_asks_on_and_on_and_takes_nothing_is_cut_off(
    server: tuple[Address, FastAPI],
) -> None:
    address, app = server
    kit = b"GET /api/kit/crash/2.wav HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % address[1]
    with connected(address) as client:
        client.sendall(kit)
        size = len(answer(client)[2])
    with connected(address, window=4096) as client:
        client.sendall(200 * kit)
        assert some(client, 12) == b"HTTP/1.1 200"
        within(SOON, lambda: not app.state.connections, "it waits for a client that reads nothing")
        assert len(to_the_end(client)) < 150 * size


@pytest.mark.parametrize("resumes", [True, False])
def test_whoever_takes_piece_after_piece_is_waited_for(resumes: bool) -> None:
    connection, clock, wire = wired(Patience(taking=20))
    wire.unsent = 200_000
    for _ in range(5):
        clock.pass_(15)
        if resumes:  # took a piece, and has the next
            connection.resume_writing()
    assert wire.aborted != resumes
    clock.pass_(30)
    assert wire.aborted


@pytest.mark.parametrize(
    ("before", "after", "aborted"),
    [
        (10**6, 10**6 - PIECE_BYTES, False),
        (10**6, 10**6 - PIECE_BYTES + 1, True),
        (100, 1, True),
        (100, 0, False),
    ],
)
def test_less_than_a_piece_is_enough_only_if_it_is_the_last(
    before: int, after: int, aborted: bool
) -> None:
    _, clock, wire = wired(Patience(asking=100, taking=20))
    wire.unsent = before
    clock.pass_(15)
    wire.unsent = after
    clock.pass_(15)
    assert wire.aborted == aborted


def test_whoever_takes_it_slowly_but_steadily_gets_all(address: Address) -> None:
    def trial() -> None:
        received = taken_slowly(address)
        head, _, sound = received.partition(b"\r\n\r\n")
        assert len(sound) == int(parsed(head)[1]["content-length"])
        with wave.open(io.BytesIO(sound)) as file:
            assert 4 * file.getnframes() + 44 == len(sound) > 32 * 4 * 44_100

    attempts(trial)


def taken_slowly(address: Address) -> bytes:
    """Take a sound piece after piece, for longer than a piece may take."""
    with connected(address, window=65_536) as client:
        client.sendall(post(address, "wav", SOUND))
        received = bytearray()
        begun = time.monotonic()
        while len(received) < 4_000_000:
            received += some(client, 100_000)
            time.sleep(0.03)
        assert time.monotonic() - begun > TAKING
        return bytes(received) + to_the_end(client)


@pytest.mark.parametrize(("most", "share", "status"), [(10**6, 10**9, 503), (10**9, 10**6, 429)])
def test_only_so_much_sound_is_made_at_once(most: int, share: int, status: int) -> None:
    with served() as client:
        stage = client.app.state.stage  # type: ignore[attr-defined]
        stage.sounds = Places(most, share, "bytes of sound")
        told = client.post("/api/wav", json=SOUND)
        assert (told.status_code, told.headers["retry-after"]) == (status, "1")
        stage.sounds = Places(10**8, 10**8, "bytes of sound")
        late = {"pattern": SOUND["pattern"] | {"hits": [[1000, 0, 0.5, 0]]}}  # found when played
        for wish, expected in ((SOUND, 200), (late, 422), (SOUND | {"repeat": 9}, 422)):
            assert client.post("/api/wav", json=wish).status_code == expected
            assert stage.sounds.held == 0
