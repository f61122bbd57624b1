"""`paradiddle generate`, `continue`, `fill`, `humanize`, `tap` and `styles`: the drum machine."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from paradiddle.cli.grid import drawn
from paradiddle.cli.options import unpacks
from paradiddle.cli.pieces import PatternFile, Writing, writer_for
from paradiddle.cli.wishes import Wishes

if TYPE_CHECKING:
    from paradiddle.machine import Machine
    from paradiddle.pattern import Pattern

__all__ = ["continue_", "fill", "generate", "humanize", "styles", "tap"]

_Result = TypeVar("_Result")

Bars = Annotated[int, typer.Option(help="How many bars to play.")]


def _plays(*without: str) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Give a command the options of `Wishes`, but for some, and of `Writing`."""

    def decorate(command: Callable[..., _Result]) -> Callable[..., _Result]:
        return unpacks(Writing)(unpacks(Wishes, without=without)(command))

    return decorate


@_plays("channel")
def generate(
    wishes: Wishes,
    writing: Writing,
    bars: Bars = 4,
    via: Annotated[
        str,
        typer.Option(metavar="machine|latent", help="Play step by step, or draw a latent code."),
    ] = "machine",
) -> None:
    """Play something new in a style."""
    from paradiddle.errors import InvalidValueError

    if via not in ("machine", "latent"):
        raise InvalidValueError(f"--via must be machine or latent, got {via!r}")
    writer = writer_for(writing, "generated.mid")
    seeds = wishes.seeds()
    if via == "latent":
        pieces = _drawn_codes(wishes, bars, seeds)
    else:
        pieces = wishes.machine().generate(
            bars=bars, qpm=wishes.qpm, count=len(seeds), seed=seeds.start, **wishes.settings()
        )
    writer.write(pieces, seeds.start)
    typer.echo(drawn(pieces[0]))


@_plays()
def continue_(file: PatternFile, wishes: Wishes, writing: Writing, bars: Bars = 4) -> None:
    """Play on after a pattern, which stays as it is."""
    settings = wishes.settings()

    def play(machine: "Machine", piece: "Pattern", seed: int) -> "Pattern":
        return machine.continue_(piece, bars, seed=seed, **settings)

    _answer(file, wishes, writing, "continued.mid", play)


@_plays()
def fill(
    file: PatternFile,
    wishes: Wishes,
    writing: Writing,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDS",
            help='What stays: "kick", "bars 1-2", "steps 1-8", "snare in bar 2"; repeat for more.',
            show_default="nothing",
        ),
    ] = None,
) -> None:
    """Play anew all of a pattern but what is kept."""
    settings, kept = wishes.settings(), ",".join(keep) if keep else None

    def play(machine: "Machine", piece: "Pattern", seed: int) -> "Pattern":
        return machine.fill(piece, kept, seed=seed, **settings)

    _answer(file, wishes, writing, "filled.mid", play)


@_plays("density")
def humanize(
    file: PatternFile,
    wishes: Wishes,
    writing: Writing,
    amount: Annotated[float, typer.Option(help="0 changes nothing, 1 is all human.")] = 1.0,
    humanizer: Annotated[
        Path | None,
        typer.Option(
            help="A humanizer's file, for --temperature 0.",
            show_default="the one that comes along, where its styles are those of the machine",
        ),
    ] = None,
) -> None:
    """Give the hits of a pattern a drummer's dynamics and timing.

    With --temperature 0 each hit is struck most middlingly, always the same way.
    """
    from paradiddle.errors import InvalidValueError

    if humanizer is not None and wishes.temperature != 0:
        raise InvalidValueError(
            f"--humanizer is asked at --temperature 0 alone, got {wishes.temperature:g};"
            f" leave {humanizer} out, or add --temperature 0"
        )
    settings = wishes.settings("density")

    def play(machine: "Machine", piece: "Pattern", seed: int) -> "Pattern":
        return machine.humanize(piece, amount, seed=seed, **settings)

    _answer(file, wishes, writing, "humanized.mid", play, humanizer)


@_plays()
def tap(file: PatternFile, wishes: Wishes, writing: Writing) -> None:
    """Play the rhythm of a pattern, its loudest hit of each step, on the whole kit."""
    settings = wishes.settings()

    def play(machine: "Machine", piece: "Pattern", seed: int) -> "Pattern":
        return machine.tap(piece, seed=seed, **settings)

    _answer(file, wishes, writing, "tapped.mid", play)


def styles(
    model: Annotated[
        Path | None, typer.Option(help="A model file.", show_default="the one that comes along")
    ] = None,
) -> None:
    """List the styles there are, with usual tempo and how many recordings taught them."""
    from paradiddle.machine import Machine
    from paradiddle.takes import FEW_RECORDINGS

    machine = Machine.load(model)
    for name in machine.styles:
        count = machine.recordings.get(name)
        told = "" if count is None else f"{count:5} recordings"
        rare = ", few: expect little" if count is not None and count < FEW_RECORDINGS else ""
        typer.echo(f"{name:15} {machine.usual_qpm(name):5.0f} qpm{told}{rare}")


def _answer(
    file: Path,
    wishes: Wishes,
    writing: Writing,
    default: str,
    play: Callable[["Machine", "Pattern", int], "Pattern"],
    humanizer: Path | None = None,
) -> None:
    """Read a pattern, play from it once for every seed, and write what came of it."""
    writer = writer_for(writing, default)
    seeds = wishes.seeds()
    piece, machine = wishes.piece(file), wishes.machine(humanizer)
    pieces = [play(machine, piece, seed) for seed in seeds]
    writer.write(pieces, seeds.start)
    typer.echo(drawn(pieces[0]))


def _drawn_codes(wishes: Wishes, bars: int, seeds: range) -> "list[Pattern]":
    """Generate with the latent model, which knows not all wishes."""
    from paradiddle.errors import InvalidValueError
    from paradiddle.latent import Latent
    from paradiddle.machine import Machine
    from paradiddle.pattern_questions import check_temperature
    from paradiddle.style_weights import parse_style

    for name in ("density", "beat_type"):
        if getattr(wishes, name) is not None:
            raise InvalidValueError(
                f"--{name.replace('_', '-')} {getattr(wishes, name)} means nothing to the latent"
                " model; leave it out, or use --via machine"
            )
    check_temperature(wishes.temperature)
    style = parse_style(wishes.style)
    qpm = Machine.load().usual_qpm(style) if wishes.qpm is None else wishes.qpm
    return Latent.load(wishes.model).generate(
        style, bars, qpm, wishes.temperature, len(seeds), seeds.start
    )
