"""`paradiddle evaluate machine`: the figures of a drum machine beside all that it has to beat."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.options import CorpusPath, Json, Seed, note

if TYPE_CHECKING:
    from paradiddle.takes import Takes

_WIDTH = 132  # figures must not be cut, however narrow the terminal


def machine(
    path: CorpusPath,
    model: Annotated[
        Path | None, typer.Option(help="A model file.", show_default="the one that comes along")
    ] = None,
    latent: Annotated[
        Path | None,
        typer.Option(help="A latent model file.", show_default="the one that comes along"),
    ] = None,
    humanizer: Annotated[
        Path | None,
        typer.Option(
            help="A humanizer's file.",
            show_default="the one that comes along, where its styles are those of the machine",
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Measure on the beats of this split.")] = "test",
    hold_out: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Split by person: measure on all beats of these drummers, for a model that"
            " never heard them.",
        ),
    ] = "",
    samples: Annotated[
        int, typer.Option(min=1, help="Samples to find a consensus among, and medians of.")
    ] = 16,
    seed: Seed = 0,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Draw grids and histograms into this folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a drum machine on beats in 4/4 that it never saw, and baselines in the same run.

    Likelihoods are in bits per 16th step for the hits of all nine voices; accuracies are
    free-running. Takes some minutes.
    """
    from paradiddle.baselines import Baselines
    from paradiddle.compositions import humanized_by, made_by
    from paradiddle.corpus import scan
    from paradiddle.exam import exam_of
    from paradiddle.latent import Latent
    from paradiddle.machine import Machine
    from paradiddle.machine_plot import draw_pages
    from paradiddle.machine_report import report
    from paradiddle.questions import cells_of
    from paradiddle.takes import takes_of

    player, composer = Machine.load(model, humanizer), Latent.load(latent)
    exam = exam_of(_split(takes_of(scan(path)), hold_out), split)
    note(f"{len(exam.takes):,} beats of split {split}, {len(exam.windows):,} windows of two bars")
    tell = Progress()
    baselines = Baselines.fit(cells_of(exam.train), cells_of(exam.validation))
    made = made_by(exam, baselines, player, composer, seed=seed, progress=tell)
    found = report(
        exam, baselines, made, player, composer, samples=samples, seed=seed, progress=tell
    )
    if plot:
        humanized = humanized_by(exam, baselines, player, seed=seed, progress=tell)
        for page in draw_pages(exam, made, humanized, plot):
            note(f"drew {page}")
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        print_table(found)


def _split(takes: "Takes", hold_out: str) -> "Takes":
    return takes.drummers_held_out(hold_out.split(",")) if hold_out else takes


class Progress:
    """Tells on stderr what is being done; on a terminal also how much of it is."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, task: str, done: int, of: int) -> None:
        """See `paradiddle.players.Progress`."""
        clock = f"{time.monotonic() - self._started:4.0f} s"
        if sys.stderr.isatty():
            end = "\n" if done == of else ""
            typer.echo(f"\r{clock}  {task}: {done / of:.0%}\033[K{end}", err=True, nl=False)
        elif done == of:
            note(f"{clock}  {task}")


def print_table(found: Mapping[str, Any]) -> None:
    """Print a table, a row a figure."""
    from rich.console import Console
    from rich.table import Table

    from paradiddle.machine_table import HEAD, rows

    table = Table(box=None, pad_edge=False)
    for name in HEAD:
        table.add_column(name, overflow="fold")
    for row in rows(found):
        table.add_row(*row)
    Console(width=max(Console().width, _WIDTH)).print(table)
