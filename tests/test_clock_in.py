import random
from contextlib import contextmanager
from typing import Any

import pytest

from paradiddle.clock_in import ClockFollower, PulseFit
from paradiddle.errors import PortError
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


def test_a_fit_evens_out_jitter_and_follows_a_drift() -> None:
    draws, fit, at, qpm = random.Random(1), PulseFit(), 0.0, 80.0
    errors = []
    for n in range(2_000):
        fit.add(at + draws.uniform(0, 0.00533))
        if n > 48:
            errors.append(abs(fit.seconds - at - 0.00267))
        qpm += 80 / 60 * 60 / qpm / 24
        at += 60 / qpm / 24
    assert sorted(errors)[int(0.99 * len(errors))] < 0.003
    assert fit.qpm == pytest.approx(qpm, rel=0.02)


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


def test_another_tempo_at_once() -> None:
    player, follower = led()
    follower.feed("start", 0.0)
    pulse(player, follower, 48, 120)
    pulse(player, follower, 48, 60)
    assert player.transport.qpm == pytest.approx(60, rel=0.01)
    assert player.transport.position == pytest.approx(4, abs=0.01)


def test_a_clock_that_ceases() -> None:
    player, follower = led()
    follower.feed("start", 0.0)
    pulse(player, follower, 24, 120)
    player.seconds += 0.5
    assert follower.check() == "playing"
    player.seconds += 1
    assert follower.check() == "lost"
    assert player.said == ["start", "stop"]


def test_no_clock_at_all() -> None:
    player, follower = led()

    def sleep(seconds: float) -> None:
        player.seconds += seconds

    with pytest.raises(PortError, match="no MIDI clock came in 3 s; let the other program send"):
        follower.wait(3, sleep=sleep)
    follower.feed("clock", player.seconds)
    follower.wait(3, sleep=sleep)
