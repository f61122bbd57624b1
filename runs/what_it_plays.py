"""Portrays what the drummer plays beside what it learned from: a page and a plot.

    python runs/what_it_plays.py GROOVE [--model FILE] [--files 200] [--notes 1000] [-o docs]

GROOVE is the folder or zip of the Groove MIDI Dataset. Every figure on the page is measured here;
the same model and options give the same page.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paradiddle.corpus import Corpus, Filter, scan
from paradiddle.drummer import DEFAULT_MODEL, Drummer, Length, monkey
from paradiddle.drums import VOICES
from paradiddle.errors import ModelError, ParadiddleError
from paradiddle.evaluation import copying
from paradiddle.events import Events, quantise
from paradiddle.files import atomic_path
from paradiddle.portrait import ITEMS, Portrait, overlap, portrait
from paradiddle.portrait_plot import plot
from paradiddle.sequences import Recipe

NAME = "what-it-plays"
FILES, NOTES = 200, 1000
BATCH = 50  # pieces played side by side: quick, and small in memory
GRIDS, GRID_BARS = 3, 2

TRAIN, LEARNED, DRUMMER, RANDOM, HELD_OUT = (
    "Groove, train split",
    "files it learned",
    "the drummer",
    "random",
    "Groove, held out",
)
ITEM_NAMES = {
    "notes_per_bar": "notes per bar",
    "voices": "voices",
    "kick": "kick: place in the bar",
    "snare": "snare: place in the bar",
    "velocities": "velocity",
    "gaps": "time since the hit before",
}


@dataclass(frozen=True)
class Music:
    """Everything that is portrayed, by name, and where the drummer comes from."""

    pieces: Mapping[str, Sequence[Events]]
    drummer: Drummer
    sequence: Events  # what it learned, as it saw it


def main() -> int:
    """Read the command line, measure, write the page and the plot."""
    options = parse()
    try:
        music = gather(options)
        portraits = {name: portrait(pieces) for name, pieces in music.pieces.items()}
        shown = {name: portraits[name] for name in (TRAIN, DRUMMER, RANDOM, HELD_OUT)}
        plot(shown, options.output / f"{NAME}.png", title="What the drummer plays")
        with atomic_path(options.output / f"{NAME}.md") as temporary:
            temporary.write_text(page(options, music, portraits), encoding="utf-8")
    except ParadiddleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("groove", help="folder or zip of the Groove MIDI Dataset")
    parser.add_argument("--model", type=Path, help="model file; the one that comes along if none")
    parser.add_argument("--files", type=int, default=FILES, help="pieces to play (%(default)s)")
    parser.add_argument("--notes", type=int, default=NOTES, help="notes in each (%(default)s)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("docs"),
        help="existing folder to write to (%(default)s)",
    )
    return parser.parse_args()


def gather(options: argparse.Namespace) -> Music:
    """Play the pieces and choose the recordings."""
    corpus = scan(options.groove)
    drummer = Drummer.load(options.model)
    recipe = recipe_of(drummer, options.model or DEFAULT_MODEL)
    length, seeds = Length(notes=options.notes), list(range(options.files))
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    pieces = {
        TRAIN: beats(corpus, "train"),
        LEARNED: recipe.performances(corpus),
        DRUMMER: [piece for batch in batches for piece in drummer.play_many(length, [*batch])],
        RANDOM: [monkey(drummer.vocabulary, length, seed, drummer.qpm) for seed in seeds],
        HELD_OUT: beats(corpus, "validation,test"),
    }
    return Music(pieces, drummer, recipe.build(corpus))


def recipe_of(drummer: Drummer, path: Path) -> Recipe:
    """Find out from a model file what it learned from."""
    try:
        return Recipe.from_dict(drummer.document["training"]["sequence"])
    except KeyError:
        raise ModelError(
            f"{path} does not say what it learned from; use a model made by: paradiddle train"
        ) from None


def beats(corpus: Corpus, split: str) -> list[Events]:
    """Take the beats in 4/4 of one split or several."""
    wanted = Filter(split=split, beat_type="beat", time_signature="4/4")
    return corpus.matching(wanted).events()


def page(options: argparse.Namespace, music: Music, portraits: Mapping[str, Portrait]) -> str:
    """Write the page."""
    sections = (
        introduction(options, music),
        f"![Six charts: {', '.join(ITEM_NAMES.values())}]({NAME}.png)",
        "## How alike\n\n" + explained_overlaps() + "\n\n" + overlap_table(portraits),
        "## In figures\n\n" + figure_table(portraits),
        "## How much is copied\n\n" + copied(music),
        "## The first bars\n\n" + grids(music.pieces[DRUMMER]),
        f"## Make this page again\n\n```sh\n{command(options)}\n```",
    )
    return "# What the drummer plays\n\n" + "\n\n".join(sections) + "\n"


def introduction(options: argparse.Namespace, music: Music) -> str:
    """Say what is compared."""
    count = {name: f"{len(pieces):,}" for name, pieces in music.pieces.items()}
    training = music.drummer.document["training"]
    return (
        f"Left alone, the drummer played {count[DRUMMER]} pieces of {options.notes:,} notes, seeds"
        f" 0 to {options.files - 1}, temperature 1; all of them are counted. Beside them stand:\n\n"
        f"- **{TRAIN}**: the {count[TRAIN]} beats in 4/4 that the [Groove MIDI Dataset]"
        "(https://magenta.tensorflow.org/datasets/groove) sets aside for training;\n"
        f"- **{LEARNED}**: the {count[LEARNED]} of them that this model saw,"
        f" {training['events']:,} hits;\n"
        f"- **{RANDOM}**: as many pieces of as many notes by `paradiddle drum --random`, which"
        " draws every note, gap and velocity evenly from the same tables;\n"
        f"- **{HELD_OUT}**: the {count[HELD_OUT]} beats in 4/4 of the validation and test splits:"
        " as near as other music by the same drummers comes."
    )


def explained_overlaps() -> str:
    """Say how to read the table."""
    return (
        f"The area that a histogram shares with that of *{TRAIN}*: 100 % where they are equal,"
        " 0 % where nothing is in common. Places are counted from the bar lines of the file, so a"
        f" level line across the bar, as *{RANDOM}* has it, means that they are not kept."
    )


def overlap_table(portraits: Mapping[str, Portrait]) -> str:
    """Tabulate how much each portrait shares with the train split, item by item."""
    reference, *others = portraits
    shared = {name: overlap(portraits[reference], portraits[name]) for name in others}
    rows = [[ITEM_NAMES[item], *(f"{shared[name][item]:.0%}" for name in others)] for item in ITEMS]
    return table(["overlap with the train split", *others], rows)


def figure_table(portraits: Mapping[str, Portrait]) -> str:
    """Tabulate density, voices and the places that make a backbeat."""
    measures: dict[str, Callable[[Portrait], str]] = {
        "pieces": lambda found: f"{found.pieces:,}",
        "bars": lambda found: f"{found.bars:,}",
        "notes per bar, mean": lambda found: f"{found.mean_notes_per_bar:.1f}",
        "notes per bar, quartiles": lambda found: " / ".join(
            f"{value:g}" for value in found.quartiles_of_notes_per_bar
        ),
    }
    rows = [[name, *map(measure, portraits.values())] for name, measure in measures.items()]
    rows += [
        [voice.name, *(f"{found.voices[index]:.1%}" for found in portraits.values())]
        for index, voice in enumerate(VOICES)
    ]
    rows += [
        ["kicks on 1", *(places(found.kick, "1") for found in portraits.values())],
        ["kicks on 3", *(places(found.kick, "3") for found in portraits.values())],
        ["snares on 2 and 4", *(places(found.snare, "2", "4") for found in portraits.values())],
    ]
    return table(["", *portraits], rows)


def places(shares: Sequence[float], *wanted: str) -> str:
    """Add up the shares of some places in the bar."""
    return f"{sum(shares[ITEMS['kick'].index(place)] for place in wanted):.1%}"


def copied(music: Music) -> str:
    """Compare with the sequence learned, bar by bar and event by event."""
    rows = []
    for name in (DRUMMER, RANDOM, HELD_OUT):
        found = copying(music.pieces[name], music.sequence, music.drummer.vocabulary)
        rows.append([name, f"{found.verbatim_bars:.1%}", f"{found.longest_run:,}"])
    return (
        "A bar counts as copied when the files learned hold the same hits, nine voices on"
        " sixteenths, starting at any sixteenth. A run is a row of events, note and time, that"
        " they hold too.\n\n" + table(["", "bars copied", "longest run of events"], rows)
    )


def grids(pieces: Sequence[Events]) -> str:
    """Draw the first bars of the first pieces."""
    drawn = [
        f"Seed {seed}:\n\n```text\n{quantise(piece).pattern.first(GRID_BARS)}\n```"
        for seed, piece in enumerate(pieces[:GRIDS])
    ]
    return "`o` is a soft hit, `x` a hit, `X` a hard one.\n\n" + "\n\n".join(drawn)


def command(options: argparse.Namespace) -> str:
    """Repeat the command, without the places where files lie on one machine."""
    words = ["python runs/what_it_plays.py GROOVE"]
    if options.model:
        words.append(f"--model {options.model.name}")
    words += [
        f"--{name} {value}"
        for name, value, usual in (
            ("files", options.files, FILES),
            ("notes", options.notes, NOTES),
        )
        if value != usual
    ]
    return " ".join(words)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table, names to the left and figures to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


if __name__ == "__main__":
    sys.exit(main())
