"""LSTMs that say each step given all steps before it."""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from paradiddle.given import V, condition_width
from paradiddle.takes import STEPS_PER_BAR

from .examples import Batch
from .rival import Course, Rival, cell_nats

__all__ = ["DrumsRnn", "NextStep", "VoiceLstm"]

_SETS = 2**V
_COUNTERS = 6


class NextStep(Rival):
    """Judged by how many bits a step takes, the steps before it given."""

    @abstractmethod
    def nats(self, batch: Batch) -> Tensor:
        """For the hits of each step, (B, T)."""

    def bits(self, batch: Batch) -> Tensor:
        """For the hits of each step, (B, T)."""
        return self.nats(batch) / math.log(2)

    def loss(self, batch: Batch, step: int) -> Tensor:
        """Average nats a step."""
        return self.nats(batch)[batch.played].mean()

    def judged(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Bits, and steps."""
        return self.bits(batch)[batch.played].sum(), batch.played.sum()


class VoiceLstm(NextStep):
    """LSTM 2x256 that reads cells and says the nine voices of a step one after the other.

    It reads hits, velocities and offsets of the step before, the step of the bar, style, tempo and
    kind. Each voice is told what the LSTM says and the voices before it in the same step. Trained
    on 8 bars from silence at a time, dropout .3, for 9 minutes instead of 15.
    """

    name = "lstm-2x256"
    title = "LSTM 2x256"
    course = Course(bars=8, batch=32, steps=1500)
    earlier: Tensor

    def __init__(self, styles: Sequence[str], hidden: int = 256, voice: int = 32) -> None:
        super().__init__(styles, hidden=hidden, voice=voice)
        width = 3 * V + STEPS_PER_BAR + condition_width(len(styles))
        self.lstm = nn.LSTM(width, hidden, 2, batch_first=True, dropout=0.3)
        self.drop = nn.Dropout(0.3)
        self.past = nn.Linear(hidden, V * voice)
        self.among = nn.Parameter(torch.randn(V, V, voice) / V)  # from voice, to voice
        self.out = nn.Parameter(torch.randn(V, voice) / voice**0.5)
        self.constant = nn.Parameter(torch.full((V,), -2.0))
        self.register_buffer("earlier", torch.ones(V, V).triu(1)[..., None], persistent=False)

    def nats(self, batch: Batch) -> Tensor:
        """See `NextStep`."""
        told = batch.conditions[:, None].expand(-1, batch.cells.shape[1], -1)
        read = torch.cat([batch.before, batch.steps_of_bar, told], -1)  # (B, T, width)
        past = self.past(self.drop(self.lstm(read)[0])).unflatten(-1, self.out.shape)
        heard = torch.einsum("btu,uvk->btvk", batch.hits, self.among * self.earlier)
        logits = ((past + heard).relu() * self.out).sum(-1) + self.constant  # (B, T, V)
        return cell_nats(logits, batch.hits)


class DrumsRnn(NextStep):
    """DrumsRNN: LSTM 3x256 that says which of the 512 sets of hits a step is.

    It reads the set of the step before and six binary counters of the place in the recording, half
    of all outputs dropped. As in the original it knows no velocities, timing, style or tempo. Here
    attention over the last 32 steps is left out, and a linear layer stands between the one-hot set
    and the LSTM, which learns much sooner so; trained on 8 bars from silence, 16 at once instead of
    128, for 6 minutes, at the end of which it still gets better.
    """

    name = "drums-rnn"
    title = "DrumsRNN, LSTM 3x256"
    course = Course(bars=8, batch=16, steps=1100, clip=3.0)
    places: Tensor
    counters: Tensor

    def __init__(self, styles: Sequence[str], hidden: int = 256, read: int = 128) -> None:
        super().__init__(styles, hidden=hidden, read=read)
        self.read = nn.Embedding(_SETS + 1, read)  # the last for what is before the first step
        self.lstm = nn.LSTM(read + _COUNTERS, hidden, 3, batch_first=True, dropout=0.5)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(hidden, _SETS)
        self.register_buffer("places", 2 ** torch.arange(V), persistent=False)
        self.register_buffer("counters", 2 ** torch.arange(_COUNTERS), persistent=False)

    def nats(self, batch: Batch) -> Tensor:
        """See `NextStep`."""
        sets = (batch.hits.long() * self.places).sum(-1)  # (B, T)
        before = self.read(pad(sets[:, :-1], (1, 0), value=_SETS))  # (B, T, read)
        counted = (batch.positions[..., None] // self.counters % 2) * 2.0 - 1
        said = self.lstm(torch.cat([before, counted], -1))[0]
        logits = self.out(self.drop(said)).float()  # (B, T, 512)
        return cross_entropy(logits.flatten(0, 1), sets.flatten(), reduction="none").view_as(sets)
