"""`paradiddle live`: an endless drummer that follows keys and controllers."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from paradiddle.cli.options import unpacks
from paradiddle.cli.outputs import Playing
from paradiddle.cli.performing import (
    LOOK_AHEAD,
    Bpm,
    CountIn,
    Density,
    Seed,
    Stop,
    Style,
    Temperature,
    listen,
    perform,
)
from paradiddle.cli.pieces import read_piece

if TYPE_CHECKING:
    from paradiddle.bars import BarSource, Wishes
    from paradiddle.deck import Deck
    from paradiddle.live import LiveDrummer
    from paradiddle.live_screen import View
    from paradiddle.stage import Hands

__all__ = ["live"]


@unpacks(Playing)
def live(
    playing: Playing,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Play on after this pattern: .mid, or .json.", show_default=False
        ),
    ] = None,
    style: Style = None,
    temperature: Temperature = 1.0,
    density: Density = None,
    bpm: Bpm = None,
    swing: Annotated[float, typer.Option(help="0.5 is straight, 0.66 a triplet feel.")] = 0.5,
    model: Annotated[
        str,
        typer.Option(
            metavar="machine|drummer|FILE",
            help="Who plays: the drum machine, the LSTM drummer, or a model file of either.",
        ),
    ] = "machine",
    control: Annotated[
        str | None,
        typer.Option(
            metavar="PORT",
            help="Take MIDI controllers from here: 20 style, 21 temperature, 22 density, 23 bpm,"
            " 24 fill, 25 new, 26 stop, 102-110 mute.",
        ),
    ] = None,
    count_in: CountIn = 0,
    stop_after: Stop = None,
    seed: Seed = None,
) -> None:
    """Drum without end, and follow your keys and controllers."""
    from paradiddle.bars import Wishes
    from paradiddle.controls import KEY_HELP, Controls
    from paradiddle.live import LiveDrummer
    from paradiddle.style_weights import parse_style
    from paradiddle.transport import Transport

    chosen = _source(model, file, seed, parse_style(style), density)
    wishes = Wishes(parse_style(style), temperature, density)
    transport = Transport(time.perf_counter, bpm or chosen.qpm, LOOK_AHEAD)
    transport.set_swing(swing)
    drummer = LiveDrummer(chosen.source, transport, wishes)
    drummer.prepare()

    def hands(deck: "Deck", stack: ExitStack) -> "tuple[Hands, Callable[[], View]]":
        controls = Controls(drummer, deck, chosen.styles)
        if control is not None:
            listen(stack, control, _to_controllers(controls))
        return controls, lambda: _live_view(deck, drummer, controls, KEY_HELP)

    perform(playing, transport, drummer, hands, count_in, stop_after)


class _Chosen(NamedTuple):
    """Who plays."""

    source: "BarSource"
    styles: tuple[str, ...]
    qpm: float


def _source(
    model: str, file: Path | None, seed: int | None, style: Any, density: float | None
) -> _Chosen:
    """Load who is to play."""
    from paradiddle.drummer_bars import DrummerBars
    from paradiddle.errors import InvalidValueError
    from paradiddle.machine import Machine
    from paradiddle.machine_bars import MachineBars

    player = _model(model)
    if isinstance(player, Machine):
        start = None if file is None else read_piece(file, None)
        qpm = player.usual_qpm(style) if start is None else start.qpm
        return _Chosen(MachineBars(player, seed, start), player.styles, qpm)
    for name, value in (("FILE", file), ("--style", style), ("--density", density)):
        if value is not None:
            raise InvalidValueError(
                f"{name} {value} means nothing to the LSTM drummer; leave it out, or play with"
                " --model machine"
            )
    return _Chosen(DrummerBars(player, seed), (), player.qpm)


def _model(name: str) -> Any:
    """Load a model by its kind or its file."""
    from paradiddle.drummer import Drummer
    from paradiddle.errors import ModelError
    from paradiddle.machine import Machine

    if name == "machine":
        return Machine.load()
    if name == "drummer":
        return Drummer.load()
    try:
        return Machine.load(name)
    except ModelError as error:
        try:
            return Drummer.load(name)
        except ModelError:
            raise error from None


def _to_controllers(controls: Any) -> Callable[[Any], None]:
    """Pass on what MIDI controllers say."""

    def heard(message: Any) -> None:
        if message.type == "control_change":
            controls.controller(message.control, message.value)

    return heard


def _live_view(deck: "Deck", drummer: "LiveDrummer", controls: Any, keys: str) -> "View":
    from paradiddle.stage import view_of

    bar = drummer.playing
    wishes = drummer.wishes
    density = "as it comes" if wishes.density is None else f"{wishes.density:g}"
    title = f"{_style_name(wishes)}temperature {wishes.temperature:g} · density {density}"
    pattern = bar.pattern if bar else None
    return view_of(deck, pattern, title, controls.remark, keys, controls.muted)


def _style_name(wishes: "Wishes") -> str:
    if wishes.style is None:
        return ""
    if isinstance(wishes.style, str):
        return f"{wishes.style} · "
    return ",".join(f"{name}:{share:g}" for name, share in wishes.style.items()) + " · "
