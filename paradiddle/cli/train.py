"""`paradiddle train`: learn from a corpus."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.grid import LEAK, opening
from paradiddle.cli.options import CorpusPath, Selection, corpus_of, note, selects_files
from paradiddle.cli.training import clock, log_row, log_writer, option, progress_bar, require_torch

if TYPE_CHECKING:
    from paradiddle.corpus import Corpus
    from paradiddle.training.drummer import Training
    from paradiddle.training.settings import Status

app = typer.Typer(help="Train a model on your own MIDI files.", no_args_is_help=True)

_NETWORK, _RUN, _SEQUENCE = "Network", "Run", "Sequence"
_PLACES = 96  # 20 ticks of 4/4 each: 16ths and triplets fall on whole numbers of them
_SAMPLE_EVERY = 0.1  # of the run
_SAMPLE_NOTES, _GRID_BARS = 48, 2


@app.command()
@selects_files
def drummer(
    path: CorpusPath,
    selection: Selection,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the model and its checkpoint.")
    ],
    hidden: Annotated[int, option("Units of each layer.", _NETWORK)] = 200,
    layers: Annotated[int, option("Stacked layers.", _NETWORK)] = 1,
    bidirectional: Annotated[
        bool,
        option(
            "Also read backwards, as the Core ML drummer of 2020. Its accuracy is a leak: the"
            " backward half sees the very event that is to be predicted. Use it to study that, not"
            " to drum.",
            _NETWORK,
            "--bidirectional",
        ),
    ] = False,
    velocity: Annotated[
        bool,
        option("Learn velocity in 8 levels; without it, the classic two fields.", _SEQUENCE),
    ] = True,
    places: Annotated[
        int | None,
        option(
            "Tell the network in which of so many parts of the bar it is, 0 not at all: 96, or 0"
            " without velocity.",
            _SEQUENCE,
        ),
    ] = None,
    resolution: Annotated[
        int, option("Round the time between events to so many ticks.", _SEQUENCE)
    ] = 5,
    max_events: Annotated[
        int | None, option("Use files until they hold so many events.", _SEQUENCE)
    ] = None,
    unroll: Annotated[
        int | None, option("Steps of one chunk: 50, or 21 bidirectional.", _RUN)
    ] = None,
    streams: Annotated[int, option("Parallel streams through the sequence.", _RUN)] = 32,
    lr: Annotated[float, option("Highest learning rate.", _RUN)] = 1e-2,
    epochs: Annotated[int, option("Passes over the sequence.", _RUN)] = 200,
    minutes: Annotated[
        float | None, option("Stop after this time, whatever the epochs.", _RUN)
    ] = None,
    seed: Annotated[int, option("Order of the files and first weights.", _RUN)] = 0,
    noise: Annotated[
        float, option("Share of events misread while training, to learn to recover.", _RUN)
    ] = 0.0,
    steady: Annotated[
        float,
        option("Weight of forgetting slips of the memory, against remembering the music.", _RUN),
    ] = 0.0,
    start: Annotated[
        Path | None, option("Begin with the weights of this model, not with random ones.", _RUN)
    ] = None,
    resume: Annotated[
        bool, option("Go on from the checkpoint; --lr may differ.", _RUN, "--resume")
    ] = False,
    half: Annotated[
        bool, option("Write the model in float16, half the size.", _RUN, "--half")
    ] = False,
    log: Annotated[bool, option("Write TensorBoard logs beside the model.", _RUN, "--log")] = False,
    attribution: Annotated[
        str, option("Source and licence of the files, kept in the model.", _RUN)
    ] = "",
) -> None:
    """Train the LSTM drummer to remember a folder of drum MIDI.

    Ctrl+C saves and ends; --resume goes on exactly there.
    """
    from paradiddle.encoding import Vocabulary
    from paradiddle.interrupts import graceful_stop
    from paradiddle.midi import parse_channel
    from paradiddle.sequences import Recipe

    with graceful_stop(until_exit=True) as stop:
        channel = parse_channel(selection.channel)
        recipe = Recipe(selection.filter(), seed, max_events, resolution, channel)
        corpus = corpus_of(path, selection)
        events = recipe.build(corpus)
        if places is None:
            places = _PLACES if velocity else 0
        _warn_of_mixed_metres(corpus, places)
        vocabulary = Vocabulary.of(events, velocity=velocity, places=places)
        require_torch()
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
            steady,
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
            start=start,
        )
        _announce(training, len(events))
        _follow(training, stop.is_set, log=log)
        _finish(training, interrupted=stop.is_set())


def _warn_of_mixed_metres(corpus: "Corpus", places: int) -> None:
    """Say so where a place in the bar cannot mean the same in all files."""
    metres = sorted({entry.time_signature for entry in corpus.entries})
    if places and len(metres) > 1:
        note(f"metres {', '.join(metres)} are mixed: the place in the bar means little; choose one")


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
    writer = log_writer(training.folder) if log else None
    logged = len(training.curve)
    next_sample = _SAMPLE_EVERY
    with progress_bar() as bar:
        task = bar.add_task("", total=1.0, figures="")
        for status in training.run(should_stop):
            bar.update(task, completed=status.fraction, figures=_figures(status))
            while writer and logged < len(training.curve):
                log_row(writer, training.curve[logged], "epoch")
                logged += 1
            if status.fraction >= next_sample:
                shown = f"{_figures(status)}\n{_sample(training)}"
                bar.console.print(shown, style="dim", highlight=False)
                next_sample = status.fraction + _SAMPLE_EVERY
    if writer:
        writer.close()


def _figures(status: "Status") -> str:
    """Loss, joint accuracy, speed and time left on one line."""
    return (
        f"epoch {status.epoch + 1} loss {status.loss:.3f} accuracy {status.joint_accuracy:.1%}"
        f" {status.events_per_second:,.0f} events/s {clock(status.seconds_left)} left"
    )


def _sample(training: "Training") -> str:
    """Two bars of what the model plays now, as a grid."""
    from paradiddle.drummer import Length

    played = training.drummer().play(Length(notes=_SAMPLE_NOTES), training.position.epoch)
    return opening(played, _GRID_BARS)


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
