import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from attempts import attempted
from endings import handlers  # noqa: F401 (a fixture)
from jack import (
    CLOCK,
    NOTE_ON,
    START,
    STOP,
    Ear,
    Heard,
    ear_until,
    hanging,
    jack,  # noqa: F401 (a fixture)
)
from plugged import until

from paradiddle.live_player import LivePlayer, MidiSink
from paradiddle.pattern import Pattern
from paradiddle.ports import open_output
from paradiddle.stopping import stops_on_signals
from paradiddle.transport import Loop, Timed, Transport


class Book:
    """A sink that writes down what comes, and when."""

    ahead = False

    def __init__(self, breaks_at: int | None = None) -> None:
        self.sent: list[tuple[float, Timed]] = []
        self.pauses = self.stops = self.closes = 0
        self._breaks_at = breaks_at

    def send(self, timed: Timed) -> None:
        if len(self.sent) == self._breaks_at:
            raise RuntimeError("no more paper")
        self.sent.append((time.perf_counter(), timed))

    def pause(self) -> None:
        self.pauses += 1

    def stop(self) -> None:
        self.stops += 1

    def check(self) -> None:
        pass

    def close(self) -> None:
        self.closes += 1


def sixteenths(repeats: bool = True) -> Loop:
    hits = np.zeros((16, 9), np.bool_)
    hits[:, 0] = True
    return Loop.of(Pattern(hits, hits * 0.5, hits * 0.0), repeats=repeats)


def player_of(*sinks: Book | MidiSink, qpm: float = 240, repeats: bool = True) -> LivePlayer:
    transport = Transport(time.perf_counter, qpm)
    transport.set_loop(sixteenths(repeats))
    return LivePlayer(transport, sinks)


def test_in_order_and_never_early() -> None:
    book = Book()
    with player_of(book) as player:
        player.start()
        until(lambda: len(book.sent) > 20, "hits and their ends")
    assert all(now >= timed.seconds for now, timed in book.sent)
    assert [timed.order for _, timed in book.sent] == sorted(timed.order for _, timed in book.sent)
    assert (book.closes, player.transport.running) == (1, False)


def test_every_hit_ends() -> None:
    book = Book()
    with player_of(book, repeats=False) as player:
        player.start()
        assert player.wait(60)
        assert player.finished
    kinds = [timed.kind for _, timed in book.sent]
    assert kinds.count("hit") == kinds.count("off") == 16
    assert kinds[-1] == "end"


def test_what_breaks_silences_all_and_is_told() -> None:
    broken, other = Book(breaks_at=5), Book()
    with player_of(other, broken) as player:
        player.start()
        with pytest.raises(RuntimeError, match="no more paper"):
            player.wait(60)
    assert other.stops >= 1
    assert other.closes == 1


def test_nothing_after_a_stop() -> None:
    book = Book()
    with player_of(book) as player:
        player.start()
        until(lambda: len(book.sent) > 4, "music")
        player.stop()
        count = len(book.sent)
        player.rest(0.1)
        assert len(book.sent) == count
        player.continue_()
        until(lambda: len(book.sent) > count, "more of it")


def test_after_a_standstill_it_goes_on_where_it_stood() -> None:
    seconds, heard = [0.0], list[Timed]()
    transport = Transport(lambda: seconds[0], 120)
    transport.set_loop(sixteenths())
    player = LivePlayer(transport, [], heard.append, now=lambda: seconds[0])

    def hits() -> list[Timed]:
        return [one for one in heard if one.kind == "hit"]

    transport.start(0.0)
    for _ in range(100):
        player._turn()
        seconds[0] += 0.01
    before = len(hits())
    seconds[0] += 60
    player._turn()
    assert len(hits()) <= before + 1
    for _ in range(50):
        player._turn()
        seconds[0] += 0.01
    assert len(hits()) - before in (4, 5)
    assert [one.position for one in hits()] == [n / 4 for n in range(len(hits()))]


def test_it_is_silent_for_a_while_and_the_music_goes_on() -> None:
    books = Book(), Book()
    with player_of(*books) as player:
        player.start()
        until(lambda: books[0].sent, "music")
        with player.silent():
            assert [book.pauses for book in books] == [1, 1]
            count = len(books[0].sent)
            time.sleep(0.1)
            assert len(books[0].sent) == count
        until(lambda: len(books[0].sent) > count, "more of it")


def test_it_is_suspended_even_while_its_lock_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradiddle.live_player._PATIENCE_SECONDS", 0.01)
    book = Book()
    player = player_of(book)
    with ThreadPoolExecutor(1) as other:
        other.submit(player.lock.acquire).result()
        with player.silent():
            assert book.pauses == 0
        other.submit(player.lock.release).result()
    assert player.lock.acquire(blocking=False)


def test_a_device_that_cannot_be_looked_after_is_told_once_and_does_not_end_the_music() -> None:
    class Broken(Book):
        def check(self) -> None:
            self.closes += 100
            raise OSError("bus error")

    told: list[str] = []
    book = Broken()
    with player_of(book) as player:
        player.tell = told.append
        player.start()
        until(lambda: book.closes > 200, "three looks at it")
        count = len(book.sent)
        until(lambda: len(book.sent) > count, "more of the music")
    assert told == ["cannot look after an output: OSError: bus error"]


def test_what_keeps_time_by_itself_rings_out_at_the_end() -> None:
    card, port = Book(), Book()
    card.ahead = True
    with player_of(card, port, repeats=False) as player:
        player.start()
        assert player.wait(60)
        assert (card.stops, port.stops) == (0, 1)
    assert card.stops


def test_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    with player_of(Book()) as player:
        player.start()
    player.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.jack
@attempted
def test_on_a_real_bus_all_arrives_in_order_and_ends(jack: str) -> None:  # noqa: F811
    with Ear("stage") as ear, player_of(MidiSink(open_output("stage"), clock=True)) as player:
        player.start()
        heard = ear_until(ear, lambda heard: kinds_of(heard).count(NOTE_ON) >= 14)
        player.stop()
        heard = ear_until(ear, lambda heard: STOP in kinds_of(heard), heard)
    kinds = kinds_of(heard)
    assert kinds[:3] == [START, CLOCK, NOTE_ON]
    # six pulses a 16th
    assert abs(kinds.count(CLOCK) / 6 - kinds.count(NOTE_ON)) < 1.2
    assert not hanging(heard)


def kinds_of(heard: list[Heard]) -> list[int]:
    return [one.kind for one in heard]


class Struck(threading.Event):
    """Is hit by a signal as it is set."""

    waits = struck = whole = False

    def set(self) -> None:
        if self.waits:
            self.waits, self.struck = False, True
            signal.raise_signal(signal.SIGTERM)
        super().set()
        self.whole = True


@pytest.mark.parametrize("way", ["start", "continue_", "stop", "close"])
def test_a_signal_cuts_no_event_short(
    way: str,
    handlers: dict[int, Any],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threading.Event", Struck)
    player = player_of()
    events: list[Any] = [player._poke, player._ended, player._closing]

    def go() -> None:
        with stops_on_signals():
            for event in events:
                event.waits = True
            getattr(player, way)()

    with pytest.raises(SystemExit):
        go()
    whole = [event.whole for event in events if event.struck]
    for event in events:
        event.waits = False
    player.close()
    assert whole
    assert all(whole)


class Hit:
    """A lock that is taken just as a signal comes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()

    def __enter__(self) -> None:
        self.lock.acquire()
        signal.raise_signal(signal.SIGTERM)

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_a_signal_that_comes_as_the_lock_is_taken_does_not_keep_it(
    handlers: dict[int, Any],  # noqa: F811
) -> None:
    player = player_of()
    hit = player.lock = Hit()  # type: ignore[assignment]
    free: list[bool] = []

    def change() -> None:
        with stops_on_signals(), player.change():
            pass

    with pytest.raises(SystemExit):
        change()
    thread = threading.Thread(target=lambda: free.append(hit.lock.acquire(timeout=1)))
    thread.start()
    thread.join()
    assert free == [True]
