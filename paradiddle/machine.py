"""The drum machine: generate, continue, fill, humanize, tap; each a question to one fill-in model.

Generating is filling in where nothing is given, continuing where the beginning is, humanizing
where the hits are but not how they are struck, and tapping where only a rhythm is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paradiddle.checks import check_range, check_whole
from paradiddle.errors import InvalidValueError
from paradiddle.fill_medians import medians
from paradiddle.fill_net import FillNet, FillShape
from paradiddle.fill_playing import play
from paradiddle.fill_surprise import Bits, surprise
from paradiddle.given import BEAT, FILL, Given, V, condition, tap_of
from paradiddle.humanizer import Humanizer
from paradiddle.keep import Keep, keep_mask
from paradiddle.machine_file import read_model
from paradiddle.pattern import Pattern
from paradiddle.pattern_cells import cells_of, pattern_of
from paradiddle.pattern_questions import (
    MAX_BARS,
    check_density,
    check_grid,
    check_hits,
    check_most,
    check_temperature,
    question,
    repeated,
    seeds_of,
    whole_bars,
)
from paradiddle.rhythm import tapped
from paradiddle.steady import Steady
from paradiddle.style_weights import Style, style_weights
from paradiddle.takes import STEPS_PER_BAR
from paradiddle.timing import DEFAULT_QPM, check_qpm

__all__ = ["DEFAULT_MACHINE", "Machine"]

DEFAULT_MACHINE = Path(__file__).parent / "models" / "machine.safetensors"

_MOST_TOGETHER = 64  # patterns that are played side by side, fewer of many bars

_Array = NDArray[np.float32]
_Mask = NDArray[np.bool_]


class Machine:
    """A trained fill-in model, ready to play with others.

    Patterns are on 16ths in 4/4. All methods take `style`, `temperature`, `density`, `beat_type`
    and `seed` as `generate` does, and keep the tempo of the pattern they are given.

    Parameters
    ----------
    shape : FillShape
        Sizes of the network.
    styles : sequence of str
        Those it knows, in its order.
    tensors : mapping of str to float32 array
        Its weights.
    document : mapping, optional
        Where it came from; see `paradiddle.weights`.
    humanizer : str or Path, optional
        File of a humanizer of the same styles; see `paradiddle.steady.Steady`.

    Examples
    --------
    >>> machine = Machine.load()
    >>> [funk] = machine.generate("funk", bars=2, seed=1)
    >>> longer = machine.continue_(funk, bars=2, style="funk", seed=1)
    >>> longer.first(2) == funk, longer.bars
    (True, 4.0)
    """

    def __init__(
        self,
        shape: FillShape,
        styles: Sequence[str],
        tensors: Mapping[str, _Array],
        document: Mapping[str, Any] | None = None,
        humanizer: str | Path | None = None,
    ) -> None:
        self.styles = tuple(styles)
        self.document = dict(document or {})
        self._net = FillNet(shape, tensors)
        self._steady = Steady(self._net, self.styles, humanizer)

    @classmethod
    def load(cls, path: str | Path | None = None, humanizer: str | Path | None = None) -> "Machine":
        """Open a model file, by default the machine that comes with the package.

        Parameters
        ----------
        path : str or Path, optional
            Of the machine.
        humanizer : str or Path, optional
            Of a humanizer of the same styles; see `paradiddle.steady.Steady`.

        Raises
        ------
        ModelError
            If the file is damaged, of another version, for other voices, or no drum machine.
        """
        shape, styles, file = read_model(path or DEFAULT_MACHINE)
        return cls(shape, styles, file.tensors, file.document, humanizer)

    def generate(
        self,
        style: Style = None,
        bars: int = 4,
        qpm: float | None = None,
        *,
        temperature: float = 1.0,
        density: float | None = None,
        beat_type: str | None = BEAT,
        count: int = 1,
        seed: int | None = None,
    ) -> list[Pattern]:
        """Play patterns of one's own.

        Parameters
        ----------
        style : str or mapping of str to float, optional
            One of `styles`, or a blend such as ``{"funk": 0.7, "jazz": 0.3}``.
        bars : int, default 4
            Length, 1 to `MAX_BARS`.
        qpm : float, optional
            Quarters per minute, by default what is usual for the style.
        temperature : float, default 1
            0.1 keeps to the likeliest, 1 plays as learned, 10 is wildest.
        density : float, optional
            Hits a step to aim at, 0 to 9; beats of recordings have about 1.2.
        beat_type : str, optional
            ``beat`` keeps time, ``fill`` is a drum fill, None leaves it open.
        count : int, default 1
            Number of patterns; the k-th is what seed + k plays.
        seed : int, optional
            The same gives the same music; None something new every time.

        Raises
        ------
        InvalidValueError
            If a setting is out of range or a style is unknown.
        """
        check_whole("bars", bars, 1, MAX_BARS, "ask for a few bars")
        speed = self.usual_qpm(style) if qpm is None else check_qpm(qpm)
        wishes = self._wishes(style, speed, density, beat_type)
        seeds = seeds_of(seed, count)
        most = max(1, min(_MOST_TOGETHER, MAX_BARS // int(bars)))
        made: list[Pattern] = []
        for first in range(0, len(seeds), most):
            together = seeds[first : first + most]
            nothing = question(np.zeros((int(bars) * STEPS_PER_BAR, 3 * V), np.float32), wishes)
            cells = self._musical(repeated(nothing, len(together)), together, temperature)
            made.extend(pattern_of(one, speed) for one in cells)
        return made

    def continue_(
        self,
        pattern: Pattern,
        bars: int = 4,
        style: Style = None,
        *,
        temperature: float = 1.0,
        density: float | None = None,
        beat_type: str | None = BEAT,
        seed: int | None = None,
    ) -> Pattern:
        """Play on for some bars after a pattern of any length, which stays as it is.

        Raises
        ------
        InvalidValueError
            If the pattern has no hits, is on another grid or in another metre, the result would be
            longer than `MAX_BARS`, or a setting is out of range.
        """
        check_grid(pattern)
        check_hits(pattern, "to continue", "generate one instead")
        check_whole("bars", bars, 1, MAX_BARS, "ask for a few bars")
        length = pattern.steps + int(bars) * STEPS_PER_BAR
        check_most("bars", -(-length // STEPS_PER_BAR), MAX_BARS)
        cells = np.zeros((length, 3 * V), np.float32)
        cells[: pattern.steps] = cells_of(pattern)
        known = np.zeros((length, V), bool)
        known[: pattern.steps] = True
        wishes = self._wishes(style, pattern.qpm, density, beat_type)
        return self._answer(question(cells, wishes, known, known), pattern, seed, temperature)

    def fill(
        self,
        pattern: Pattern,
        keep: Keep = None,
        style: Style = None,
        *,
        temperature: float = 1.0,
        density: float | None = None,
        beat_type: str | None = BEAT,
        seed: int | None = None,
    ) -> Pattern:
        """Play anew all of a pattern but what is kept, hits and rests alike.

        Parameters
        ----------
        pattern : Pattern
        keep : optional
            As for `paradiddle.keep.keep_mask`: voices, bars, steps or cells.

        Raises
        ------
        InvalidValueError
            If the pattern is empty, on another grid or in another metre, `keep` does not fit, or a
            setting is out of range.

        Examples
        --------
        >>> machine = Machine.load()
        >>> [before] = machine.generate("rock", bars=2, seed=1)
        >>> after = machine.fill(before, keep="kick, snare", style="rock", seed=2)
        >>> bool((after.velocities[:, :2] == before.velocities[:, :2]).all())
        True
        """
        check_grid(pattern)
        known = keep_mask(pattern, keep)
        wishes = self._wishes(style, pattern.qpm, density, beat_type)
        asked = question(cells_of(pattern), wishes, known, known)
        return self._answer(asked, pattern, seed, temperature)

    def humanize(
        self,
        pattern: Pattern,
        amount: float = 1.0,
        style: Style = None,
        *,
        temperature: float = 1.0,
        beat_type: str | None = BEAT,
        seed: int | None = None,
    ) -> Pattern:
        """Give the hits of a pattern a drummer's dynamics and timing.

        Parameters
        ----------
        pattern : Pattern
        amount : float, default 1
            0 leaves velocities and offsets as they are, 1 replaces them, between is a mixture.
        temperature : float, default 1
            As for `generate`, or 0: each hit is struck most middlingly, whatever the seed.

        Raises
        ------
        InvalidValueError
            If the pattern has no hits, is on another grid or in another metre, or a setting is out
            of range.
        ModelError
            At temperature 0, if the humanizer's file cannot be read or knows other styles.
        """
        check_grid(pattern)
        check_hits(pattern, "to humanize", "draw some, or generate a pattern")
        check_range("amount", np.array([amount]), 0, 1, remedy="1 is all human, 0 changes nothing")
        wishes = self._wishes(style, pattern.qpm, None, beat_type)
        known = np.ones(pattern.hits.shape, bool)
        asked = question(cells_of(pattern), wishes, known, ~known)
        seeds_of(seed, 1)
        if temperature == 0:
            human = self._steadied(asked, pattern)
        else:
            check_temperature(temperature, or_else="0 is steadiest")
            human = self._answer(asked, pattern, seed, temperature)
        return replace(
            pattern,
            velocities=_mixture(pattern.velocities, human.velocities, amount),
            offsets=_mixture(pattern.offsets, human.offsets, amount),
        )

    def tap(
        self,
        rhythm: Pattern | ArrayLike,
        style: Style = None,
        *,
        qpm: float | None = None,
        temperature: float = 1.0,
        density: float | None = None,
        beat_type: str | None = BEAT,
        seed: int | None = None,
    ) -> Pattern:
        """Play a tapped rhythm on the whole kit.

        Parameters
        ----------
        rhythm : Pattern or array_like, shape (T,)
            Of a pattern the loudest hit of each step, whatever voice it is tapped on; or velocities
            of 16ths in [0, 1], as for `paradiddle.rhythm.tapped`.
        qpm : float, optional
            Quarters per minute, by default those of the pattern, or what is usual for the style.

        Raises
        ------
        InvalidValueError
            If the rhythm has no hits, is on another grid or in another metre, or a setting is out
            of range.
        """
        if not isinstance(rhythm, Pattern):
            rhythm = tapped(rhythm, self.usual_qpm(style))
        if qpm is not None:
            rhythm = replace(rhythm, qpm=qpm)
        check_grid(rhythm)
        check_hits(rhythm, "to play on the kit", "tap some")
        wishes = self._wishes(style, rhythm.qpm, density, beat_type)
        cells = cells_of(rhythm)
        asked = question(np.zeros_like(cells), wishes, tap=tap_of(cells))
        return self._answer(asked, rhythm, seed, temperature)

    @property
    def recordings(self) -> dict[str, int]:
        """Number of recordings that taught each style; empty where the file does not say."""
        return dict(self.document.get("recordings", {}))

    def usual_qpm(self, style: Style = None) -> float:
        """Tempo that is usual for a style, or a blend; 120 for none.

        Raises
        ------
        InvalidValueError
            If a style is unknown.
        """
        weights = style_weights(self.styles, style)
        if not weights.any():
            return DEFAULT_QPM
        known = self.document.get("qpm", {})
        usual = [known.get(name, DEFAULT_QPM) for name in self.styles]
        return float(round(np.dot(weights, usual), 2))

    def play(self, given: Given, seeds: Sequence[int | None], temperature: float = 1.0) -> _Array:
        """Answer a batch of questions of whole bars; see `paradiddle.fill_playing.play`."""
        return play(self._net, given, seeds, temperature)

    def medians(self, given: Given, samples: int, first_seed: int = 0) -> _Array:
        """Strike known hits most middlingly; see `paradiddle.fill_medians.medians`."""
        return medians(self._net, given, samples, first_seed)

    def steady(self, given: Given) -> _Array:
        """Strike known hits as `humanize` does at temperature 0, (B, T, 27).

        Raises
        ------
        ModelError
            If the humanizer's file cannot be read or knows other styles.
        """
        return self._steady.strike(given)

    @property
    def humanizer(self) -> Humanizer | None:
        """Who strikes at temperature 0; None for the machine itself.

        Raises
        ------
        ModelError
            If the humanizer's file cannot be read or knows other styles.
        """
        return self._steady.humanizer

    def bits(self, given: Given) -> Bits:
        """Measure how surprising music is; see `paradiddle.fill_surprise.surprise`."""
        return surprise(self._net, given)

    def _wishes(
        self, style: Style, qpm: float, density: float | None, beat_type: str | None
    ) -> _Array:
        """Check what is wished for and write it as a row of conditions."""
        if density is not None:
            check_density(density)
        if beat_type not in (None, BEAT, FILL):
            raise InvalidValueError(
                f"beat_type must be {BEAT} or {FILL}, got {beat_type!r}; None leaves it open",
                field="beat_type",
            )
        weights = style_weights(self.styles, style)
        return condition(weights, qpm, None if density is None else float(density), beat_type)

    def _answer(
        self, asked: Given, pattern: Pattern, seed: int | None, temperature: float
    ) -> Pattern:
        """Play one question of any length at the tempo of a pattern."""
        steps = asked.steps
        [cells] = self._musical(whole_bars(asked), seeds_of(seed, 1), temperature)
        return pattern_of(cells[:steps], pattern.qpm)

    def _steadied(self, asked: Given, pattern: Pattern) -> Pattern:
        """Strike all hits most middlingly; what is added to the last bar is silence."""
        whole = whole_bars(asked)
        silent = replace(whole, hits_known=np.ones_like(whole.hits_known))
        [cells] = self.steady(silent)
        return pattern_of(cells[: asked.steps], pattern.qpm)

    def _musical(self, given: Given, seeds: Sequence[int | None], temperature: float) -> _Array:
        check_temperature(temperature)
        return self.play(given, seeds, float(temperature))


def _mixture(plain: _Array, human: _Array, amount: float) -> _Array:
    """Go from one array towards another, not beyond either by rounding."""
    mixture = np.float32(1 - amount) * plain + np.float32(amount) * human
    return np.clip(mixture, np.minimum(plain, human), np.maximum(plain, human))
