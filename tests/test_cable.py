"""The server's port stays with the page that plays to it."""

from collections.abc import Iterator

import pytest
from jack import CONTINUE, POSITION, START, STOP
from plugged import Port
from rigs import Clock

from paradiddle.loop import Loop
from paradiddle.output import Output
from paradiddle.pattern import Pattern
from paradiddle.server.cable import Cable, Music

LEAD = 0.05


class Played:
    """A cable that plays two bars at 120 quarters per minute, by a clock that is moved by hand."""

    def __init__(self, port: Port | None = None, *, repeats: bool = True) -> None:
        self.clock = Clock()
        self.cable = Cable(Output(lambda: port or Port(), "fake"), now=self.clock)
        self.cable.play(Music(Loop.of(Pattern.empty(2), repeats=repeats), 120.0, 0.5))
        self.pass_by(1.0)

    @property
    def place(self) -> float:
        """Where the loop will be once the lead is over, in quarters."""
        with self.cable._player.change() as transport:
            return transport.place_in_loop(self.clock() + LEAD)

    def pass_by(self, seconds: float) -> None:
        """Let time pass, in parts that are no standstill."""
        for _ in range(round(seconds / 0.01)):
            self.clock.seconds += 0.01
            with self.cable._player.lock:
                self.cable._player._turn()

    def told(self, ahead: float) -> float:
        """Tell that the page is some seconds ahead; give how far the port went, in seconds."""
        before = self.place
        self.cable.follow((before + ahead * 2) % 8)
        return (self.place - before) / 2


@pytest.fixture
def played() -> Iterator[Played]:
    found = Played()
    yield found
    found.cable.close()


def test_what_is_told_once_may_have_come_late(played: Played) -> None:
    assert [played.told(ahead) for ahead in (-0.3, 0.3, -0.3)] == [0, 0, 0]


def test_jitter_is_left_alone(played: Played) -> None:
    assert [played.told(ahead) for ahead in (0.009, 0.02, -0.009, -0.02)] == [0, 0, 0, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_little_is_taken_up_bit_by_bit(played: Played, sign: int) -> None:
    played.told(0.02 * sign)
    assert played.told(0.02 * sign) == pytest.approx(0.005 * sign)
    assert played.told(0.015 * sign) == pytest.approx(0.005 * sign)
    assert played.told(0.009 * sign) == 0


@pytest.mark.parametrize("ahead", [0.4, -0.4, 1.5])
def test_what_is_far_away_is_made_up_for_at_once(played: Played, ahead: float) -> None:
    assert played.told(ahead) == 0
    assert played.told(ahead) == pytest.approx(ahead)
    assert played.told(0.0) == 0


def test_followers_of_its_clock_are_told_where_it_goes_on() -> None:
    port = Port()
    played = Played(port)
    played.cable.send_clock(True)
    for _ in range(2):
        played.told(1.3)
    played.pass_by(0.3)
    played.cable.close()
    kinds = [data for data in port.sent if data[0] in (POSITION, START, CONTINUE, STOP)]
    joined = [data[1] / 4 for data in kinds if data[0] == POSITION]
    assert [data[0] for data in kinds] == [POSITION, CONTINUE, STOP]
    assert joined == [pytest.approx(2 + 2.6 + 2 * LEAD, abs=0.3)]


def test_the_place_goes_round_with_the_loop(played: Played) -> None:
    played.pass_by(2.9)  # to 0.1 quarters before its end
    assert played.place == pytest.approx(7.8)
    for _ in range(2):
        played.cable.follow(0.2)
    assert played.place == pytest.approx(0.2)


def test_a_port_that_is_silent_follows_nobody(played: Played) -> None:
    played.cable.stop()
    for _ in range(2):
        played.cable.follow(3.0)
    assert not played.cable.state().playing


def test_what_plays_once_does_not_begin_again_with_a_page_that_is_at_its_end() -> None:
    played = Played(repeats=False)
    played.pass_by(2.7)
    for _ in range(2):
        played.cable.follow(8.1)
    played.pass_by(0.5)
    assert not played.cable.state().playing
    played.cable.close()
