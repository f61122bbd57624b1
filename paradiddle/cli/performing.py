"""What `paradiddle live` and `jam` share: options, and a performance from beginning to end."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.leading import following, listening
from paradiddle.cli.options import note
from paradiddle.cli.outputs import Playing, outputs

if TYPE_CHECKING:
    from paradiddle.band import Band
    from paradiddle.deck import Deck
    from paradiddle.live_screen import Screen, View
    from paradiddle.performance import Hands
    from paradiddle.terminal import Keys
    from paradiddle.transport import Transport

__all__ = ["LOOK_AHEAD", "Wanted", "check_listening", "listen", "perform"]

LOOK_AHEAD = 0.03  # seconds; short, so that keys, fills and answers come soon
_HUNG_UP = 129  # exit code, as of SIGHUP


@dataclass(frozen=True)
class Wanted:
    """How to play, as typed."""

    style: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|NAME:N,...",
            help="A style, or a blend such as funk:0.7,jazz:0.3; see paradiddle styles.",
        ),
    ] = None
    temperature: Annotated[
        float, typer.Option(help="0.1 keeps to the likeliest, 1 plays as learned, 10 is wildest.")
    ] = 1.0
    density: Annotated[
        float | None,
        typer.Option(help="Hits a step to aim at; beats of recordings have about 1.2."),
    ] = None
    bpm: Annotated[
        float | None,
        typer.Option("--bpm", "--qpm", help="Tempo.", show_default="usual for the style"),
    ] = None
    stop_after: Annotated[
        int | None, typer.Option(metavar="BARS", help="End after so many bars.")
    ] = None
    seed: Annotated[
        int | None, typer.Option(help="Play this again; without it, something new every time.")
    ] = None

    def check(self) -> None:
        """Raise unless the numbers can be used, before anything is loaded or opened.

        Raises
        ------
        InvalidValueError
            Naming the one that cannot.
        """
        from paradiddle.checks import check_at_least, check_seed
        from paradiddle.pattern_questions import check_density, check_temperature
        from paradiddle.timing import check_live_qpm

        check_temperature(self.temperature)
        if self.density is not None:
            check_density(self.density)
        check_seed(self.seed)
        if self.bpm is not None:
            check_live_qpm("--bpm", self.bpm)
        if self.stop_after is not None:
            check_at_least("--stop-after", self.stop_after, 1, "leave it out to play on and on")

    def qpm(self, usual: float) -> float:
        """Choose the tempo.

        Raises
        ------
        InvalidValueError
            If the usual one is no speed to play live at.
        """
        from paradiddle.timing import check_live_qpm

        if self.bpm is not None:
            return self.bpm
        return check_live_qpm("qpm", usual, "add --bpm 120")


def perform(
    playing: Playing,
    transport: "Transport",
    band: "Band",
    hands: "Callable[[Deck, ExitStack], tuple[Hands, Callable[[], View]]]",
    count_in: int,
    stop_after: int | None,
) -> None:
    """Open everything, play until the end, and close everything, whatever happens.

    For use within `paradiddle.stopping.stops_on_signals`.

    Parameters
    ----------
    playing : Playing
    transport : Transport
    band : Band
        Prepared.
    hands : callable
        Makes what keys do, and what is shown; may open ports that close in the end.
    count_in : int
        Bars of clicks.
    stop_after : int, optional
        Bars to play.
    """
    from paradiddle.deck import Deck
    from paradiddle.live_player import LivePlayer
    from paradiddle.stopping import suspended_in

    with ExitStack() as opened:
        sinks = opened.enter_context(outputs(playing))
        player = opened.enter_context(LivePlayer(transport, sinks, band.hear))
        opened.enter_context(suspended_in(player.silent))
        player.tell = note
        deck = Deck(player, band, follows=playing.clock == "in")
        moves, view = hands(deck, opened)
        opened.enter_context(band.work(player.lock))
        screen, keys = opened.enter_context(_terminal())
        opened.enter_context(_ends(keys))
        transport.set_bars(stop_after)
        _Scene(deck, keys, screen, moves, view).play(playing, count_in)
    if band.late:
        bars = "1 bar was" if band.late == 1 else f"{band.late} bars were"
        note(f"{bars} not ready in time and repeated the one before")


class _LeftError(Exception):
    """It was asked to end before it began."""


@dataclass(frozen=True)
class _Scene:
    """All that plays, and who looks on."""

    deck: "Deck"
    keys: "Keys"
    screen: "Screen"
    hands: "Hands"
    view: "Callable[[], View]"

    def play(self, playing: Playing, count_in: int) -> None:
        """Play until it is asked to end; then be silent before anything else is closed."""
        from paradiddle import performance

        deck, transport = self.deck, self.deck.player.transport
        with ExitStack() as opened:
            quarters = transport.quarters_per_bar
            led = following(
                playing,
                deck,
                transport.qpm,
                quarters,
                latency=deck.player.latency,
                sleep=self._wait,
            )
            deck.leader = opened.enter_context(led)
            opened.callback(deck.player.stop)
            if deck.leader is not None:
                deck.leader.play()
            elif not deck.follows:
                deck.start(count_in_bars=count_in)
            performance.perform(deck, self.keys, self.screen, self.hands, self.view)

    def _wait(self, seconds: float) -> None:
        """Wait for a clock, and do what keys are for; raise what went wrong in the threads."""
        self.deck.player.wait(0)
        self.deck.band.check()
        self.screen.show(self.view())
        self.hands.turn()
        key = self.keys.read(seconds)
        if key is not None:
            self.hands.key(key)
        if self.hands.quits or self.keys.gone:
            raise _LeftError


@contextmanager
def _terminal() -> "Iterator[tuple[Screen, Keys]]":
    """Take the terminal, and give it back."""
    from rich.console import Console

    from paradiddle.live_screen import Screen
    from paradiddle.terminal import Keys, descriptor_of

    with Screen(Console()) as screen, Keys(descriptor_of(sys.stdin)) as keys:
        yield screen, keys


@contextmanager
def _ends(keys: "Keys") -> Iterator[None]:
    """Let music end that is left before it begins, or whose terminal is closed."""
    try:
        yield
    except _LeftError:
        pass
    except (OSError, SystemExit):
        if keys.are_there:
            keys.read(0)  # finds out
        if not keys.gone:
            raise
    if keys.gone:
        _write_nowhere()
        raise SystemExit(_HUNG_UP)


def _write_nowhere() -> None:
    """Turn away from a terminal that is closed: to write there, even to leave it, would fail."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        if stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor):
            os.dup2(nowhere, descriptor)


def check_listening(name: str | None) -> None:
    """Raise unless there is such a port, before ports of our own are among those it lists."""
    from paradiddle.ports import check_input

    if name is not None:
        check_input(name)


def listen(stack: ExitStack, name: str | None, heard: Callable[[Any], None]) -> None:
    """Take messages from a port, by default one of our own, until the end."""
    port = stack.enter_context(listening(name, "paradiddle in", heard))
    note(f"listening to MIDI port {port.name}")
