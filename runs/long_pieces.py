"""Measures how busy the machine plays: against what is asked, and over dozens of bars.

    python runs/long_pieces.py GROOVE [--model FILE] [--count 12]

GROOVE is the folder or zip of the Groove MIDI Dataset, for what recordings of a style have: the
beats of its train split, bar for bar. Two tables in Markdown; the same options give the same.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from paradiddle.corpus import scan
from paradiddle.given import BEAT
from paradiddle.machine import Machine
from paradiddle.pattern import Pattern
from paradiddle.takes import FEW_RECORDINGS, STEPS_PER_BAR, Takes, takes_of

ASKED = (0.5, 1.0, 1.6, 2.5, 4.0)
SPANS = ((1, 4), (5, 16), (17, 32), (33, 64))


def main() -> None:
    """Read the command line and print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("groove", help="folder or zip of the Groove MIDI Dataset")
    parser.add_argument("--model", type=Path, help="model file; the one that comes along if none")
    parser.add_argument("--count", type=int, default=12, help="pieces of each (%(default)s)")
    options = parser.parse_args()
    machine, takes = Machine.load(options.model), takes_of(scan(options.groove))
    beats = takes.of("train", BEAT)
    styles = [name for name, count in beats.styles().items() if count >= FEW_RECORDINGS]
    table(("hits a step asked for", *ASKED), densities(machine, styles, options.count))
    spans = [f"bars {first}-{last}" for first, last in SPANS]
    table(("hits a bar", *spans, "recordings"), lengths(machine, beats, styles, options.count))


def densities(machine: Machine, styles: Sequence[str], count: int) -> Iterator[list[str]]:
    """Hits a step of four bars, by style and by what is asked."""
    for style in styles:
        made = [machine.generate(style, 4, density=asked, count=count, seed=1) for asked in ASKED]
        yield [style, *(f"{hits_per_bar(pieces).mean() / STEPS_PER_BAR:.2f}" for pieces in made)]


def lengths(
    machine: Machine, beats: Takes, styles: Sequence[str], count: int
) -> Iterator[list[str]]:
    """Hits a bar in parts of long pieces, by style, and in recordings."""
    for style in styles:
        bars = hits_per_bar(machine.generate(style, SPANS[-1][1], count=count, seed=1))
        own = [take.pattern for take in beats if take.style == style]
        recorded = sum(piece.hits.sum() for piece in own) / sum(piece.bars for piece in own)
        parts = [f"{bars[:, first - 1 : last].mean():.1f}" for first, last in SPANS]
        yield [style, *parts, f"{recorded:.1f}"]


def hits_per_bar(pieces: Sequence[Pattern]) -> np.ndarray:
    """Count hits, (pieces, bars)."""
    hits = np.stack([piece.hits for piece in pieces])
    return hits.reshape(len(pieces), -1, STEPS_PER_BAR * hits.shape[-1]).sum(-1)


def table(head: Sequence[object], rows: Iterator[list[str]]) -> None:
    """Print a table in Markdown."""
    print("|", " | ".join(map(str, head)), "|")
    print("|", " | ".join(["---", *["---:"] * (len(head) - 1)]), "|")
    for row in rows:
        print("|", " | ".join(row), "|", flush=True)
    print()


if __name__ == "__main__":
    main()
