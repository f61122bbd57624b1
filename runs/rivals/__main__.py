"""Trains rivals of the drum machine, those that are missing in a folder.

    python -m runs.rivals GROOVE -o DIR [--only NAME] [--measure SPLIT]

GROOVE is the folder or zip of the Groove MIDI Dataset. Ctrl+C stops; what was written before stays.
"""

import argparse
import json
import sys
from pathlib import Path
from threading import Event

import torch

from paradiddle.corpus import scan
from paradiddle.errors import ParadiddleError
from paradiddle.exam import Exam, exam_of
from paradiddle.interrupts import graceful_stop
from paradiddle.takes import takes_of

from .figures import RIVALS, rival_figures
from .files import path_of, save
from .loop import train
from .rival import Rival


def main() -> int:
    """Read the command line, train what is missing, measure if asked."""
    options = parse()
    try:
        takes = takes_of(scan(options.groove))
        options.output.mkdir(parents=True, exist_ok=True)
        if not train_missing(options, exam_of(takes), tuple(sorted(takes.of("train").styles()))):
            return 1
        if options.measure:
            figures = rival_figures(options.output, exam_of(takes, options.measure))
            print(json.dumps(figures, indent=2))
    except ParadiddleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("runs.rivals", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("groove", help="folder or zip of the Groove MIDI Dataset")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the models")
    parser.add_argument("--only", choices=[kind.name for kind in RIVALS], help="train one")
    parser.add_argument("--seed", type=int, default=0, help="%(default)s")
    parser.add_argument(
        "--measure", choices=["validation", "test"], help="then print the figures of all on a split"
    )
    return parser.parse_args()


def train_missing(options: argparse.Namespace, exam: Exam, styles: tuple[str, ...]) -> bool:
    """Train and write those that are not there yet; False when stopped."""
    with graceful_stop() as stop:
        for kind in RIVALS:
            wanted = options.only in (None, kind.name)
            if wanted and not path_of(options.output, kind).exists():
                train_one(kind, exam, styles, options, stop)
                if stop.is_set():
                    return False
    return True


def train_one(
    kind: type[Rival],
    exam: Exam,
    styles: tuple[str, ...],
    options: argparse.Namespace,
    stop: Event,
) -> None:
    """Train one and write it, unless it is stopped on the way."""
    torch.manual_seed(options.seed)
    rival = kind(styles)
    size = sum(weights.numel() for weights in rival.parameters())
    print(f"{rival.title}: {size:,} weights", flush=True)
    trained = train(rival, exam, kind.course, options.seed, stop)
    if stop.is_set():
        print(f"{rival.title}: stopped, nothing written; train it again", flush=True)
        return
    save(rival, trained, options.output)


if __name__ == "__main__":
    sys.exit(main())
