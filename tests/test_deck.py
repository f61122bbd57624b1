"""What stops and goes on: the deck, alone and where a shared clock leads."""

from typing import Any

import pytest
from rigs import NumberedBars, Rig

from paradiddle.bars import Wishes
from paradiddle.deck import Deck
from paradiddle.live import LiveDrummer
from paradiddle.live_player import LivePlayer
from paradiddle.timed import Timed


class Leader:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

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
def deck(rig: Rig) -> Deck:
    drummer = LiveDrummer(NumberedBars(), rig.transport, Wishes())
    drummer.prepare()
    return Deck(LivePlayer(rig.transport, [], now=rig.clock), drummer)


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
    deck.player.close()


def test_space_stops_and_goes_on(deck: Deck) -> None:
    assert deck.toggle() == ""
    assert deck.running
    assert deck.toggle() == "stopped; space goes on"
    assert not deck.running
    deck.player.close()


def test_who_leads_is_asked_and_its_tempo_holds_at_once(deck: Deck) -> None:
    leader = deck.leader = Leader()
    deck.toggle()
    deck.set_qpm(97)
    assert deck.begin_bar()
    assert leader.asked == ["play", 97, ("phase", 0.0)]
    assert deck.player.transport.qpm == 97
