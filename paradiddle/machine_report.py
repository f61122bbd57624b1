"""All figures of a drum machine and of what it has to beat, by the same code in the same run."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paradiddle.baselines import Baselines
from paradiddle.compositions import Composer, Made
from paradiddle.exam import Exam
from paradiddle.likeness import copied_share, histograms, overlaps
from paradiddle.machine_scores import humanize_scores, likelihoods, tap_scores
from paradiddle.measures import (
    divergence,
    dynamics_error,
    hit_scores,
    hits_of,
    surprise,
)
from paradiddle.players import Player, Progress, quiet
from paradiddle.questions import cells_of, qpm_of
from paradiddle.style_classifier import StyleClassifier, style_scores
from paradiddle.takes import STEPS_PER_BAR, Window

__all__ = ["report"]


def report(
    exam: Exam,
    baselines: Baselines,
    made: Mapping[str, Made],
    player: Player | None = None,
    latent: Composer | None = None,
    *,
    samples: int = 16,
    seed: int = 0,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Measure everything; figures are named as in the classes that define them.

    Parameters
    ----------
    exam : Exam
        Recordings to measure on.
    baselines : Baselines
        Fitted to the same train windows.
    made : mapping of str to Made
        As `paradiddle.compositions.made_by` returns it.
    player : Player, optional
        The fill-in model; without one only the baselines are measured.
    latent : Composer, optional
        The latent model.
    samples : int, default 16
        To find a consensus among, and medians of.
    seed : int, default 0
        Of the style classifier.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    dict of str to JSON values
        ``likelihood``, ``tap``, ``humanize``, ``reconstruction``, ``style``, ``likeness`` and
        ``copies``, each a dict by the name of what was measured.
    """
    found: dict[str, Any] = {
        "split": exam.split,
        "recordings": len(exam.takes),
        "windows": len(exam.windows),
        "likelihood": _baseline_likelihoods(exam, baselines),
        "tap": _baseline_taps(exam, baselines),
        "humanize": _baseline_humanisers(exam, baselines),
        "reconstruction": {},
    }
    if player:
        scores = likelihoods(player, exam.takes, exam.windows, progress)
        found["likelihood"]["machine"] = scores.to_dict()
        found["tap"]["machine"] = tap_scores(player, exam.windows, samples, progress).to_dict()
        humanized = humanize_scores(player, exam.windows, samples, progress)
        found["humanize"]["machine"] = humanized.to_dict()
    if latent:
        found["reconstruction"]["latent"] = _reconstruction(exam, latent)
    found["style"] = _styles(exam, made, seed, progress)
    found["likeness"] = _likeness(exam, made)
    found["copies"] = _copies(exam, made)
    return found


def _baseline_likelihoods(exam: Exam, baselines: Baselines) -> dict[str, dict[str, float]]:
    cells = cells_of(exam.windows)
    marginals, hits = baselines.marginals, hits_of(cells)
    per_step = surprise(marginals.probabilities(cells), hits)
    whole = [
        surprise(marginals.probabilities(take.cells), hits_of(take.cells)) for take in exam.takes
    ]
    tapped = surprise(baselines.tap_table.probabilities(cells), hits)
    return {
        "position marginals": {
            "next_step": float(np.concatenate(whole).mean()),
            "nothing": float(per_step.mean()),
            "second_bar": float(per_step[:, STEPS_PER_BAR:].mean()),
            "tap": float(per_step.mean()),
        },
        "tap table": {"tap": float(tapped.mean())},
    }


def _baseline_taps(exam: Exam, baselines: Baselines) -> dict[str, Any]:
    """Score what is likelier to be struck than not, cell by cell."""
    cells = cells_of(exam.windows)
    hits = hits_of(cells)
    chances = {
        "position marginals": baselines.marginals.probabilities(cells),
        "tap table": baselines.tap_table.probabilities(cells),
    }
    return {
        name: {"greedy": hit_scores(np.broadcast_to(chance > 0.5, hits.shape), hits).to_dict()}
        for name, chance in chances.items()
    }


def _baseline_humanisers(exam: Exam, baselines: Baselines) -> dict[str, Any]:
    cells, qpm = cells_of(exam.windows), qpm_of(exam.windows)
    results = {}
    for name, humaniser in baselines.humanisers().items():
        made = humaniser.humanize(hits_of(cells))
        results[name] = {
            "point": dynamics_error(made, cells, qpm).to_dict(),
            "spread": divergence(made, cells).to_dict(),
        }
    return results


def _reconstruction(exam: Exam, latent: Composer) -> dict[str, float]:
    """Score what comes back of unseen windows; dynamics over the hits that came back."""
    cells = cells_of(exam.windows)
    made = latent.reconstruct(cells)
    scores = hit_scores(hits_of(made), hits_of(cells)).to_dict()
    if not (hits_of(made) & hits_of(cells)).any():
        return scores
    return {**scores, **dynamics_error(made, cells, qpm_of(exam.windows)).to_dict()}


def _styles(exam: Exam, made: Mapping[str, Made], seed: int, progress: Progress) -> dict[str, Any]:
    """Train the classifier, and have it name real windows and made ones."""
    progress("style classifier", 0, 1)
    true = _style_of(exam.train)
    classifier = StyleClassifier.fit(cells_of(exam.train), true, seed)
    progress("style classifier", 1, 1)
    known = [window for window in exam.windows if window.take.style in exam.known_styles]
    results: dict[str, Any] = {
        name: style_scores(classifier.classify(cells_of(windows)), _style_of(windows)).to_dict()
        for name, windows in (("real", exam.windows), ("real, known styles", known))
        if windows
    }
    results["real"]["commonest"] = exam.mix.get(max(set(true), key=true.count), 0.0)
    for name, one in made.items():
        if one.of_styles is not None:
            scores = style_scores(classifier.classify(one.of_styles), one.styles)
            results[name] = {**scores.to_dict(), "in_the_real_mix": scores.in_the_mix(exam.mix)}
    return results


def _style_of(windows: Sequence[Window]) -> list[str]:
    return [window.take.style for window in windows]


def _likeness(exam: Exam, made: Mapping[str, Made]) -> dict[str, dict[str, float]]:
    """Overlap with the train windows; that of the real held-out ones is the ceiling."""
    train = histograms(cells_of(exam.train))
    results = {"real": overlaps(train, histograms(cells_of(exam.windows)))}
    for name, windows in made.items():
        results[name] = overlaps(train, histograms(windows.as_train))
    return results


def _copies(exam: Exam, made: Mapping[str, Made]) -> dict[str, float]:
    """Share of windows whose 32 x 9 hits are those of a train window."""
    train = hits_of(cells_of(exam.train))
    results = {"real": copied_share(hits_of(cells_of(exam.windows)), train)}
    for name, windows in made.items():
        results[name] = copied_share(hits_of(windows.as_train), train)
    return results
