"""One way to train them all: shuffled windows, Adam, the weights that are best on validation."""

import math
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from threading import Event

import numpy as np
import torch
from torch import Tensor

from paradiddle.exam import Exam
from paradiddle.takes import Window

from .examples import Batch, batch_of, phrases
from .rival import Course, Rival

__all__ = ["Trained", "train"]

_CHECKS = 24  # on validation, in all
_PATIENCE = 6  # checks without getting better
_LEAST = 0.05  # of the rate
_SILENT = 50  # steps between lines


@dataclass
class Trained:
    """How training went, and the best weights.

    Attributes
    ----------
    validation : float
        What early stopping goes by, at its best.
    step, of : int
        When that was, and how many steps there were.
    minutes : float
        How long it took.
    weights : dict of str to Tensor
        Best on validation.
    """

    validation: float = math.inf
    step: int = 0
    of: int = 0
    minutes: float = 0.0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def figures(self) -> dict[str, float]:
        """All but the weights, for the model file."""
        return {name: value for name, value in asdict(self).items() if name != "weights"}


def train(rival: Rival, exam: Exam, course: Course, seed: int, stop: Event) -> Trained:
    """Train on the train windows of an exam, and leave the best weights in the model.

    Parameters
    ----------
    rival : Rival
        Trained in place.
    exam : Exam
        Only its train and validation windows are read.
    course : Course
        How.
    seed : int
        Of the order of windows and of dropout.
    stop : Event
        Set to end early; what is best so far is kept.
    """
    torch.manual_seed(seed)
    held_out = list(_held_out(rival, exam, course))
    optimizer = torch.optim.Adam(rival.parameters(), course.rate)
    every = max(1, course.steps // _CHECKS)
    best, began = Trained(), time.monotonic()
    for step, windows in enumerate(_drawn(exam, course, seed), 1):
        loss = _learn(rival, optimizer, batch_of(windows, rival.styles), step, course)
        best.of, best.minutes = step, (time.monotonic() - began) / 60
        last = step == course.steps or stop.is_set()
        if step % every == 0 or last:
            _check(rival, held_out, best)
        if step % _SILENT == 0 or last:
            print(
                f"{rival.name}: step {step} of {course.steps}, loss {loss:.4f}, validation"
                f" {best.validation:.4f} at step {best.step}, {best.minutes:.1f} min",
                flush=True,
            )
        if last or step - best.step >= _PATIENCE * every:
            break
    rival.load_state_dict(best.weights)
    return best


def _held_out(rival: Rival, exam: Exam, course: Course) -> Iterator[Batch]:
    windows = phrases(exam.validation, course.bars, course.bars)
    for start in range(0, len(windows), course.batch):
        yield batch_of(windows[start : start + course.batch], rival.styles)


def _drawn(exam: Exam, course: Course, seed: int) -> Iterator[list[Window]]:
    """Draw train windows without end, each once a round."""
    windows, generator = phrases(exam.train, course.bars, 1), np.random.default_rng(seed)
    places: list[int] = []
    while True:
        while len(places) < course.batch:
            places += generator.permutation(len(windows)).tolist()
        drawn, places = places[: course.batch], places[course.batch :]
        yield [windows[place] for place in drawn]


def _learn(
    rival: Rival, optimizer: torch.optim.Optimizer, batch: Batch, step: int, course: Course
) -> float:
    rival.train()
    fallen = (1 + math.cos(math.pi * step / course.steps)) / 2
    optimizer.param_groups[0]["lr"] = course.rate * (_LEAST + (1 - _LEAST) * fallen)
    with torch.autocast("cpu", torch.bfloat16):
        loss = rival.loss(batch, step)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(rival.parameters(), course.clip)
    optimizer.step()
    return float(loss.detach())


def _check(rival: Rival, held_out: list[Batch], best: Trained) -> None:
    found = rival.judge(held_out)
    if found < best.validation:
        best.validation, best.step = found, best.of
        best.weights = deepcopy(rival.state_dict())
