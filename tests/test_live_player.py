import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from jack import CLOCK, NOTE_ON, START, STOP, Ear, hanging, jack  # noqa: F401 (a fixture)

from paradiddle.live_player import LivePlayer, MidiSink
from paradiddle.pattern import Pattern
from paradiddle.ports import open_output
from paradiddle.stopping import signals_wait, stops_on_signals
from paradiddle.transport import Loop, Timed, Transport


class Book:
    """A sink that writes down what comes, and when."""

    ahead = False

    def __init__(self, breaks_at: int | None = None) -> None:
        self.sent: list[tuple[float, Timed]] = []
        self.stops = self.closes = 0
        self._breaks_at = breaks_at

    def send(self, timed: Timed) -> None:
        if len(self.sent) == self._breaks_at:
            raise RuntimeError("no more paper")
        self.sent.append((time.perf_counter(), timed))

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
        player.rest(0.5)
    assert len(book.sent) > 20
    assert all(now >= timed.seconds for now, timed in book.sent)
    assert [timed.order for _, timed in book.sent] == sorted(timed.order for _, timed in book.sent)
    assert (book.closes, player.transport.running) == (1, False)


def test_every_hit_ends() -> None:
    book = Book()
    with player_of(book, repeats=False) as player:
        player.start()
        assert player.wait(5)
        assert player.finished
    kinds = [timed.kind for _, timed in book.sent]
    assert kinds.count("hit") == kinds.count("off") == 16
    assert kinds[-1] == "end"


def test_what_breaks_silences_all_and_is_told() -> None:
    broken, other = Book(breaks_at=5), Book()
    with player_of(other, broken) as player:
        player.start()
        with pytest.raises(RuntimeError, match="no more paper"):
            player.wait(5)
    assert other.stops >= 1
    assert other.closes == 1


def test_nothing_after_a_stop() -> None:
    book = Book()
    with player_of(book) as player:
        player.start()
        player.rest(0.2)
        player.stop()
        count = len(book.sent)
        player.rest(0.1)
        assert len(book.sent) == count
        player.continue_()
        player.rest(0.1)
        assert len(book.sent) > count


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


ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT]


@pytest.fixture
def handlers() -> Iterator[dict[int, Any]]:
    """What signals did before, and do again afterwards."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("first", ENDING)
def test_the_first_signal_ends_it_and_others_are_ignored(
    first: signal.Signals, handlers: dict[int, Any]
) -> None:

    def play() -> None:
        with stops_on_signals(), ExitStack() as silencing:
            for number in ENDING:
                silencing.callback(signal.raise_signal, number)
            signal.raise_signal(first)

    with pytest.raises((SystemExit, KeyboardInterrupt)) as left:
        play()
    if first == signal.SIGINT:
        assert left.type is KeyboardInterrupt
    else:
        assert left.value.code == 128 + first  # type: ignore[union-attr]
    for number in ENDING:  # and until the process ends
        assert signal.getsignal(number) == signal.SIG_IGN


def test_a_signal_waits_for_what_is_under_way(handlers: dict[int, Any]) -> None:
    done = []

    def work() -> None:
        with stops_on_signals():
            with signals_wait():
                with signals_wait():
                    signal.raise_signal(signal.SIGINT)
                    done.append(1)
                done.append(2)
                signal.raise_signal(signal.SIGTERM)  # an impatient second one
                done.append(3)
            done.append(4)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1, 2, 3]


def test_in_another_thread_nothing_waits(handlers: dict[int, Any]) -> None:
    inside, over = threading.Event(), threading.Event()

    def work() -> None:
        with signals_wait():
            inside.set()
            over.wait(5)

    def stop() -> None:
        with stops_on_signals():
            thread.start()
            inside.wait(5)
            signal.raise_signal(signal.SIGTERM)

    thread = threading.Thread(target=work)
    with pytest.raises(SystemExit):
        stop()
    over.set()
    thread.join()


def test_without_a_signal_all_is_as_it_was(handlers: dict[int, Any]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    with stops_on_signals():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) == handlers[signal.SIGTERM]


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
        player.rest(0.5)
        count = len(book.sent)
        assert book.closes > 200
        player.rest(0.3)
        assert len(book.sent) > count
    assert told == ["cannot look after an output: OSError: bus error"]


def test_what_keeps_time_by_itself_rings_out_at_the_end() -> None:
    card, port = Book(), Book()
    card.ahead = True
    with player_of(card, port, repeats=False) as player:
        player.start()
        assert player.wait(5)
        assert (card.stops, port.stops) == (0, 1)
    assert card.stops


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with player_of(Book()) as player:
        player.start()
    player.close()
    assert threading.active_count() == before


@pytest.mark.jack
def test_on_a_real_bus_all_arrives_in_order_and_ends(jack: str) -> None:  # noqa: F811
    with Ear("stage") as ear:
        with player_of(MidiSink(open_output("stage"), clock=True)) as player:
            player.start()
            player.rest(1.0)
            player.stop()
            time.sleep(0.1)
        heard = ear.take()
    kinds = [one.kind for one in heard]
    assert kinds[:3] == [START, CLOCK, NOTE_ON]
    assert STOP in kinds
    # six pulses a 16th
    assert abs(kinds.count(CLOCK) / 6 - kinds.count(NOTE_ON)) < 1.2
    assert kinds.count(NOTE_ON) >= 14
    assert not hanging(heard)
