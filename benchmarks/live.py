"""Live MIDI on a real bus: JACK with its dummy driver, the receiver in another process.

Each row prints its figures, the bar and whether that was met. Lateness is from the second at which
a hit was due to the second at which the bus handed it to the receiver: so it holds the bus's own
time, up to a period. The full measurement is `python -m benchmarks.live --minutes 10 --repeats 50`.
"""

import argparse
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.clock_in import ClockFollower
from paradiddle.live_player import LivePlayer, MidiSink
from paradiddle.pattern import Pattern
from paradiddle.ports import open_input, open_output
from paradiddle.priority import real_time
from paradiddle.transport import Loop, Timed, Transport
from tests.jack import (
    CLOCK,
    NOTE_ON,
    PERIOD,
    RATE,
    START,
    Ear,
    Heard,
    hanging,
    jack_server,
    missing,
)
from tests.servers import running_server

PERIOD_MS = 1e3 * PERIOD / RATE
SETTLE_SECONDS = 0.3  # until what was sent has arrived
KINDS = {"hit": NOTE_ON, "pulse": CLOCK, "start": START}
COMPENSATED = 0.0027  # seconds; half a period: what a pulse takes on average


def sixteenths(voice: int, bars: int = 1) -> Loop:
    """Every 16th on one voice, every other one with a closed hi-hat."""
    hits = np.zeros((16 * bars, 9), np.bool_)
    hits[:, voice] = hits[::2, 2] = True
    return Loop.of(Pattern(hits, hits * np.float32(0.7), hits * np.float32(0)))


class Session:
    """A player that plays to an ear, and what it meant to send."""

    def __init__(self, loop: Loop, qpm: float, *, clock: bool = True) -> None:
        self.sent: list[Timed] = []
        self.transport = Transport(time.perf_counter, qpm)
        self.transport.set_loop(loop)
        self.output = open_output("ear")
        self.player = LivePlayer(self.transport, [MidiSink(self.output, clock=clock)], self._heard)

    def _heard(self, timed: Timed) -> None:
        if timed.kind in KINDS:
            self.sent.append(timed)


def show(name: str, figures: str, bar: str, met: bool) -> None:
    print(f"  {name:34} {figures}\n  {'':34} bar: {bar}: {'met' if met else 'NOT MET'}", flush=True)


def compared(sent: list[Timed], heard: list[Heard]) -> tuple[bool, NDArray[np.float64]]:
    """Whether just what was meant came, in order; and the lateness of hits in ms."""
    came = [one for one in heard if one.kind in KINDS.values()]
    whole = [KINDS[timed.kind] for timed in sent] == [one.kind for one in came]
    late = [
        1e3 * (one.bus - timed.seconds)
        for timed, one in zip(sent, came, strict=False)
        if timed.kind == "hit"
    ]
    return whole, np.array(late)


def play_steadily(seconds: float) -> tuple[bool, NDArray[np.float64], float, str]:
    """120 bpm and clock: whole, lateness, error of the mean tempo in %, and one line."""
    with Ear("ear") as ear:
        session = Session(sixteenths(0), 120)
        with session.player as player:
            player.start()
            player.rest(seconds)
            sent = list(session.sent)
            player.stop()
            time.sleep(SETTLE_SECONDS)
        heard = ear.take()
    whole, late = compared(session.sent[: max(len(sent), len(session.sent))], heard)
    due = np.array([timed.seconds for timed in session.sent if timed.kind == "hit"])[: len(late)]
    drift = 100 * abs(np.polyfit(due, due + late / 1e3, 1)[0] - 1)
    p99 = np.percentile(np.abs(late), 99)
    text = (
        f"{len(heard):,} messages, {'none lost or moved' if whole else 'LOST OR MOVED'},"
        f" tempo off {drift:.4f} %, lateness mean {late.mean():.2f} std {late.std():.2f}"
        f" p99 {p99:.2f} max {late.max():.2f} ms, own part {1e3 * session.player.latest:.2f} ms,"
        f" hanging {len(hanging(heard))}"
    )
    return whole and not hanging(heard), late, float(drift), text


def steady(minutes: float) -> None:
    whole, late, drift, text = play_steadily(60 * minutes)
    p99 = np.percentile(np.abs(late), 99)
    met = whole and drift <= 0.05 and late.std() <= PERIOD_MS and p99 <= 2 * PERIOD_MS
    bar = f"none lost, tempo 0.05 %, std {PERIOD_MS:.2f}, p99 {2 * PERIOD_MS:.2f} ms"
    show("120 bpm and clock", text, bar, bool(met))


def loaded(minutes: float) -> None:
    with burning(os.cpu_count() or 1):
        whole, late, _, text = play_steadily(60 * minutes)
    met = whole and np.percentile(np.abs(late), 99) <= 10
    show("the same, all cores burnt", text, "none lost, p99 10 ms", bool(met))


@contextmanager
def burning(cores: int) -> Iterator[None]:
    """Keep every core busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()


def changes(minutes: float) -> None:
    """Another pattern and tempo in every bar, from another thread."""
    begins: list[tuple[float, int]] = [(0.0, 0)]
    bars = threading.Event()
    draws = np.random.default_rng(0)
    with Ear("ear") as ear:
        session = Session(sixteenths(0), 120)
        heard_before = session.player._heard
        session.player._heard = lambda timed: (
            bars.set() if timed.kind == "bar" else None,
            heard_before(timed) if heard_before else None,
        )[0]
        with session.player as player:
            player.start()
            until = time.monotonic() + 60 * minutes
            for turn in itertools.count(1):
                bars.wait(5)
                bars.clear()
                with player.change() as transport:
                    begins.append((transport.set_loop(sixteenths(turn % 2)), turn % 2))
                    transport.set_qpm(float(draws.uniform(80, 200)))
                if time.monotonic() > until:
                    break
            player.stop()
            time.sleep(SETTLE_SECONDS)
        heard = ear.take()
    wrong = misplaced(session.sent, heard, begins)
    left = len(hanging(heard))
    figures = f"{len(begins) - 1:,} changes, {len(heard):,} messages, {wrong} wrong, {left} hanging"
    show(
        "pattern and tempo every bar", figures, "each hit of one pattern, 0", not wrong and not left
    )


def misplaced(sent: list[Timed], heard: list[Heard], begins: list[tuple[float, int]]) -> int:
    """Count 16ths that lack their hit, have two, or one of the wrong pattern or out of order."""
    pitches = (36, 38)
    came = [one.data[1] for one in heard if one.kind == NOTE_ON and one.data[1] in pitches]
    last = max(timed.position for timed in sent if timed.kind == "hit")
    wanted = []
    for slot in range(round(last * 4) + 1):
        voice = [v for begin, v in begins if begin <= slot / 4 + 1e-6][-1]
        wanted.append(pitches[voice])
    return sum(a != b for a, b in itertools.zip_longest(wanted, came))


def follow(seconds: float) -> None:
    """Follow a clock from 80 to 160 bpm from another process."""
    with Ear("ear") as ear:
        session = Session(sixteenths(0), 120, clock=False)
        with session.player as player, open_input(virtual="clock") as port:
            follower = ClockFollower(player, COMPENSATED)
            port.listen(follower.listen)
            high = str(80 + 80 * seconds / 60)  # as quick a drift in a short run
            daw = [sys.executable, "-m", "benchmarks.live_daw", "clock", "80", high, str(seconds)]
            done = subprocess.run(daw, capture_output=True, text=True, check=True)
            time.sleep(SETTLE_SECONDS)
        heard = ear.take()
    due = np.array(json.loads(done.stdout))
    kicks = [one.bus for one in heard if one.kind == NOTE_ON and one.data[1] == 36]
    wanted = due[::6][: len(kicks)]
    late = 1e3 * (np.array(kicks[: len(wanted)]) - wanted)
    missed = abs(len(kicks) - len(due[::6]))
    about = np.abs(late - np.median(late))
    p99 = np.percentile(about, 99)
    figures = (
        f"{len(kicks)} hits, {missed} missing, lateness median {np.median(late):.2f} ms, about that"
        f" p99 {p99:.2f} max {about.max():.2f} ms; p99 of all {np.percentile(np.abs(late), 99):.2f}"
    )
    show("a clock from 80 to 160 bpm", figures, "p99 5 ms", bool(p99 <= 5 and missed <= 1))


def commanded(*options: str) -> subprocess.Popen[str]:
    """Run `paradiddle play` on a pattern."""
    hits = np.zeros((16, 9), np.bool_)
    hits[:, 0] = True
    pattern = Pattern(hits, hits * np.float32(0.5), hits * np.float32(0), qpm=240)
    folder = Path(tempfile.mkdtemp())
    (folder / "beat.json").write_text(pattern.to_json())
    return subprocess.Popen(
        [sys.executable, "-m", "paradiddle", "play", str(folder / "beat.json"), "--loop", *options],
        stderr=subprocess.PIPE,
        text=True,
    )


def struck(ear: Ear, seconds: float = 10.0) -> list[Heard]:
    """Listen until a few notes have come."""
    heard: list[Heard] = []
    until = time.monotonic() + seconds
    while sum(one.kind == NOTE_ON for one in heard) < 4:
        if time.monotonic() > until:
            return heard
        time.sleep(0.05)
        heard += ear.take()
    return heard


def terminate(ear: Ear, turn: int) -> tuple[bool, bool]:
    """End the player by a signal; whether notes hang, and whether a new one plays."""
    process = commanded("--port", "ear", "--clock", "out")
    heard = struck(ear)
    process.send_signal((signal.SIGTERM, signal.SIGINT)[turn % 2])
    process.communicate(timeout=10)
    time.sleep(SETTLE_SECONDS)
    heard += ear.take()
    return bool(hanging(heard)), any(one.kind == NOTE_ON for one in heard)


def signals(repeats: int) -> None:
    with Ear("ear") as ear:
        tell("kill -TERM and Ctrl+C", [terminate(ear, turn) for turn in range(repeats)])


def dropped(repeats: int) -> None:
    """Drop the WebSocket of a page that plays to the server's port."""
    from websockets.sync.client import connect

    music = json.dumps({"type": "play", "pattern": sixteenths_json()})
    results = []
    with Ear("ear") as ear, running_server("--midi-port", "ear") as address:
        for _ in range(repeats):
            with connect(address.replace("http", "ws") + "/api/midi-port") as page:
                page.send(music)
                heard = struck(ear)
                page.socket.shutdown(socket.SHUT_RDWR)  # without a word
            time.sleep(SETTLE_SECONDS)
            heard += ear.take()
            results.append((bool(hanging(heard)), any(one.kind == NOTE_ON for one in heard)))
    tell("drop the WebSocket", results)


def sixteenths_json() -> dict[str, Any]:
    """Every 16th of a bar on three voices."""
    hits = np.zeros((16, 9), np.bool_)
    hits[:, :3] = True
    pattern = Pattern(hits, hits * np.float32(0.5), hits * np.float32(0), qpm=240)
    found: dict[str, Any] = json.loads(pattern.to_json())
    return found


def receivers(repeats: int) -> None:
    """Kill the receiver, and let it come back."""
    results = []
    ear = Ear("ear")
    session = Session(sixteenths(0), 240)
    with session.player as player:
        player.start()
        for _ in range(repeats):
            struck(ear)
            ear.kill()
            time.sleep(0.2)
            ear = Ear("ear")
            heard = struck(ear)
            resumed = any(one.kind == NOTE_ON for one in heard)
            player.stop()
            time.sleep(SETTLE_SECONDS)
            heard += ear.take()
            results.append((bool(hanging(heard)), resumed))
            player.start()
    ear.kill()
    tell("kill the receiver", results)


def unplugged(repeats: int) -> None:
    """Close the port and open it again."""
    results = []
    with Ear("ear") as ear:
        session = Session(sixteenths(0), 240)
        with session.player as player:
            player.start()
            for _ in range(repeats):
                heard = struck(ear)
                heard += ear.take("close")
                time.sleep(0.6)
                back = ear.take("open") + struck(ear)
                player.stop()
                time.sleep(SETTLE_SECONDS)
                back += ear.take()
                resumed = any(one.kind == NOTE_ON for one in back)
                results.append((bool(hanging(heard + back)), resumed))
                player.start()
    tell("unplug the port", results)


def tell(name: str, results: list[tuple[bool, bool]]) -> None:
    """Print a row of repeated failures."""
    left, resumed = sum(hangs for hangs, _ in results), sum(plays for _, plays in results)
    zombies = len(zombie_children())
    figures = (
        f"{len(results)} times: {left} with hanging notes, {resumed} resumed, {zombies} zombies"
    )
    met = not left and not zombies and resumed == len(results)
    show(name, figures, "0 hanging, 0 zombies, all resume", met)


def zombie_children() -> list[int]:
    """Find processes of ours that ended and that nobody has asked about."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    found = children.read_text().split() if children.exists() else []
    return [int(one) for one in found if ") Z " in Path(f"/proc/{one}/stat").read_text()]


ROWS: dict[str, Callable[[Any], None]] = {
    "steady": lambda chosen: steady(chosen.minutes),
    "loaded": lambda chosen: loaded(chosen.minutes),
    "changes": lambda chosen: changes(chosen.minutes),
    "follow": lambda chosen: follow(min(60.0, 60 * chosen.minutes)),
    "signals": lambda chosen: signals(chosen.repeats),
    "dropped": lambda chosen: dropped(chosen.repeats),
    "receivers": lambda chosen: receivers(chosen.repeats),
    "unplugged": lambda chosen: unplugged(chosen.repeats),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all if left out")
    parser.add_argument("--minutes", type=float, default=0.25, help="of each row that plays on")
    parser.add_argument("--repeats", type=int, default=3, help="of each failure")
    chosen = parser.parse_args()
    if why := missing():
        print(f"skipped: no JACK bus: {why}")
        return
    with real_time() as allowed:
        pass
    how = "real-time priority" if allowed else "no real-time priority"
    print(f"live MIDI on JACK, {PERIOD} frames at {RATE} Hz ({PERIOD_MS:.2f} ms), {how}")
    with jack_server(f"paradiddle-bench-{os.getpid()}", realtime=allowed):
        for name in chosen.rows or ROWS:
            ROWS[name](chosen)


if __name__ == "__main__":
    main()
