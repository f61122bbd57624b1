"""`paradiddle evaluate`: figures for a trained model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.evaluate_machine import machine
from paradiddle.cli.grid import LEAK
from paradiddle.cli.options import CorpusPath, Json, note

if TYPE_CHECKING:
    from paradiddle.corpus import Corpus
    from paradiddle.drummer import Drummer

app = typer.Typer(help="Measure a trained model.", no_args_is_help=True)
app.command()(machine)

_HELD_OUT = ("validation", "test")
_PIECES, _NOTES = 20, 1000
_WIDTH = 80  # numbers must not be cut, however narrow the terminal


@app.command()
def drummer(
    path: CorpusPath,
    model: Annotated[
        Path | None, typer.Option(help="A model file.", show_default="the one that comes along")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Only this split; train is the sequence the model learned.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Score a drummer on the sequence it learned and on the splits it never saw.

    Accuracy counts an event only when note and ticks are both right, over the whole sequence with
    the state carried. Of twenty generated pieces it looks up what stands verbatim in the training
    files.
    """
    from paradiddle.corpus import scan
    from paradiddle.drummer import Drummer
    from paradiddle.evaluation import recipe_of

    player = Drummer.load(model)
    recipe = recipe_of(player)
    corpus = scan(path, channel=recipe.channel if recipe else None)
    if recipe is None:
        note("the model does not say what it learned from; taking every file as it is")
    if player.lstm.shape.bidirectional:
        note(LEAK)
    wanted = [split] if split else ["train", *(name for name in _HELD_OUT if _has(corpus, name))]
    results = {name: _scores(player, corpus, name) for name in wanted}
    report = {**results[wanted[0]], "split": wanted[0]}
    report.update({name: results[name] for name in wanted[1:]})
    report["generated"] = _copying(player, corpus)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        _print(results, report["generated"])


def _has(corpus: "Corpus", split: str) -> bool:
    return any(entry.split == split for entry in corpus.entries)


def _scores(player: "Drummer", corpus: "Corpus", split: str) -> dict[str, Any]:
    from paradiddle.evaluation import sequence_of, teacher_forced

    events = sequence_of(player, corpus, split)
    indices = player.vocabulary.encode(events)
    learned = player.document.get("training", {}).get("fingerprint")
    if split == "train" and learned not in (None, player.vocabulary.fingerprint(indices)):
        note("these are not the files that the model learned from: no accuracy of remembering")
    scores = teacher_forced(player, indices)
    return {**scores.to_dict(), "unknown_events": player.vocabulary.unknown(events)}


def _copying(player: "Drummer", corpus: "Corpus") -> dict[str, Any]:
    from paradiddle.drummer import Length
    from paradiddle.evaluation import copying, sequence_of

    pieces = player.play_many(Length(notes=_NOTES), list(range(_PIECES)))
    return copying(pieces, sequence_of(player, corpus), player.vocabulary).to_dict()


def _print(results: dict[str, dict[str, Any]], generated: dict[str, Any]) -> None:
    """Print a table, a row a split."""
    from rich.console import Console
    from rich.table import Table

    first = next(iter(results.values()))
    table = Table(box=None)
    table.add_column("split", overflow="fold")
    for name in ("events", "joint", *first["accuracy"], "bits/event"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, scores in results.items():
        accuracies = [scores["joint_accuracy"], *scores["accuracy"].values()]
        table.add_row(
            name,
            f"{scores['events']:,}",
            *(f"{value:.1%}" for value in accuracies),
            f"{scores['bits_per_event']:.2f}",
        )
    Console(width=max(Console().width, _WIDTH)).print(table)
    typer.echo(
        f"generated: {generated['verbatim_bars']:.1%} of {generated['bars']:,} bars stand verbatim"
        f" in the training files; longest verbatim run {generated['longest_run']:,} events"
    )
