"""What stops and goes on: the deck, alone and where a shared clock leads."""

import pytest
from rigs import NumberedBars, Rig

from paradiddle.bars import Wishes
from paradiddle.deck import Deck
from paradiddle.live import LiveDrummer
from paradiddle.live_player import LivePlayer
from paradiddle.performance import view_of
from paradiddle.timed import Timed


class Leader:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def play(self) -> None:
        self.asked.append("play")

    def stop(self) -> None:
        self.asked.append("stop")

    def set_qpm(self, qpm: float) -> None:
        self.asked.append(qpm)

    def set_phase(self, position: float) -> None:
        self.asked.append(("phase", position))


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def deck(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Deck:
    """A deck whose player has no thread: the rig does its work."""
    drummer = LiveDrummer(NumberedBars(), rig.transport, Wishes())
    drummer.prepare()
    player = LivePlayer(rig.transport, [], now=rig.clock)
    monkeypatch.setattr(player, "_begin", lambda: None)
    return Deck(player, drummer)


def test_it_goes_on_from_the_bar_line_before_where_it_stopped(rig: Rig, deck: Deck) -> None:
    rig.start()
    rig.run(deck.band, 2.4)
    rig.stop()
    rig.heard.clear()
    with deck.change() as transport:
        deck.resume()
        assert transport.position == pytest.approx(8.0, abs=0.1)
    rig.run(deck.band, 1.05)
    assert rig.heard[0] == Timed(rig.heard[0].seconds, "continue", position=8.0)
    assert [hit.position for hit in rig.hits()[:4]] == [8.0, 9.0, 10.0, 11.0]
    assert deck.band.number == 4
    assert deck.band.late == 0


def test_stopped_as_a_bar_ends_it_goes_on_from_the_beginning_of_that_bar(
    rig: Rig, deck: Deck
) -> None:
    with deck.change() as transport:
        transport.set_bars(2)
    rig.start()
    rig.run(deck.band, 1.97)
    rig.stop()  # in the last 16th of all
    rig.heard.clear()
    deck.resume()
    rig.run(deck.band, 1.03)
    assert [hit.position for hit in rig.hits()] == [4.0, 5.0, 6.0, 7.0]
    assert rig.heard[-1].kind == "end"
    assert rig.heard[-1].position == 8.0


def test_a_deck_starts_stops_and_mutes(deck: Deck) -> None:
    assert deck.toggle() == ""
    assert deck.running
    deck.set_qpm(250)
    deck.mute(3, True)
    with deck.change() as transport:
        assert (transport.qpm, transport.muted) == (250, frozenset({3}))
    assert deck.toggle() == "stopped; space goes on"
    assert not deck.running


def test_a_deck_leaves_it_to_the_clock_it_follows(deck: Deck) -> None:
    deck.follows = True
    for running in (False, True):  # the clock starts it meanwhile
        assert deck.toggle() == "the clock it follows starts and stops"
        assert deck.running == running
        if not running:
            deck.start()
    deck.stop()
    assert view_of(deck, None, "", "", "").remark == "waiting for the clock to start"


def test_a_deck_asks_the_clock_that_is_shared(deck: Deck) -> None:
    deck.leader = leader = Leader()
    deck.toggle()
    deck.set_qpm(99)
    assert deck.player.transport.qpm == 99
    deck.start()
    assert deck.begin_bar()
    deck.toggle()
    assert leader.asked == ["play", 99, ("phase", 0), "stop"]
