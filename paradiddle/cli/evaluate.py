"""`paradiddle evaluate`: figures for a trained model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.options import CorpusPath, Json, note

if TYPE_CHECKING:
    from paradiddle.corpus import Corpus
    from paradiddle.drummer import Drummer
    from paradiddle.sequences import Recipe

app = typer.Typer(help="Measure a trained model.", no_args_is_help=True)

_HELD_OUT = ("validation", "test")
_PIECES, _NOTES = 20, 1000


@app.callback()
def _evaluate() -> None:
    """Keep `drummer` a command of its own although it is the only one."""


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

    player = Drummer.load(model)
    corpus = scan(path)
    recipe = _recipe_of(player)
    wanted = [split] if split else ["train", *(name for name in _HELD_OUT if _has(corpus, name))]
    results = {name: _scores(player, corpus, recipe, name) for name in wanted}
    report = {**results[wanted[0]], "split": wanted[0]}
    report.update({name: results[name] for name in wanted[1:]})
    report["generated"] = _copying(player, corpus, recipe)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        _print(results, report["generated"])


def _recipe_of(player: "Drummer") -> "Recipe":
    """How the model's own sequence was made; every file where it does not say."""
    from paradiddle.sequences import Recipe

    stored = player.document.get("training", {}).get("sequence")
    if stored is None:
        note("the model does not say what it learned from; taking every file as it is")
        return Recipe(resolution=player.resolution)
    return Recipe.from_dict(stored)


def _has(corpus: "Corpus", split: str) -> bool:
    return any(entry.split == split for entry in corpus.entries)


def _for_split(recipe: "Recipe", split: str) -> "Recipe":
    """Choose the model's own sequence for train, all of another split in the same way."""
    from dataclasses import replace

    if split in ("train", recipe.wanted.split):
        return recipe
    return replace(recipe, wanted=replace(recipe.wanted, split=split), max_events=None)


def _scores(player: "Drummer", corpus: "Corpus", recipe: "Recipe", split: str) -> dict[str, Any]:
    from paradiddle.evaluation import teacher_forced

    events = _for_split(recipe, split).build(corpus)
    learned = player.document.get("training", {}).get("events")
    if split == "train" and learned not in (None, len(events)):
        note(f"the model learned {learned:,} events, {len(events):,} are here: other files")
    scores = teacher_forced(player, player.vocabulary.encode(events))
    return {**scores.to_dict(), "unknown_events": player.vocabulary.unknown(events)}


def _copying(player: "Drummer", corpus: "Corpus", recipe: "Recipe") -> dict[str, Any]:
    from paradiddle.drummer import Length
    from paradiddle.evaluation import copying

    pieces = player.play_many(Length(notes=_NOTES), list(range(_PIECES)))
    return copying(pieces, recipe.build(corpus), player.vocabulary).to_dict()


def _print(results: dict[str, dict[str, Any]], generated: dict[str, Any]) -> None:
    """Print a table, a row a split."""
    from rich.console import Console
    from rich.table import Table

    first = next(iter(results.values()))
    table = Table("split", "events", "joint", *first["accuracy"], "bits/event", box=None)
    for name, scores in results.items():
        accuracies = [scores["joint_accuracy"], *scores["accuracy"].values()]
        table.add_row(
            name,
            f"{scores['events']:,}",
            *(f"{value:.1%}" for value in accuracies),
            f"{scores['bits_per_event']:.2f}",
        )
    Console().print(table)
    typer.echo(
        f"generated: {generated['verbatim_bars']:.1%} of {generated['bars']:,} bars stand verbatim"
        f" in the training files; longest verbatim run {generated['longest_run']:,} events"
    )
