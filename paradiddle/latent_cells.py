"""Cells of the grid to and from what the latent networks read and write; windows over a pattern.

Shapes: B windows, T steps, V = 9 voices, K tokens of four steps. Cells are hits, velocities and
offsets side by side, (B, T, 3V), in the units of `paradiddle.pattern.Pattern`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paradiddle.drums import VOICES
from paradiddle.latent_file import CELLS_IN, CELLS_OUT, STEPS_PER_TOKEN
from paradiddle.takes import STEPS_PER_BAR

__all__ = [
    "OFFSET_SPREAD",
    "SPREAD_RANGE",
    "VELOCITIES",
    "VELOCITY_SPREAD",
    "Reading",
    "changed",
    "inputs_of",
    "joined",
    "reading_of",
    "windows",
]

VELOCITIES = slice(len(VOICES), 2 * len(VOICES))  # among the 27 values of a step

# Natural logarithms of the spread where the network writes 0, and how far it may move them.
VELOCITY_SPREAD, OFFSET_SPREAD, SPREAD_RANGE = -2.0, -2.5, 3.0

_VELOCITY_CENTRE, _OFFSET_SCALE = 0.45, 2.0
_SOFTEST = 1 / 127  # of a hit
_LATEST = float(np.nextafter(np.float32(0.5), np.float32(0)))

_Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reading:
    """What a decoder says about every cell; velocities and offsets as Laplace distributions.

    Attributes
    ----------
    logits : float32 array, shape (B, T, 9)
        Of a hit.
    velocities, offsets : float32 array, shape (B, T, 9)
        Medians.
    velocity_spreads, offset_spreads : float32 array, shape (B, T, 9)
        Mean distances from them.
    """

    logits: _Array
    velocities: _Array
    velocity_spreads: _Array
    offsets: _Array
    offset_spreads: _Array

    def cells(
        self, generator: np.random.Generator | None = None, temperature: float = 0.0
    ) -> _Array:
        """Take the likelier of hit and rest, and a velocity and an offset for every hit.

        Parameters
        ----------
        generator : Generator, optional
            Draws velocities and offsets; without one they are the medians.
        temperature : float, default 0
            Multiplies the spreads.

        Returns
        -------
        float32 array, shape (B, T, 27)
        """
        hits = (self.logits > 0).astype(np.float32)
        velocities, offsets = self.velocities, self.offsets
        if generator is not None and temperature:
            noise = generator.laplace(size=(2, *hits.shape)).astype(np.float32)
            velocities = velocities + np.float32(temperature) * self.velocity_spreads * noise[0]
            offsets = offsets + np.float32(temperature) * self.offset_spreads * noise[1]
        return joined(hits, velocities, offsets)


def joined(hits: _Array, velocities: _Array, offsets: _Array) -> _Array:
    """Put three arrays, (..., 9), side by side, within their ranges and zero without a hit."""
    return np.concatenate(
        [
            hits,
            hits * velocities.clip(_SOFTEST, 1),
            hits * offsets.clip(-0.5, _LATEST),
        ],
        axis=-1,
        dtype=np.float32,
    )


def changed(played: _Array, known: _Array, near: _Array) -> _Array:
    """Apply to what was played the hits that differ between two decoded patterns, (B, T, 27).

    A hit that stays keeps its velocity and offset; those of a new one come from `near`.
    """
    was, now, hit = (cells[..., : len(VOICES)] > 0 for cells in (known, near, played))
    hits = np.where(was == now, hit, now)
    kept = np.where(np.tile(hits & hit, 3), played, near)
    _, velocities, offsets = np.split(kept, 3, axis=-1)
    return joined(hits.astype(np.float32), velocities, offsets)


def inputs_of(cells: _Array) -> _Array:
    """Write cells, (B, T, 27), as the encoder reads them, (B, K, 108)."""
    hits, velocities, offsets = np.split(cells, 3, axis=-1)
    centred = velocities - np.float32(_VELOCITY_CENTRE) * hits
    scaled = np.float32(_OFFSET_SCALE) * offsets
    features = np.concatenate([hits, centred, scaled], axis=-1)
    return features.reshape(len(cells), -1, STEPS_PER_TOKEN * CELLS_IN)


def reading_of(outputs: _Array) -> Reading:
    """Read what the decoder wrote, (B, K, 180)."""
    values = outputs.reshape(len(outputs), -1, CELLS_OUT)  # (B, T, 45)
    logits, velocities, velocity_spreads, offsets, offset_spreads = np.split(values, 5, axis=-1)
    return Reading(
        logits,
        _sigmoid(velocities),
        np.exp(velocity_spreads.clip(-SPREAD_RANGE, SPREAD_RANGE) + np.float32(VELOCITY_SPREAD)),
        np.float32(0.5) * np.tanh(offsets),
        np.exp(offset_spreads.clip(-SPREAD_RANGE, SPREAD_RANGE) + np.float32(OFFSET_SPREAD)),
    )


def windows(cells: _Array, lengths: tuple[int, ...]) -> tuple[int, _Array]:
    """Cut cells, (T, 27), for a model that knows windows of some lengths.

    The shortest length that holds them all is taken, else the longest; the last window is filled
    up by repeating what it has from its start.

    Parameters
    ----------
    cells : float32 array, shape (T, 27)
    lengths : tuple of int
        In bars.

    Returns
    -------
    int
        The length taken, in bars.
    float32 array, shape (B, length in steps, 27)
    """
    bars = next((n for n in sorted(lengths) if len(cells) <= n * STEPS_PER_BAR), max(lengths))
    steps = bars * STEPS_PER_BAR
    count = -(-len(cells) // steps)
    start = (count - 1) * steps
    last = cells[start:]
    whole_bars = -(-len(last) // STEPS_PER_BAR) * STEPS_PER_BAR
    last = np.pad(last, ((0, whole_bars - len(last)), (0, 0)))
    filled = np.resize(last, (steps, 3 * len(VOICES)))
    return bars, np.concatenate([cells[:start], filled]).reshape(count, steps, -1)


def _sigmoid(x: _Array) -> _Array:
    return np.asarray(np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5))
