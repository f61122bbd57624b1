"""Seeded draws from categorical distributions, with temperature and top-p."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range, check_seed

__all__ = ["Sampler", "softmax", "top_p_filter"]

_BLOCK = 256  # uniform numbers drawn ahead for each stream and field
_COLDEST = 1e-6  # only the likeliest is left; float32 would take much less for 0


class Sampler:
    """Draws one index a field for each of B streams, each stream from a generator of its own.

    Parameters
    ----------
    seeds : sequence of int or None
        One a stream; None is different every time.
    temperature : float, default 1
        0 always takes the likeliest, 1 draws as learned, more is wilder.
    top_p : float, default 1
        Draw only among the likeliest values that together hold this much probability (nucleus
        sampling: Holtzman et al., *The Curious Case of Neural Text Degeneration*, 2020).

    Raises
    ------
    InvalidValueError
        If a seed or the temperature is negative, or `top_p` is outside (0, 1].

    Examples
    --------
    >>> probabilities = (np.array([[0.1, 0.9]], np.float32),)
    >>> sampler = Sampler([7])
    >>> sum(int(sampler.draw(probabilities)[0, 0]) for _ in range(100))
    89
    """

    def __init__(
        self, seeds: Sequence[int | None], temperature: float = 1.0, top_p: float = 1.0
    ) -> None:
        for seed in seeds:
            check_seed(seed)
        remedy = "0 always plays the likeliest, 1 as learned"
        check_at_least("temperature", temperature, 0, remedy)
        check_range("temperature", np.array([temperature]), 0, 100, remedy=remedy)
        check_range(
            "top_p", np.array([top_p]), 1e-6, 1, remedy="1 draws among all values, 0.9 among likely"
        )
        self.temperature, self.top_p = temperature, top_p
        self._generators = [np.random.default_rng(seed) for seed in seeds]
        self._uniforms: NDArray[np.float64] = np.zeros((0, len(seeds), 0))
        self._used = 0

    def draw(self, fields: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
        """Draw from each field of each stream.

        Parameters
        ----------
        fields : sequence of F float32 arrays, shapes (B, size of field)
            Probabilities; each row sums to 1.

        Returns
        -------
        int64 array, shape (B, F)
        """
        if self.temperature == 0:
            return np.stack([field.argmax(axis=1) for field in fields], axis=1)
        uniforms = self._next_uniforms(len(fields))
        if len(self._generators) == 1:
            # times the last sum, which rounding may leave a hair beside 1
            sums = [self._shaped(field)[0].cumsum() for field in fields]
            values = [
                int(total.searchsorted(uniform * float(total[-1]), "right"))
                for total, uniform in zip(sums, uniforms[0].tolist(), strict=True)
            ]
            return np.array([values])
        columns = []
        for k, field in enumerate(fields):
            rising = self._shaped(field).cumsum(axis=1)  # (B, n)
            columns.append((rising <= uniforms[:, k : k + 1] * rising[:, -1:]).sum(axis=1))
        return np.stack(columns, axis=1)

    def _shaped(self, field: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply temperature and top-p to (B, n) probabilities."""
        if self.temperature != 1:
            logits = np.log(np.maximum(field, np.float32(1e-30)))
            logits -= logits.max(axis=1, keepdims=True)
            field = np.exp(logits / np.float32(max(self.temperature, _COLDEST)))
            field = field / field.sum(axis=1, keepdims=True)
        return field if self.top_p == 1 else top_p_filter(field, self.top_p)

    def _next_uniforms(self, fields: int) -> NDArray[np.float64]:
        """One number in [0, 1) for each stream and field, (B, F)."""
        if self._used == len(self._uniforms):
            blocks = [generator.random((_BLOCK, fields)) for generator in self._generators]
            self._uniforms, self._used = np.stack(blocks, axis=1), 0
        self._used += 1
        row: NDArray[np.float64] = self._uniforms[self._used - 1]
        return row


def top_p_filter(probabilities: NDArray[np.float32], top_p: float) -> NDArray[np.float32]:
    """Keep the likeliest values that together reach `top_p` and renormalise.

    Parameters
    ----------
    probabilities : float32 array, shape (B, n)
    top_p : float
        In (0, 1].

    Examples
    --------
    >>> top_p_filter(np.array([[0.6, 0.3, 0.1]], np.float32), 0.8).round(3)
    array([[0.667, 0.333, 0.   ]], dtype=float32)
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, np.where(before < top_p, ranked, np.float32(0)), axis=1)
    kept /= kept.sum(axis=1, keepdims=True)
    return kept


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn logits into probabilities along the last axis, (..., n) to (..., n).

    Examples
    --------
    >>> softmax(np.array([0, 0, -np.inf], np.float32)).tolist()
    [0.5, 0.5, 0.0]
    """
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(-1, keepdims=True), np.float32)
