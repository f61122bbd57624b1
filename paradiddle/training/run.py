"""One training run, in steps, of whatever a task holds: AdamW, a cosine schedule, checkpoints."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paradiddle.errors import ModelError
from paradiddle.training import snapshot
from paradiddle.training.optimizer import trained
from paradiddle.training.run_folder import RunFolder
from paradiddle.training.run_settings import (
    VALIDATION,
    RunPosition,
    RunSettings,
    RunStatus,
    validation_figures,
)
from paradiddle.training.task import Task

__all__ = ["Run"]

_CLIP = 1.0  # of the norm of the gradient
_SAVE_SECONDS = 60.0
_FILES = "files"  # what stands in the identity for the recordings


class Run:
    """A training run in a folder: iterate over `run` to train.

    Parameters
    ----------
    task : Task
        What to train.
    settings : RunSettings
        How to train.
    folder : Path
        Where checkpoint and model go; made when missing.
    resume : bool
        Go on from the folder's checkpoint.

    Raises
    ------
    OutputError
        If the folder holds another run, or cannot be made.
    ModelError
        If the checkpoint to resume is missing, damaged, or of another architecture or corpus.
    """

    def __init__(
        self, task: Task, settings: RunSettings, folder: Path, *, resume: bool = False
    ) -> None:
        self.task, self.settings, self.folder = task, settings, folder
        self.position = RunPosition()
        self._kind = snapshot.kind_of(task.name)
        self._files = RunFolder(folder, f"{task.name}.safetensors", self._kind)
        self._optimizer = torch.optim.AdamW(
            [parameter for _, parameter in trained(task.model)],
            lr=settings.lr,
            weight_decay=settings.weight_decay,
        )
        self._average = _copy(task.model.state_dict()) if settings.average else {}
        if resume:
            self._files.check_resume(self._identity(), _FILES)
            self.position = snapshot.load(
                self._files.checkpoint, self._kind, task.model, self._optimizer, self._average
            )
        else:
            self._files.claim(self.save)

    @property
    def model_path(self) -> Path:
        """Where the model file is."""
        return self._files.model

    @property
    def curve(self) -> list[dict[str, float]]:
        """A row each validation; see `RunPosition`."""
        return self.position.curve

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[RunStatus]:
        """Train, yielding after every step; when it ends or is asked to stop, all is saved.

        Parameters
        ----------
        should_stop : callable
            Asked before every step.

        Raises
        ------
        ModelError
            If the loss or a figure is no finite number; the files stay as they were.
        OutputError
            If a file cannot be written.
        """
        first_step, seconds = self.position.step, self.position.seconds
        began, saved = time.monotonic() - seconds, time.monotonic()
        self.task.model.train()
        try:
            while self._fraction() < 1 and not should_stop():
                self._train_step()
                self.position.seconds = time.monotonic() - began
                due = self.position.step % self.settings.validate_every == 0
                if due or self._fraction() >= 1:
                    self._validate()
                    self.position.seconds = time.monotonic() - began
                if due or time.monotonic() - saved > _SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
                speed = (self.position.step - first_step) / (self.position.seconds - seconds)
                yield self._status(speed)
        except GeneratorExit:  # whoever iterated has had enough
            self.save()
            raise
        self.save()

    def save(self) -> None:
        """Write the checkpoint, and the model unless its file holds better weights.

        Raises
        ------
        ModelError
            If a weight is not finite; the files stay as they were.
        OutputError
            If a file cannot be written.
        """
        if not all(bool(torch.isfinite(weight).all()) for weight in self.task.model.parameters()):
            raise self._divergence()
        best = self.position.best
        if not self.settings.keep_best or best is None or best["step"] == self.position.step:
            weights = {name: value.cpu() for name, value in _copy(self._weights()).items()}
            self.task.write_model(self._files.model, weights, self._described())
        snapshot.save(
            self._files.checkpoint,
            self._kind,
            self._identity(),
            self.position,
            self.task.model,
            self._optimizer,
            self._average,
        )

    def _train_step(self) -> None:
        """One step of the optimizer, and of the average."""
        step = self.position.step
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate()
        torch.manual_seed(_seed_of(self.settings.seed, step))  # dropout is the same on resuming
        loss, figures = self.task.loss(step)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.task.model.parameters(), _CLIP)
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(float(norm))):
            raise self._divergence()
        self._optimizer.step()
        self._update_average()
        self.position.add(value, figures)

    def _update_average(self) -> None:
        """Move the average towards the weights; at first faster, to forget where they began."""
        if not self._average:
            return
        step = self.position.step
        decay = min(self.settings.average, (1 + step) / (10 + step))
        for name, value in self.task.model.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, 1 - decay)
            else:
                self._average[name].copy_(value)

    def _validate(self) -> None:
        """Measure what would be written, and add a row to the curve."""
        model = self.task.model
        weights = _copy(model.state_dict())
        model.load_state_dict(self._weights())
        model.eval()
        with torch.no_grad():
            figures = self.task.validate()
        model.load_state_dict(weights)
        model.train()
        row = self.position.end_row(self._learning_rate(), figures)
        if not all(math.isfinite(value) for value in row.values()):
            raise self._divergence()
        best, decisive = self.position.best, f"{VALIDATION}{self.task.decides}"
        if best is None or row[decisive] < best[decisive]:
            self.position.best = row

    def _weights(self) -> Mapping[str, Tensor]:
        """Return what is validated and written."""
        return self._average or self.task.model.state_dict()

    def _described(self) -> dict[str, Any]:
        """Add to the task's document how the model was trained."""
        document = self.task.document()
        training = {
            **document.get("training", {}),
            "settings": asdict(self.settings),
            "steps": self.position.step,
            "seconds": round(self.position.seconds, 1),
        }
        metrics = dict(document.get("metrics", {}))
        if self.position.curve:
            row = self.position.curve[-1]
            metrics["validation"] = {"step": row["step"], **validation_figures(row)}
        return {**document, "training": training, "metrics": metrics}

    def _identity(self) -> dict[str, Any]:
        """Collect what must be the same for a run to go on."""
        files = self.task.document().get("training", {}).get("fingerprint", "")
        ours = {name: getattr(self.settings, name) for name in ("seed", "average")}
        return {_FILES: files, **ours, **self.task.identity()}

    def _divergence(self) -> ModelError:
        """Say that training left the numbers that a weight can hold."""
        return ModelError(
            f"training diverged at step {self.position.step + 1}; lower --lr, now"
            f" {self.settings.lr}, and --resume"
        )

    def _fraction(self) -> float:
        return self.settings.fraction(self.position.step, self.position.seconds)

    def _learning_rate(self) -> float:
        return self.settings.learning_rate(self.position.step, self.position.seconds)

    def _status(self, steps_per_second: float) -> RunStatus:
        position, fraction = self.position, self._fraction()
        last = position.curve[-1] if position.curve else {}
        return RunStatus(
            step=position.step,
            fraction=fraction,
            loss=(position.means() or last)["loss"],
            validation=validation_figures(last),
            steps_per_second=steps_per_second,
            seconds_left=position.seconds / fraction * (1 - fraction),
            learning_rate=self._learning_rate(),
        )


def _copy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def _seed_of(seed: int, step: int) -> int:
    """One number below 2**63 of two, unlike that of any other step or seed."""
    return int.from_bytes(hashlib.sha256(f"{seed} {step}".encode()).digest()[:8]) >> 1
