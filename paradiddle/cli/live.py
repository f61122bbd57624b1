"""`paradiddle live`: an endless drummer that follows keys and controllers."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from paradiddle.cli.options import unpacks
from paradiddle.cli.outputs import Playing
from paradiddle.cli.performing import LOOK_AHEAD, Wanted, check_listening, listen, perform
from paradiddle.cli.pieces import read_piece
from paradiddle.stopping import stops_on_signals

if TYPE_CHECKING:
    from paradiddle.bars import BarSource, Wishes
    from paradiddle.deck import Deck
    from paradiddle.live import LiveDrummer
    from paradiddle.live_screen import View
    from paradiddle.performance import Hands

__all__ = ["live"]


@unpacks(Playing)
@unpacks(Wanted)
def live(
    playing: Playing,
    wanted: Wanted,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Play on after this pattern: .mid, or .json.", show_default=False
        ),
    ] = None,
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
            " 24 fill, 25 new, 26 stop, 27 bar, 102-110 mute.",
        ),
    ] = None,
    count_in: Annotated[int, typer.Option(metavar="BARS", help="Click so many bars before.")] = 0,
) -> None:
    """Drum without end, and follow your keys and controllers."""
    from paradiddle.controls import KEY_HELP, LINK_HELP, Controls
    from paradiddle.loop import check_swing

    playing.check()
    playing.check_count_in(count_in)
    wanted.check()
    check_swing(swing)
    drummer, styles = _drummer(wanted, model, file, swing)
    keys = KEY_HELP + LINK_HELP if playing.clock == "link" else KEY_HELP

    def hands(deck: "Deck", stack: ExitStack) -> "tuple[Hands, Callable[[], View]]":
        controls = Controls(drummer, deck, styles)
        if control is not None:
            listen(stack, control, controls.hear)
        return controls, lambda: _live_view(deck, drummer, controls, keys)

    with stops_on_signals():
        check_listening(control)
        perform(playing, drummer.transport, drummer, hands, count_in, wanted.stop_after)


def _drummer(
    wanted: Wanted, model: str, file: Path | None, swing: float
) -> "tuple[LiveDrummer, tuple[str, ...]]":
    """Make who plays, ready to, and list the styles there are to choose from."""
    from paradiddle.bars import Wishes
    from paradiddle.live import LiveDrummer
    from paradiddle.style_weights import parse_style
    from paradiddle.transport import Transport

    style = parse_style(wanted.style)
    chosen = _source(wanted, style, model, file, swing)
    transport = Transport(time.perf_counter, wanted.qpm(chosen.qpm), LOOK_AHEAD)
    transport.set_swing(swing)
    wishes = Wishes(style, wanted.temperature, wanted.density)
    drummer = LiveDrummer(chosen.source, transport, wishes)
    drummer.prepare()
    return drummer, chosen.styles


class _Chosen(NamedTuple):
    """Who plays."""

    source: "BarSource"
    styles: tuple[str, ...]
    qpm: float


def _source(wanted: Wanted, style: Any, model: str, file: Path | None, swing: float) -> _Chosen:
    """Load who is to play."""
    from paradiddle.drummer_bars import DrummerBars
    from paradiddle.errors import InvalidValueError
    from paradiddle.machine import Machine
    from paradiddle.machine_bars import MachineBars
    from paradiddle.swing import STRAIGHT

    player = _model(model)
    if isinstance(player, Machine):
        start = None if file is None else read_piece(file, None)
        qpm = player.usual_qpm(style) if start is None else start.qpm
        return _Chosen(MachineBars(player, wanted.seed, start), player.styles, qpm)
    unknown = {
        "FILE": file,
        "--style": style,
        "--density": wanted.density,
        "--swing": None if swing == STRAIGHT else swing,
    }
    for name, value in unknown.items():
        if value is not None:
            raise InvalidValueError(
                f"{name} {value} means nothing to the LSTM drummer; leave it out, or play with"
                " --model machine"
            )
    return _Chosen(DrummerBars(player, wanted.seed), (), player.qpm)


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


def _live_view(deck: "Deck", drummer: "LiveDrummer", controls: Any, keys: str) -> "View":
    from paradiddle.performance import view_of

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
