"""How to train a drummer, and how a run is doing."""

from dataclasses import dataclass

import numpy as np

from paradiddle.checks import check_at_least, check_range, check_seed
from paradiddle.errors import InvalidValueError

__all__ = ["Settings", "Status"]


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    hidden, layers, bidirectional
        Sizes of the network; see `LstmShape`.
    unroll, streams : int
        Steps and parallel streams of one chunk; for a bidirectional network length and number of
        the windows in one batch.
    lr : float
        Highest learning rate of the cosine schedule.
    epochs : int
        Passes over the sequence.
    minutes : float, optional
        Stop after this long; the schedule then follows the clock, so that two runs differ.
    noise : float
        Share of the events whose note, ticks and velocity are replaced by another event's when they
        are read, never when they are predicted: the drummer learns to find back after a slip.
    steady : float
        Weight of `paradiddle.training.steadiness.unsteadiness` in the loss: a slip of the memory
        fades instead of growing, at the price of some of what is remembered. 0 leaves it out.
    seed : int
        Of the first weights, the shuffling, the noise and the slips.

    Raises
    ------
    InvalidValueError
        If a number is out of range, or `steady` is asked of a bidirectional network.
    """

    hidden: int = 200
    layers: int = 1
    bidirectional: bool = False
    unroll: int = 50
    streams: int = 32
    lr: float = 1e-2
    epochs: int = 200
    minutes: float | None = None
    noise: float = 0.0
    steady: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "unroll", "streams", "epochs"):
            check_at_least(name, getattr(self, name), 1, "give a whole number from 1 up")
        check_range("lr", np.array([self.lr]), 1e-8, 1, remedy="try 0.01")
        check_range("noise", np.array([self.noise]), 0, 1, remedy="0.1 is plenty")
        check_range("steady", np.array([self.steady]), 0, 100, remedy="try 0.3")
        if self.steady and self.bidirectional:
            raise InvalidValueError(
                f"steady must be 0 for a bidirectional network, got {self.steady}; it keeps no"
                " memory from one event to the next"
            )
        if self.minutes is not None:
            check_range("minutes", np.array([self.minutes]), 0.001, 1e6, remedy="try 5")
        check_seed(self.seed)


@dataclass(frozen=True)
class Status:
    """How a run is doing.

    Attributes
    ----------
    epoch : int
        Epochs completed.
    fraction : float
        Share of the run that is done, 0 to 1.
    loss, joint_accuracy : float
        Over the last whole epoch: cross-entropy in nats, share of events with note and ticks right.
    events_per_second, seconds_left : float
        Speed of this sitting and the time it needs at that speed.
    learning_rate : float
        In use.
    """

    epoch: int
    fraction: float
    loss: float
    joint_accuracy: float
    events_per_second: float
    seconds_left: float
    learning_rate: float
