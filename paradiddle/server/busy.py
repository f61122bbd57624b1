"""One player a worker, a short queue before it, and a clear no beyond."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Busy", "Desk", "Places"]

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
            raise Busy(503, "the server is busy; try again in a second")
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
    """Takes jobs off the event loop and does them one after the other.

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
        self._executor = ThreadPoolExecutor(1, "playing")

    async def do(self, client: str, job: Callable[[], _Result]) -> _Result:
        """Do a job for a client and return its result; cancelled before it begins, drop it.

        Raises
        ------
        Busy
            If the queue is full, the client has its share of it, or it takes too long.
        """
        self.places.take(client)
        future = self._executor.submit(job)
        loop = asyncio.get_running_loop()
        # the place stays taken as long as the job runs, whoever still waits for it
        future.add_done_callback(lambda done: self._release(loop, client))
        return await self._result(future)

    async def _result(self, future: "Future[_Result]") -> _Result:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError:
            raise Busy(
                503, f"no answer within {self.seconds:g} seconds; ask for something smaller"
            ) from None

    def _release(self, loop: asyncio.AbstractEventLoop, client: str) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self.places.leave, client)

    def close(self) -> None:
        """Drop what has not begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)
