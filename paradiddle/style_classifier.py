"""A small classifier of styles, to ask whether music made in a style passes for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import CorpusError

__all__ = ["StyleClassifier", "StyleScores", "style_scores"]

_HIDDEN, _EPOCHS, _BATCH = 128, 12, 128
_RATE, _DECAY, _AVERAGES = 2e-3, 0.1, (0.9, 0.999)
_DROP_INPUT, _DROP_HIDDEN = 0.2, 0.5
_LEAST_SPREAD = 0.1  # a cell that is hardly ever struck must not count tenfold when it is

_Array = NDArray[np.float32]
_Layers = tuple[_Array, _Array, _Array, _Array]  # (D, H), (H,), (H, S), (S,)


@dataclass(frozen=True, eq=False)
class StyleClassifier:
    """One hidden layer of 128 units over the hits, velocities and offsets of two bars.

    It is not told the tempo: whoever generates is told it and does not make it, and the tempi of
    the recordings would give their styles away. Size, decay and epochs were chosen on validation.

    Attributes
    ----------
    styles : tuple of str
        What it tells apart.
    mean, spread : float32 arrays, shape (D,)
        Of the training windows; inputs are taken relative to them.
    layers : tuple of four float32 arrays
        Weights and biases of the hidden layer, (D, H) and (H,), and of the outputs, (H, S) and
        (S,).
    """

    styles: tuple[str, ...]
    mean: _Array
    spread: _Array
    layers: _Layers

    @classmethod
    def fit(cls, cells: _Array, styles: Sequence[str], seed: int = 0) -> "StyleClassifier":
        """Train on windows of one length.

        Parameters
        ----------
        cells : float32 array, shape (N, T, 27)
            Windows, as `paradiddle.takes.Window.cells`.
        styles : sequence of N strings
            The style of each.
        seed : int, default 0
            Of the first weights, the order of the windows and the inputs left out.

        Raises
        ------
        CorpusError
            If there are not two styles to tell apart.

        Examples
        --------
        >>> cells = np.zeros((40, 16, 27), np.float32)
        >>> cells[::2, ::4, 0] = cells[1::2, ::6, 8] = 1
        >>> trained = StyleClassifier.fit(cells, ["house", "jazz"] * 20)
        >>> trained.classify(cells[:3])
        ['house', 'jazz', 'house']
        """
        names = tuple(sorted(set(styles)))
        if len(names) < 2:
            raise CorpusError(
                f"a classifier needs two styles or more, got {', '.join(names) or 'none'};"
                " use a corpus whose index names them"
            )
        inputs = cells.reshape(len(cells), -1)
        mean, spread = inputs.mean(0), inputs.std(0) + np.float32(_LEAST_SPREAD)
        targets = np.array([names.index(style) for style in styles])
        training = _Training((inputs - mean) / spread, targets, len(names), seed)
        return cls(names, mean, spread, training.run())

    def classify(self, cells: _Array) -> list[str]:
        """Name the likeliest style of each window, (N, T, 27)."""
        w, b, v, d = self.layers
        inputs = (cells.reshape(-1, len(self.mean)) - self.mean) / self.spread
        scores = np.maximum(inputs @ w + b, 0) @ v + d
        return [self.styles[best] for best in scores.argmax(1)]


@dataclass(frozen=True)
class StyleScores:
    """How often windows are taken for the style they are in.

    Attributes
    ----------
    windows : int
        How many.
    accuracy : float
        Share of windows whose style is named rightly.
    by_style : dict of str to float
        The same for each style that has windows.
    balanced : float
        Mean of `by_style`.
    """

    windows: int
    accuracy: float
    by_style: dict[str, float]
    balanced: float

    def in_the_mix(self, shares: Mapping[str, float]) -> float | None:
        """Accuracy if styles came in these shares; None where no style is in both.

        Examples
        --------
        >>> StyleScores(9, 0.6, {"funk": 1.0, "jazz": 0.4}, 0.7).in_the_mix({"funk": 3, "jazz": 1})
        0.85
        """
        common = {
            style: share for style, share in shares.items() if share and style in self.by_style
        }
        if not common:
            return None
        right = sum(share * self.by_style[style] for style, share in common.items())
        return right / sum(common.values())

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return asdict(self)


def style_scores(named: Sequence[str], true: Sequence[str]) -> StyleScores:
    """Compare what a classifier names with the styles that windows are in.

    Examples
    --------
    >>> scores = style_scores(["funk", "funk", "rock"], ["funk", "jazz", "rock"])
    >>> round(scores.accuracy, 2), scores.by_style
    (0.67, {'funk': 1.0, 'jazz': 0.0, 'rock': 1.0})
    """
    windows = Counter(true)
    right = Counter(style for guess, style in zip(named, true, strict=True) if guess == style)
    by_style = {style: right[style] / count for style, count in sorted(windows.items())}
    return StyleScores(
        len(true),
        sum(right.values()) / len(true),
        by_style,
        sum(by_style.values()) / len(by_style),
    )


class _Training:
    """Softmax cross-entropy, dropout, AdamW with the rate falling along a cosine."""

    def __init__(self, inputs: _Array, targets: NDArray[np.int64], styles: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._inputs, self._targets = inputs, targets
        sizes = (inputs.shape[1], _HIDDEN), (_HIDDEN,), (_HIDDEN, styles), (styles,)
        scales = (2 / inputs.shape[1]) ** 0.5, 0.0, _HIDDEN**-0.5, 0.0
        self._layers = [
            self._random.standard_normal(size, np.float32) * np.float32(scale)
            for size, scale in zip(sizes, scales, strict=True)
        ]
        self._moments = [(np.zeros_like(one), np.zeros_like(one)) for one in self._layers]
        self._steps = 0

    def run(self) -> _Layers:
        """Train, and return the layers."""
        for epoch in range(_EPOCHS):
            rate = _RATE * np.cos(np.pi / 2 * epoch / _EPOCHS)
            order = self._random.permutation(len(self._inputs))
            for start in range(0, len(order), _BATCH):
                chosen = order[start : start + _BATCH]
                self._update(self._gradients(chosen), rate)
        w, b, v, d = self._layers
        return w, b, v, d

    def _gradients(self, chosen: NDArray[np.int64]) -> list[_Array]:
        w, b, v, d = self._layers
        x = self._inputs[chosen] * self._kept((len(chosen), w.shape[0]), _DROP_INPUT)
        before = x @ w + b
        kept = self._kept(before.shape, _DROP_HIDDEN)
        hidden = np.maximum(before, 0) * kept
        scores = hidden @ v + d
        error = np.exp(scores - scores.max(1, keepdims=True))
        error /= error.sum(1, keepdims=True)
        error[np.arange(len(chosen)), self._targets[chosen]] -= 1
        error /= len(chosen)
        back = (error @ v.T) * kept * (before > 0)
        return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]

    def _kept(self, shape: tuple[int, ...], dropped: float) -> _Array:
        kept = self._random.random(shape, np.float32) >= dropped
        return kept * np.float32(1 / (1 - dropped))

    def _update(self, gradients: list[_Array], rate: float) -> None:
        self._steps += 1
        one, two = _AVERAGES
        size = rate * (1 - two**self._steps) ** 0.5 / (1 - one**self._steps)
        for layer, (first, second), gradient in zip(
            self._layers, self._moments, gradients, strict=True
        ):
            first += (1 - one) * (gradient - first)
            second += (1 - two) * (gradient**2 - second)
            layer *= np.float32(1 - rate * _DECAY)
            layer -= np.float32(size) * first / (np.sqrt(second) + np.float32(1e-8))
