"""`paradiddle train machine`, `humanizer` and `latent`: the models of patterns."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.options import CorpusPath, Selection, corpus_of, note, unpacks
from paradiddle.cli.training import clock, log_row, log_writer, option, progress_bar, require_torch

if TYPE_CHECKING:
    from paradiddle.takes import Takes
    from paradiddle.training.run import Run
    from paradiddle.training.run_settings import RunSettings, RunStatus
    from paradiddle.training.task import Task

__all__ = ["humanizer", "latent", "machine"]

_RUN = "Run"

_selects_takes = unpacks(Selection, without=("split", "time_signature"))


@dataclass(frozen=True)
class Options:
    """Options of a run, as typed; what is left out is the recipe's."""

    steps: Annotated[
        int | None, option("Steps of the optimizer; the recipe's if left out.", _RUN)
    ] = None
    minutes: Annotated[float | None, option("Stop after this time, whatever the steps.", _RUN)] = (
        None
    )
    lr: Annotated[
        float | None, option("Highest learning rate; the recipe's if left out.", _RUN)
    ] = None
    batch: Annotated[int | None, option("Windows in a step; the recipe's if left out.", _RUN)] = (
        None
    )
    seed: Annotated[int, option("Batches, first weights and dropout.", _RUN)] = 0
    resume: Annotated[
        bool, option("Go on from the checkpoint; --lr may differ.", _RUN, "--resume")
    ] = False
    half: Annotated[bool, option("Write the model in float16, half the size.", _RUN, "--half")] = (
        False
    )
    log: Annotated[bool, option("Write TensorBoard logs beside the model.", _RUN, "--log")] = False
    hold_out: Annotated[
        str, option("Learn nothing of these drummers, NAME,...: test on them.", _RUN)
    ] = ""
    attribution: Annotated[
        str, option("Source and licence of the files, kept in the model.", _RUN)
    ] = ""

    @property
    def drummers_held_out(self) -> list[str]:
        """Their names."""
        return [name.strip() for name in self.hold_out.split(",") if name.strip()]

    def run_settings(self, recipe: "RunSettings") -> "RunSettings":
        """Change a recipe where an option says so."""
        return replace(recipe, seed=self.seed, **self._given("steps", "minutes", "lr"))

    def task_settings(self) -> dict[str, Any]:
        """Collect what concerns the task: seed, and batch if it was given."""
        return {"seed": self.seed, **self._given("batch")}

    def _given(self, *names: str) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder for the model and its checkpoint.")
]
TaskOf = Callable[["Takes", dict[str, Any]], "Task"]


HalfPrecision = Annotated[
    bool,
    option(
        "Multiply in half precision while training: faster on processors that can.",
        _RUN,
        "--bfloat16",
    ),
]


@_selects_takes
@unpacks(Options)
def machine(
    path: CorpusPath,
    selection: Selection,
    options: Options,
    output: Output,
    bfloat16: HalfPrecision = False,
) -> None:
    """Train the drum machine to fill in whatever a pattern leaves open.

    It learns from recordings in 4/4 in split train and keeps the weights that do best on split
    validation; without an index, a tenth of the files validates. Ctrl+C saves and ends; --resume
    goes on exactly there.
    """
    require_torch()
    from paradiddle.training.machine import MachineSettings, MachineTask
    from paradiddle.training.recipes import MACHINE

    settings = MachineSettings(**options.task_settings(), bfloat16=bfloat16)
    _train(
        lambda takes, document: MachineTask(takes, settings, document, half=options.half),
        options.run_settings(MACHINE),
        path,
        selection,
        options,
        output,
    )


@_selects_takes
@unpacks(Options)
def humanizer(
    path: CorpusPath,
    selection: Selection,
    options: Options,
    output: Output,
    bfloat16: HalfPrecision = False,
) -> None:
    """Train the humanizer, which strikes given hits most middlingly: `humanize --temperature 0`.

    Recordings, splits and Ctrl+C are as for `train machine`.
    """
    require_torch()
    from paradiddle.training.humanizer import HumanizerSettings, HumanizerTask
    from paradiddle.training.recipes import HUMANIZER

    settings = HumanizerSettings(**options.task_settings(), bfloat16=bfloat16)
    _train(
        lambda takes, document: HumanizerTask(takes, settings, document, half=options.half),
        options.run_settings(HUMANIZER),
        path,
        selection,
        options,
        output,
    )


@_selects_takes
@unpacks(Options)
def latent(path: CorpusPath, selection: Selection, options: Options, output: Output) -> None:
    """Train the latent recipe: codes of whole patterns, to morph, vary and compare.

    Recordings, splits and Ctrl+C are as for `train machine`.
    """
    require_torch()
    from paradiddle.training.latent import LatentSettings, LatentTask
    from paradiddle.training.recipes import LATENT

    settings = LatentSettings(**options.task_settings())
    _train(
        lambda takes, document: LatentTask(takes, settings, document, half=options.half),
        options.run_settings(LATENT),
        path,
        selection,
        options,
        output,
    )


def _train(
    task_of: TaskOf,
    settings: "RunSettings",
    path: Path,
    selection: Selection,
    options: Options,
    output: Path,
) -> None:
    """Read the corpus, say what is in it, and train."""
    from paradiddle.interrupts import graceful_stop
    from paradiddle.midi import parse_channel
    from paradiddle.training.provenance import describe_takes
    from paradiddle.training.run import Run

    with graceful_stop(until_exit=True) as stop:
        takes = _takes_of(path, selection, options.drummers_held_out)
        for line in _inventory(takes):
            note(line)
        document = describe_takes(
            takes,
            selection.filter(),
            parse_channel(selection.channel),
            options.drummers_held_out,
            options.attribution,
        )
        run = Run(task_of(takes, document), settings, output, resume=options.resume)
        _announce(run)
        _follow(run, stop.is_set, log=options.log)
        _finish(run, interrupted=stop.is_set())


def _takes_of(path: Path, selection: Selection, held_out: list[str]) -> "Takes":
    from paradiddle.takes import takes_of
    from paradiddle.training.splits import with_splits

    takes = takes_of(corpus_of(path, selection))
    return with_splits(takes.drummers_held_out(held_out) if held_out else takes)


def _inventory(takes: "Takes") -> Iterator[str]:
    """Say what there is to learn from, and what was left out."""
    from paradiddle.takes import FEW_RECORDINGS

    counted = Counter(take.split for take in takes)
    splits = {name: counted[name] for name in sorted(counted, key=_split_order)}
    yield f"{len(takes):,} recordings: {_listed(splits)}"
    metres = f" ({_listed(takes.other_metres)})" if takes.other_metres else ""
    yield (
        f"left out: {sum(takes.other_metres.values()):,} in other metres{metres},"
        f" {takes.empty:,} without a drum of ours, {takes.duplicates:,} duplicates"
    )
    yield (
        f"on the grid of 16ths {takes.collisions:,} hits collided with another of the same drum,"
        f" {takes.unmapped:,} notes are no drum of ours"
    )
    styles = takes.of("train").styles()
    if styles:
        yield f"styles to learn: {_listed(styles)}"
    rare = {style: count for style, count in styles.items() if count < FEW_RECORDINGS}
    if rare:
        yield f"rare, fewer than {FEW_RECORDINGS} recordings: {', '.join(rare)}"


def _split_order(split: str) -> tuple[bool, str]:
    """Put test last; the two others are in the order of their names."""
    return split == "test", split


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _announce(run: "Run") -> None:
    """Say what is about to learn."""
    parameters = sum(parameter.numel() for parameter in run.task.model.parameters())
    note(f"{parameters:,} parameters")
    if run.position.step:
        note(f"going on at step {run.position.step:,}")


def _follow(run: "Run", should_stop: Callable[[], bool], *, log: bool) -> None:
    """Train under a progress bar, with a line a validation."""
    writer = log_writer(run.folder) if log else None
    logged = len(run.curve)
    with progress_bar() as bar:
        task = bar.add_task("", total=1.0, figures="")
        for status in run.run(should_stop):
            bar.update(task, completed=status.fraction, figures=_figures(status))
            for row in run.curve[logged:]:
                best = " (best so far)" if row == run.position.best else ""
                line = f"{_row(row)}{best}"
                bar.console.print(line, style="dim", highlight=False, soft_wrap=True)
                if writer:
                    log_row(writer, row, "step")
            logged = len(run.curve)
    if writer:
        writer.close()


def _figures(status: "RunStatus") -> str:
    """Loss, speed and time left on one line."""
    return (
        f"step {status.step:,} loss {status.loss:.3f} {status.steps_per_second:,.1f} steps/s"
        f" {clock(status.seconds_left)} left"
    )


def _row(row: dict[str, float]) -> str:
    """Loss and validation figures of a row of the curve on one line."""
    from paradiddle.training.run_settings import validation_figures

    figures = ", ".join(f"{name} {value:.4g}" for name, value in validation_figures(row).items())
    return f"step {row['step']:,}: loss {row['loss']:.3f}; validation: {figures}"


def _finish(run: "Run", *, interrupted: bool) -> None:
    """Say how it went and where the model is."""
    if interrupted:
        note(f"stopped and saved at step {run.position.step:,}; go on with --resume")
        return
    rows = [run.position.best] if run.settings.keep_best else run.curve[-1:]
    figures = "".join(_row(row) for row in rows if row)
    note(f"{figures or 'not validated'} -> {run.model_path}")
