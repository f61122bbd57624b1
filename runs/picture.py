"""Draw some bars of a MIDI file as a drum grid.

    python runs/picture.py FILE.mid OUT.png [--kept "kick, snare"]

Brightness is velocity, the shift within a cell is human timing; blue are the cells that were kept.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import FancyBboxPatch

from paradiddle.drums import VOICE_NAMES
from paradiddle.files import atomic_path
from paradiddle.keep import keep_mask
from paradiddle.midi import read_pattern

BACKGROUND, CELL, BEAT, TEXT = "#14161a", "#20242b", "#2a2f38", "#c9d1d9"
COLOURS = {False: plt.get_cmap("YlOrRd_r"), True: plt.get_cmap("GnBu_r")}  # by whether it was kept


def draw(path: Path, target: Path, first_bar: int, bars: int, kept: str | None) -> None:
    """Draw `bars` bars from `first_bar` on."""
    pattern = read_pattern(path).pattern
    mask = keep_mask(pattern, kept)
    start = first_bar * pattern.steps_per_bar
    steps = slice(start, start + bars * pattern.steps_per_bar)
    hits, velocities, offsets = (
        array[steps] for array in (pattern.hits, pattern.velocities, pattern.offsets)
    )
    figure, axes = plt.subplots(figsize=(12, 3.4), facecolor=BACKGROUND)
    axes.set_facecolor(BACKGROUND)
    rows = len(VOICE_NAMES)
    for step, voice in np.ndindex(hits.shape):
        shade = BEAT if step // pattern.steps_per_quarter % 2 == 0 else CELL
        _box(axes, step, rows - 1 - voice, shade, 0.9)
    for step, voice in np.argwhere(hits):
        velocity = velocities[step, voice]
        colours = COLOURS[bool(mask[start + step, voice])]
        colour = colours(0.25 + 0.65 * velocity)
        _box(axes, step + offsets[step, voice], rows - 1 - voice, colour, 0.35 + 0.5 * velocity)
    for bar in range(1, bars):
        axes.axvline(bar * pattern.steps_per_bar, color=TEXT, linewidth=1, alpha=0.6)
    axes.set_xlim(-0.1, len(hits) + 0.1)
    axes.set_ylim(-0.1, rows + 0.1)
    axes.set_xticks([])
    axes.set_yticks([rows - 0.5 - voice for voice in range(rows)], VOICE_NAMES, color=TEXT)
    axes.tick_params(length=0, labelsize=10)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.tight_layout(pad=0.6)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=110, facecolor=BACKGROUND, metadata={"Software": None})


def _box(axes: plt.Axes, x: float, y: float, colour: object, size: float) -> None:
    """Draw a rounded square of this size in the middle of a cell."""
    margin = (1 - size) / 2
    axes.add_patch(
        FancyBboxPatch(
            (x + margin, y + margin),
            size,
            size,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=colour,
            edgecolor="none",
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("midi", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--first-bar", type=int, default=0)
    parser.add_argument("--bars", type=int, default=4)
    parser.add_argument("--kept", help="words as for `paradiddle fill --keep`")
    given = parser.parse_args()
    draw(given.midi, given.picture, given.first_bar, given.bars, given.kept)
