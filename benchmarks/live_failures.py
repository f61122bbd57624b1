"""Ends that nobody wished for, again and again: rows of `benchmarks.live`.

Every note must get a note-off of its own, as far as there was a bus to send it on; all-notes-off
alone does not count. Music must come back, and no process be left.
"""

import itertools
import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live_rig import (
    SETTLE_SECONDS,
    Program,
    Turn,
    Verdicts,
    documented,
    pattern_of,
    struck,
    wrong_end,
)
from tests.jack import Ear, Heard, unended

# one voice after another, so that the end of one note does not pass for that of another
RUN = pattern_of((0, range(0, 16, 3)), (1, range(1, 16, 3)), (2, range(2, 16, 3)), qpm=240)
LONGEST = 0.15  # seconds in which a note must have ended; it lasts 0.05
START_SECONDS = 5.0  # in which a new process plays
AGAIN = 0.2  # seconds between one failure and the next
HURRY = 0.03  # seconds, at most, from one signal to the next


@contextmanager
def playing(*options: object) -> Iterator[Program]:
    """Run `paradiddle play` on a pattern."""
    with tempfile.TemporaryDirectory() as folder:
        beat = Path(folder) / "beat.json"
        beat.write_text(RUN.to_json())
        with Program("play", beat, "--loop", "--port", "ear", *options) as program:
            yield program


def first_strike(heard: list[Heard], since: float) -> float:
    """Seconds until the first note; infinite if none came."""
    return min((max(0.0, one.bus - since) for one in heard if one.strikes), default=np.inf)


def ended(ear: Ear, *numbers: int, pause: float, wait: float) -> Turn:
    """Start a player, and end it by signals; the seconds are until it played."""
    since = time.perf_counter()
    with playing("--clock", "out") as program:
        heard = struck(ear, program)
        time.sleep(wait)
        code, left = program.end(*numbers, pause=pause)
        time.sleep(AGAIN)
        heard += ear.take()
        wrong = wrong_end(program, code, *map(documented, numbers))
    return Turn(len(unended(heard)), first_strike(heard, since), wrong, left)


def signalled(verdicts: Verdicts, name: str, repeats: int, *numbers: int) -> None:
    """End players by signals; each shows that music resumes after the one before."""
    draws = np.random.default_rng(0)
    with Ear("ear") as ear:
        turns = [
            ended(
                ear, *numbers, pause=(len(numbers) - 1) * draws.uniform(0, HURRY), wait=_any(draws)
            )
            for _ in range(repeats + 1)
        ]
    for turn, after in itertools.pairwise(turns):
        turn.seconds = after.seconds
    verdicts.tell(name, turns[:-1], within=START_SECONDS)


def signals(verdicts: Verdicts, chosen: Any) -> None:
    """SIGTERM and Ctrl+C, each so often."""
    signalled(verdicts, "kill -TERM", chosen.repeats, signal.SIGTERM)
    signalled(verdicts, "Ctrl+C", chosen.repeats, signal.SIGINT)


def hurried(verdicts: Verdicts, chosen: Any) -> None:
    """Ctrl+C, and SIGTERM before that has been served."""
    signalled(verdicts, "Ctrl+C, at once SIGTERM", chosen.repeats, signal.SIGINT, signal.SIGTERM)


def receivers(verdicts: Verdicts, chosen: Any) -> None:
    """Kill the receiver, and let another come in its place."""
    draws, turns = np.random.default_rng(0), []
    ear = Ear("ear")
    with playing() as program:
        heard = struck(ear, program)
        for _ in range(chosen.repeats):
            time.sleep(_any(draws))
            now = time.perf_counter()
            heard += ear.take()
            ear.kill()
            hanging = sum(one.bus < now - LONGEST for one in unended(heard))
            time.sleep(draws.uniform(0, 2 * AGAIN))
            ear = Ear("ear")
            since = time.perf_counter()
            heard = struck(ear, program, seconds=START_SECONDS)
            turns.append(Turn(hanging, first_strike(heard, since)))
        finish(verdicts, "kill the receiver", program, ear, heard, turns)


def unplugged(verdicts: Verdicts, chosen: Any) -> None:
    """Close the port and open it again, after a moment or a while."""
    draws, turns = np.random.default_rng(0), []
    ear = Ear("ear")
    with playing() as program:
        heard = struck(ear, program)
        for turn in range(chosen.repeats):
            time.sleep(_any(draws))
            heard += ear.take("close")
            time.sleep(draws.uniform(0, 0.1) if turn % 2 else 0.6)
            since = time.perf_counter()
            heard += ear.take("open")
            back = struck(ear, program, seconds=START_SECONDS)
            time.sleep(AGAIN)
            now = time.perf_counter()
            heard += back + ear.take()
            open_ = unended(heard)
            old = sum(one.bus < now - LONGEST for one in open_)
            heard = [one for one in open_ if one.bus >= now - LONGEST]
            turns.append(Turn(old, first_strike(back, since)))
        finish(verdicts, "unplug the port", program, ear, heard, turns)


def finish(
    verdicts: Verdicts, name: str, program: Program, ear: Ear, heard: list[Heard], turns: list[Turn]
) -> None:
    """End a player that has gone through it all, and print what came of it."""
    code, left = program.end(signal.SIGTERM)
    time.sleep(SETTLE_SECONDS)
    turns[-1].hanging += len(unended(heard + ear.take()))
    ear.kill()
    wrong = wrong_end(program, code, documented(signal.SIGTERM))
    verdicts.tell(name, turns, left=left, wrong=wrong)


def dropped(verdicts: Verdicts, chosen: Any) -> None:
    """Drop the WebSocket of a page that plays to the server's port; then the next page plays."""
    draws, turns, left = np.random.default_rng(0), [], []
    arguments = ("serve", "--port", "0", "--midi-port", "ear")
    with Ear("ear") as ear, Program(*arguments, stdout=subprocess.PIPE) as server:
        assert server.process.stdout is not None
        at = server.process.stdout.readline().split()[3]  # paradiddle plays at ...
        address = at.rstrip("/").replace("http", "ws") + "/api/midi-port"
        for _ in range(chosen.repeats + 1):
            since = time.perf_counter()
            heard = dropped_once(ear, server, address, _any(draws))
            turns.append(Turn(len(unended(heard)), first_strike(heard, since)))
            left += [one for one in server.others() if ": Z" in one]
        code, still = server.end(signal.SIGTERM)
        wrong = wrong_end(server, code, 0, documented(signal.SIGTERM))
    for turn, after in itertools.pairwise(turns):
        turn.seconds = after.seconds
    verdicts.tell("drop the WebSocket", turns[:-1], left=[*left, *still], wrong=wrong)


def dropped_once(ear: Ear, server: Program, address: str, wait: float) -> list[Heard]:
    """Let a page play, and drop it without a word."""
    from websockets.sync.client import connect

    with connect(address) as page:
        page.send(json.dumps({"type": "play", "pattern": json.loads(RUN.to_json())}))
        heard = struck(ear, server, seconds=START_SECONDS)
        time.sleep(wait)
        page.socket.shutdown(socket.SHUT_RDWR)
    time.sleep(SETTLE_SECONDS)
    return heard + ear.take()


def _any(draws: np.random.Generator) -> float:
    """Draw a moment of the music, in seconds."""
    return float(draws.uniform(0, 0.1))


ROWS: dict[str, Callable[[Verdicts, Any], None]] = {
    "signals": signals,
    "hurried": hurried,
    "receivers": receivers,
    "dropped": dropped,
    "unplugged": unplugged,
}
