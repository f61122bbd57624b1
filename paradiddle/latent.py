"""The latent recipe: patterns as points of a space in which neighbours sound alike.

After MusicVAE (Roberts et al., *A Hierarchical Latent Vector Model*, 2018) and the neural drum
machine of 2019: an autoencoder gives every window of two or four bars a code of 256 numbers, and a
second, conditional one draws such codes for a style.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_range, check_whole
from paradiddle.errors import InvalidValueError
from paradiddle.given import condition
from paradiddle.latent_cells import VELOCITIES, changed, windows
from paradiddle.latent_file import CELLS_IN, LatentShape, read_model
from paradiddle.latent_paths import even_choice, spherical
from paradiddle.latent_window import WindowModel, part
from paradiddle.pattern import Pattern
from paradiddle.pattern_cells import cells_of, pattern_of
from paradiddle.pattern_questions import check_grid, check_hits, seeds_of
from paradiddle.style_weights import Style, style_weights
from paradiddle.takes import STEPS_PER_BAR
from paradiddle.timing import DEFAULT_QPM, check_qpm

__all__ = ["DEFAULT_LATENT", "Latent"]

DEFAULT_LATENT = Path(__file__).parent / "models" / "latent.safetensors"

_MAX_BARS = 1000
_MAX_MORPH, _MAX_MORPH_BARS = 256, 64
_PLACES = 64  # looked at between two patterns, at the least

_Array = NDArray[np.float32]


class Latent:
    """Autoencoders of windows of some lengths, each with a prior over its codes.

    Patterns must be on 16ths of 4/4. One of any length is cut into windows of the shortest length
    that holds it, or of the longest there is; the last is filled up by repeating its own beginning.

    Parameters
    ----------
    shapes : mapping of int to LatentShape
        By window length in bars.
    styles : tuple of str
        In the order of the conditions.
    tensors : mapping of str to float32 array
        Weights, their names prefixed with the length.
    document : mapping, optional
        Where the model came from; see `paradiddle.weights`.

    Examples
    --------
    >>> latent = Latent.load()
    >>> funk, = latent.generate("funk", bars=2, seed=1)
    >>> latent.embed([funk]).shape
    (1, 256)
    >>> way = latent.morph(funk, latent.generate("jazz", bars=2, seed=2)[0], count=5)
    >>> way[0] == funk, len(way)
    (True, 5)
    """

    def __init__(
        self,
        shapes: Mapping[int, LatentShape],
        styles: tuple[str, ...],
        tensors: Mapping[str, _Array],
        document: Mapping[str, Any] | None = None,
    ) -> None:
        self.styles, self.document = styles, dict(document or {})
        self.lengths = tuple(sorted(shapes))
        self._models = {
            bars: WindowModel(shape, part(tensors, f"{bars}.")) for bars, shape in shapes.items()
        }

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Latent":
        """Open a model file, by default the one that comes with the package.

        Raises
        ------
        ModelError
            If the file is damaged, of another version or kind, or for other voices.
        """
        shapes, styles, file = read_model(path or DEFAULT_LATENT)
        return cls(shapes, styles, file.tensors, file.document)

    @property
    def qpm(self) -> float:
        """Speed the model learned from, or 120 where its file does not say."""
        return float(self.document.get("encoding", {}).get("qpm", DEFAULT_QPM))

    def embed(self, patterns: Sequence[Pattern], bars: int | None = None) -> _Array:
        """Place patterns in the space: means of the posterior, averaged over their windows.

        Parameters
        ----------
        patterns : sequence of N Patterns
        bars : int, optional
            Window length, the shortest there is if left out. Codes of one length compare with each
            other, whatever the length of the patterns.

        Returns
        -------
        float32 array, shape (N, 256)

        Raises
        ------
        InvalidValueError
            If a pattern is silent, or not on 16ths of 4/4, or there are no windows of this length.
        """
        length = min(self.lengths) if bars is None else self._known(bars)
        codes = np.zeros((len(patterns), self._models[length].latent), np.float32)
        for row, pattern in zip(codes, patterns, strict=True):
            _check(pattern)
            _, cut = windows(cells_of(pattern), (length,))
            heard = cut[cut[..., : cut.shape[-1] // 3].any((1, 2))]
            row[:] = self._models[length].encode(heard).mean(0)
        return codes

    def decode(self, codes: _Array, bars: int, qpm: float = DEFAULT_QPM) -> list[Pattern]:
        """Turn codes into the likeliest patterns.

        Parameters
        ----------
        codes : float32 array, shape (N, 256)
            As `embed` gives them for windows of `bars` bars.
        bars : int
            One of `lengths`.
        qpm : float, default 120
            Quarters per minute of the result.

        Raises
        ------
        InvalidValueError
            If a code has another size or is not finite, or there are no windows of this length.
        """
        values = np.asarray(codes, np.float32)
        size = self._models[self._known(bars)].latent
        if values.ndim != 2 or values.shape[1] != size:
            raise InvalidValueError(f"codes must have shape (N, {size}), got {values.shape}")
        check_range("code", values, -1e6, 1e6, remedy="take codes from embed")
        cells = self._models[bars].decode(values).cells()
        return [pattern_of(window, qpm) for window in cells]

    def encode(self, cells: _Array) -> _Array:
        """Return the means of the posterior for windows.

        Parameters
        ----------
        cells : float32 array, shape (B, T, 27)
            Hits, velocities and offsets side by side, T steps being one of `lengths`.

        Returns
        -------
        float32 array, shape (B, 256)

        Raises
        ------
        InvalidValueError
            If there are no windows of this length, or a value is not finite.
        """
        return self._window(cells).encode(cells)

    def reconstruct(self, cells: _Array) -> _Array:
        """Encode windows and decode the mean of the posterior, taking the likeliest.

        Parameters, result and errors are as for `encode`, but the result is again cells.
        """
        model = self._window(cells)
        return model.decode(model.encode(cells)).cells()

    def morph(self, start: Pattern, end: Pattern, count: int) -> list[Pattern]:
        """Go from one pattern to another.

        The way runs along great circles between the codes of their windows. Patterns found on it
        are chosen so that the velocities of all cells change by amounts as equal as can be.

        Parameters
        ----------
        start, end : Pattern
            Of one length.
        count : int
            How many patterns, both ends among them.

        Returns
        -------
        list of Pattern
            The first is `start` and the last `end`, unchanged; tempi go evenly between them.

        Raises
        ------
        InvalidValueError
            If `count` is not in 2 to 256, the lengths differ or exceed 64 bars, or a pattern is
            silent or not on 16ths of 4/4.
        """
        check_whole("count", count, 2, _MAX_MORPH, "2 are the two ends alone")
        for pattern in (start, end):
            _check(pattern)
        if start.steps != end.steps:
            raise InvalidValueError(
                f"patterns to morph must be of one length, got {start.bars:g} and {end.bars:g}"
                " bars; shorten the longer one with first()",
                field="end.steps",
            )
        remedy = "morph a part of it"
        check_range("bars", np.array([start.bars]), 0, _MAX_MORPH_BARS, remedy=remedy)
        bars, first = windows(cells_of(start), self.lengths)
        _, last = windows(cells_of(end), self.lengths)
        model = self._models[bars]
        ends = model.encode(first), model.encode(last)
        places = np.linspace(0, 1, max(_PLACES, 2 * count))[1:-1]
        on_the_way = [model.decode(codes).cells() for codes in spherical(*ends, places)]
        heard = np.stack([first, *on_the_way, last])[..., VELOCITIES]
        chosen = even_choice(heard, count)[1:-1]
        tempi = np.linspace(start.qpm, end.qpm, count)[1:-1]
        between = [
            _whole(on_the_way[place - 1], start.steps, qpm)
            for place, qpm in zip(chosen, tempi.tolist(), strict=True)
        ]
        return [start, *between, end]

    def vary(
        self, pattern: Pattern, amount: float = 0.3, count: int = 1, seed: int | None = None
    ) -> list[Pattern]:
        """Play patterns near one.

        Each goes part of the way from the pattern's code towards one drawn from the prior at the
        pattern's tempo. What the two ends of that way have in common stays as it was played.

        Parameters
        ----------
        pattern : Pattern
        amount : float, default 0.3
            0 is the pattern itself, 1 a new one.
        count : int, default 1
            How many.
        seed : int, optional
            Pattern k is that of seed + k; without one, something new every time.

        Raises
        ------
        InvalidValueError
            If a setting is out of range, or the pattern is silent or not on 16ths of 4/4.
        """
        check_range("amount", np.array([amount]), 0, 1, remedy="0.3 is near, 1 is something new")
        _check(pattern)
        check_range("bars", np.array([pattern.bars]), 0, _MAX_BARS, remedy="vary a part of it")
        generators = _generators(count, seed)
        if amount == 0:
            return [pattern] * count
        bars, played = windows(cells_of(pattern), self.lengths)
        model = self._models[bars]
        codes = model.encode(played)
        known = model.decode(codes).cells()
        wishes = condition(style_weights(self.styles, None), pattern.qpm, None, None)
        varied = []
        for generator in generators:
            fresh = model.draw(len(codes), wishes, 1.0, generator)
            near = model.decode(spherical(codes, fresh, [amount])[0]).cells(generator, 1.0)
            varied.append(_whole(changed(played, known, near), pattern.steps, pattern.qpm))
        return varied

    def generate(
        self,
        style: Style = None,
        bars: int = 2,
        qpm: float | None = None,
        temperature: float = 1.0,
        count: int = 1,
        seed: int | None = None,
    ) -> list[Pattern]:
        """Play something new by drawing codes from the prior.

        Parameters
        ----------
        style : str, mapping of str to float, or None
            A style, a blend, or any.
        bars : int, default 2
            Length; more than the longest window are played in windows that resemble each other.
        qpm : float, optional
            Quarters per minute, by default those of the music the model learned from.
        temperature : float, default 1
            Scales all that is drawn: 0 is what is typical, more is wilder.
        count : int, default 1
            How many.
        seed : int, optional
            Pattern k is that of seed + k; without one, something new every time.

        Raises
        ------
        InvalidValueError
            If a setting is out of range or a style unknown.
        """
        check_whole("bars", bars, 1, _MAX_BARS, "ask for 2 or 4")
        remedy = "0 is what is typical, 1 as learned"
        check_range("temperature", np.array([temperature]), 0, 100, remedy=remedy)
        weights = style_weights(self.styles, style)
        speed = self.qpm if qpm is None else check_qpm(qpm)
        wishes = condition(weights, speed, None, None)
        length = next((n for n in self.lengths if bars <= n), max(self.lengths))
        model = self._models[length]
        played = []
        for generator in _generators(count, seed):
            codes = model.draw(-(-bars // length), wishes, temperature, generator)
            cells = model.decode(codes).cells(generator, temperature)
            played.append(_whole(cells, bars * STEPS_PER_BAR, speed))
        return played

    def _window(self, cells: _Array) -> WindowModel:
        """Check cells, and pick the model for them."""
        if cells.ndim != 3 or cells.shape[2] != CELLS_IN:
            raise InvalidValueError(f"cells must have shape (B, T, {CELLS_IN}), got {cells.shape}")
        check_range("cell", cells, -1, 1, remedy="see Take.cells for what a cell holds")
        return self._models[self._known(cells.shape[1] / STEPS_PER_BAR)]

    def _known(self, bars: float) -> int:
        """Check that there are windows of so many bars."""
        if bars not in self.lengths:
            lengths = " or ".join(map(str, self.lengths))
            raise InvalidValueError(f"windows have {lengths} bars, got {bars:g}; cut them so")
        return int(bars)


def _whole(cells: _Array, steps: int, qpm: float) -> Pattern:
    """Join windows, (B, T, 27), and cut off what was filled up."""
    return pattern_of(cells.reshape(-1, cells.shape[-1])[:steps], qpm)


def _check(pattern: Pattern) -> None:
    """Raise unless a pattern is on 16ths in 4/4 and not silent."""
    check_grid(pattern)
    check_hits(pattern, "to find its place by", "give one with music in it")


def _generators(count: int, seed: int | None) -> list[np.random.Generator]:
    """One a pattern."""
    return [np.random.default_rng(own) for own in seeds_of(seed, count)]
