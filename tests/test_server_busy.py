"""The queue before the models: a few wait, the others are told so."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from machines import groove_of
from servers import patient_server, served

from paradiddle.machine import Machine
from paradiddle.pattern import Pattern
from paradiddle.server.busy import Busy, Desk, Places
from paradiddle.server.connection import Patience
from paradiddle.server.stage import Turn


def occupied(
    desk: Desk, jobs: int, then: Callable[[], Awaitable[None]], clients: str = "abcdefgh"
) -> list[object]:
    """Fill a desk with jobs that wait, do something else, and let the jobs end."""
    release = threading.Event()

    async def run() -> list[object]:
        waiting = [
            asyncio.create_task(desk.do(clients[k % len(clients)], release.wait))
            for k in range(jobs)
        ]
        await asyncio.sleep(0)
        try:
            await then()
        finally:
            release.set()
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    return asyncio.run(run())


def refuses(desk: Desk, client: str, status: int) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        with pytest.raises(Busy) as refused:
            await desk.do(client, int)
        assert refused.value.status == status

    return ask


def test_beyond_its_places_it_takes_nothing() -> None:
    desk = Desk(places=3)
    assert occupied(desk, 3, refuses(desk, "z", 503)) == [True] * 3


def test_one_client_gets_its_share_and_no_more() -> None:
    desk = Desk(places=4, share=2)

    async def then() -> None:
        await refuses(desk, "a", 429)()

    assert occupied(desk, 2, then, clients="a") == [True] * 2


def test_places_become_free_again() -> None:
    desk = Desk(places=2)

    async def run() -> list[int]:
        return [await desk.do("a", lambda k=k: k) for k in range(5)]  # type: ignore[misc]

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]


def test_a_job_that_fails_frees_its_place_and_tells_why() -> None:
    desk = Desk(places=1)

    async def run() -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await desk.do("a", lambda: 1 // 0)
            await asyncio.sleep(0)

    asyncio.run(run())


def test_what_takes_too_long_is_not_waited_for_and_keeps_its_place() -> None:
    desk = Desk(places=1, seconds=0.05)
    release = threading.Event()

    async def run() -> None:
        with pytest.raises(Busy, match="no answer within"):
            await desk.do("a", release.wait)
        await refuses(desk, "b", 503)()
        release.set()
        for _ in range(100):
            await asyncio.sleep(0.01)
            try:
                assert await desk.do("b", lambda: 7) == 7
            except Busy:
                continue
            return
        pytest.fail("the place was never free again")

    asyncio.run(run())


def test_jobs_run_off_the_event_loop_one_at_a_time() -> None:
    desk = Desk()

    async def run() -> set[int]:
        jobs = [desk.do("a", threading.get_ident) for _ in range(5)]
        return set(await asyncio.gather(*jobs))

    threads = asyncio.run(run())
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


@pytest.mark.parametrize(("places", "share", "status"), [(0, 1, 503), (1, 0, 429)])
def test_clients_are_told_when_to_come_again(places: int, share: int, status: int) -> None:
    desk = Desk()
    with served(desk=desk) as client:  # warms up before it is full
        desk.places = Places(places, share, "requests")
        answer = client.post("/api/generate", json={"bars": 1})
        assert answer.status_code == status
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["connection"] == "close"
        assert answer.json()["detail"][0]["message"]
        assert client.get("/api/health").status_code == 200


# --- clients that leave ---------------------------------------------------------------------------


def test_what_is_cancelled_before_it_begins_is_never_done() -> None:
    desk, done = Desk(), []
    release = threading.Event()

    async def run() -> None:
        first = asyncio.create_task(desk.do("a", release.wait))
        second = asyncio.create_task(desk.do("b", lambda: done.append("second")))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        assert desk.places.held == 1
        release.set()
        assert await first
        assert await desk.do("b", lambda: done.append("third")) is None

    asyncio.run(run())
    assert done == ["third"]


class Blocked:
    """Plays when it is told to, and writes down the seeds it was asked for."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def humanize(self, pattern: Pattern, *_: object, seed: int, **__: object) -> Pattern:
        self.seeds.append(seed)
        self.begun.set()
        assert self.go.wait(10)
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


def asking(address: tuple[str, int], seed: int, count: int = 1) -> socket.socket:
    """Ask for candidates and do not wait for them."""
    wish = {"pattern": json.loads(groove_of(1).to_json()), "seed": seed, "count": count}
    body = json.dumps(wish)
    head = (
        f"POST /api/humanize HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    client = socket.create_connection(address, 10)
    client.sendall(head.encode() + body.encode())
    return client


def test_nothing_is_played_for_clients_who_left(blocked: Blocked) -> None:
    with patient_server(Patience()) as (address, app), asking(address, 1) as first:
        places = app.state.stage.desk.places
        assert blocked.begun.wait(10)
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
            assert blocked.begun.wait(10)
        assert ended.acquire(timeout=10)
        blocked.go.set()
        until(lambda: app.state.stage.desk.places.held == 0)
    assert blocked.seeds == [1]


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
