"""``paradiddle corpus``: get, describe and convert folders of MIDI files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.options import (
    CorpusPath,
    Json,
    Seed,
    Selection,
    corpus_of,
    note,
    selects_files,
)

if TYPE_CHECKING:
    from paradiddle.fetch import Fetched

__all__ = ["app"]

app = typer.Typer(help="Get, describe and convert folders of MIDI files.", no_args_is_help=True)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which corpus: groove.")],
    target: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Where to put it; data/NAME if left out."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE_OR_URL", help="Take the archive from a .zip or another address."
        ),
    ] = None,
) -> None:
    """Download a corpus, or unpack a local archive of it, and verify that it is complete.

    A download that breaks goes on where it stopped when you run the same command again.
    """
    from paradiddle.fetch import fetch as fetch_corpus

    with _DownloadBar() as bar:
        fetched = fetch_corpus(
            name, target or Path("data", name), source=source, progress=bar.advance_to
        )
    _say_fetched(fetched)


@app.command()
@selects_files
def report(
    path: CorpusPath,
    selection: Selection,
    as_json: Json = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it as a page, too: .png, .pdf or .svg."),
    ] = None,
) -> None:
    """Count what a corpus holds: formats, tempi, metres, voices, gaps, styles, rejected files."""
    from paradiddle.report import report as count
    from paradiddle.report_plot import check_name

    if plot:
        check_name(plot)  # before the work
    counted = count(corpus_of(path, selection))
    if as_json:
        typer.echo(json.dumps(counted.to_dict(), indent=1))
    else:
        from rich.console import Console

        from paradiddle.report_text import show

        show(counted, Console())
    if plot:
        from paradiddle.report_plot import plot as draw

        draw(counted, plot)
        note(f"drew {plot}")


@app.command()
@selects_files
def convert(
    path: CorpusPath,
    target: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")
    ],
    selection: Selection,
    seed: Seed = 0,
    mega_tracks: Annotated[
        int,
        typer.Option(metavar="N", help="Write N sequences, each of all files in another order."),
    ] = 1,
    resolution: Annotated[
        int,
        typer.Option(
            metavar="TICKS",
            help="Round the time between hits to so many ticks, longer gaps more coarsely;"
            " 1 keeps every tick.",
        ),
    ] = 5,
    one_hot: Annotated[
        bool, typer.Option("--one-hot", help="Write the dense one-hot matrix X.npy, too.")
    ] = False,
    velocity: Annotated[bool, typer.Option(help="Keep how hard each drum is hit.")] = True,
) -> None:
    """Glue a corpus into sequences of (note, ticks, velocity) and write them as NumPy arrays."""
    from paradiddle.convert import convert as write

    done = write(
        corpus_of(path, selection),
        target,
        seed=seed,
        mega_tracks=mega_tracks,
        resolution=resolution,
        one_hot=one_hot,
        velocity=velocity,
    )
    notes, ticks, *_ = done.vocabulary.sizes
    typer.echo(
        f"{done.path}: {done.mega_tracks} x {done.events:,} events of {done.files:,} files,"
        f" {notes} notes, {ticks} tick values"
    )
    typer.echo("\n".join(f"  {name}" for name in done.names))


class _DownloadBar:
    """A progress bar on stderr that appears with the first byte."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

        self._progress = Progress(
            *Progress.get_default_columns(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("Downloading", total=None)

    def __enter__(self) -> "_DownloadBar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress.live.is_started:
            self._progress.stop()

    def advance_to(self, done: int, total: int | None) -> None:
        if done:
            self._progress.start()
        self._progress.update(self._task, completed=done, total=total)


def _say_fetched(fetched: "Fetched") -> None:
    dataset = fetched.dataset
    was = "is complete, nothing to do" if fetched.already else "unpacked and verified"
    typer.echo(f"{fetched.path}: {dataset.title}, {dataset.files:,} files, {was}")
    typer.echo(f"Licence: {dataset.licence}")
    typer.echo(f"Please cite: {dataset.citation}")
