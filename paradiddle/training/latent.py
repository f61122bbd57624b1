"""The latent recipe as a task of a training run: autoencoders of windows, and priors over codes.

Both learn at once: a step takes windows of one length, by turns, improves the autoencoder on
changed copies of them, and the prior on the codes of the windows as they are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from paradiddle.errors import CorpusError
from paradiddle.given import condition
from paradiddle.latent_cells import inputs_of
from paradiddle.latent_file import KIND, write_model
from paradiddle.style_weights import style_weights
from paradiddle.takes import STEPS_PER_BAR, Takes, Window, windows_of
from paradiddle.training.latent_loss import agreement, altered, cell_nats
from paradiddle.training.latent_models import (
    ConditionalVae,
    MixerVae,
    drawn,
    nats_above_normal,
)
from paradiddle.training.latent_settings import LatentSettings
from paradiddle.training.splits import TRAIN, VALIDATION

__all__ = ["LatentSettings", "LatentTask"]

_AT_ONCE = 512  # windows in a batch of validation
_LOG_2 = math.log(2)
_BLUR = 0.1  # of the means a prior learns: some numbers of a code say nothing and never differ
_VALIDATION_SEED = 2**32  # of its draws


class LatentTask:
    """What a `paradiddle.training.run.Run` trains.

    Parameters
    ----------
    takes : Takes
        With splits train and validation.
    settings : LatentSettings
    document : mapping
        Goes into the model file: where the recordings came from.
    half : bool
        Write the model in float16: half the size.

    Raises
    ------
    CorpusError
        If no recording of a split is as long as a window.
    """

    name = KIND
    decides = "loss"

    def __init__(
        self,
        takes: Takes,
        settings: LatentSettings,
        document: Mapping[str, Any],
        *,
        half: bool = False,
    ) -> None:
        self.settings, self._document, self._half = settings, dict(document), half
        self.styles = tuple(sorted(takes.of(TRAIN).styles()))
        self.shapes = {n: settings.shape(n, len(self.styles)) for n in settings.lengths}
        self._train = {n: _windows(takes, TRAIN, n) for n in settings.lengths}
        self._validation = {n: _windows(takes, VALIDATION, n) for n in settings.lengths}
        tempi = [take.pattern.qpm for take in takes.of(TRAIN)]
        self._encoding = {"qpm": round(float(np.median(tempi)), 2)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.model: nn.Module = nn.ModuleDict(
                {
                    str(bars): nn.ModuleDict(
                        {
                            "autoencoder": MixerVae(shape.autoencoder),
                            "prior": ConditionalVae(shape.prior),
                        }
                    )
                    for bars, shape in self.shapes.items()
                }
            )

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """Loss of the windows of one length, in nats a step of the grid."""
        lengths, seed = self.settings.lengths, self.settings.seed
        bars = lengths[step % len(lengths)]
        rng = np.random.default_rng([seed, step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        source = self._train[bars]
        chosen = [source[i] for i in rng.integers(0, len(source), self.settings.batch)]
        cells = np.stack([window.cells for window in chosen])
        changed = altered(cells, self.settings.mixing, self.settings.shifting, rng)
        loss, figures = self._autoencoder_loss(bars, changed, generator)
        prior_loss = self._prior_loss(bars, cells, self._wishes(chosen, rng), generator)
        figures["prior"] = float(prior_loss.detach())
        return loss + prior_loss, {f"{name}-{bars}": value for name, value in figures.items()}

    def validate(self) -> dict[str, float]:
        """Loss, and how well unseen windows are reconstructed from the posterior mean."""
        figures = {"loss": 0.0}
        for bars, windows in self._validation.items():
            sums: dict[str, float] = {}
            generator = torch.Generator().manual_seed(_VALIDATION_SEED)
            rng = np.random.default_rng(_VALIDATION_SEED)
            for start in range(0, len(windows), _AT_ONCE):
                chosen = windows[start : start + _AT_ONCE]
                for name, value in self._measured(bars, chosen, rng, generator).items():
                    sums[name] = sums.get(name, 0.0) + value
            scores = _scores(sums)
            figures["loss"] += scores.pop("loss")
            figures |= {f"{name}-{bars}": value for name, value in scores.items()}
        return figures

    def document(self) -> dict[str, Any]:
        """Return what goes into the model file besides how the run went."""
        training = {**self._document.get("training", {}), "latent": asdict(self.settings)}
        return {**self._document, "encoding": self._encoding, "training": training}

    def identity(self) -> dict[str, Any]:
        """Return what must be the same for a run to go on."""
        return {**asdict(self.settings), "lengths": list(self.settings.lengths)}

    def write_model(
        self, path: Path, state: Mapping[str, Tensor], document: Mapping[str, Any]
    ) -> None:
        """Write the model file; see `paradiddle.latent_file`."""
        dtype = np.float16 if self._half else np.float32
        tensors: dict[str, NDArray[np.floating[Any]]] = {
            name.replace(".prior.decoder.", ".prior."): value.numpy().astype(dtype)
            for name, value in state.items()
            if ".prior.encoder." not in name  # only training reads codes
        }
        write_model(path, self.shapes, self.styles, document, tensors)

    def _parts(self, bars: int) -> tuple[MixerVae, ConditionalVae]:
        parts = self.model.get_submodule(str(bars))
        autoencoder, prior = parts.get_submodule("autoencoder"), parts.get_submodule("prior")
        assert isinstance(autoencoder, MixerVae)
        assert isinstance(prior, ConditionalVae)
        return autoencoder, prior

    def _autoencoder_loss(
        self, bars: int, cells: NDArray[np.float32], generator: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Weighted nats a step, and what they are made of in bits a window."""
        autoencoder, _ = self._parts(bars)
        mean, log_variance = autoencoder.encode(torch.from_numpy(inputs_of(cells)))
        outputs = autoencoder.decode(drawn(mean, log_variance, generator))
        hits, velocities, offsets = cell_nats(outputs, torch.from_numpy(cells))
        code = nats_above_normal(mean, log_variance).mean()
        settings = self.settings
        total = (
            hits.mean()
            + settings.velocity_weight * velocities.mean()
            + settings.offset_weight * offsets.mean()
            + settings.beta * (code - settings.free_bits * _LOG_2).clamp(min=0)
        )
        figures = {
            "hit-bits": float(hits.detach().mean()) / _LOG_2,
            "code-bits": float(code.detach()) / _LOG_2,
        }
        return total / (bars * STEPS_PER_BAR), figures

    def _prior_loss(
        self,
        bars: int,
        cells: NDArray[np.float32],
        wishes: NDArray[np.float32],
        generator: torch.Generator,
    ) -> Tensor:
        """Negative evidence bound of posterior means, in nats a number."""
        autoencoder, prior = self._parts(bars)
        with torch.no_grad():
            mean, _ = autoencoder.encode(torch.from_numpy(inputs_of(cells)))
            latents = mean + _BLUR * torch.randn(mean.shape, generator=generator)
        conditions = torch.from_numpy(wishes)
        mean, log_variance = prior.encode(latents, conditions)
        centre, spread = prior.decode(drawn(mean, log_variance, generator), conditions)
        surprise = 0.5 * ((latents - centre).square() * (-spread).exp() + spread).sum(-1)
        return (surprise + nats_above_normal(mean, log_variance)).mean() / latents.shape[1]

    def _wishes(self, windows: Sequence[Window], rng: np.random.Generator) -> NDArray[np.float32]:
        """Style and tempo of windows, some of them withheld, (B, C)."""
        told = rng.random((len(windows), 2)) >= self.settings.anonymous
        rows = []
        for window, (style, tempo) in zip(windows, told, strict=True):
            take = window.take
            weights = style_weights(
                self.styles, take.style if style and take.style in self.styles else None
            )
            rows.append(condition(weights, take.pattern.qpm if tempo else None, None, None))
        return np.stack(rows)

    def _measured(
        self,
        bars: int,
        chosen: Sequence[Window],
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> dict[str, float]:
        """Sum over some windows what `_scores` makes figures of."""
        cells = np.stack([window.cells for window in chosen])
        loss, figures = self._autoencoder_loss(bars, cells, generator)
        prior = self._prior_loss(bars, cells, self._wishes(chosen, rng), generator)
        autoencoder, _ = self._parts(bars)
        mean, _ = autoencoder.encode(torch.from_numpy(inputs_of(cells)))
        weighted = {"loss": float(loss + prior), "prior": float(prior), **figures}
        return {
            "windows": len(chosen),
            **{name: value * len(chosen) for name, value in weighted.items()},
            **agreement(autoencoder.decode(mean), torch.from_numpy(cells)),
        }


def _scores(sums: Mapping[str, float]) -> dict[str, float]:
    """Hit F1, share of exact non-empty steps, errors of the hits found, and means a window."""
    found = max(sums["right"], 1.0)
    means = ("loss", "prior", "hit-bits", "code-bits")
    return {
        **{name: sums[name] / sums["windows"] for name in means},
        "f1": 2 * sums["right"] / max(sums["played"] + sums["real"], 1.0),
        "exact": sums["exact"] / sums["full"],
        "velocity-mae": sums["velocity"] / found,
        "offset-mae": sums["offset"] / found,
    }


def _windows(takes: Takes, split: str, bars: int) -> list[Window]:
    found = windows_of(takes.of(split), bars)
    if not found:
        raise CorpusError(
            f"no recording in split {split} has {bars} bars; use longer files or more of them"
        )
    return found
