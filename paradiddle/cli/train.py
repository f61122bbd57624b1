"""`paradiddle train`: learn from a corpus."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.grid import LEAK, opening
from paradiddle.cli.options import CorpusPath, Selection, corpus_of, note, selects_files

if TYPE_CHECKING:
    from rich.progress import Progress

    from paradiddle.corpus import Corpus
    from paradiddle.training.drummer import Training
    from paradiddle.training.settings import Status

app = typer.Typer(help="Train a model on your own MIDI files.", no_args_is_help=True)

_NETWORK, _RUN, _SEQUENCE = "Network", "Run", "Sequence"
_PLACES = 96  # 20 ticks of 4/4 each: 16ths and triplets fall on whole numbers of them
_SAMPLE_EVERY = 0.1  # of the run
_SAMPLE_NOTES, _GRID_BARS = 48, 2


def _option(help_text: str, panel: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel)


@app.callback()
def _train() -> None:
    """Keep `drummer` a command of its own although it is the only one."""


@app.command()
@selects_files
def drummer(
    path: CorpusPath,
    selection: Selection,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the model and its checkpoint.")
    ],
    hidden: Annotated[int, _option("Units of each layer.", _NETWORK)] = 200,
    layers: Annotated[int, _option("Stacked layers.", _NETWORK)] = 1,
    bidirectional: Annotated[
        bool,
        _option(
            "Also read backwards, as the Core ML drummer of 2020. Its accuracy is a leak: the"
            " backward half sees the very event that is to be predicted. Use it to study that, not"
            " to drum.",
            _NETWORK,
            "--bidirectional",
        ),
    ] = False,
    velocity: Annotated[
        bool,
        _option("Learn velocity in 8 levels; without it, the classic two fields.", _SEQUENCE),
    ] = True,
    places: Annotated[
        int | None,
        _option(
            "Tell the network in which of so many parts of the bar it is, 0 not at all: 96, or 0"
            " without velocity.",
            _SEQUENCE,
        ),
    ] = None,
    resolution: Annotated[
        int, _option("Round the time between events to so many ticks.", _SEQUENCE)
    ] = 5,
    max_events: Annotated[
        int | None, _option("Use files until they hold so many events.", _SEQUENCE)
    ] = None,
    unroll: Annotated[
        int | None, _option("Steps of one chunk: 50, or 21 bidirectional.", _RUN)
    ] = None,
    streams: Annotated[int, _option("Parallel streams through the sequence.", _RUN)] = 32,
    lr: Annotated[float, _option("Highest learning rate.", _RUN)] = 1e-2,
    epochs: Annotated[int, _option("Passes over the sequence.", _RUN)] = 200,
    minutes: Annotated[
        float | None, _option("Stop after this time, whatever the epochs.", _RUN)
    ] = None,
    seed: Annotated[int, _option("Order of the files and first weights.", _RUN)] = 0,
    noise: Annotated[
        float, _option("Share of events misread while training, to learn to recover.", _RUN)
    ] = 0.0,
    resume: Annotated[
        bool, _option("Go on from the checkpoint; --lr may differ.", _RUN, "--resume")
    ] = False,
    half: Annotated[
        bool, _option("Write the model in float16, half the size.", _RUN, "--half")
    ] = False,
    log: Annotated[
        bool, _option("Write TensorBoard logs beside the model.", _RUN, "--log")
    ] = False,
    attribution: Annotated[
        str, _option("Source and licence of the files, kept in the model.", _RUN)
    ] = "",
) -> None:
    """Train the LSTM drummer to remember a folder of drum MIDI.

    Ctrl+C saves and ends; --resume goes on exactly there.
    """
    from paradiddle.encoding import Vocabulary
    from paradiddle.midi import parse_channel
    from paradiddle.sequences import Recipe
    from paradiddle.training.interrupts import graceful_stop

    with graceful_stop(until_exit=True) as stop:
        channel = parse_channel(selection.channel)
        recipe = Recipe(selection.filter(), seed, max_events, resolution, channel)
        corpus = corpus_of(path, selection)
        events = recipe.build(corpus)
        if places is None:
            places = _PLACES if velocity else 0
        _warn_of_mixed_metres(corpus, places)
        vocabulary = Vocabulary.of(events, velocity=velocity, places=places)
        _require_torch()
        from paradiddle.training.drummer import Training
        from paradiddle.training.provenance import describe
        from paradiddle.training.settings import Settings

        settings = Settings(
            hidden,
            layers,
            bidirectional,
            (21 if bidirectional else 50) if unroll is None else unroll,
            streams,
            lr,
            epochs,
            minutes,
            noise,
            seed,
        )
        document = describe(corpus, recipe, len(events), attribution)
        training = Training(
            vocabulary.encode(events),
            vocabulary,
            settings,
            output,
            document,
            resume=resume,
            half=half,
        )
        _announce(training, len(events))
        _follow(training, stop.is_set, log=log)
        _finish(training, interrupted=stop.is_set())


def _warn_of_mixed_metres(corpus: "Corpus", places: int) -> None:
    """Say so where a place in the bar cannot mean the same in all files."""
    metres = sorted({entry.time_signature for entry in corpus.entries})
    if places and len(metres) > 1:
        note(f"metres {', '.join(metres)} are mixed: the place in the bar means little; choose one")


def _require_torch() -> None:
    from paradiddle.errors import MissingExtraError

    try:
        import torch  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingExtraError("training", "train") from error


def _announce(training: "Training", events: int) -> None:
    """Say what is about to be learned by what."""
    shape = training.model.shape
    sizes = zip(training.vocabulary.fields, shape.sizes, strict=True)
    fields = ", ".join(f"{size} of {name}" for name, size in sizes)
    if shape.extra_inputs:
        fields += f", {sum(shape.extra_inputs)} places in the bar"
    note(f"{events:,} events; values: {fields}; {shape.parameters:,} parameters")
    if shape.bidirectional:
        note(LEAK)
    if training.position.epoch or training.position.chunk:
        note(f"going on in epoch {training.position.epoch + 1}")


def _follow(training: "Training", should_stop: Callable[[], bool], *, log: bool) -> None:
    """Train under a progress bar, with a sample now and then."""
    writer = _log_writer(training.folder) if log else None
    logged = len(training.curve)
    next_sample = _SAMPLE_EVERY
    with _progress_bar() as bar:
        task = bar.add_task("", total=1.0, figures="")
        for status in training.run(should_stop):
            bar.update(task, completed=status.fraction, figures=_figures(status))
            while writer and logged < len(training.curve):
                _log_row(writer, training.curve[logged])
                logged += 1
            if status.fraction >= next_sample:
                shown = f"{_figures(status)}\n{_sample(training)}"
                bar.console.print(shown, style="dim", highlight=False)
                next_sample = status.fraction + _SAMPLE_EVERY
    if writer:
        writer.close()


def _progress_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        BarColumn(20),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True),
    )


def _figures(status: "Status") -> str:
    """Loss, joint accuracy, speed and time left on one line."""
    minutes, seconds = divmod(round(status.seconds_left), 60)
    return (
        f"epoch {status.epoch + 1} loss {status.loss:.3f} accuracy {status.joint_accuracy:.1%}"
        f" {status.events_per_second:,.0f} events/s {minutes}:{seconds:02} left"
    )


def _sample(training: "Training") -> str:
    """Two bars of what the model plays now, as a grid."""
    from paradiddle.drummer import Length

    played = training.drummer().play(Length(notes=_SAMPLE_NOTES), training.position.epoch)
    return opening(played, _GRID_BARS)


def _log_writer(folder: Path) -> Any:
    from paradiddle.errors import MissingExtraError

    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("--log", "train") from error
    return SummaryWriter(str(folder / "log"))


def _log_row(writer: Any, row: dict[str, float]) -> None:
    for name, value in row.items():
        if name != "epoch":
            writer.add_scalar(name, value, int(row["epoch"]))


def _finish(training: "Training", *, interrupted: bool) -> None:
    """Score the result, keep the figures in the model and say where it is."""
    if interrupted:
        note(f"stopped and saved in epoch {training.position.epoch + 1}; go on with --resume")
        return
    scores = training.score()
    leak = " (a leak, see above)" if training.model.shape.bidirectional else ""
    note(
        f"joint accuracy{leak} {scores.joint_accuracy:.1%} over {scores.events:,} events"
        f" -> {training.folder / 'drummer.safetensors'}"
    )
