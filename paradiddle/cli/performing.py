"""What `paradiddle live` and `jam` share: options, and a performance from beginning to end."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.options import note
from paradiddle.cli.outputs import Playing, following, outputs

if TYPE_CHECKING:
    from paradiddle.band import Band
    from paradiddle.deck import Deck
    from paradiddle.live_screen import View
    from paradiddle.stage import Hands
    from paradiddle.transport import Transport

__all__ = [
    "LOOK_AHEAD",
    "Bpm",
    "CountIn",
    "Density",
    "Seed",
    "Stop",
    "Style",
    "Temperature",
    "listen",
    "perform",
]

Style = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|NAME:N,...",
        help="A style, or a blend such as funk:0.7,jazz:0.3; see paradiddle styles.",
    ),
]
Temperature = Annotated[
    float, typer.Option(help="0.1 keeps to the likeliest, 1 plays as learned, 10 is wildest.")
]
Density = Annotated[
    float | None,
    typer.Option(help="Hits a step to aim at; beats of recordings have about 1.2."),
]
Bpm = Annotated[
    float | None,
    typer.Option("--bpm", "--qpm", help="Tempo.", show_default="usual for the style"),
]
Seed = Annotated[
    int | None, typer.Option(help="Play this again; without it, something new every time.")
]
CountIn = Annotated[int, typer.Option(metavar="BARS", help="Click so many bars before.")]
Stop = Annotated[
    int | None, typer.Option("--stop-after", metavar="BARS", help="End after so many bars.")
]
LOOK_AHEAD = 0.03  # seconds; short, so that keys, fills and answers come soon


def perform(
    playing: Playing,
    transport: "Transport",
    band: "Band",
    hands: "Callable[[Deck, ExitStack], tuple[Hands, Callable[[], View]]]",
    count_in: int,
    stop_after: int | None,
) -> None:
    """Open everything, play until the end, and close everything, whatever happens.

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
    import sys

    from rich.console import Console

    from paradiddle import stage
    from paradiddle.deck import Deck
    from paradiddle.live_player import LivePlayer, stops_on_signals
    from paradiddle.live_screen import Screen
    from paradiddle.terminal import Keys, descriptor_of

    with ExitStack() as opened:
        opened.enter_context(stops_on_signals())
        sinks = opened.enter_context(outputs(playing))
        player = opened.enter_context(LivePlayer(transport, sinks, band.hear))
        deck = Deck(player, band, follows=playing.clock == "in")
        moves, view = hands(deck, opened)
        opened.enter_context(band.work(player.lock))
        deck.leader = opened.enter_context(following(playing, deck, transport.qpm))
        if deck.leader is not None:
            deck.leader.play()
        elif not deck.follows:
            deck.start(count_in_bars=count_in)
        screen = opened.enter_context(Screen(Console()))
        keys = opened.enter_context(Keys(descriptor_of(sys.stdin)))
        stage.perform(deck, keys, screen, moves, view, stop_after)
    if band.late:
        note(f"{band.late} bars were not ready in time and repeated the one before")


def listen(stack: ExitStack, name: str | None, heard: Callable[[Any], None]) -> None:
    """Take messages from a port, by default one of our own, until the end."""
    from paradiddle.ports import open_input

    port = stack.enter_context(open_input(name, virtual="paradiddle in" if name is None else None))
    port.listen(heard)
    stack.callback(port.listen, None)
    note(f"listening to MIDI port {port.name}")
