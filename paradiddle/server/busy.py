"""One player a worker, a short queue before it, and a clear no beyond."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from paradiddle.server.rota import Rota

__all__ = ["Busy", "Desk", "Places"]

_FULL = "the server is busy; try again in a second"

_Result = TypeVar("_Result")


class Busy(Exception):
    """A request that cannot be taken now.

    Parameters
    ----------
    status : int
        429 where this client asks for too much at once, 503 where all together do.
    message : str
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Places:
    """Counts what clients hold of something there is only so much of.

    Parameters
    ----------
    most : int
        Of all clients together.
    share : int
        Of one client.
    things : str
        What is counted, for messages.
    """

    def __init__(self, most: int, share: int, things: str) -> None:
        self.most, self.share, self._things = most, share, things
        self._held: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """How much all clients have together."""
        return self._held.total()

    def take(self, client: str, size: int = 1) -> None:
        """Let a client have some.

        Raises
        ------
        Busy
            If so much is not left, or the client has its share.
        """
        if self.held + size > self.most:
            raise Busy(503, _FULL)
        if self._held[client] + size > self.share:
            text = f"{self.share} {self._things} at once are the most; wait for their answers"
            raise Busy(429, text)
        self._held[client] += size

    def leave(self, client: str, size: int = 1) -> None:
        """Take back what a client had."""
        self._held[client] -= size
        if not self._held[client]:
            del self._held[client]


class Desk:
    """Takes jobs off the event loop and does one after the other, clients in turn.

    Parameters
    ----------
    places : int, default 32
        Jobs taken at once, the one that runs included.
    share : int, default 24
        Of them, how many one client may hold.
    seconds : float, default 30
        Longest wait for a job.
    """

    def __init__(self, places: int = 32, share: int = 24, seconds: float = 30.0) -> None:
        self.places, self.seconds = Places(places, share, "requests"), seconds
        self._rota = Rota[Future[Any], Callable[[], Any]]()
        self._executor = ThreadPoolExecutor(1, "playing")
        self._begun = 0.0  # when the job that runs did

    async def do(self, client: str, job: Callable[[], _Result]) -> _Result:
        """Do a job for a client and return its result; cancelled before it begins, drop it.

        Raises
        ------
        Busy
            If the queue is full, the client has its share of it, or it takes too long.
        """
        self.places.take(client)
        future: Future[_Result] = Future()
        # the place stays taken as long as the job runs, whoever still waits for it
        future.add_done_callback(partial(self._release, asyncio.get_running_loop(), client))
        self._rota.put(client, future, job)
        self._executor.submit(self._do_next)
        return await self._result(future)

    def _do_next(self) -> None:
        """Do the job whose turn it is; those that were dropped leave fewer than were announced."""
        turn = self._rota.take()
        if turn is None:
            return
        future, job = turn
        self._begun = time.monotonic()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(job())
        except BaseException as error:
            future.set_exception(error)
            del future, turn  # the error holds this frame, and would hold itself

    async def _result(self, future: "Future[_Result]") -> _Result:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError:
            raise Busy(503, self._why_late(future)) from None

    def _why_late(self, future: "Future[_Result]") -> str:
        """Tell a job that is too large from one that waited for others."""
        if future.running() and time.monotonic() - self._begun > self.seconds / 2:
            return f"no answer within {self.seconds:g} seconds; ask for something smaller"
        return _FULL

    def _release(
        self, loop: asyncio.AbstractEventLoop, client: str, future: "Future[_Result]"
    ) -> None:
        self._rota.drop(client, future)  # it was cancelled, if it is still there
        if not loop.is_closed():
            loop.call_soon_threadsafe(self.places.leave, client)

    def close(self) -> None:
        """Drop what has not begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        for future in self._rota.empty():
            future.cancel()
