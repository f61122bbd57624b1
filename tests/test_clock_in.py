import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import mido
import numpy as np
import pytest

from paradiddle.clock_in import ClockFollower
from paradiddle.errors import PortError
from paradiddle.live_player import LivePlayer
from paradiddle.pattern import Pattern
from paradiddle.transport import Loop, Transport


class Player:
    """What is led, without threads; time goes on when told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.transport = Transport(lambda: self.seconds)
        self.transport.set_loop(Loop.of(Pattern.empty(1)))
        self.said: list[str] = []

    def start(self, *, at: float | None = None) -> None:
        self.said.append("start")
        self.transport.start(at)

    def continue_(self, *, at: float | None = None) -> None:
        self.said.append("continue")
        self.transport.continue_(at)

    def stop(self) -> None:
        self.said.append("stop")
        self.transport.stop()

    @contextmanager
    def change(self) -> Any:
        yield self.transport


def led() -> tuple[Player, ClockFollower]:
    player = Player()
    return player, ClockFollower(player, now=lambda: player.seconds)


def pulse(player: Player, follower: ClockFollower, count: int, qpm: float) -> None:
    for _ in range(count):
        player.transport.due()
        follower.feed("clock", player.seconds)
        player.seconds += 60 / qpm / 24


@pytest.mark.parametrize("qpm", [140, 180])
@pytest.mark.parametrize("block", [0.046, 0.093])
def test_a_clock_that_comes_in_bunches_moves_no_hit(block: float, qpm: float) -> None:
    hits = np.zeros((16, 9), np.bool_)
    hits[:, 0] = True
    player, follower = led()
    player.transport.set_loop(Loop.of(Pattern(hits, hits * 0.5, hits * 0.0)))
    each, found = 60 / qpm / 24, list[float]()
    for count in range(24 * 40):
        if count == 96:
            follower.feed("start", player.seconds)
        came = math.ceil(count * each / block) * block  # with the end of a block
        while player.seconds < came:
            player.seconds += 0.002
            found += [one.position for one in player.transport.due() if one.kind == "hit"]
        follower.feed("clock", came)
    assert found == [index / 4 for index in range(len(found))]
    assert len(found) >= 4 * 35


@pytest.mark.parametrize("before", [80, 120, 160])
@pytest.mark.parametrize("gap", [0.3, 1.0, 1.5, 2.0, 8.0, 30.5])
def test_a_start_sets_in_with_its_first_pulse_whatever_the_gap(gap: float, before: float) -> None:
    player, follower = led()
    pulse(player, follower, 96, before)
    player.seconds += (gap - 1) * 60 / before / 24
    follower.feed("start", player.seconds - 1e-3)
    begin = player.seconds
    pulse(player, follower, 12, 120)
    pulse(player, follower, 84, 120)
    assert player.transport.position_at(begin + 2) == pytest.approx(4, abs=0.004)


def test_what_was_counted_before_a_start_is_not_taken_back_after_it() -> None:
    player, follower = led()
    pulse(player, follower, 60, 120)
    player.seconds += 60 / 120 / 24  # one is lost
    pulse(player, follower, 60, 120)
    follower.feed("start", player.seconds - 1e-3)
    begin = player.seconds
    pulse(player, follower, 60, 120)
    player.seconds += 60 / 120 / 24
    pulse(player, follower, 60, 120)
    assert player.transport.position_at(begin + 2.5) == pytest.approx(5, abs=0.004)


def test_a_start_after_a_gap_is_no_burst() -> None:
    player, follower = led()
    player.transport.set_loop(Loop.of(beat()))
    hits: list[float] = []

    def send(count: int) -> None:
        for _ in range(count):
            follower.feed("clock", player.seconds)
            until = player.seconds + 60 / 120 / 24
            while player.seconds < until:
                hits.extend(one.seconds for one in player.transport.due() if one.kind == "hit")
                player.seconds = min(until, player.seconds + 0.002)

    send(96)
    player.seconds += 0.3
    follower.feed("start", player.seconds - 1e-3)
    begin = player.seconds
    send(96)
    assert hits == pytest.approx([begin + 0.125 * n for n in range(len(hits))], abs=0.001)
    assert len(hits) == 17


@pytest.mark.parametrize(("before", "after"), [(170.0, 60.0), (140.0, 70.0), (60.0, 180.0)])
def test_a_start_in_another_tempo_is_soon_in_time(before: float, after: float) -> None:
    player, follower = led()
    player.transport.set_loop(Loop.of(beat()))
    pulse(player, follower, 48, before)
    player.seconds += 1.0
    follower.feed("start", player.seconds)
    begin, hits = player.seconds, list[float]()
    for _ in range(48):
        follower.feed("clock", player.seconds)
        until = player.seconds + 60 / after / 24
        while player.seconds < until:
            hits += [one.seconds for one in player.transport.due() if one.kind == "hit"]
            player.seconds = min(until, player.seconds + 0.002)
    right = [begin + 15 / after * n for n in range(len(hits))]
    assert len(hits) >= 8
    assert hits[2:] == pytest.approx(right[2:], abs=0.005)


def beat() -> Pattern:
    hits = np.zeros((16, 9), np.bool_)
    hits[:, 0] = True
    return Pattern(hits, hits * np.float32(0.7), hits * np.float32(0))


def test_waiting_then_ready_then_playing_then_stopped() -> None:
    player, follower = led()
    assert (follower.state, follower.qpm) == ("waiting", None)
    pulse(player, follower, 24, 90)
    assert follower.state == "ready"
    assert follower.qpm == pytest.approx(90)
    follower.feed("start", player.seconds)
    pulse(player, follower, 48, 90)
    assert follower.state == "playing"
    assert player.transport.qpm == pytest.approx(90)
    # 48 pulses: the last was two quarters less one pulse after the first
    assert player.transport.position == pytest.approx(2, abs=1e-3)
    follower.feed("stop", player.seconds)
    assert follower.state == "ready"
    assert player.said == ["start", "stop"]


def test_a_start_without_pulses_before_it() -> None:
    player, follower = led()
    follower.feed("start", 0.0)
    pulse(player, follower, 96, 150)
    assert player.transport.position == pytest.approx(4, abs=1e-3)


def test_song_position_and_continue() -> None:
    player, follower = led()
    pulse(player, follower, 24, 120)
    follower.feed("songpos", player.seconds, 6.5)
    follower.feed("continue", player.seconds)
    pulse(player, follower, 24, 120)
    assert player.transport.position == pytest.approx(7.5, abs=1e-3)
    follower.feed("stop", player.seconds)
    follower.feed("continue", player.seconds)
    pulse(player, follower, 12, 120)
    assert player.transport.position == pytest.approx(8.0, abs=0.3)
    assert player.said == ["continue", "stop", "continue"]


def test_continue_goes_on_with_the_pulse_that_the_sender_stopped_before() -> None:
    player, follower = led()
    pulse(player, follower, 24, 120)
    follower.feed("start", player.seconds)
    pulse(player, follower, 27, 120)
    follower.feed("stop", player.seconds)
    pulse(player, follower, 24, 120)  # the clock of many senders runs on
    follower.feed("continue", player.seconds)
    pulse(player, follower, 21, 120)
    assert player.transport.position == pytest.approx(48 / 24, abs=1e-3)
    follower.feed("continue", player.seconds)  # means nothing while it plays
    follower.feed("songpos", player.seconds, 16.0)
    pulse(player, follower, 24, 120)
    assert player.transport.position == pytest.approx(72 / 24, abs=1e-3)
    assert player.said == ["start", "stop", "continue"]


def test_a_stop_takes_back_a_start_that_has_yet_to_come() -> None:
    player, follower = led()
    follower.feed("start", 0.0)
    follower.feed("stop", 0.0)
    pulse(player, follower, 24, 120)
    assert follower.state == "ready"
    assert player.said == []


def test_one_pulse_that_is_lost_or_comes_twice_moves_no_music() -> None:
    player, follower = led()
    follower.feed("start", 0.0)
    pulse(player, follower, 96, 120)
    player.seconds += 60 / 120 / 24  # lost
    pulse(player, follower, 47, 120)
    follower.feed("clock", player.seconds - 60 / 120 / 24)  # twice
    pulse(player, follower, 48, 120)
    assert player.transport.position == pytest.approx(8, abs=1e-3)


def test_the_music_is_early_by_the_latency() -> None:
    player = Player()
    follower = ClockFollower(player, 0.02, now=lambda: player.seconds)
    follower.feed("start", 0.0)
    pulse(player, follower, 96, 120)
    assert player.transport.position == pytest.approx(4 + 0.04, abs=1e-3)


def test_another_tempo_at_once() -> None:
    player, follower = led()
    follower.feed("start", 0.0)
    pulse(player, follower, 48, 120)
    pulse(player, follower, 48, 60)
    assert player.transport.qpm == pytest.approx(60, rel=0.01)
    assert player.transport.position == pytest.approx(4, abs=0.01)


def test_a_clock_that_ceases_and_comes_back() -> None:
    player, notices = Player(), list[str]()
    follower = ClockFollower(player, notice=notices.append, now=lambda: player.seconds)
    follower.feed("start", 0.0)
    pulse(player, follower, 30, 120)
    player.seconds += 0.5
    assert follower.check() == "playing"
    player.seconds += 1
    assert follower.check() == follower.check() == "lost"
    assert player.said == ["start", "stop"]
    pulse(player, follower, 18, 90)
    assert follower.state == "playing"
    assert player.said == ["start", "stop", "continue"]
    assert player.transport.qpm == pytest.approx(90, rel=0.01)
    assert player.transport.position == pytest.approx(2, abs=1e-3)
    assert notices == [
        "the MIDI clock is gone; the music goes on when it is back",
        "the MIDI clock is back",
    ]


def test_a_clock_that_ceases_while_nothing_plays_is_not_worth_a_word() -> None:
    player, notices = Player(), list[str]()
    follower = ClockFollower(player, notice=notices.append, now=lambda: player.seconds)
    pulse(player, follower, 30, 120)
    player.seconds += 2
    assert follower.check() == "lost"
    pulse(player, follower, 30, 120)
    assert (follower.state, player.said, notices) == ("ready", [], [])


def test_a_message_waits_for_nobody() -> None:
    """While the player is at work the driver's thread goes on."""
    with (
        LivePlayer(Transport(time.perf_counter), []) as player,
        ClockFollower(player) as follower,
        ThreadPoolExecutor() as driver,
    ):
        follower.listen(mido.Message("start"))
        with player.lock:
            for _ in range(5):
                driver.submit(follower.listen, mido.Message("clock")).result(timeout=60)
                time.sleep(0.01)
            assert not player.transport.running
        until = time.monotonic() + 60
        while not (player.transport.running and follower.state == "playing"):
            assert time.monotonic() < until
            follower.listen(mido.Message("clock"))  # or it would be lost meanwhile
            time.sleep(0.01)


def test_what_goes_wrong_in_the_thread_silences_the_music_and_is_said() -> None:
    player, notices = Player(), list[str]()

    def start(*, at: float | None = None) -> None:
        raise PortError("no port")

    player.start = start  # type: ignore[method-assign]
    with ClockFollower(player, notice=notices.append) as follower:
        follower.listen(mido.Message("start"))
        follower.listen(mido.Message("clock"))
        until = time.monotonic() + 60
        while not notices and time.monotonic() < until:
            time.sleep(0.01)
    assert notices == ["the MIDI clock is followed no more: no port"]
    assert player.said == ["stop"]


def test_who_waits_for_a_clock_learns_that_its_thread_has_failed() -> None:
    follower = ClockFollower(Player())

    def broken(kind: str, seconds: float, position: float) -> None:
        raise PortError("no port")

    follower.feed = broken  # type: ignore[method-assign, assignment]
    with follower:
        follower.listen(mido.Message("clock"))
        with pytest.raises(PortError, match="the MIDI clock cannot be followed: no port"):
            follower.wait(60)
        follower.feed = lambda *_: pytest.fail("it came")  # type: ignore[method-assign, assignment]
        follower.listen(mido.Message("clock"))
        follower.turn()


def test_without_a_thread_messages_are_worked_on_at_once() -> None:
    player, follower = led()
    for message in (
        mido.Message("songpos", pos=26),
        mido.Message("continue"),
        mido.Message("note_on"),
        mido.Message("clock"),
    ):
        follower.listen(message)
    assert follower.state == "playing"
    assert player.transport.position == pytest.approx(6.5)


def test_no_clock_at_all() -> None:
    player, follower = led()

    def sleep(seconds: float) -> None:
        player.seconds += seconds

    with pytest.raises(PortError, match="no MIDI clock came in 3 s; let the other program send"):
        follower.wait(3, sleep=sleep)
    follower.feed("clock", player.seconds)
    follower.wait(3, sleep=sleep)
