"""`paradiddle jam`: a drummer that listens and answers."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.leading import latency_of
from paradiddle.cli.options import unpacks
from paradiddle.cli.outputs import Playing
from paradiddle.cli.performing import LOOK_AHEAD, Wanted, check_listening, listen, perform
from paradiddle.kit_maps import KIT_MAPS
from paradiddle.stopping import stops_on_signals

if TYPE_CHECKING:
    from paradiddle.deck import Deck
    from paradiddle.jam import Jam, Way
    from paradiddle.live_screen import View
    from paradiddle.performance import Hands

__all__ = ["jam"]

_LONGEST_LATENCY = 1000  # milliseconds


@unpacks(Playing)
@unpacks(Wanted)
def jam(
    playing: Playing,
    wanted: Wanted,
    in_: Annotated[
        str | None,
        typer.Option(
            "--in", metavar="PORT", help="Listen to this MIDI port.", show_default="one of our own"
        ),
    ] = None,
    in_map: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.json",
            help=f"Pitches that come in: {', '.join(KIT_MAPS)}, or a file with one a voice.",
        ),
    ] = "gm",
    bars: Annotated[int, typer.Option(help="Length of a call, and of the answer.")] = 2,
    complement: Annotated[
        bool, typer.Option("--complement", help="Play along on the voices that you leave out.")
    ] = False,
    accompany: Annotated[
        bool, typer.Option("--accompany", help="Play the rhythm that you tap on the whole kit.")
    ] = False,
    latency: Annotated[
        float, typer.Option(metavar="MS", help="How long your strokes take to arrive.")
    ] = 0.0,
    click: Annotated[bool, typer.Option(help="Click while nothing is played.")] = True,
    model: Annotated[
        Path | None, typer.Option(help="A model file.", show_default="the one that comes along")
    ] = None,
    count_in: Annotated[
        int | None,
        typer.Option(
            metavar="BARS",
            help="Click so many bars before.",
            show_default="1, and none with --clock in or link",
        ),
    ] = None,
) -> None:
    """Play together: you drum some bars, it answers, in time and in your dynamics."""
    way = _way(complement, accompany)
    clicks = int(playing.clock not in ("in", "link")) if count_in is None else count_in
    _check(playing, wanted, bars, latency, clicks)
    with stops_on_signals():
        band = _band(wanted, model, in_map, way, bars, latency / 1000, click)
        check_listening(in_)
        _perform(playing, band, in_, clicks, wanted.stop_after)


def _perform(
    playing: Playing, band: "Jam", in_: str | None, count_in: int, stop_after: int | None
) -> None:
    """Play, and listen to a port."""

    def hands(deck: "Deck", stack: ExitStack) -> "tuple[Hands, Callable[[], View]]":
        band.listener.lock = deck.player.lock
        # strokes go by what is heard
        band.listener.latency += latency_of(playing, deck.player.latency)
        listen(stack, in_, band.listener.hear)
        fewer = _JamKeys(deck)
        return fewer, lambda: _jam_view(deck, band, fewer)

    perform(playing, band.transport, band, hands, count_in, stop_after)


def _check(playing: Playing, wanted: Wanted, bars: int, latency: float, count_in: int) -> None:
    """Refuse options that cannot be, before anything is loaded or opened."""
    from paradiddle.errors import InvalidValueError
    from paradiddle.jam import check_bars

    playing.check()
    playing.check_count_in(count_in)
    wanted.check()
    check_bars(bars)
    if not 0 <= latency <= _LONGEST_LATENCY:
        raise InvalidValueError(
            f"--latency must be in [0, {_LONGEST_LATENCY}] ms, got {latency:g}; 10 is usual"
        )


def _band(
    wanted: Wanted,
    model: Path | None,
    in_map: str,
    way: "Way",
    bars: int,
    latency: float,
    click: bool,
) -> "Jam":
    """Make who answers, ready to play."""
    from paradiddle.answers import Answers
    from paradiddle.bars import Wishes
    from paradiddle.jam import Jam
    from paradiddle.listening import Listener, voices_of_kit
    from paradiddle.machine import Machine
    from paradiddle.style_weights import parse_style
    from paradiddle.transport import Transport

    machine, style = Machine.load(model), parse_style(wanted.style)
    transport = Transport(time.perf_counter, wanted.qpm(machine.usual_qpm(style)), LOOK_AHEAD)
    listener = Listener(
        transport,
        voices_of_kit(in_map),
        other=1 if way == "accompany" else None,
        latency=latency,
    )
    answers = Answers(machine, Wishes(style, wanted.temperature, wanted.density), wanted.seed)
    band = Jam(answers, listener, transport, way, bars, click=click)
    band.prepare()
    return band


def _way(complement: bool, accompany: bool) -> "Way":
    """Choose how to play together."""
    from paradiddle.errors import InvalidValueError

    if complement and accompany:
        raise InvalidValueError("--complement and --accompany exclude each other; leave one out")
    return "complement" if complement else "accompany" if accompany else "continue"


class _JamKeys:
    """Space stops and goes on, q ends."""

    def __init__(self, deck: "Deck") -> None:
        self._deck, self.quits, self.remark = deck, False, ""

    def turn(self) -> None:
        """Nothing but keys is listened to."""

    def key(self, key: str) -> None:
        if key == "q":
            self.quits = True
        elif key == " ":
            self.remark = self._deck.toggle()


def _jam_view(deck: "Deck", band: "Jam", keys: _JamKeys) -> "View":
    from paradiddle.performance import view_of

    answers = band.answers_now
    heard = band.listener.bar(max(0, band.number - 1))
    pattern = band.playing.pattern if answers and band.playing else heard
    title = "answering" if answers else "listening"
    return view_of(deck, pattern, title, keys.remark, "space stop · q quit")
