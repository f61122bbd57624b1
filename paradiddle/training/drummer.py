"""The recipe of the drummer: AdamW, a cosine schedule, truncated back-propagation."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from paradiddle.drummer import Drummer
from paradiddle.drummer_file import read_model, write_model
from paradiddle.encoding import Vocabulary
from paradiddle.engine import Lstm, LstmShape
from paradiddle.errors import CorpusError, ModelError
from paradiddle.evaluation import Scores, teacher_forced
from paradiddle.training import checkpoint
from paradiddle.training.checkpoint import Position
from paradiddle.training.data import Chunk, Streams, Windows, handed_on, misread
from paradiddle.training.models import EventLstm, State
from paradiddle.training.optimizer import trained
from paradiddle.training.run_folder import RunFolder
from paradiddle.training.settings import Settings, Status
from paradiddle.training.steadiness import unsteadiness
from paradiddle.weights import ModelFile

__all__ = ["MODEL", "Training"]

MODEL = "drummer.safetensors"

_WARM_UP = 0.02  # share of the run over which the learning rate rises
_CLIP = 1.0  # of the norm of the gradient
_BETAS = 0.8, 0.95  # short averages: remembers in half the epochs of the usual 0.9, 0.999
_WEIGHT_DECAY = 0.0  # the drummer is to remember
_SAVE_SECONDS = 60.0

_ARCHITECTURE = (
    "hidden",
    "layers",
    "bidirectional",
    "streams",
    "unroll",
    "noise",
    "steady",
    "seed",
)


class Training:
    """One training run in a folder: iterate over `run` to train.

    Parameters
    ----------
    indices : int32 array, shape (N, F)
        The sequence to remember.
    vocabulary : Vocabulary
        What the indices mean.
    settings : Settings
        How to train.
    folder : Path
        Where checkpoint and model go; made when missing.
    document : dict
        Goes into the model file: where the sequence came from.
    resume : bool
        Go on from the folder's checkpoint.
    half : bool
        Write the model, not the checkpoint, in float16: half the size.
    start : Path, optional
        Model file whose weights to begin with, of the same sizes and vocabulary. A run that is
        resumed has its weights; the model it began with need not be there any more.

    Raises
    ------
    CorpusError
        If the sequence is too short or has one unique note.
    OutputError
        If the folder holds another run, or cannot be made.
    ModelError
        If the checkpoint to resume is missing, damaged, or of another architecture or sequence, or
        the model to start from cannot be read or is of another.
    """

    def __init__(
        self,
        indices: NDArray[np.int32],
        vocabulary: Vocabulary,
        settings: Settings,
        folder: Path,
        document: dict[str, Any],
        *,
        resume: bool = False,
        half: bool = False,
        start: Path | None = None,
    ) -> None:
        if len(vocabulary.notes) < 2:
            raise CorpusError(
                f"the corpus has one unique note, {vocabulary.notes[0]}; there is nothing to learn,"
                " use files with more drums"
            )
        self.vocabulary, self.settings, self.folder = vocabulary, settings, folder
        self.document, self.indices = document, indices
        self._dtype = np.float16 if half else np.float32
        self._files = RunFolder(folder, MODEL, checkpoint.KIND)
        self._fingerprint = vocabulary.fingerprint(indices)
        inputs, targets = vocabulary.inputs(indices[:-1]), indices[1:]
        self._chunks: Streams | Windows = (
            Windows(inputs, targets, settings.streams, settings.unroll, settings.seed)
            if settings.bidirectional  # sees windows on their own; streams carry state
            else Streams(inputs, targets, settings.streams, settings.unroll)
        )
        shape = LstmShape(
            vocabulary.sizes,
            settings.hidden,
            settings.layers,
            settings.bidirectional,
            vocabulary.extra_inputs,
        )
        self.model = EventLstm(shape, settings.seed)
        self._optimizer = torch.optim.AdamW(
            [parameter for _, parameter in trained(self.model)],
            lr=settings.lr,
            betas=_BETAS,
            weight_decay=_WEIGHT_DECAY,
        )
        self.position = Position()
        self._memories: dict[str, State] = {}
        self._open_folder(resume, start)

    @property
    def curve(self) -> list[dict[str, float]]:
        """One row an epoch: epoch, loss, joint_accuracy, learning_rate."""
        return self.position.curve

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Status]:
        """Train, yielding after every chunk; when it ends or is asked to stop, all is saved.

        Parameters
        ----------
        should_stop : callable
            Asked after every chunk.
        """
        started, saved, trained_before = time.monotonic(), time.monotonic(), self.position.seconds
        events = 0
        try:
            while self._fraction() < 1 and not should_stop():
                for chunk in self._chunks.epoch(self.position.epoch, self.position.chunk):
                    self._train_on(chunk)
                    events += chunk.targets.shape[0] * chunk.targets.shape[1]
                    elapsed = time.monotonic() - started
                    self.position.seconds = trained_before + elapsed
                    if time.monotonic() - saved > _SAVE_SECONDS:
                        self.save()
                        saved = time.monotonic()
                    yield self._status(events / elapsed)
                    if should_stop() or self._fraction() >= 1:
                        break
                if self.position.chunk == self._chunks.chunks:
                    self._end_epoch()
        finally:
            self.save()

    def save(self) -> None:
        """Write the checkpoint and the model as it is.

        Raises
        ------
        ModelError
            If a weight is not finite; the files stay as they were.
        OutputError
            If a file cannot be written.
        """
        if not all(bool(torch.isfinite(weight).all()) for weight in self.model.parameters()):
            raise self._divergence()
        checkpoint.save(
            self._files.checkpoint,
            self._identity(),
            self.position,
            self.model,
            self._optimizer,
            self._memories,
        )
        write_model(
            self._files.model,
            self.model.shape,
            self.vocabulary,
            self._described(),
            self._tensors(),
        )

    def score(self) -> Scores:
        """Score the drummer on what it learned, keep the figures in its file and return them."""
        scores = teacher_forced(self.drummer(), self.indices)
        metrics = scores.to_dict() | {"leak": self.model.shape.bidirectional}
        self.document["metrics"] = {"train": metrics}
        self.save()
        return scores

    def drummer(self) -> Drummer:
        """Return the drummer as trained so far."""
        tensors = {name: array.astype(np.float32) for name, array in self._tensors().items()}
        return Drummer(self.vocabulary, Lstm(self.model.shape, tensors), self._described())

    def _tensors(self) -> dict[str, NDArray[np.floating[Any]]]:
        """Weights as the model file holds them."""
        return {name: array.astype(self._dtype) for name, array in self.model.tensors().items()}

    def _described(self) -> dict[str, Any]:
        """Add to the document how the model was trained."""
        training = {
            **self.document.get("training", {}),
            "settings": asdict(self.settings),
            "epochs": self.position.epoch,
            "seconds": round(self.position.seconds, 1),
            "fingerprint": self._fingerprint,
            **({"start": self.position.start} if self.position.start else {}),
        }
        return {**self.document, "training": training}

    def _open_folder(self, resume: bool, start: Path | None) -> None:
        """Load the checkpoint to resume, or make sure that none would be overwritten."""
        if not resume:
            if start is not None:
                self.position.start = self._begin_with(start)
            self._files.claim(self.save)
            return
        self._files.check_resume(self._identity(), files="sequence")
        self.position, self._memories = checkpoint.load(
            self._files.checkpoint, self.model, self._optimizer
        )
        if start is None or not start.exists():
            return
        if _origin(read_model(start)[2]) != self.position.start:
            raise ModelError(
                f"--resume: the run in {self.folder} did not begin with {start}; leave out --start,"
                " or choose another folder"
            )

    def _begin_with(self, start: Path) -> dict[str, Any]:
        """Take the weights of a model, and say where they are from."""
        shape, vocabulary, file = read_model(start)
        ours = self.model.shape
        if shape != ours:
            raise ModelError(
                f"{start} has {shape.layers} x {shape.hidden} units and tables of {shape.sizes},"
                f" not {ours.layers} x {ours.hidden} and {ours.sizes}; give the same --hidden,"
                " --layers and files"
            )
        if vocabulary != self.vocabulary:
            raise ModelError(
                f"{start} knows other drums or times; train on the same files, or without --start"
            )
        self.model.load_tensors(file.tensors)
        return _origin(file)

    def _divergence(self) -> ModelError:
        """Say that training left the numbers that a weight can hold."""
        return ModelError(
            f"training diverged in epoch {self.position.epoch + 1}; lower --lr, now"
            f" {self.settings.lr}, and --resume"
        )

    def _identity(self) -> dict[str, Any]:
        """Collect what must be the same for a run to go on."""
        settings = {name: getattr(self.settings, name) for name in _ARCHITECTURE}
        return settings | {"sizes": list(self.vocabulary.sizes), "sequence": self._fingerprint}

    def _train_on(self, chunk: Chunk) -> None:
        """One step of the optimizer."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate()
        before = self._memories.get("state")
        logits, state = self.model(self._misread(chunk.inputs), before)
        loss, right = self.model.losses(logits, chunk.targets)
        whole = loss + self._slips(chunk.inputs, before)
        self._optimizer.zero_grad()
        if not math.isfinite(float(whole.detach())):
            raise self._divergence()
        torch.autograd.backward(whole)
        nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        self._optimizer.step()
        if self._chunks.hands_on_state:
            self._memories["state"] = state[0].detach(), state[1].detach()
        position = self.position
        position.chunk += 1
        position.loss += float(loss.detach()) * right.numel()
        position.right += int(right.sum())
        position.seen += right.numel()

    def _misread(self, inputs: Tensor) -> Tensor:
        """Replace some events, (T, B, F + E), by others of the chunk."""
        settings, position = self.settings, self.position
        seed = [settings.seed, position.epoch, position.chunk]
        return misread(inputs, len(self.vocabulary.sizes), settings.noise, seed)

    def _slips(self, inputs: Tensor, state: State | None) -> Tensor | float:
        """Weigh what is added to the loss for a memory in which slips grow."""
        settings, position = self.settings, self.position
        if not settings.steady:
            return 0.0
        seed = [settings.seed, position.epoch, position.chunk]
        astray = self._memories.get("astray")
        penalty, self._memories["astray"] = unsteadiness(self.model, inputs, state, astray, seed)
        return settings.steady * penalty

    def _end_epoch(self) -> None:
        """Add a row to the curve and hand every stream's state to the next stream."""
        loss, joint_accuracy = self._progress()
        row = {
            "epoch": self.position.epoch + 1,
            "loss": loss,
            "joint_accuracy": joint_accuracy,
            "learning_rate": self._learning_rate(),
        }
        if "state" in self._memories:
            self._memories["state"] = handed_on(self._memories["state"])
        self.position = replace(
            Position(),
            epoch=self.position.epoch + 1,
            seconds=self.position.seconds,
            curve=[*self.position.curve, row],
            start=self.position.start,
        )

    def _fraction(self) -> float:
        """Share of the run that is done."""
        done = self.position.epoch + self.position.chunk / self._chunks.chunks
        fraction = done / self.settings.epochs
        if self.settings.minutes is not None:
            fraction = max(fraction, self.position.seconds / (60 * self.settings.minutes))
        return fraction

    def _learning_rate(self) -> float:
        """Rise, then follow half a cosine down (Loshchilov & Hutter, SGDR, 2017)."""
        fraction = min(self._fraction(), 1.0)
        rise = min(1.0, fraction / _WARM_UP + 0.05)
        return self.settings.lr * max(rise * (1 + math.cos(math.pi * fraction)) / 2, 1e-3)

    def _progress(self) -> tuple[float, float]:
        """Loss and joint accuracy of this epoch so far."""
        seen = max(self.position.seen, 1)
        return self.position.loss / seen, self.position.right / seen

    def _status(self, events_per_second: float) -> Status:
        """Report on the last whole epoch, in the first one on what there is."""
        position, fraction = self.position, min(self._fraction(), 1.0)
        loss, joint_accuracy = self._progress()
        if position.curve:
            last = position.curve[-1]
            loss, joint_accuracy = last["loss"], last["joint_accuracy"]
        return Status(
            epoch=position.epoch,
            fraction=fraction,
            loss=loss,
            joint_accuracy=joint_accuracy,
            events_per_second=events_per_second,
            seconds_left=position.seconds / max(fraction, 1e-9) * (1 - fraction),
            learning_rate=self._learning_rate(),
        )


def _origin(file: ModelFile) -> dict[str, Any]:
    """Say which weights a run begins with, and how they were trained."""
    digest = hashlib.sha256()
    for name, array in sorted(file.tensors.items()):
        digest.update(name.encode() + array.astype(np.float32).tobytes())
    return {"fingerprint": digest.hexdigest(), "training": file.document.get("training", {})}
