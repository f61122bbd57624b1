"""Small takes and fake models with known answers, to examine."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.exam import Exam, exam_of
from paradiddle.given import Given
from paradiddle.measures import hits_of
from paradiddle.pattern import Pattern
from paradiddle.takes import Take, Takes

STYLES = ("funk", "rock")


def take(
    seed: int, *, split: str = "train", bars: int = 3, style: str = "rock", beat_type: str = "beat"
) -> Take:
    """A drummer of a style: rock has a ride where funk has a hi-hat."""
    generator = np.random.default_rng(seed)
    hits = np.zeros((16 * bars, 9), bool)
    hits[::8, 0] = hits[4::8, 1] = True
    hits[::2, 2 if style == "funk" else 8] = True
    hits[:, 1] |= generator.random(16 * bars) < 0.1
    velocities = hits * (0.3 + 0.6 * generator.random(hits.shape))
    offsets = hits * (generator.random(hits.shape) - 0.5) / 4
    pattern = Pattern(hits, velocities, offsets, qpm=100 + seed)
    return Take(f"{split}/{seed}.mid", pattern, style, split, beat_type, f"drummer{seed // 2 % 2}")


def takes() -> Takes:
    """Twenty takes of each style to train on and a few held out, one of them longer."""
    made = [take(seed, style=STYLES[seed % 2]) for seed in range(40)]
    made += [take(seed, split="validation", style=STYLES[seed % 2]) for seed in range(50, 54)]
    made += [take(seed, split="test", style=STYLES[seed % 2]) for seed in range(60, 63)]
    made += [take(63, split="test", bars=5), take(64, split="test", beat_type="fill")]
    return Takes(tuple(made), {})


def exam() -> Exam:
    return exam_of(takes())


class Bits(NamedTuple):
    hits: NDArray[np.float64]


class Fake:
    """Plays what it was asked about, or changes of it; its bits tell which question it was."""

    styles: Sequence[str] = STYLES

    def __init__(self, louder: float = 0.0, later: float = 0.0, noise: float = 0.0) -> None:
        self._louder, self._later, self._noise = louder, later, noise
        self.asked: list[Given] = []
        self.seeds: list[int | None] = []

    def play(
        self, given: Given, seeds: Sequence[int | None], temperature: float = 1.0
    ) -> NDArray[np.float32]:
        self.asked.append(given)
        self.seeds += seeds
        hits = hits_of(given.cells)
        made = given.cells.copy()
        made[..., 9:18] += np.float32(self._louder) * hits
        made[..., 18:] += np.float32(self._later) * hits
        if temperature and self._noise:
            for window, seed in zip(made, seeds, strict=True):
                drawn = np.random.default_rng(seed).normal(0, self._noise, (len(window), 9))
                window[:, 18:] += drawn * (window[:, :9] > 0)
        return made

    def medians(self, given: Given, samples: int, first_seed: int = 0) -> NDArray[np.float32]:
        seeds = np.arange(samples * len(given)).reshape(samples, len(given)) + first_seed
        made = np.stack([self.play(given, row) for row in seeds.tolist()])
        return np.asarray(np.median(made, axis=0), np.float32)

    def steady(self, given: Given) -> NDArray[np.float32]:
        return self.play(given, [0] * len(given), temperature=0)

    def bits(self, given: Given) -> Bits:
        self.asked.append(given)
        known = given.hits_known.all(-1)
        return Bits(np.where(known, 0.0, 1.0 + given.tap_known[:, None] + 0.25 * known.any()))


class Echo:
    """A latent model that gives back what it was given, and a rock beat for any style."""

    def reconstruct(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        return cells

    def generate(
        self,
        style: str,
        bars: int,
        *,
        qpm: float,
        temperature: float = 1.0,
        count: int = 1,
        seed: int | None = None,
    ) -> list[Pattern]:
        return [take(place, bars=bars).pattern for place in range(count)]
