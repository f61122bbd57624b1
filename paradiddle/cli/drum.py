"""`paradiddle drum`: something new from a trained drummer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.grid import LEAK, opening
from paradiddle.cli.options import note, unpacks
from paradiddle.cli.pieces import Writing, fresh_seed, writer_for

if TYPE_CHECKING:
    from paradiddle.events import Events

_DEFAULT_NOTES = 1000
_MOST_PIECES = 10_000
_GRID_BARS = 2


@unpacks(Writing)
def drum(
    writing: Writing,
    notes: Annotated[
        int | None, typer.Option("-n", "--notes", help="Length in notes.", show_default="1000")
    ] = None,
    bars: Annotated[float | None, typer.Option(help="Length in bars of 4/4.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length in seconds.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Play this again; without it, something new every time.")
    ] = None,
    count: Annotated[int, typer.Option(help="Number of pieces, each in files of its own.")] = 1,
    temperature: Annotated[
        float, typer.Option(help="0 plays the likeliest, 1 as learned, more is wilder.")
    ] = 1.0,
    top_p: Annotated[
        float, typer.Option(help="Draw only among the likeliest that hold this probability.")
    ] = 1.0,
    state_scale: Annotated[
        float, typer.Option(help="The random memory is uniform in plus or minus this.")
    ] = 0.1,
    qpm: Annotated[
        float | None, typer.Option(help="Quarters per minute.", show_default="the model's")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A model file.", show_default="the one that comes along")
    ] = None,
    random: Annotated[
        bool, typer.Option("--random", help="Drum like a monkey, for comparison.")
    ] = False,
) -> None:
    """Drum something new, from a random memory, for as long as you like."""
    import numpy as np

    from paradiddle.checks import check_range, check_seed
    from paradiddle.drummer import Drummer, Length, monkey

    writer = writer_for(writing, "drums.mid")
    check_range("count", np.array([count]), 1, _MOST_PIECES, remedy="ask for a few pieces")
    if (notes, bars, seconds) == (None, None, None):
        notes = _DEFAULT_NOTES
    length = Length(notes, bars, seconds)
    drummer = Drummer.load(model)
    if drummer.lstm.shape.bidirectional:
        note(LEAK)
    first = fresh_seed() if seed is None else seed
    check_seed(first + count - 1)
    for number in range(count):
        if random:
            piece = monkey(drummer.vocabulary, length, first + number, qpm or drummer.qpm)
        else:
            piece = drummer.play(
                length,
                first + number,
                temperature=temperature,
                top_p=top_p,
                state_scale=state_scale,
                qpm=qpm,
            )
        for target in writer.save(piece, number + 1 if count > 1 else None):
            _report(target, piece, first + number)
        if number == 0:
            typer.echo(opening(piece, _GRID_BARS))


def _report(path: Path, piece: "Events", seed: int) -> None:
    minutes, seconds = divmod(round(float(piece.seconds().max(initial=0))), 60)
    note(f"{path}: {len(piece):,} notes, {minutes}:{seconds:02} at {piece.qpm:g} qpm, seed {seed}")
