"""The queue before the models: a few wait, the others are told so."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from servers import served

from paradiddle.server.busy import Busy, Desk


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
        desk.places, desk.share = places, share
        answer = client.post("/api/generate", json={"bars": 1})
        assert answer.status_code == status
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["connection"] == "close"
        assert answer.json()["detail"][0]["message"]
        assert client.get("/api/health").status_code == 200
