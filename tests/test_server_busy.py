"""The queue before the models: clients in turn, a few wait, the others are told so."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace

import pytest
from attempts import attempts
from servers import served

from paradiddle.server import busy
from paradiddle.server.busy import Busy, Desk, Places
from paradiddle.server.rota import Rota


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
    async def run() -> None:
        desk, release = Desk(places=1, seconds=0.5), threading.Event()
        try:
            with pytest.raises(Busy, match="no answer within"):
                await desk.do("a", release.wait)
            await refuses(desk, "b", 503)()
        finally:
            release.set()
        for _ in range(6000):
            await asyncio.sleep(0.01)
            try:
                assert await desk.do("b", lambda: 7) == 7
            except Busy:
                continue
            return
        pytest.fail("the place was never free again")

    attempts(lambda: asyncio.run(run()))


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


class Job:
    """A job that can be seen to be forgotten."""

    def __call__(self) -> None:
        raise AssertionError("it was to be dropped")


def test_what_is_cancelled_while_another_runs_is_forgotten_at_once() -> None:
    desk, release = Desk(), threading.Event()

    async def run() -> None:
        first = asyncio.create_task(desk.do("a", release.wait))
        job = Job()
        waiting, gone = asyncio.create_task(desk.do("b", job)), weakref.ref(job)
        del job
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        del waiting
        gc.collect()
        assert gone() is None
        release.set()
        assert await first

    asyncio.run(run())


def test_a_desk_that_closes_drops_what_waits() -> None:
    desk = Desk()

    async def then() -> None:
        desk.close()

    first, *others = occupied(desk, 3, then)
    assert first is True
    assert [type(one) for one in others] == [asyncio.CancelledError] * 2


# --- turns ----------------------------------------------------------------------------------------


def test_clients_are_served_in_turn_and_each_in_its_order() -> None:
    desk, release, done = Desk(), threading.Event(), list[str]()

    async def run() -> None:
        jobs = [desk.do("a", release.wait)]
        jobs += [desk.do(name[0], partial(done.append, name)) for name in wanted]  # type: ignore[arg-type]
        waiting = [asyncio.create_task(job) for job in jobs]
        await asyncio.sleep(0)
        release.set()
        await asyncio.gather(*waiting)

    wanted = ["a1", "a2", "a3", "b1", "b2", "c1"]
    asyncio.run(run())
    assert done == ["b1", "c1", "a1", "b2", "a2", "a3"]


@pytest.mark.parametrize("backlog", [1, 24])
def test_who_comes_while_another_is_served_goes_before_its_backlog(backlog: int) -> None:
    rota = Rota[int, None]()
    for key in range(backlog):
        rota.put("a", key, None)
    rota.take()
    rota.put("a", 98, None)
    rota.put("b", 99, None)
    assert rota.take() == (99, None)


def test_who_asks_again_and_again_goes_before_nobody() -> None:
    rota = Rota[str, None]()
    for client in "abc":
        rota.put(client, f"{client}0", None)
    served = []
    for _ in range(9):
        key, _ = rota.take() or pytest.fail("nothing waits")
        served.append(key[0])
        rota.put(key[0], f"{key[0]}{len(served)}", None)
    assert served == ["a", "b", "c"] * 3


def test_what_was_dropped_is_not_handed_out() -> None:
    rota = Rota[int, str]()
    for key in range(3):
        rota.put("a", key, "drums")
    rota.drop("a", 1)
    rota.drop("a", 7)
    rota.drop("b", 0)
    assert [rota.take(), rota.take(), rota.take()] == [(0, "drums"), (2, "drums"), None]
    rota.put("a", 3, "drums")
    assert rota.empty() == [3]
    assert rota.take() is None


# --- who is late, and why -------------------------------------------------------------------------


def test_who_only_waited_is_told_to_try_again() -> None:
    def trial() -> None:
        desk = Desk(seconds=0.5)

        async def then() -> None:
            with pytest.raises(Busy, match="the server is busy; try again in a second") as late:
                await desk.do("b", int)
            assert late.value.status == 503

        first, *_ = occupied(desk, 1, then)
        assert isinstance(first, Busy)
        assert "ask for something smaller" in str(first)

    attempts(trial)


@pytest.mark.parametrize(
    ("ran", "said"), [(0.0, "the server is busy"), (0.5, "ask for something smaller")]
)
def test_a_job_that_began_late_is_not_called_too_large(
    monkeypatch: pytest.MonkeyPatch, ran: float, said: str
) -> None:
    async def run() -> None:
        times = iter([100.0, 100.0 + ran])  # when it began, and when it was late
        monkeypatch.setattr(busy, "time", SimpleNamespace(monotonic=lambda: next(times)))
        desk, release = Desk(seconds=0.5), threading.Event()
        try:
            with pytest.raises(Busy, match=said):
                await desk.do("a", release.wait)
        finally:
            release.set()

    attempts(lambda: asyncio.run(run()))
