"""How to run a training in steps, and how such a run is doing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from paradiddle.checks import check_at_least, check_range, check_seed

__all__ = ["VALIDATION", "RunPosition", "RunSettings", "RunStatus", "validation_figures"]

VALIDATION = "validation/"  # before the names of figures in a row of the curve

_LOWEST = 0.02  # of the learning rate, at the end


@dataclass(frozen=True)
class RunSettings:
    """How to train, whatever the model; sizes and batch belong to the model's task.

    Attributes
    ----------
    steps : int
        Steps of the optimizer.
    minutes : float, optional
        Stop after this long; the schedule then follows the clock, so that two runs differ.
    lr : float
        Highest learning rate.
    warm_up : int
        Steps over which the learning rate rises to it; it then falls along half a cosine.
    weight_decay : float
        Of AdamW.
    seed : int
        Of the dropout; the task has the same for weights and batches.
    validate_every : int
        Steps between two looks at the validation split.
    average : float
        Decay, a step, of a moving average of the weights, which then is what is validated and
        written; 0 for the weights themselves.
    keep_best : bool
        Write the weights that did best on the validation split, not the last.

    Raises
    ------
    InvalidValueError
        If a number is out of range.
    """

    steps: int = 10_000
    minutes: float | None = None
    lr: float = 2e-3
    warm_up: int = 200
    weight_decay: float = 0.02
    seed: int = 0
    validate_every: int = 500
    average: float = 0.0
    keep_best: bool = True

    def __post_init__(self) -> None:
        for name in ("steps", "warm_up", "validate_every"):
            check_at_least(name, getattr(self, name), 1, "give a whole number from 1 up")
        check_range("lr", np.array([self.lr]), 1e-8, 1, remedy="try 0.002")
        check_range("weight_decay", np.array([self.weight_decay]), 0, 10, remedy="try 0.02")
        check_range(
            "average", np.array([self.average]), 0, 1, half_open=True, remedy="try 0.999, or 0"
        )
        if self.minutes is not None:
            check_range("minutes", np.array([self.minutes]), 0.001, 1e6, remedy="try 60")
        check_seed(self.seed)

    def fraction(self, step: int, seconds: float) -> float:
        """Share of the run, 0 to 1, that is done after so many steps and seconds."""
        by_clock = 0.0 if self.minutes is None else seconds / (60 * self.minutes)
        return min(1.0, max(step / self.steps, by_clock))

    def learning_rate(self, step: int, seconds: float) -> float:
        """Rise, then follow half a cosine down.

        Examples
        --------
        >>> settings = RunSettings(steps=1000, lr=1.0, warm_up=10)
        >>> [round(settings.learning_rate(step, 0.0), 3) for step in (0, 9, 500, 1000)]
        [0.1, 1.0, 0.707, 0.02]
        """
        rise = min(1.0, (step + 1) / self.warm_up)
        fall = math.cos(math.pi / 2 * self.fraction(step, seconds))
        return self.lr * rise * max(_LOWEST, fall)


@dataclass
class RunPosition:
    """Where a run is.

    Attributes
    ----------
    step : int
        The next step.
    seconds : float
        Time trained, over all sittings.
    sums, counts : dict of str to float and to int
        The loss and the task's figures, summed over the steps since the last row of the curve, and
        the number of these steps that had each.
    curve : list of dict
        A row each validation: step, learning_rate, loss, train/FIGURE and validation/FIGURE.
    best : dict, optional
        The row with the best validation figure.
    """

    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] | None = None

    def add(self, loss: float, figures: Mapping[str, float]) -> None:
        """Count a step."""
        named = {f"train/{name}": value for name, value in figures.items()}
        for name, value in {"loss": loss, **named}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1
        self.step += 1

    def end_row(self, learning_rate: float, validation: Mapping[str, float]) -> dict[str, float]:
        """Add a row to the curve, and start sums of the next."""
        row = {"step": self.step, "learning_rate": learning_rate, **self.means()}
        row |= {f"{VALIDATION}{name}": value for name, value in validation.items()}
        self.curve.append(row)
        self.sums, self.counts = {}, {}
        return row

    def means(self) -> dict[str, float]:
        """Loss and figures since the last row, each a step that had it."""
        return {name: value / self.counts[name] for name, value in self.sums.items()}


@dataclass(frozen=True)
class RunStatus:
    """How a run is doing.

    Attributes
    ----------
    step : int
        Steps done.
    fraction : float
        Share of the run that is done, 0 to 1.
    loss : float
        Mean since the last validation.
    validation : dict of str to float
        Figures of the last validation; empty before the first.
    steps_per_second, seconds_left : float
        Speed of this sitting, and the time that is needed at the speed of the whole run.
    learning_rate : float
        Of the next step.
    """

    step: int
    fraction: float
    loss: float
    validation: dict[str, float]
    steps_per_second: float
    seconds_left: float
    learning_rate: float


def validation_figures(row: Mapping[str, float]) -> dict[str, float]:
    """Pick the task's validation figures out of a row of the curve.

    Examples
    --------
    >>> validation_figures({"step": 500, "loss": 1.2, "validation/bits": 2.1})
    {'bits': 2.1}
    """
    return {
        name.removeprefix(VALIDATION): value
        for name, value in row.items()
        if name.startswith(VALIDATION)
    }
