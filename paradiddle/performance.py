"""One performance: keys in, pictures out, until it is over."""

from collections.abc import Callable, Collection
from typing import Protocol

from paradiddle.deck import Deck
from paradiddle.live_screen import Screen, View
from paradiddle.pattern import Pattern
from paradiddle.terminal import Keys

__all__ = ["Hands", "perform", "view_of"]

_FRAME = 0.05  # seconds


class Hands(Protocol):
    """What keys do."""

    quits: bool

    def key(self, key: str) -> None:
        """Do what a key is for."""

    def turn(self) -> None:
        """Do what was asked for otherwise since the last time."""


def perform(
    deck: Deck,
    keys: Keys,
    screen: Screen,
    hands: Hands,
    view: Callable[[], View],
) -> None:
    """Run until it is asked to end, or the music is over.

    It ends, too, when its terminal has been closed. Whatever goes wrong in the threads of the
    player or the band is raised here.

    Parameters
    ----------
    deck : Deck
        Started, or about to be by a clock.
    keys : Keys
    screen : Screen
    hands : Hands
    view : callable
        What to show now.
    """
    while not (hands.quits or keys.gone or deck.player.finished):
        deck.player.wait(0)
        deck.band.check()
        screen.show(view())
        hands.turn()
        key = keys.read(_FRAME)
        if key is not None:
            hands.key(key)


def view_of(
    deck: Deck,
    pattern: Pattern | None,
    title: str,
    remark: str,
    keys: str,
    muted: Collection[int] = (),
) -> View:
    """Look at what sounds now.

    Parameters
    ----------
    deck : Deck
    pattern : Pattern, optional
        Of the bar that sounds.
    title, remark, keys : str
        As of `View`.
    muted : collection of int
        Voices that are silent.
    """
    with deck.change() as transport:
        place = transport.position % transport.quarters_per_bar if transport.running else None
        tempo = f"{transport.qpm:.0f} bpm"
    if deck.follows and place is None:
        remark = "waiting for the clock to start"
    return View(deck.band.number, pattern, place, muted, f"{tempo} · {title}", remark, keys)
