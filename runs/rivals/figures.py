"""The figures of trained rivals, laid out as those of `paradiddle.machine_report.report`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from paradiddle.exam import Exam
from paradiddle.measures import divergence, dynamics_error, hit_scores, hits_of, surprise
from paradiddle.players import BATCH
from paradiddle.questions import cells_of, qpm_of, whole
from paradiddle.takes import STEPS_PER_BAR, Window

from .examples import Batch, batch_of
from .files import load
from .groovae import Seq2Seq
from .groove_transformer import GrooveTransformer
from .next_step import DrumsRnn, NextStep, VoiceLstm
from .rival import Rival

__all__ = ["RIVALS", "rival_figures"]

RIVALS: tuple[type[Rival], ...] = (VoiceLstm, DrumsRnn, GrooveTransformer, Seq2Seq)

_TEMPERATURES = np.linspace(0.6, 2.0, 57)
_THRESHOLDS = np.linspace(0.2, 0.7, 51)

_Logits = NDArray[np.float64]
_Mask = NDArray[np.bool_]


def rival_figures(folder: Path, exam: Exam) -> dict[str, dict[str, Any]]:
    """Measure the rivals in a folder on the recordings of an exam.

    Parameters
    ----------
    folder : Path
        Where ``python -m runs.rivals`` put them.
    exam : Exam
        As for `paradiddle.machine_report.report`. The temperature and the threshold of the
        transformer are chosen on its validation windows.

    Returns
    -------
    dict of str to dict
        ``likelihood``, ``tap`` and ``humanize``, each by the name of the rival.

    Raises
    ------
    ModelError
        If one is missing or damaged.
    """
    predictors = [load(kind, folder) for kind in (VoiceLstm, DrumsRnn)]
    likelihood = {one.title: _likelihoods(one, exam) for one in predictors}
    tapped, hits = _tapped(load(GrooveTransformer, folder), exam)
    humanizer = load(Seq2Seq, folder)
    return {
        "likelihood": {**likelihood, **tapped},
        "tap": {GrooveTransformer.title: {"greedy": hits}},
        "humanize": {Seq2Seq.title: _humanized(humanizer, exam)},
    }


def _batches(rival: Rival, windows: Sequence[Window], size: int = BATCH) -> Iterator[Batch]:
    for start in range(0, len(windows), size):
        yield batch_of(windows[start : start + size], rival.styles)


@torch.no_grad()
def _likelihoods(rival: NextStep, exam: Exam) -> dict[str, float]:
    recordings = [whole(take) for take in exam.takes]
    read = [rival.bits(batch)[batch.played] for batch in _batches(rival, recordings, 8)]
    bits = torch.cat([rival.bits(batch) for batch in _batches(rival, exam.windows)]).double()
    return {
        "next_step": float(torch.cat(read).double().mean()),
        "nothing": float(bits.mean()),
        "second_bar": float(bits[:, STEPS_PER_BAR:].mean()),
    }


def _tapped(
    rival: GrooveTransformer, exam: Exam
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Bits a step, as they are and calibrated, and scores of hits above a threshold."""
    known, hits = _logits(rival, exam.validation), hits_of(cells_of(exam.validation))
    temperature = min(_TEMPERATURES, key=lambda one: _bits(known / one, hits))
    threshold = max(_THRESHOLDS, key=lambda one: _found(known, hits, one))
    logits, played = _logits(rival, exam.windows), hits_of(cells_of(exam.windows))
    bits = {
        rival.title: {"tap": _bits(logits, played)},
        f"{rival.title}, calibrated": {"tap": _bits(logits / temperature, played)},
    }
    return bits, hit_scores(_chances(logits) > threshold, played).to_dict()


@torch.no_grad()
def _logits(rival: GrooveTransformer, windows: Sequence[Window]) -> _Logits:
    said = [rival.said(batch)[0] for batch in _batches(rival, windows)]
    return torch.cat(said).double().numpy()


def _chances(logits: _Logits) -> _Logits:
    return 1 / (1 + np.exp(-logits))


def _bits(logits: _Logits, hits: _Mask) -> float:
    return float(surprise(_chances(logits), hits).mean())


def _found(logits: _Logits, hits: _Mask, threshold: float) -> float:
    """F1 and exact sounding steps, both alike."""
    scores = hit_scores(_chances(logits) > threshold, hits)
    return scores.f1 + scores.exact_steps


def _humanized(rival: Seq2Seq, exam: Exam) -> dict[str, dict[str, float]]:
    made = torch.cat([rival.humanize(batch) for batch in _batches(rival, exam.windows)]).numpy()
    cells = cells_of(exam.windows)
    return {
        "point": dynamics_error(made, cells, qpm_of(exam.windows)).to_dict(),
        "spread": divergence(made, cells).to_dict(),
    }
