"""Portraits: what some music is made of, as a handful of histograms that can be compared.

The items are those by which drum generators are commonly compared with their corpus: density, use
of the instruments, place in the bar, dynamics and inter-onset intervals; two histograms are
compared by their overlapping area, after Yang & Lerch, *On the evaluation of generative models in
music* (Neural Computing and Applications 32, 2020).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.drums import VOICE_NAMES, VOICE_OF_PITCH, voice_index
from paradiddle.encoding import VELOCITY_LEVELS
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.events import Events
from paradiddle.report import GAPS
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["ITEMS", "Portrait", "overlap", "portrait"]

_STEPS_PER_BAR = 16
_STEP = TICKS_PER_QUARTER // 4
_BAR_QUARTERS = 4.0
_DENSITY_WIDTH, _DENSITY_BINS = 4, 11
_VOICE_TABLE = np.array([VOICE_OF_PITCH.get(pitch, -1) for pitch in range(128)])
_KICK, _SNARE = voice_index("kick"), voice_index("snare")


def _density_labels() -> tuple[str, ...]:
    starts = range(0, _DENSITY_WIDTH * (_DENSITY_BINS - 1), _DENSITY_WIDTH)
    ranges = [f"{start}-{start + _DENSITY_WIDTH - 1}" for start in starts]
    return (*ranges, f"{_DENSITY_WIDTH * (_DENSITY_BINS - 1)}+")


def _velocity_labels() -> tuple[str, ...]:
    """MIDI velocities of each level: as many bins as a model has levels, or half stay empty."""
    edges = [-(-127 * level // VELOCITY_LEVELS) for level in range(VELOCITY_LEVELS)]
    ends = [*(edge - 1 for edge in edges[1:]), 127]
    return tuple(f"{edge}-{end}" for edge, end in zip(edges, ends, strict=True))


_PLACES = tuple(f"{beat}{part}" for beat in range(1, 5) for part in ("", "e", "&", "a"))

ITEMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "notes_per_bar": _density_labels(),
        "voices": VOICE_NAMES,
        "kick": _PLACES,
        "snare": _PLACES,
        "velocities": _velocity_labels(),
        "gaps": tuple(name for name, _ in GAPS),
    }
)


@dataclass(frozen=True)
class Portrait:
    """What some pieces are made of. Each histogram sums to 1, or is all 0 where nothing counts.

    Attributes
    ----------
    pieces, bars, notes : int
        What was looked at.
    mean_notes_per_bar : float
        Hits a bar.
    quartiles_of_notes_per_bar : tuple of float
        A quarter, half and three quarters of the bars have no more hits than these.
    notes_per_bar : tuple of float
        Share of bars by number of hits: 0-3, 4-7 ... 40 and more.
    voices : tuple of float
        Share of hits of each of the nine voices.
    kick, snare : tuple of float
        Share of that voice's hits on each of the 16 sixteenths of a bar.
    velocities : tuple of float
        Share of hits in each of eight equal ranges of velocity.
    gaps : tuple of float
        Share of hits by ticks since the one before, as in `paradiddle.report.GAPS`.
    """

    pieces: int
    bars: int
    notes: int
    mean_notes_per_bar: float
    quartiles_of_notes_per_bar: tuple[float, float, float]
    notes_per_bar: tuple[float, ...]
    voices: tuple[float, ...]
    kick: tuple[float, ...]
    snare: tuple[float, ...]
    velocities: tuple[float, ...]
    gaps: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def portrait(pieces: Sequence[Events]) -> Portrait:
    """Describe some pieces in 4/4, all of them together.

    A hit belongs to its nearest sixteenth, so that one just before a bar line counts for the bar it
    opens. Bars count from that of a piece's first hit up to that of its last, which is left out as
    unfinished unless it is the only one.

    Parameters
    ----------
    pieces : sequence of Events
        Pieces without a hit count for nothing but their number. Without dynamics every hit has
        velocity 100/127.

    Raises
    ------
    InvalidValueError
        If a piece is not in 4/4.
    CorpusError
        If no piece has a hit.

    Examples
    --------
    >>> beat = Events([36, 42, 38, 42] * 8, [0] + [240] * 31, [0.9] * 32)
    >>> likeness = portrait([beat])
    >>> likeness.mean_notes_per_bar, likeness.voices[:3]
    (8.0, (0.25, 0.25, 0.5))
    >>> dict(zip(ITEMS["kick"], likeness.kick))["3"]
    0.5
    """
    for index, piece in enumerate(pieces):
        if piece.quarters_per_bar != _BAR_QUARTERS:
            raise InvalidValueError(
                f"piece {index} has {piece.quarters_per_bar:g} quarters a bar; portraits are of"
                " 4/4, so filter by the time signature 4/4"
            )
    sounding = [piece for piece in pieces if len(piece)]
    if not sounding:
        raise CorpusError(f"nothing to portray: none of {len(pieces)} pieces has a hit")
    steps = [_nearest_steps(piece) for piece in sounding]
    density = np.concatenate([_notes_per_bar(places) for places in steps])  # (bars,)
    low, middle, high = np.percentile(density, (25, 50, 75)).tolist()
    voices = np.concatenate([_VOICE_TABLE[piece.notes] for piece in sounding])  # (notes,)
    places = np.concatenate(steps) % _STEPS_PER_BAR  # (notes,)
    velocities = np.concatenate([piece.dynamics for piece in sounding])
    gaps = np.concatenate([piece.ticks[1:] for piece in sounding])
    return Portrait(
        pieces=len(pieces),
        bars=len(density),
        notes=len(voices),
        mean_notes_per_bar=float(density.mean()),
        quartiles_of_notes_per_bar=(low, middle, high),
        notes_per_bar=_shares(density // _DENSITY_WIDTH, _DENSITY_BINS),
        voices=_shares(voices[voices >= 0], len(VOICE_NAMES)),
        kick=_shares(places[voices == _KICK], _STEPS_PER_BAR),
        snare=_shares(places[voices == _SNARE], _STEPS_PER_BAR),
        velocities=_shares(np.floor(velocities * VELOCITY_LEVELS), VELOCITY_LEVELS),
        gaps=_shares(np.searchsorted([low for _, low in GAPS], gaps, "right") - 1, len(GAPS)),
    )


def overlap(one: Portrait, other: Portrait) -> dict[str, float]:
    """Measure how alike two portraits are, item by item.

    Returns
    -------
    dict of str to float
        For each of `ITEMS` the area that the two histograms share, in [0, 1]: 1 less their total
        variation distance. A histogram of nothing shares nothing.

    Examples
    --------
    >>> kicks, snares = (portrait([Events([pitch] * 4, [480] * 4)]) for pitch in (36, 38))
    >>> overlap(kicks, snares)["voices"], overlap(kicks, snares)["gaps"]
    (0.0, 1.0)
    """
    return {
        name: float(np.minimum(getattr(one, name), getattr(other, name)).sum()) for name in ITEMS
    }


def _nearest_steps(piece: Events) -> NDArray[np.int64]:
    """Find the sixteenth nearest to each hit; half-way counts for the later."""
    return (piece.onsets + _STEP // 2) // _STEP


def _notes_per_bar(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the hits of each whole bar, (bars,)."""
    bars = steps // _STEPS_PER_BAR
    counts = np.bincount(bars - bars[0])
    return counts[: max(len(counts) - 1, 1)]


def _shares(indices: NDArray[Any], bins: int) -> tuple[float, ...]:
    """Share of each bin; what lies beyond the last counts for it."""
    counts = np.bincount(np.minimum(indices.astype(np.int64), bins - 1), minlength=bins)
    return tuple((counts / max(len(indices), 1)).tolist())
