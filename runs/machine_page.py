"""Measures the drum machine beside what it has to beat: a page of figures and three of plots.

    python runs/machine_page.py GROOVE [--model FILE] [--latent FILE] [--humanizer FILE]
                                       [--rivals DIR] [--samples 16] [-o docs]

GROOVE is the folder or zip of the Groove MIDI Dataset. Every figure but those of others is measured
here; the same models and options give the same page.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paradiddle.baselines import Baselines
from paradiddle.cli.evaluate_machine import Progress
from paradiddle.compositions import Made, humanized_by, made_by
from paradiddle.corpus import scan
from paradiddle.errors import ParadiddleError
from paradiddle.exam import Exam, exam_of
from paradiddle.files import atomic_path
from paradiddle.latent import Latent
from paradiddle.likeness import ITEMS
from paradiddle.machine import Machine
from paradiddle.machine_plot import PAGES, draw_pages
from paradiddle.machine_report import report
from paradiddle.machine_table import HEAD, rows
from paradiddle.pattern import Pattern
from paradiddle.questions import cells_of
from paradiddle.takes import takes_of

NAME = "the-machine"
SAMPLES = 16
CAPTIONS = {
    "grids": "Two bars of each: every dot a hit, larger is louder, drawn where it fell",
    "histograms": "What two bars are made of",
    "dynamics": "Velocities and offsets of humanized hits beside the real ones",
}


def main() -> int:
    """Read the command line, measure, write the page and the plots."""
    options = parse()
    try:
        exam = exam_of(takes_of(scan(options.groove)))
        player, latent = Machine.load(options.model, options.humanizer), Latent.load(options.latent)
        tell = Progress()
        rivals = measured_rivals(options.rivals, exam)
        baselines = Baselines.fit(cells_of(exam.train), cells_of(exam.validation))
        made = made_by(exam, baselines, player, latent, progress=tell)
        found = report(
            exam, baselines, made, player, latent, samples=options.samples, progress=tell
        )
        for kind, figures in rivals.items():
            found[kind].update(figures)
        humanized = humanized_by(exam, baselines, player, progress=tell)
        draw_pages(exam, made, humanized, options.output / NAME)
        with atomic_path(options.output / f"{NAME}.md") as temporary:
            temporary.write_text(page(options, exam, made, found), encoding="utf-8")
    except ParadiddleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("groove", help="folder or zip of the Groove MIDI Dataset")
    parser.add_argument("--model", type=Path, help="model file; the one that comes along if none")
    parser.add_argument("--latent", type=Path, help="latent model file; likewise")
    parser.add_argument(
        "--rivals", type=Path, help="folder of `python -m runs.rivals`; needs torch"
    )
    parser.add_argument(
        "--humanizer", type=Path, help="humanizer's file; the one that comes along if none"
    )
    parser.add_argument(
        "--samples", type=int, default=SAMPLES, help="for consensus and medians (%(default)s)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("docs"),
        help="existing folder to write to (%(default)s)",
    )
    return parser.parse_args()


def measured_rivals(folder: Path | None, exam: Exam) -> dict[str, dict[str, Any]]:
    """Measure the neural baselines, if a folder has them."""
    if folder is None:
        return {}
    from rivals.figures import rival_figures

    return rival_figures(folder, exam)


def page(
    options: argparse.Namespace, exam: Exam, made: Mapping[str, Made], found: Mapping[str, Any]
) -> str:
    """Write the page."""
    sections = (
        introduction(exam),
        "## In figures\n\n" + explained(options) + "\n\n" + table(HEAD, rows(found)),
        "## By style\n\n" + by_style(found["style"]),
        "## In pictures\n\n" + "\n\n".join(pictures()),
        "## As text\n\n" + grids(made["machine"]),
        f"## Make this page again\n\n```sh\n{command(options)}\n```",
    )
    return "# The drum machine, measured\n\n" + "\n\n".join(sections) + "\n"


def introduction(exam: Exam) -> str:
    """Say what is measured on."""
    return (
        f"Everything here is measured on the {len(exam.takes)} beats in 4/4 of the {exam.split}"
        " split of the [Groove MIDI Dataset](https://magenta.tensorflow.org/datasets/groove),"
        f" whole or in their {len(exam.windows):,} windows of two bars, one starting at each bar"
        " line. Style, tempo and kind of each recording are told to the machine. Baselines are"
        f" fitted to the {len(exam.train):,} windows of the train split; all but the last column is"
        " measured by the same code in the same run."
    )


def explained(options: argparse.Namespace) -> str:
    """Say how to read the table."""
    rivals = (
        "\n- **LSTM 2x256, DrumsRNN, Monotonic Groove Transformer, GrooVAE Seq2Seq** beside the"
        " machine have the shapes of published models and were trained by us on the beats of the"
        " same train split, some minutes each (`python -m runs.rivals`); the last column is what"
        " was reported elsewhere."
    )
    items = "; ".join(f"*{name}*: {meaning}" for name, meaning in ITEMS.items())
    return (
        "- **bits/16th**: how many bits it takes to say the hits of a step, all nine voices, given"
        " the true steps before it; less is better.\n"
        "- **F1** counts hits over all windows together; **exact sounding steps** are those with"
        " all nine voices right, of the steps where something was played. Tapping, humanizing and"
        " reconstructing hear nothing but what was told and what they played themselves.\n"
        f"- **consensus**: of {options.samples} samples the hits that agree best with all of them,"
        " chosen without the truth; one answer for both figures.\n"
        "- **KL**: histograms of 50 bins, the real one against the made one, 0.001 added to every"
        " count; for baselines, of their only answer.\n"
        "- **style** is named by a classifier trained on real train windows, which is not told the"
        " tempo, for 64 windows of each style with 20 training files or more.\n"
        f"- **overlap**: the area shared with the histogram of the train windows. {items}.\n"
        "- **copied**: all 288 hits and rests are those of a train window."
    ) + (rivals if options.rivals else "")


def by_style(found: Mapping[str, Any]) -> str:
    """Tabulate how often each style is named rightly."""
    models = [name for name in ("machine", "latent") if name in found]
    real = found["real"]["by_style"]
    lines = [
        [
            style,
            *(f"{found[name]['by_style'].get(style, 0):.0%}" for name in models),
            f"{real[style]:.0%}" if style in real else "-",
        ]
        for style in sorted(found[models[0]]["by_style"])
    ]
    return table(["named rightly", *models, "real windows"], lines)


def pictures() -> list[str]:
    """Show the plots."""
    return [f"![{CAPTIONS[name]}]({NAME}/{name}.png)" for name in PAGES]


def grids(made: Made) -> str:
    """Draw the first two bars of each style."""
    assert made.of_styles is not None
    drawn = []
    for style in dict.fromkeys(made.styles):
        hits, velocities, offsets = np.split(made.of_styles[made.styles.index(style)], 3, axis=1)
        drawn.append(f"{style}:\n\n```text\n{Pattern(hits > 0, velocities, offsets)}\n```")
    return "`o` is a soft hit, `x` a hit, `X` a hard one.\n\n" + "\n\n".join(drawn)


def command(options: argparse.Namespace) -> str:
    """Repeat the command, without the places where files lie on one machine."""
    words = ["python runs/machine_page.py GROOVE"]
    words += [
        f"--{name} {path.name}"
        for name in ("model", "latent", "humanizer", "rivals")
        if (path := getattr(options, name))
    ]
    if options.samples != SAMPLES:
        words.append(f"--samples {options.samples}")
    return " ".join(words)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table, names to the left and figures to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


if __name__ == "__main__":
    sys.exit(main())
