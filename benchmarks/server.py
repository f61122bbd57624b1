"""The server under load: latency for one client, and what it does for many, on this machine alone.

First one client asks one worker for two bars again and again. Then many clients ask two workers: at
a sustained rate, and for the minutes given at twice that, where the answer may be 429 or 503 but
nothing else, and memory must not grow. The load comes from one process that sends the same bytes
through plain sockets, so that it takes little from the cores it shares with the server.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.served import server

P50, P99, RATE = 25.0, 100.0, 60.0  # ms, ms, answers a second
WARM, ALONE, SUSTAINED_SECONDS = 10, 400, 20.0
WORKERS, CONNECTIONS = 2, 24
CLEAN = {200, 429, 503}
GROWTH = 1.1  # of memory, at the most
CLIENT_SECONDS = 10.0  # longest wait for an answer


@dataclass
class Tally:
    """What came back."""

    seconds: list[float] = field(default_factory=list)  # of answers with 200
    statuses: Counter[int | str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    def rate(self) -> float:
        """Good answers a second, so far."""
        return self.statuses[200] / (time.monotonic() - self.began)

    def line(self, name: str) -> str:
        """Write all of it on one line."""
        times = sorted(self.seconds)
        p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
        counts = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items(), key=str))
        return (
            f"  {name:24} p50 {1e3 * p50:6.1f} ms  p99 {1e3 * p99:6.1f} ms"
            f"  {self.rate():6.1f} a second  {counts}"
        )


def playing(parent: int) -> list[int]:
    """Find the worker processes of a server."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    if not children.exists():
        return []
    found = [int(child) for child in children.read_text().split()]
    return [one for one in found if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]


def resident(processes: list[int]) -> list[float]:
    """Memory of processes in megabytes."""
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in processes]
    return [page * os.sysconf("SC_PAGE_SIZE") / 1e6 for page in pages]


def request(port: int, seed: int) -> bytes:
    body = json.dumps({"bars": 2, "style": "funk", "seed": seed}).encode()
    head = (
        f"POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One connection, made anew where the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, seed: int) -> int:
        """Ask for two bars and return the status of the answer."""
        try:
            head = await self._head(seed)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                raise
            self.close()  # it was idle for longer than the server keeps connections
            head = await self._head(seed)
        assert self._streams is not None
        reader, _ = self._streams
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head[9:12])

    async def _head(self, seed: int) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(request(self.port, seed))
        return (await reader.readuntil(b"\r\n\r\n")).lower()

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@asynccontextmanager
async def client_of(port: int) -> AsyncIterator[Client]:
    client = Client(port)
    try:
        yield client
    finally:
        client.close()


async def timed(client: Client, seed: int, tally: Tally) -> None:
    begin = time.perf_counter()
    try:
        status: int | str = await asyncio.wait_for(client.ask(seed), CLIENT_SECONDS)
    except (OSError, EOFError, ValueError, TimeoutError) as error:
        status = type(error).__name__
        client.close()
    tally.statuses[status] += 1
    if status == 200:
        tally.seconds.append(time.perf_counter() - begin)


async def warm(port: int, times: int) -> None:
    async def once(seed: int) -> None:
        async with client_of(port) as client:
            await client.ask(seed)

    for seed in range(times):
        await once(seed)


async def alone(port: int) -> Tally:
    """One client that asks again as soon as it has an answer."""
    tally = Tally()
    async with client_of(port) as client:
        for seed in range(ALONE):
            await timed(client, seed, tally)
    return tally


async def load(port: int, rate: float, seconds: float) -> Tally:
    """Ask at a fixed rate, whether answers come or not, over as many connections as it takes."""
    tally, seeds = Tally(), itertools.count()
    idle = [Client(port) for _ in range(CONNECTIONS)]
    running: set[asyncio.Task[None]] = set()

    async def once() -> None:
        client = idle.pop() if idle else Client(port)
        await timed(client, next(seeds), tally)
        idle.append(client)

    begin, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - begin) < seconds:
        while sent < elapsed * rate:
            task = asyncio.create_task(once())
            running.add(task)
            task.add_done_callback(running.discard)
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*running)
    for client in idle:
        client.close()
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.5, help="of overload")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second, sustained")
    chosen = parser.parse_args()
    with server() as running:
        asyncio.run(warm(running.port, WARM))
        tally = asyncio.run(alone(running.port))
        print("generate 2 bars through HTTP")
        print(tally.line("1 worker, 1 client") + f"  bar p50 {P50:g}, p99 {P99:g} ms")
    with server("--workers", WORKERS) as running:
        asyncio.run(warm(running.port, WARM * WORKERS))
        # a little over the bar: what is lost at the edges must not decide
        tally = asyncio.run(load(running.port, 1.05 * chosen.rate, SUSTAINED_SECONDS))
        print(tally.line(f"{WORKERS} workers, sustained") + f"  bar {chosen.rate:g}, no error")
        workers = playing(running.process)
        before = resident(workers)
        tally = asyncio.run(load(running.port, 2 * chosen.rate, 60 * chosen.minutes))
        after = resident(workers)
    print(tally.line(f"{WORKERS} workers, {2 * chosen.rate:g} asked") + "  bar 200, 429, 503 alone")
    odd = set(tally.statuses) - CLEAN
    print(f"  {'unclean answers':24} {', '.join(map(str, odd)) or 'none'}")
    for one, (first, last) in enumerate(zip(before, after, strict=True), start=1):
        grown = f"{first:.0f} MB before, {last:.0f} MB after {chosen.minutes:g} minutes"
        print(f"  memory of worker {one:<7} {grown}  bar {GROWTH:g}x")


if __name__ == "__main__":
    main()
