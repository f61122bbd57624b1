"""The recipe of the drum machine: a fill-in network asked every kind of question at once."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paradiddle.checks import check_range, check_seed, check_whole
from paradiddle.fill_inputs import encoder_inputs, recall_of
from paradiddle.given import Given
from paradiddle.machine_file import shape_for, write_model
from paradiddle.quanta import VELOCITY_BINS, offset_bin, velocity_bin
from paradiddle.questions import TASKS, ask
from paradiddle.takes import Takes
from paradiddle.training.fill_model import Batch, FillModel
from paradiddle.training.masks import draw_known
from paradiddle.training.splits import with_splits
from paradiddle.training.windows import Windows, validation_windows
from paradiddle.training.written import written_tensors

__all__ = ["MachineSettings", "MachineTask"]

_DYNAMICS_WEIGHT = 0.2  # of velocities and offsets, which are noisier than hits


@dataclass(frozen=True)
class MachineSettings:
    """Sizes of the network and of a batch.

    Attributes
    ----------
    encoder, hidden : int
        Widths of encoder and LSTM; see `paradiddle.fill_net.FillShape`.
    batch, bars : int
        Windows in a batch, and their length.
    dropout : float
        See `paradiddle.training.fill_model.FillModel`.
    bfloat16 : bool
        Multiply in half precision: twice as fast on processors that know how.
    seed : int
        Of weights and batches.

    Raises
    ------
    InvalidValueError
        If a number is out of range.
    """

    encoder: int = 128
    hidden: int = 192
    batch: int = 32
    bars: int = 4
    dropout: float = 0.4
    bfloat16: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, most in (("encoder", 4096), ("hidden", 4096), ("batch", 4096), ("bars", 64)):
            check_whole(name, getattr(self, name), 1, most, "see the defaults")
        check_range("dropout", np.array([self.dropout]), 0, 0.9, remedy="try 0.3")
        check_seed(self.seed)


class MachineTask:
    """What `paradiddle.training.run.Run` needs to train a drum machine.

    Parameters
    ----------
    takes : Takes
        With splits, or see `paradiddle.training.splits.with_splits`.
    settings : MachineSettings
    document : mapping
        Where the takes came from; goes into the model file.
    half : bool
        Write the model in float16.

    Raises
    ------
    CorpusError
        If there is nothing to train or to validate on.
    """

    name = "machine"
    decides = "choice"

    def __init__(
        self, takes: Takes, settings: MachineSettings, document: Mapping[str, Any], half: bool
    ) -> None:
        takes = with_splits(takes)
        self.settings = settings
        self._takes = list(takes.of("train"))
        self._recordings = takes.of("train").styles()
        self.styles = tuple(sorted(self._recordings))
        self._windows = Windows(self._takes, self.styles, settings.bars)
        self._document, self._half = dict(document), half
        shape = shape_for(len(self.styles), encoder=settings.encoder, hidden=settings.hidden)
        self.model = FillModel(shape, VELOCITY_BINS, settings.dropout, settings.seed)
        windows = validation_windows(takes)
        self._questions = {task: _batch(ask(task, windows, self.styles)) for task in TASKS}

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """Foretell a batch that depends on the seed and the step."""
        generator = np.random.default_rng([self.settings.seed, step])
        given, inside = self._windows.ask(generator, self.settings.batch, draw_known)
        batch = _batch(given, inside)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            losses = self.model(batch)
        steps = float(inside.sum())
        hits = losses.hits.sum() / steps
        dynamics = (losses.velocities.sum() + losses.offsets.sum()) / steps
        figures = {"hits": float(hits.detach()), "dynamics": float(dynamics.detach())}
        return hits + _DYNAMICS_WEIGHT * dynamics, figures

    def validate(self) -> dict[str, float]:
        """Measure bits a step for hits, bits a hit for velocity and offset, on two-bar windows."""
        figures: dict[str, float] = {}
        for name, batch in self._questions.items():
            losses = self.model(batch)
            if name == "hits":
                figures["velocity"] = _bits(losses.velocities)
                figures["offset"] = _bits(losses.offsets)
            else:
                figures[name] = _bits(losses.hits[batch.hits_asked.any(-1)])
        hits = [value for name, value in figures.items() if name not in ("velocity", "offset")]
        dynamics = figures["velocity"] + figures["offset"]
        figures[self.decides] = float(np.mean(hits)) + _DYNAMICS_WEIGHT * dynamics
        return figures

    def document(self) -> dict[str, Any]:
        """Return corpus, settings, and styles with their recordings counted and usual tempi."""
        qpm = {
            style: float(
                np.median([take.pattern.qpm for take in self._takes if take.style == style])
            )
            for style in self.styles
        }
        return {
            **self._document,
            "training": {**self._document.get("training", {}), "machine": asdict(self.settings)},
            "styles": list(self.styles),
            "recordings": self._recordings,
            "qpm": qpm,
        }

    def identity(self) -> dict[str, Any]:
        """Return settings that must be the same for a run to go on."""
        return asdict(self.settings)

    def write_model(
        self, path: Path, state: Mapping[str, Tensor], document: Mapping[str, Any]
    ) -> None:
        """Write the drum machine's file."""
        tensors = written_tensors(self.model, state, half=self._half)
        write_model(path, self.model.shape, document, tensors)


def _batch(given: Given, inside: NDArray[np.bool_] | None = None) -> Batch:
    """Write questions and answers as tensors; steps that are not `inside` are not asked."""
    if inside is None:
        inside = np.ones(given.cells.shape[:2], bool)
    hits, velocities, offsets = np.split(given.cells, 3, axis=-1)
    asked = inside[..., None]
    categories = np.stack([velocity_bin(velocities), offset_bin(offsets)], axis=-1)
    arrays = (
        encoder_inputs(given),
        recall_of(given.cells),
        given.cells,
        categories,
        (asked & ~given.hits_known).astype(np.float32),
        (asked & ~given.dynamics_known & (hits > 0)).astype(np.float32),
    )
    return Batch(*map(torch.from_numpy, arrays))


def _bits(nats: Tensor) -> float:
    return float(nats.mean()) / math.log(2)
