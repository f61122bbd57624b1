"""Pattern: an immutable drum grid with dynamics and human timing."""

import json
import operator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paradiddle.checks import check_at_least, check_range
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError
from paradiddle.timing import DEFAULT_QPM, check_qpm

__all__ = ["MAX_STEPS", "Pattern"]

MAX_STEPS = 1_000_000

_GRID_BARS = 2  # bars side by side in the text grid: fits a terminal of 80 columns
_GHOST, _ACCENT = 0.4, 0.8  # velocities below and from which a hit is drawn as `o` and `X`
_JSON_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Pattern:
    """Hits, velocities and offsets of the nine voices of `paradiddle.drums.VOICES` on a grid.

    Arrays are copied, set read-only, and zeroed where there is no hit; edits make new Patterns.

    Parameters
    ----------
    hits : bool array, shape (T, 9)
        Which voice is struck at which step.
    velocities : float32 array, shape (T, 9)
        How hard, in [0, 1].
    offsets : float32 array, shape (T, 9)
        Distance from the grid in steps, in [-0.5, 0.5); positive is late.
    qpm : float, default 120
        Quarters per minute.
    steps_per_quarter : int, default 4
        4 for 16ths; 3 or 6 for triplets.
    quarters_per_bar : float, default 4
        4 for 4/4, 3.5 for 7/8.

    Raises
    ------
    InvalidValueError
        If a shape, a range or the metre does not fit, or a value is not finite.

    Examples
    --------
    >>> hits = np.zeros((16, 9), bool)
    >>> hits[[0, 10], 0] = hits[[4, 12], 1] = hits[::2, 2] = True
    >>> print(Pattern(hits, hits * 0.7, hits * 0.0, qpm=96))
    kick          |x... .... ..x. ....|
    snare         |.... x... .... x...|
    closed hi-hat |x.x. x.x. x.x. x.x.|
    open hi-hat   |.... .... .... ....|
    low tom       |.... .... .... ....|
    mid tom       |.... .... .... ....|
    high tom      |.... .... .... ....|
    crash         |.... .... .... ....|
    ride          |.... .... .... ....|
    """

    hits: NDArray[np.bool_]
    velocities: NDArray[np.float32]
    offsets: NDArray[np.float32]
    qpm: float = DEFAULT_QPM
    steps_per_quarter: int = 4
    quarters_per_bar: float = 4.0

    def __post_init__(self) -> None:
        hits = np.array(self.hits, np.bool_)
        if hits.ndim != 2 or hits.shape[1] != len(VOICE_NAMES):
            raise InvalidValueError(
                f"hits must have shape (steps, {len(VOICE_NAMES)}), got {hits.shape}"
            )
        velocities = _cells("velocities", self.velocities, hits)
        offsets = _cells("offsets", self.offsets, hits)
        check_range("velocity", velocities, 0, 1, remedy="divide MIDI velocities by 127")
        check_range(
            "offset", offsets, -0.5, 0.5, half_open=True, remedy="move the hit to its nearest step"
        )
        for name, array in (("hits", hits), ("velocities", velocities), ("offsets", offsets)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "qpm", check_qpm(self.qpm))
        object.__setattr__(self, "quarters_per_bar", float(self.quarters_per_bar))
        _check_metre(self.steps_per_quarter, self.quarters_per_bar)
        object.__setattr__(self, "steps_per_quarter", operator.index(self.steps_per_quarter))

    @classmethod
    def empty(
        cls,
        bars: int,
        *,
        qpm: float = DEFAULT_QPM,
        steps_per_quarter: int = 4,
        quarters_per_bar: float = 4.0,
    ) -> "Pattern":
        """Make a silent Pattern of `bars` bars.

        Examples
        --------
        >>> Pattern.empty(2).hits.shape
        (32, 9)
        """
        check_at_least("bars", bars, 0, "ask for one bar or more")
        _check_metre(steps_per_quarter, quarters_per_bar)
        steps = bars * quarters_per_bar * steps_per_quarter
        if steps > MAX_STEPS:
            raise InvalidValueError(
                f"{bars} bars are {steps:.0f} steps; ask for at most {MAX_STEPS}"
            )
        cells = np.zeros((round(steps), len(VOICE_NAMES)), np.float32)
        return cls(cells > 0, cells, cells, qpm, steps_per_quarter, quarters_per_bar)

    @property
    def steps(self) -> int:
        """Number of steps, T."""
        return len(self.hits)

    @property
    def steps_per_bar(self) -> int:
        """Number of steps in a bar."""
        return round(self.quarters_per_bar * self.steps_per_quarter)

    @property
    def bars(self) -> float:
        """Length in bars."""
        return self.steps / self.steps_per_bar

    def first(self, bars: int) -> "Pattern":
        """Return the first `bars` bars, or all where there are fewer.

        Examples
        --------
        >>> Pattern.empty(4).first(2).bars
        2.0
        """
        check_at_least("bars", bars, 0, "ask for one bar or more")
        kept = slice(bars * self.steps_per_bar)
        return replace(
            self,
            hits=self.hits[kept],
            velocities=self.velocities[kept],
            offsets=self.offsets[kept],
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pattern):
            return NotImplemented
        return self._metre() == other._metre() and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("hits", "velocities", "offsets")
        )

    def __hash__(self) -> int:
        return hash((self._metre(), self.hits.tobytes(), self.velocities.tobytes()))

    def _metre(self) -> tuple[float, int, float]:
        """Everything but the arrays."""
        return self.qpm, self.steps_per_quarter, self.quarters_per_bar

    def __str__(self) -> str:
        """Draw nine named lines: `.` rest, `o` ghost note, `x` hit, `X` accent."""
        symbols = np.full(self.hits.shape, ".")
        symbols[self.hits] = "x"
        symbols[self.hits & (self.velocities < _GHOST)] = "o"
        symbols[self.velocities >= _ACCENT] = "X"
        block = self.steps_per_bar * _GRID_BARS
        blocks = [symbols[i : i + block] for i in range(0, max(self.steps, 1), block)]
        return "\n\n".join(self._draw(block) for block in blocks)

    def _draw(self, symbols: NDArray[np.str_]) -> str:
        """Draw some bars, one line a voice."""
        lines = []
        for voice, name in enumerate(VOICE_NAMES):
            column = "".join(symbols[:, voice])
            bars = [
                _spaced(column[i : i + self.steps_per_bar], self.steps_per_quarter)
                for i in range(0, len(column), self.steps_per_bar)
            ]
            lines.append(f"{name:13} |{'|'.join(bars)}|")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Write as JSON: one list ``[step, voice, velocity, offset]`` per hit, with the metre.

        Examples
        --------
        >>> Pattern.from_json(Pattern.empty(1).to_json()) == Pattern.empty(1)
        True
        """
        steps, voices = np.nonzero(self.hits)
        cells = zip(
            steps.tolist(),
            voices.tolist(),
            self.velocities[steps, voices].tolist(),
            self.offsets[steps, voices].tolist(),
            strict=True,
        )
        document = {
            "format": _JSON_FORMAT,
            "qpm": self.qpm,
            "steps_per_quarter": self.steps_per_quarter,
            "quarters_per_bar": self.quarters_per_bar,
            "steps": self.steps,
            "voices": list(VOICE_NAMES),
            "hits": [list(cell) for cell in cells],
        }
        return json.dumps(document)

    @classmethod
    def from_json(cls, text: str) -> "Pattern":
        """Read what `to_json` wrote.

        Raises
        ------
        InvalidValueError
            If the text is no JSON, lacks a key, has another format, or a hit lies outside the grid.
        """
        try:
            document: dict[str, Any] = json.loads(text)
            if document["format"] != _JSON_FORMAT or document["voices"] != list(VOICE_NAMES):
                raise InvalidValueError(
                    f"pattern format {document['format']!r} with voices {document['voices']} is"
                    f" unknown; format {_JSON_FORMAT} with the nine voices can be read"
                )
            return cls._from_document(document)
        except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
            if isinstance(error, InvalidValueError):
                raise
            reason = "" if isinstance(error, json.JSONDecodeError) else f"{type(error).__name__}: "
            raise InvalidValueError(
                f"not a pattern in JSON: {reason}{error}; `paradiddle generate` writes one"
            ) from None

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> "Pattern":
        """Build a Pattern from parsed JSON."""
        steps = int(document["steps"])
        if not 0 <= steps <= MAX_STEPS:
            raise InvalidValueError(f"steps must be in [0, {MAX_STEPS}], got {steps}")
        shape = (steps, len(VOICE_NAMES))
        hits = np.zeros(shape, np.bool_)
        velocities, offsets = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for *place, velocity, offset in document["hits"]:
            step, voice = map(operator.index, place)
            if not (0 <= step < shape[0] and 0 <= voice < shape[1]):
                raise InvalidValueError(
                    f"a hit at step {step}, voice {voice} lies outside the grid of {shape}"
                )
            hits[step, voice] = True
            velocities[step, voice], offsets[step, voice] = velocity, offset
        metre = (document[key] for key in ("qpm", "steps_per_quarter", "quarters_per_bar"))
        return cls(hits, velocities, offsets, *metre)


def _cells(name: str, values: ArrayLike, hits: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Copy one value per cell, zero where there is no hit."""
    array = np.array(values, np.float32)
    if array.shape != hits.shape:
        raise InvalidValueError(
            f"{name} must have the shape of hits, {hits.shape}, got {array.shape}"
        )
    return np.where(hits, array, np.float32(0)) + np.float32(0)  # turns -0.0 into 0.0


def _check_metre(steps_per_quarter: int, quarters_per_bar: float) -> None:
    """Raise unless a bar is a whole number of steps."""
    whole = isinstance(steps_per_quarter, (int, np.integer))
    if not whole or not 1 <= steps_per_quarter <= 480:
        raise InvalidValueError(
            f"steps_per_quarter must be a whole number in [1, 480], got {steps_per_quarter!r};"
            " 4 means 16ths",
            field="steps_per_quarter",
        )
    steps_per_bar = quarters_per_bar * steps_per_quarter
    if not 0 < quarters_per_bar <= 256 or steps_per_bar != round(steps_per_bar):
        raise InvalidValueError(
            f"a bar must be a whole number of steps, got {quarters_per_bar} quarters of"
            f" {steps_per_quarter} steps; 4/4 in 16ths is 4 and 4",
            field="quarters_per_bar",
        )


def _spaced(text: str, group: int) -> str:
    """Put a space between groups of characters."""
    return " ".join(text[i : i + group] for i in range(0, len(text), group))
