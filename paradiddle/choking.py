"""Which hits fade because of later ones: hi-hats that close, and drums that are struck again."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from paradiddle.tones import Signal

__all__ = ["CLOSED_HATS", "OPEN_HATS", "Fade", "fades"]

OPEN_HATS = frozenset({24, 25, 26, 46})
CLOSED_HATS = frozenset({22, 42, 44})

_CHOKE_SECONDS = 0.035


@dataclass(frozen=True)
class Fade:
    """A fall in the strength of one hit.

    Attributes
    ----------
    start : int
        Samples after the hit's onset at which it begins.
    length : int
        Samples it takes.
    keep : float
        Gain after it, in [0, 1).
    """

    start: int
    length: int
    keep: float

    def shape(self) -> Signal:
        """Gain during the fade.

        Returns
        -------
        numpy.ndarray
            Shape (length,), float32, from 1 to `keep` along half a cosine.

        Examples
        --------
        >>> [round(float(gain), 2) for gain in Fade(0, 3, 0.2).shape()]
        [1.0, 0.6, 0.2]
        """
        return np.float32(self.keep) + np.float32(1 - self.keep) * _fall(self.length)


@dataclass(frozen=True)
class _Instrument:
    """What sounds are one object: a new hit on it takes over from the one still sounding."""

    name: str
    seconds: float
    keep: float


def _instruments() -> dict[int, _Instrument]:
    """Group the pitches of each drum; metal keeps ringing under the stick, skins much less."""
    rows = (
        ((35, 36), _Instrument("kick", 0.020, 0.0)),
        ((38, 40), _Instrument("snare", 0.045, 0.15)),
        (tuple(CLOSED_HATS), _Instrument("hi-hat", 0.030, 0.0)),
        (tuple(OPEN_HATS), _Instrument("hi-hat", 0.060, 0.2)),
        ((51, 53, 59), _Instrument("ride", 0.25, 0.55)),
        ((49,), _Instrument("crash 1", 0.25, 0.55)),
        ((57,), _Instrument("crash 2", 0.25, 0.55)),
        ((52,), _Instrument("china", 0.25, 0.5)),
        ((55,), _Instrument("splash", 0.20, 0.5)),
        ((62, 63), _Instrument("high conga", 0.040, 0.1)),
        ((71, 72), _Instrument("whistle", 0.015, 0.0)),
        ((73, 74), _Instrument("guiro", 0.015, 0.0)),
        ((78, 79), _Instrument("cuica", 0.020, 0.0)),
        ((80, 81), _Instrument("triangle", 0.040, 0.0)),
        ((86, 87), _Instrument("surdo", 0.050, 0.1)),
    )
    return {pitch: instrument for pitches, instrument in rows for pitch in pitches}


_INSTRUMENTS = _instruments()


def fades(starts: list[int], pitches: list[int], gains: list[float], rate: int) -> list[list[Fade]]:
    """Work out how later hits fade earlier ones.

    A closed or pedal hi-hat silences every open one. Any hit on a drum that still sounds takes over
    from it: of the old sound only a part stays, and all of it under a much softer new hit, so that
    a ghost note does not cut an accent short.

    Parameters
    ----------
    starts : list of int, length N
        Onsets in samples, ascending.
    pitches : list of int, length N
        General MIDI percussion pitches.
    gains : list of float, length N
        Linear, above 0.
    rate : int
        Samples per second.

    Returns
    -------
    list of list of Fade, length N
        For each hit the fades it suffers, in order of their start.

    Examples
    --------
    >>> fades([0, 4410], [46, 42], [1.0, 1.0], 44100)
    [[Fade(start=4410, length=1544, keep=0.0)], []]
    """
    found: list[list[Fade]] = [[] for _ in starts]
    opened: list[int] = []
    sounding: dict[str, int] = {}
    for index, (start, pitch) in enumerate(zip(starts, pitches, strict=True)):
        name = _instrument(pitch).name
        previous = sounding.get(name)
        sounding[name] = index
        if pitch in CLOSED_HATS:
            # an open and a closed stroke at one instant are both meant
            choked = [hit for hit in opened if starts[hit] < start]
            opened = [hit for hit in opened if starts[hit] == start]
            for hit in choked:
                length = round(_CHOKE_SECONDS * rate)
                found[hit].append(Fade(start - starts[hit], length, 0.0))
            if previous in choked:
                continue
        elif pitch in OPEN_HATS:
            opened.append(index)
        # so are two sounds of one drum, but not one sound twice
        if previous is not None and (starts[previous] < start or pitches[previous] == pitch):
            ratio = gains[index] / gains[previous]
            found[previous].append(_taken(pitches[previous], start - starts[previous], ratio, rate))
    return found


def _taken(pitch: int, after: int, ratio: float, rate: int) -> Fade:
    """Fade a sound that a hit `ratio` times as strong takes over `after` samples."""
    row = _instrument(pitch)
    softer = max(0.0, 1 - ratio)
    # a sound that has hardly begun goes as quickly, or two would add up to one too loud
    length = min(round(row.seconds * rate), 2 * after + 1)
    return Fade(after, length, row.keep + (1 - row.keep) * softer)


def _instrument(pitch: int) -> _Instrument:
    """Find what a pitch is struck on; most have a drum to themselves."""
    return _INSTRUMENTS.get(pitch) or _Instrument(f"pitch {pitch}", 0.050, 0.15)


@lru_cache(maxsize=64)
def _fall(length: int) -> Signal:
    """Half a cosine from 1 to 0."""
    fall: Signal = (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, length))).astype(np.float32)
    fall.flags.writeable = False
    return fall
