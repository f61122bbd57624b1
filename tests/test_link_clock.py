import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plugged import until

from paradiddle.errors import InvalidValueError, MissingExtraError
from paradiddle.link_clock import LinkClock, join_link
from paradiddle.live_player import LivePlayer
from paradiddle.pattern import Pattern
from paradiddle.transport import Loop, Timed, Transport


class Session:
    """A Link session, with a clock that goes when told."""

    def __init__(self) -> None:
        self.seconds, self.tempo, self.shift = 0.0, 120.0, 0.0
        self.playing = self.enabled = self.start_stop_sync_enabled = False
        self.quantum, self.num_peers = 4.0, 1

    @property
    def beat(self) -> float:
        return self.seconds * self.tempo / 60 + self.shift

    def force_beat(self, beat: float) -> None:
        self.shift += beat - self.beat


class Player:
    def __init__(self, session: Session, heard: Callable[[Timed], None] | None = None) -> None:
        self.transport = Transport(lambda: session.seconds)
        self.transport.set_loop(Loop.of(Pattern.empty(1)))
        self.player = LivePlayer(self.transport, [], heard, now=lambda: session.seconds)
        self.change, self.stop = self.player.change, self.player.stop

    def start(self, *, at: float | None = None) -> None:
        self.transport.start(at)

    def continue_(self, *, at: float | None = None) -> None:
        self.transport.continue_(at)


@pytest.fixture
def linked() -> tuple[Session, Transport, LinkClock]:
    session = Session()
    player = Player(session)
    clock = LinkClock(player, session, now=lambda: session.seconds)
    return session, player.transport, clock


Linked = tuple[Session, Transport, LinkClock]


def test_a_start_waits_for_the_bar(linked: Linked) -> None:
    session, transport, clock = linked
    session.seconds = 0.6
    clock.play()
    assert session.playing
    assert transport.position_at(2) == pytest.approx(0)


def test_the_bars_of_all_are_those_of_the_music() -> None:
    session = Session()
    player = Player(session)
    player.transport.set_loop(Loop.of(Pattern.empty(1, quarters_per_bar=3.5)))
    clock = LinkClock(player, session, now=lambda: session.seconds)
    assert session.quantum == 3.5
    session.seconds = 1.0
    clock.play()
    assert player.transport.position_at(1.75) == pytest.approx(0)


def test_tempo_and_bars_are_followed(linked: Linked) -> None:
    session, transport, clock = linked
    clock.play()
    session.seconds = 3.0
    transport.due()
    session.tempo, session.shift = 90.0, 2.25
    for _ in range(5):
        session.seconds += 0.02
        transport.due()
        clock.turn()
    session.seconds += 1
    assert transport.qpm == 90
    assert transport.position % 4 == pytest.approx(session.beat % 4, abs=1e-6)


def test_a_bar_that_all_begin_now_is_begun_and_what_it_leaves_out_is_not_played() -> None:
    session = Session()
    player = Player(session)
    hits = np.zeros((16, 9), np.bool_)
    hits[:, 0] = True
    player.transport.set_loop(Loop.of(Pattern(hits, hits * 0.5, hits * 0.0)))
    clock = LinkClock(player, session, now=lambda: session.seconds)
    clock.play()
    player.transport.due()
    session.seconds = 1.26  # in the third beat
    player.transport.due()
    clock.set_phase(0.0)
    found = [one.position for one in player.transport.due() if one.kind == "hit"]
    assert found == [4.0]


@pytest.mark.parametrize("link_first", [True, False])
@pytest.mark.parametrize("qpm", [100.0, 120.0, 127.0])
def test_after_a_standstill_in_which_the_tempo_changed_it_plays_at_once(
    qpm: float, link_first: bool
) -> None:
    session, heard = Session(), list[float]()
    player = Player(session, lambda timed: heard.append(session.seconds))
    clock = LinkClock(player, session, now=lambda: session.seconds)

    def pass_by(seconds: float) -> None:
        for _ in range(round(seconds / 0.01)):
            session.seconds += 0.01
            player.player._turn()
            clock.turn()

    clock.play()
    pass_by(3.0)
    beat, session.tempo = session.beat, qpm
    session.force_beat(beat)
    session.seconds += 10.0
    heard.clear()
    if link_first:
        clock.turn()
    awake = session.seconds
    pass_by(15.0)
    assert np.diff([awake, *heard]).max() < 0.25  # pulses come every 25 ms


def test_a_reading_that_was_held_up_moves_nothing() -> None:
    class Slow(Session):
        held_up = 0.0

        @property
        def beat(self) -> float:
            beat = super().beat
            self.seconds += self.held_up
            self.held_up = 0.0
            return beat

    session = Slow()
    player = Player(session)
    clock = LinkClock(player, session, now=lambda: session.seconds)
    clock.play()
    for _ in range(300):
        session.seconds += 0.01
        player.transport.due()
        clock.turn()
    session.held_up = 0.3
    clock.turn()
    bar_line = player.transport.position % 4 - session.beat % 4
    assert bar_line == pytest.approx(0.0, abs=1e-6)


def test_a_start_that_waits_for_the_bar_comes_with_it_whatever_becomes_of_the_tempo(
    linked: Linked,
) -> None:
    session, transport, clock = linked
    session.tempo = 60.0
    session.seconds = 0.2
    clock.play()
    assert transport.position_at(4.0) == pytest.approx(0)
    beat = session.beat
    session.tempo = 240.0
    session.shift = beat - session.seconds * 4
    clock.turn()
    assert transport.position_at(0.2 + 3.8 / 4) == pytest.approx(0)
    session.seconds = 0.2 + 3.8 / 4
    assert [one.seconds for one in transport.due() if one.kind == "start"] == pytest.approx([1.15])
    session.seconds += 0.25
    clock.turn()
    assert transport.position == pytest.approx(1.0)


def test_a_tempo_that_changes_while_nothing_plays_is_known(linked: Linked) -> None:
    session, transport, clock = linked
    session.tempo = 90.0
    clock.turn()
    assert transport.qpm == 90


def test_what_is_heard_later_is_played_earlier() -> None:
    session = Session()
    player = Player(session)
    clock = LinkClock(player, session, latency=0.1, now=lambda: session.seconds)
    session.seconds = 0.6
    clock.play()
    assert player.transport.position_at(1.9) == pytest.approx(0)
    for session.seconds in np.arange(1.9, 2.5, 0.02):
        player.transport.due()
        clock.turn()
    assert player.transport.position_at(2.4) == pytest.approx(1.0)


def test_others_start_and_stop_us(linked: Linked) -> None:
    session, transport, clock = linked
    session.playing = True
    clock.turn()
    assert transport.running
    session.playing = False
    clock.turn()
    assert not transport.running
    clock.play()
    clock.stop()
    assert (session.playing, transport.running) == (False, False)


def test_we_and_the_others_start_it_once() -> None:
    session, inside = Session(), list[bool]()
    player = Player(session)
    begin = player.start

    def start(*, at: float | None = None) -> None:
        def other() -> None:
            inside.append(player.player.lock.acquire(blocking=False))  # type: ignore[call-arg]

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        begin(at=at)

    player.start = start  # type: ignore[method-assign]
    clock = LinkClock(player, session, now=lambda: session.seconds)
    clock.play()
    clock.turn()
    assert inside == [False]  # nobody else could start it meanwhile


def test_what_goes_wrong_is_told_once_and_it_is_followed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, notices = Session(), list[str]()
    player = Player(session)
    clock = LinkClock(player, session, notice=notices.append, now=lambda: session.seconds)
    broken, calls = threading.Event(), list[bool]()
    broken.set()
    turn = clock.turn

    def turned() -> None:
        calls.append(broken.is_set())
        if broken.is_set():
            raise RuntimeError("no network")
        turn()

    monkeypatch.setattr(clock, "turn", turned)
    clock.run()
    end = time.monotonic() + 60
    while len(calls) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    broken.clear()
    session.playing = True
    while not player.transport.running and time.monotonic() < end:
        time.sleep(0.01)
    clock.close()
    assert player.transport.running
    assert notices == ["cannot follow Ableton Link: RuntimeError: no network"]


def test_we_set_tempo_and_phase(linked: Linked) -> None:
    session, _, clock = linked
    clock.set_qpm(100)
    clock.set_phase(5.5)
    assert (session.tempo, session.beat) == (100, 1.5)
    with pytest.raises(InvalidValueError, match="qpm must be in"):
        clock.set_qpm(1)


def test_without_aalink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(MissingExtraError, match=r"paradiddle\[link\]"):
        join_link(120)


def test_two_in_a_real_session() -> None:
    pytest.importorskip("aalink", reason="aalink is not installed (the extra `link`)")
    ours, theirs = join_link(90), join_link(140)
    sessions: list[Any] = [ours, theirs]
    try:
        end = time.monotonic() + 5
        while not ours.num_peers and time.monotonic() < end:
            time.sleep(0.05)
        if not ours.num_peers:
            pytest.skip("Ableton Link finds nobody on this network")
        transport = Transport(time.perf_counter)
        with LivePlayer(transport, []) as player:
            clock = LinkClock(player, ours)
            clock.play()
            theirs.tempo = 150
            theirs.quantum = ours.quantum  # else whole beats are left between them

            def together() -> bool:
                clock.turn()
                apart = (transport.position - theirs.beat + 2) % 4 - 2
                return abs(transport.qpm - 150) < 0.01 and abs(apart) < 0.05

            until(together, "their tempo and place")
    finally:
        for session in sessions:
            session.enabled = False
