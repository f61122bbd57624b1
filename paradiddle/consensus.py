"""One answer out of many: the hits that agree best with several samples of a model.

Minimum Bayes risk (Kumar & Byrne, *Minimum Bayes-Risk Decoding*, NAACL 2004): where the truth is
not known, samples stand for it, and the answer is what would score best against them on average.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["consensus"]

_ROUNDS = 4  # the expected F1 settles after two or three


def consensus(samples: NDArray[np.bool_], exactness: float = 0.5) -> NDArray[np.bool_]:
    """Choose for each step, out of what the samples have there, what agrees best with all.

    What counts as agreeing is the sum of what a choice adds to the expected hit F1 and to the
    expected share of exact sounding steps (`paradiddle.measures.HitScores`), the one weighted by
    ``1 - exactness``, the other by ``exactness``.

    Parameters
    ----------
    samples : bool array, shape (K, ..., T, 9)
        Hits that a model drew for the same questions.
    exactness : float, default 0.5
        From 0, F1 alone, to 1, exact steps alone.

    Returns
    -------
    bool array, shape (..., T, 9)

    Examples
    --------
    >>> samples = np.zeros((3, 1, 9), bool)
    >>> samples[:2, 0, 0] = samples[2, 0, 1] = True
    >>> consensus(samples).astype(int).tolist()
    [[1, 0, 0, 0, 0, 0, 0, 0, 0]]
    """
    chance = samples.mean(0)  # (..., T, 9)
    support = _support(samples)  # (K, ..., T)
    sounding = samples.any(-1)
    exact = np.where(sounding, support, 0) / max(sounding.mean(0).sum(), 1e-9)
    f1 = 0.5
    for _ in range(_ROUNDS):
        hits = (samples * (2 * chance - f1)).sum(-1) / max(2 * chance.sum(), 1e-9)
        best = ((1 - exactness) * hits + exactness * exact).argmax(0)  # (..., T)
        chosen: NDArray[np.bool_] = np.take_along_axis(samples, best[None, ..., None], 0)[0]
        f1 = 2 * (chance * chosen).sum() / max(chosen.sum() + chance.sum(), 1e-9)
    return chosen


def _support(samples: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of the samples that have the same hits at a step, (K, ..., T)."""
    codes = samples @ (1 << np.arange(samples.shape[-1]))  # one number a set of hits
    return np.stack([(codes == code).mean(0) for code in codes])
