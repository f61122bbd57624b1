"""The drum kit: hits in seconds to stereo sound.

Sounds are synthesised the first time they are struck and kept. Each has a place from left to right,
a share of a small room, and a level; hi-hats silence each other as their pedal does.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paradiddle.checks import check_range
from paradiddle.choking import Fade, fades
from paradiddle.errors import InvalidValueError
from paradiddle.limiter import limit
from paradiddle.placing import Stereo, place_of, placed
from paradiddle.synthesis import DEFAULT_PITCH, SAMPLE_RATES, SOUNDS, strike

__all__ = ["LAYERS", "MAX_SECONDS", "layer_of", "render", "sample"]

LAYERS = 5
"""Timbres of each drum, from ghost note to accent."""

MAX_SECONDS = 7_200
"""Longest sound rendered at once, up to 48,000 samples a second: two hours, 2.8 GB."""

_LOUDNESS = 1.4  # amplitude is velocity to this power: half the velocity is 8 dB less
_SILENCE_SECONDS = 0.1  # what no hits at all sound like
_CUT_SECONDS = 0.02  # fade of what `tail` cuts off


def render(
    seconds: ArrayLike,
    pitches: ArrayLike,
    velocities: ArrayLike,
    *,
    tail: float | None = None,
    sample_rate: int = 44_100,
) -> Stereo:
    """Play hits on the kit.

    Parameters
    ----------
    seconds : array_like of float, shape (N,)
        Onsets in seconds from the start, 0 or later, in any order.
    pitches : array_like of int, shape (N,)
        General MIDI percussion pitches, 0 to 127. The kit has a sound for 22, 24 to 87; any other
        sounds as a side stick.
    velocities : array_like of float, shape (N,)
        In [0, 1]; 0 is silent.
    tail : float, optional
        Seconds to keep after the last onset. By default everything rings out.
    sample_rate : int
        Samples per second, 8,000 to 192,000.

    Returns
    -------
    numpy.ndarray
        Shape (samples, 2), float32, left and right, within ±0.966. The same hits give the same
        samples, in whatever order they come. No hits give a tenth of a second of silence, or
        `tail` seconds.

    Raises
    ------
    InvalidValueError
        If the arrays differ in length, a value is out of range or not a number, or the sound would
        be longer than `MAX_SECONDS`.

    Examples
    --------
    >>> beat = render([0.0, 0.5], [36, 38], [0.9, 0.8], tail=0.5)
    >>> beat.shape, beat.dtype
    ((44100, 2), dtype('float32'))
    """
    rate = _checked_rate(sample_rate)
    onsets, keys, strengths = _checked_hits(seconds, pitches, velocities)
    _check_length(onsets, tail, rate)
    heard = strengths > 0
    last = float(onsets.max(initial=0.0))
    order = np.lexsort((strengths[heard], keys[heard], onsets[heard]))
    onsets, keys, strengths = onsets[heard][order], keys[heard][order], strengths[heard][order]
    starts: list[int] = np.rint(onsets * rate).astype(np.int64).tolist()
    sounds = [
        _sound(key, layer_of(strength), rate)
        for key, strength in zip(keys.tolist(), strengths.tolist(), strict=True)
    ]
    mix = np.zeros((_length(starts, sounds, last, tail, rate), 2), np.float32)
    gains = strengths**_LOUDNESS
    cuts = fades(starts, keys.tolist(), gains.tolist(), rate)
    for start, sound, gain, cut in zip(starts, sounds, gains, cuts, strict=True):
        _add(mix, sound, start, np.float32(gain), cut)
    limit(mix, rate)
    if tail is not None:
        _fade_out(mix, rate)
    return mix


def sample(pitch: int, velocity: float, *, sample_rate: int = 44_100) -> Stereo:
    """Play one hit, until it has rung out.

    Parameters
    ----------
    pitch : int
        General MIDI percussion pitch, 0 to 127.
    velocity : float
        In [0, 1]. `(layer + 0.5) / LAYERS` is the middle of a layer.
    sample_rate : int
        Samples per second, 8,000 to 192,000.

    Returns
    -------
    numpy.ndarray
        Shape (samples, 2), float32: what `render` gives for this hit at second 0.

    Raises
    ------
    InvalidValueError
        If a value is out of range.

    Examples
    --------
    >>> sample(42, 0.8).shape[1]
    2
    """
    return render([0.0], [pitch], [velocity], sample_rate=sample_rate)


def layer_of(velocity: float) -> int:
    """Tell which timbre a velocity plays.

    Parameters
    ----------
    velocity : float
        In [0, 1].

    Returns
    -------
    int
        0, the softest, to `LAYERS` - 1.

    Examples
    --------
    >>> [layer_of(velocity) for velocity in (0.0, 0.19, 0.21, 1.0)]
    [0, 0, 1, 4]
    """
    return min(int(velocity * LAYERS), LAYERS - 1)


def _sound(pitch: int, layer: int, rate: int) -> Stereo:
    """Find or make a sound; pitches without one of their own share the default's."""
    return _made(pitch if pitch in SOUNDS else DEFAULT_PITCH, layer, rate)


@lru_cache(maxsize=1024)
def _made(pitch: int, layer: int, rate: int) -> Stereo:
    """Synthesise a sound and put it in its place."""
    mono = strike(pitch, layer / (LAYERS - 1), rate)
    stereo = placed(mono, place_of(pitch), rate)
    stereo.flags.writeable = False  # shared by all who render
    return stereo


def _add(mix: Stereo, sound: Stereo, start: int, gain: np.float32, cuts: list[Fade]) -> None:
    """Add one hit to the mix, faded where a later hit takes over."""
    end = min(len(sound), len(mix) - start)
    for cut in cuts:
        if cut.keep == 0:
            end = min(end, cut.start + cut.length)
    part = sound[:end] * gain
    for cut in cuts:
        fall = part[cut.start : cut.start + cut.length]
        fall *= cut.shape()[: len(fall), None]
        part[cut.start + cut.length :] *= np.float32(cut.keep)
    mix[start : start + end] += part


def _length(
    starts: list[int], sounds: list[Stereo], last: float, tail: float | None, rate: int
) -> int:
    """Count samples to the end of the last sound, or to `tail` after the last onset."""
    if tail is not None:
        return max(1, round((last + tail) * rate))
    ends = [start + len(sound) for start, sound in zip(starts, sounds, strict=True)]
    return max([round((last + _SILENCE_SECONDS) * rate), *ends])


def _fade_out(mix: Stereo, rate: int) -> None:
    """End a cut sound without a click."""
    length = min(len(mix), round(_CUT_SECONDS * rate))
    mix[len(mix) - length :] *= np.linspace(1, 0, length, dtype=np.float32)[:, None]


def _checked_rate(sample_rate: int) -> int:
    """Refuse a sample rate no sound card has."""
    lowest, highest = SAMPLE_RATES
    if not lowest <= sample_rate <= highest:
        raise InvalidValueError(
            f"sample_rate must be in [{lowest}, {highest}], got {sample_rate}; 44100 is usual"
        )
    return int(sample_rate)


def _checked_hits(
    seconds: ArrayLike, pitches: ArrayLike, velocities: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Three arrays of one length with values in range, or an error that names the first wrong."""
    onsets = np.asarray(seconds, np.float64)
    keys: NDArray[np.int64] = np.asarray(pitches)
    strengths = np.asarray(velocities, np.float64)
    if not onsets.ndim == 1 or not onsets.shape == keys.shape == strengths.shape:
        raise InvalidValueError(
            "seconds, pitches and velocities must have one shape (N,), got "
            f"{onsets.shape}, {keys.shape} and {strengths.shape}; give one of each for every hit"
        )
    if keys.size and not np.issubdtype(keys.dtype, np.integer):
        raise InvalidValueError(f"pitches must be integers, got {keys.dtype}; round them first")
    check_range("seconds", onsets, 0, math.inf, remedy="move the first hit to 0")
    check_range("pitches", keys, 0, 127, remedy="use General MIDI percussion pitches such as 36")
    check_range("velocities", strengths, 0, 1, remedy="divide MIDI velocities by 127")
    return onsets, keys.astype(np.int64), strengths


def _check_length(onsets: NDArray[np.float64], tail: float | None, rate: int) -> None:
    """Refuse a sound too long for memory."""
    if tail is not None and not 0 <= tail <= MAX_SECONDS:
        raise InvalidValueError(
            f"tail must be in [0, {MAX_SECONDS}] seconds, got {tail}; a few seconds are usual"
        )
    longest = float(onsets.max(initial=0.0)) + (tail or 0.0)
    most = MAX_SECONDS * min(1.0, 48_000 / rate)
    if longest > most:
        raise InvalidValueError(
            f"the sound would last {longest:.0f} seconds, at most {most:.0f} are rendered at "
            "once; cut it into parts or check the tempo"
        )
