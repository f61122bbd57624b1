"""The drum machine: generate, continue, fill, humanize, tap; each a question to one fill-in model.

Generating is filling in where nothing is given, continuing where the beginning is, humanizing
where the hits are but not how they are struck, and tapping where only a rhythm is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range, check_seed
from paradiddle.errors import InvalidValueError
from paradiddle.fill_net import FillNet, FillShape
from paradiddle.fill_playing import play
from paradiddle.fill_surprise import Bits, surprise
from paradiddle.given import BEAT, FILL, Given, V, condition, tap_of
from paradiddle.keep import Keep, keep_mask
from paradiddle.machine_file import read_model
from paradiddle.pattern import Pattern
from paradiddle.styles import Style, style_weights
from paradiddle.takes import STEPS_PER_BAR
from paradiddle.timing import DEFAULT_QPM, check_qpm

__all__ = ["DEFAULT_MACHINE", "MAX_BARS", "Machine"]

DEFAULT_MACHINE = Path(__file__).parent / "models" / "machine.safetensors"
MAX_BARS = 4096

_STEPS_PER_QUARTER, _QUARTERS_PER_BAR = 4, 4.0
_MOST_TOGETHER = 64  # patterns that are played side by side
_MAX_COUNT = 10_000

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
    ) -> None:
        self.styles = tuple(styles)
        self.document = dict(document or {})
        self._net = FillNet(shape, tensors)

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Machine":
        """Open a model file, by default the machine that comes with the package.

        Raises
        ------
        ModelError
            If the file is damaged, of another version, for other voices, or no drum machine.
        """
        shape, styles, file = read_model(path or DEFAULT_MACHINE)
        return cls(shape, styles, file.tensors, file.document)

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
            Hits a step to aim at, above 0 and up to 9; recordings have about 1.6.
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
        check_at_least("bars", bars, 1, "ask for one bar or more")
        _check_most("bars", bars, MAX_BARS)
        check_at_least("count", count, 1, "ask for one pattern or more")
        _check_most("count", count, _MAX_COUNT)
        speed = self.usual_qpm(style) if qpm is None else check_qpm(qpm)
        wishes = self._wishes(style, speed, density, beat_type)
        seeds = _seeds(seed, count)
        made: list[Pattern] = []
        for first in range(0, count, _MOST_TOGETHER):
            together = seeds[first : first + _MOST_TOGETHER]
            nothing = _question(np.zeros((int(bars) * STEPS_PER_BAR, 3 * V), np.float32), wishes)
            cells = self._musical(_repeated(nothing, len(together)), together, temperature)
            made.extend(_pattern(one, speed) for one in cells)
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
        _check_grid(pattern)
        _check_hits(pattern, "to continue", "generate one instead")
        check_at_least("bars", bars, 1, "ask for one bar or more")
        length = pattern.steps + int(bars) * STEPS_PER_BAR
        _check_most("bars", -(-length // STEPS_PER_BAR), MAX_BARS)
        cells = np.zeros((length, 3 * V), np.float32)
        cells[: pattern.steps] = _cells_of(pattern)
        known = np.zeros((length, V), bool)
        known[: pattern.steps] = True
        wishes = self._wishes(style, pattern.qpm, density, beat_type)
        return self._answer(_question(cells, wishes, known, known), pattern, seed, temperature)

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
        _check_grid(pattern)
        known = keep_mask(pattern, keep)
        wishes = self._wishes(style, pattern.qpm, density, beat_type)
        question = _question(_cells_of(pattern), wishes, known, known)
        return self._answer(question, pattern, seed, temperature)

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

        Raises
        ------
        InvalidValueError
            If the pattern has no hits, is on another grid or in another metre, or a setting is out
            of range.
        """
        _check_grid(pattern)
        _check_hits(pattern, "to humanize", "draw some, or generate a pattern")
        check_range("amount", np.array([amount]), 0, 1, remedy="1 is all human, 0 changes nothing")
        wishes = self._wishes(style, pattern.qpm, None, beat_type)
        known = np.ones(pattern.hits.shape, bool)
        question = _question(_cells_of(pattern), wishes, known, ~known)
        human = self._answer(question, pattern, seed, temperature)
        share = np.float32(amount)
        return replace(
            pattern,
            velocities=pattern.velocities + share * (human.velocities - pattern.velocities),
            offsets=pattern.offsets + share * (human.offsets - pattern.offsets),
        )

    def tap(
        self,
        rhythm: Pattern,
        style: Style = None,
        *,
        temperature: float = 1.0,
        density: float | None = None,
        beat_type: str | None = BEAT,
        seed: int | None = None,
    ) -> Pattern:
        """Play a tapped rhythm on the whole kit.

        Parameters
        ----------
        rhythm : Pattern
            The loudest hit of each step is the rhythm, whatever voice it is tapped on.

        Raises
        ------
        InvalidValueError
            If the rhythm has no hits, is on another grid or in another metre, or a setting is out
            of range.
        """
        _check_grid(rhythm)
        _check_hits(rhythm, "to play on the kit", "tap some")
        wishes = self._wishes(style, rhythm.qpm, density, beat_type)
        cells = _cells_of(rhythm)
        question = _question(np.zeros_like(cells), wishes, tap=tap_of(cells))
        return self._answer(question, rhythm, seed, temperature)

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
        usual = [self.document["qpm"][name] for name in self.styles]
        return float(round(np.dot(weights, usual), 2))

    def play(self, given: Given, seeds: Sequence[int | None], temperature: float = 1.0) -> _Array:
        """Answer a batch of questions of whole bars; see `paradiddle.fill_playing.play`."""
        return play(self._net, given, seeds, temperature)

    def bits(self, given: Given) -> Bits:
        """Measure how surprising music is; see `paradiddle.fill_surprise.surprise`."""
        return surprise(self._net, given)

    def _wishes(
        self, style: Style, qpm: float, density: float | None, beat_type: str | None
    ) -> _Array:
        """Check what is wished for and write it as a row of conditions."""
        if density is not None:
            remedy = "recordings have about 1.6 hits a step"
            check_range("density", np.array([density]), 0, V, remedy=remedy)
        if beat_type not in (None, BEAT, FILL):
            raise InvalidValueError(f"beat_type must be {BEAT} or {FILL}, got {beat_type!r}")
        weights = style_weights(self.styles, style)
        return condition(weights, qpm, None if density is None else float(density), beat_type)

    def _answer(
        self, question: Given, pattern: Pattern, seed: int | None, temperature: float
    ) -> Pattern:
        """Play one question of any length at the tempo of a pattern."""
        steps = question.steps
        [cells] = self._musical(_whole_bars(question), _seeds(seed, 1), temperature)
        return _pattern(cells[:steps], pattern.qpm)

    def _musical(self, given: Given, seeds: Sequence[int | None], temperature: float) -> _Array:
        remedy = "0.1 keeps to the likeliest, 1 plays as learned"
        check_range("temperature", np.array([temperature]), 0.1, 10, remedy=remedy)
        return self.play(given, seeds, float(temperature))


def _question(
    cells: _Array,
    wishes: _Array,
    hits_known: _Mask | None = None,
    dynamics_known: _Mask | None = None,
    tap: _Array | None = None,
) -> Given:
    """Ask about one piece: cells (T, 27), masks (T, 9), a tapped rhythm (T, 3)."""
    nothing = np.zeros((len(cells), V), bool)
    return Given(
        cells[None],
        (nothing if hits_known is None else hits_known)[None],
        (nothing if dynamics_known is None else dynamics_known)[None],
        (np.zeros((len(cells), 3), np.float32) if tap is None else tap)[None],
        np.array([tap is not None]),
        np.zeros(1, np.int64),
        wishes[None],
    )


def _repeated(given: Given, times: int) -> Given:
    """Ask the same several times."""
    return Given(*(np.repeat(array, times, axis=0) for array in vars(given).values()))


def _whole_bars(given: Given) -> Given:
    """Lengthen a question to whole bars; what is added is open."""
    more = -given.steps % STEPS_PER_BAR
    timed = "cells", "hits_known", "dynamics_known", "tap"
    padding = (0, 0), (0, more), (0, 0)
    return replace(given, **{name: np.pad(getattr(given, name), padding) for name in timed})


def _cells_of(pattern: Pattern) -> _Array:
    parts = [pattern.hits, pattern.velocities, pattern.offsets]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _pattern(cells: _Array, qpm: float) -> Pattern:
    hits, velocities, offsets = np.split(cells, 3, axis=1)
    return Pattern(hits > 0, velocities, offsets, qpm, _STEPS_PER_QUARTER, _QUARTERS_PER_BAR)


def _seeds(seed: int | None, count: int) -> list[int | None]:
    check_seed(seed)
    return [None if seed is None else seed + k for k in range(count)]


def _check_most(name: str, value: float, most: int) -> None:
    if value > most:
        raise InvalidValueError(f"{name} must be at most {most}, got {value}; ask for fewer")


def _check_hits(pattern: Pattern, purpose: str, remedy: str) -> None:
    if not pattern.hits.any():
        raise InvalidValueError(f"the pattern has no hits {purpose}; {remedy}")


def _check_grid(pattern: Pattern) -> None:
    """Raise unless a pattern is on 16ths in 4/4, and not empty."""
    if pattern.steps_per_quarter != _STEPS_PER_QUARTER:
        raise InvalidValueError(
            f"the pattern has {pattern.steps_per_quarter} steps a quarter, the machine plays"
            f" {_STEPS_PER_QUARTER}; convert it with quantise(Events.from_pattern(pattern)).pattern"
        )
    if pattern.quarters_per_bar != _QUARTERS_PER_BAR:
        raise InvalidValueError(
            f"the pattern has {pattern.quarters_per_bar:g} quarters a bar, the machine plays 4/4;"
            " draw other bar lines with dataclasses.replace(pattern, quarters_per_bar=4)"
        )
    if not pattern.steps:
        raise InvalidValueError("the pattern has no steps; generate one instead")
    _check_most("bars", -(-pattern.steps // STEPS_PER_BAR), MAX_BARS)
