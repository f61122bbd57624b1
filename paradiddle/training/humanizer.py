"""The recipe of the humanizer: several small networks that strike given hits, each on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from paradiddle.checks import check_range, check_seed, check_whole
from paradiddle.fill_inputs import encoder_inputs
from paradiddle.given import V
from paradiddle.humanizer_file import humanizer_shape, write_model
from paradiddle.measures import dynamics_error
from paradiddle.quanta import median_offset, median_velocity, offset_bin, velocity_bin
from paradiddle.questions import ask, cells_of, qpm_of
from paradiddle.takes import Takes, Window
from paradiddle.training.humanizer_model import HumanizerModel, Strokes
from paradiddle.training.masks import KINDS
from paradiddle.training.splits import with_splits
from paradiddle.training.windows import Windows, validation_windows
from paradiddle.training.written import written_tensors

__all__ = ["HumanizerSettings", "HumanizerTask"]

_TOLD = KINDS["hits"][1]


@dataclass(frozen=True)
class HumanizerSettings:
    """Sizes of the networks and of a batch.

    Attributes
    ----------
    members : int
        Number of networks.
    encoder : int
        Width of each; see `paradiddle.humanizer_net.HumanizerShape`.
    batch, bars : int
        Windows in a batch of one network, and their length.
    dropout : float
        See `paradiddle.training.humanizer_model.HumanizerModel`.
    bfloat16 : bool
        Multiply in half precision: faster on processors that know how.
    seed : int
        Of weights and batches.

    Raises
    ------
    InvalidValueError
        If a number is out of range.
    """

    members: int = 6
    encoder: int = 96
    batch: int = 32
    bars: int = 4
    dropout: float = 0.3
    bfloat16: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        most = {"members": 64, "encoder": 4096, "batch": 4096, "bars": 64}
        for name, limit in most.items():
            check_whole(name, getattr(self, name), 1, limit, "see the defaults")
        check_range("dropout", np.array([self.dropout]), 0, 0.9, remedy="try 0.3")
        check_seed(self.seed)


class HumanizerTask:
    """What `paradiddle.training.run.Run` needs to train a humanizer.

    Parameters
    ----------
    takes, settings, document, half
        As for `paradiddle.training.machine.MachineTask`.

    Raises
    ------
    CorpusError
        If there is nothing to train or to validate on.
    """

    name = "humanizer"
    decides = "bits"

    def __init__(
        self, takes: Takes, settings: HumanizerSettings, document: Mapping[str, Any], half: bool
    ) -> None:
        takes = with_splits(takes)
        self.settings = settings
        train = takes.of("train")
        self.styles = tuple(sorted(train.styles()))
        self._document, self._half = dict(document), half
        self._windows = Windows(list(train), self.styles, settings.bars)
        shape = humanizer_shape(
            len(self.styles), members=settings.members, encoder=settings.encoder
        )
        self.model = HumanizerModel(shape, settings.dropout, settings.seed)
        self._validation = validation_windows(takes)

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """Foretell a batch for each network, that depends on the seed, the step and the network."""
        losses = []
        for number, member in enumerate(self.model.members):
            generator = np.random.default_rng([self.settings.seed, step, number])
            inputs, strokes, answers = self._batch(generator)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
                logits = member(inputs, strokes)
            losses.append(_nats(self.model.split(logits), answers))
        means = torch.stack(losses).mean(0)  # velocity, offset
        velocity, offset = means.detach().tolist()
        return means.sum(), {"velocity": velocity, "offset": offset}

    def validate(self) -> dict[str, float]:
        """Measure two-bar windows: bits a hit, and the error of the medians."""
        told = ask("hits", self._validation, self.styles)
        strokes = _strokes(told.cells[..., :V] > 0)
        found = self.model(torch.from_numpy(encoder_inputs(told)), strokes)
        nats = [
            functional.nll_loss(part.clamp_min(1e-30).log(), answer)
            for part, answer in zip(found, _answers(told.cells, strokes), strict=True)
        ]
        error = _error(self._validation, [part.numpy() for part in found])
        velocity, offset = (float(value) / np.log(2) for value in nats)
        return {"velocity": velocity, "offset": offset, **error, "bits": velocity + offset}

    def document(self) -> dict[str, Any]:
        """Return corpus, settings and styles."""
        training = {**self._document.get("training", {}), "humanizer": asdict(self.settings)}
        return {**self._document, "training": training, "styles": list(self.styles)}

    def identity(self) -> dict[str, Any]:
        """Return settings that must be the same for a run to go on."""
        return asdict(self.settings)

    def write_model(
        self, path: Path, state: Mapping[str, Tensor], document: Mapping[str, Any]
    ) -> None:
        """Write the humanizer's file."""
        tensors = written_tensors(self.model, state, half=self._half)
        write_model(path, self.model.shape, document, tensors)

    def _batch(self, generator: Generator) -> tuple[Tensor, Strokes, list[Tensor]]:
        given, _ = self._windows.ask(generator, self.settings.batch, _TOLD)
        strokes = _strokes(given.cells[..., :V] > 0)
        inputs = torch.from_numpy(encoder_inputs(given))
        return inputs, strokes, _answers(given.cells, strokes)


def _strokes(mask: NDArray[np.bool_]) -> Strokes:
    pattern, step, channel = (torch.from_numpy(place) for place in np.nonzero(mask))
    return pattern, step, channel


def _answers(cells: NDArray[np.float32], strokes: Strokes) -> list[Tensor]:
    """Categories of the true velocity and offset of each stroke, (A,)."""
    places = tuple(place.numpy() for place in strokes)
    _, velocities, offsets = np.split(cells, 3, axis=-1)
    bins = velocity_bin(velocities[places]), offset_bin(offsets[places])
    return [torch.from_numpy(found) for found in bins]


def _nats(logits: Sequence[Tensor], answers: Sequence[Tensor]) -> Tensor:
    pairs = zip(logits, answers, strict=True)
    return torch.stack([functional.cross_entropy(part, answer) for part, answer in pairs])


def _error(windows: Sequence[Window], found: Sequence[NDArray[np.float32]]) -> dict[str, float]:
    """Errors of the medians of distributions of velocity and offset."""
    cells = cells_of(windows)
    strokes = cells[..., :V] > 0
    made = np.zeros_like(cells)
    for part, values in enumerate((median_velocity(found[0]), median_offset(found[1])), start=1):
        made[..., part * V : (part + 1) * V][strokes] = values
    made[..., :V] = strokes
    error = dynamics_error(made, cells, qpm_of(windows))
    return {"velocity_mae": error.velocity_mae, "offset_mae_ms": error.offset_mae_ms}
