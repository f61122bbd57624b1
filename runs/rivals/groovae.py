"""GrooVAE's Seq2Seq: bare hits in, the same hits with velocity and timing out."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from paradiddle.given import V

from .examples import Batch
from .rival import Course, Rival

__all__ = ["Seq2Seq"]

_FORGET = 140.0  # how slowly the truth gives way; the original's is 1000, for 200,000 steps


class Seq2Seq(Rival):
    """Bidirectional LSTM over the hits, LSTM that says hits, velocities and offsets in turn.

    The decoder hears at each step what the encoder says there, its hits, and the step before: in
    training the truth, and more and more often what it said itself. As in the original it knows no
    style or tempo, velocities are sigmoids and offsets tanhs, both by squared error. Here those
    count where there is a hit, and the hits reach the decoder directly, not through the encoder
    alone, which takes long to learn to pass them on; the encoder is of 256 each way (512 in the
    original), the decoder 2x256; trained for 8 minutes, at the end of which it still gets better.
    """

    name = "groovae-seq2seq"
    title = "GrooVAE Seq2Seq"
    course = Course(bars=2, batch=64, steps=1300, rate=2e-3)

    def __init__(self, styles: Sequence[str], encoder: int = 256, decoder: int = 256) -> None:
        super().__init__(styles, encoder=encoder, decoder=decoder)
        self.encoder = nn.LSTM(V, encoder, batch_first=True, bidirectional=True)
        self.first = nn.LSTMCell(2 * encoder + 4 * V, decoder)
        self.second = nn.LSTMCell(decoder, decoder)
        self.start = nn.Linear(2 * encoder, 4 * decoder)
        self.out = nn.Linear(decoder, 3 * V)

    def said(self, batch: Batch, truth: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of hits, velocities in [0, 1] and offsets in [-1, 1], (B, T, 9) each.

        Each step hears the true step before with this chance, else what was said of its hits.
        """
        heard, (ends, _) = self.encoder(batch.hits)
        heard = torch.cat([heard, batch.hits], -1)  # (B, T, 2E + 9)
        h1, c1, h2, c2 = self.start(torch.cat([*ends], -1)).tanh().chunk(4, -1)
        true = torch.cat([batch.hits, batch.velocities, 2 * batch.offsets], -1)
        before = torch.zeros_like(true[:, 0])
        steps = []
        for step in range(heard.shape[1]):
            h1, c1 = self.first(torch.cat([heard[:, step], before], -1), (h1, c1))
            h2, c2 = self.second(h1, (h2, c2))
            logits, velocities, offsets = self.out(h2).float().chunk(3, -1)
            velocities, offsets = velocities.sigmoid(), offsets.tanh()
            steps.append(torch.cat([logits, velocities, offsets], -1))
            hits = batch.hits[:, step]
            own = torch.cat([hits, velocities * hits, offsets * hits], -1).detach()
            told = torch.rand(len(own), 1) < truth
            before = torch.where(told, true[:, step], own)
        logits, velocities, offsets = torch.stack(steps, 1).chunk(3, -1)
        return logits, velocities, offsets

    def loss(self, batch: Batch, step: int) -> Tensor:
        """Nats a cell, and squared errors a hit."""
        truth = _FORGET / (_FORGET + math.exp(step / _FORGET))
        logits, velocities, offsets = self.said(batch, truth)
        hits = binary_cross_entropy_with_logits(logits, batch.hits)
        return hits + self._errors(batch, velocities, offsets).mean()

    def judged(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Squared errors of velocity and offset hearing only itself, and hits."""
        _, velocities, offsets = self.said(batch)
        return self._errors(batch, velocities, offsets).sum(), batch.hits.sum()

    def _errors(self, batch: Batch, velocities: Tensor, offsets: Tensor) -> Tensor:
        errors = (velocities - batch.velocities) ** 2 + (offsets - 2 * batch.offsets) ** 2
        return errors[batch.hits > 0]

    @torch.no_grad()
    def humanize(self, batch: Batch) -> Tensor:
        """Give the hits velocity and timing, (B, T, 27)."""
        self.eval()
        _, velocities, offsets = self.said(batch)
        hits = batch.hits
        late = (offsets / 2).clamp(-0.5, math.nextafter(0.5, 0)) * hits
        return torch.cat([hits, velocities * hits, late], -1)
