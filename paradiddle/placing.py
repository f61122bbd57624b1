"""Where each drum stands: level, place from left to right, width, and a small room around it.

The places are the drummer's view: hi-hat on the left, floor tom and ride on the right.
"""

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from paradiddle.tones import Signal, fast_length

__all__ = ["PLACES", "Place", "Stereo", "place_of", "placed"]

Stereo = NDArray[np.float32]

_WIDTH_TAPS = 10
_WIDTH_SECONDS = (0.0006, 0.013)
_ROOM_TAPS = 9
_ROOM_SECONDS = (0.0045, 0.036)
_ROOM_T60 = 0.24
_ROOM_BAND = (220.0, 6500.0)
_ROOM_HEARS_SECONDS = 0.35  # the stroke excites the room; the ring after it adds nothing heard


@dataclass(frozen=True)
class Place:
    """Level and position of one drum.

    Attributes
    ----------
    level : float
        RMS of the loudest 20 ms of the hardest stroke, in decibels below full scale (negative).
    pan : float
        From -1, left, to 1, right.
    width : float
        How much of the sound differs between left and right, 0 to about 0.5.
    room : float
        How much of the sound comes back from the room, 0 to about 0.3.
    """

    level: float
    pan: float = 0.0
    width: float = 0.0
    room: float = 0.12


_HAND = Place(-15.0, 0.3, 0.0, 0.14)
PLACES: MappingProxyType[int, Place] = MappingProxyType(
    {
        **{pitch: Place(-19.5, -0.32, 0.14, 0.10) for pitch in (22, 42)},
        44: Place(-21.5, -0.32, 0.14, 0.10),
        **{pitch: Place(-19.5, -0.32, 0.18, 0.10) for pitch in (24, 25, 26, 46)},
        **{pitch: Place(-18.0, 0.0, 0.0, 0.10) for pitch in range(27, 35)},
        35: Place(-7.0, 0.0, 0.0, 0.05),
        36: Place(-7.0, 0.0, 0.0, 0.05),
        37: Place(-11.5, -0.05, 0.0, 0.16),
        38: Place(-9.5, 0.0, 0.05, 0.17),
        39: Place(-12.0, 0.08, 0.20, 0.18),
        40: Place(-9.5, 0.0, 0.05, 0.15),
        41: Place(-9.0, 0.48, 0.0, 0.14),
        43: Place(-9.0, 0.36, 0.0, 0.14),
        45: Place(-9.5, 0.20, 0.0, 0.14),
        47: Place(-10.0, 0.02, 0.0, 0.14),
        48: Place(-10.0, -0.14, 0.0, 0.14),
        50: Place(-10.5, -0.28, 0.0, 0.14),
        49: Place(-15.5, -0.42, 0.34, 0.10),
        57: Place(-15.5, 0.46, 0.34, 0.10),
        52: Place(-15.5, 0.52, 0.30, 0.10),
        55: Place(-16.0, -0.12, 0.30, 0.12),
        51: Place(-18.5, 0.38, 0.22, 0.08),
        53: Place(-16.5, 0.38, 0.18, 0.08),
        59: Place(-18.0, 0.38, 0.24, 0.08),
        54: Place(-22.0, 0.25, 0.15, 0.14),
        56: Place(-14.5, 0.18, 0.0, 0.14),
        58: Place(-17.0, -0.35, 0.0, 0.16),
        60: Place(-13.0, -0.30, 0.0, 0.14),
        61: Place(-13.0, -0.20, 0.0, 0.14),
        62: Place(-13.0, 0.30, 0.0, 0.14),
        63: Place(-13.0, 0.30, 0.0, 0.14),
        64: Place(-12.5, 0.42, 0.0, 0.14),
        65: Place(-13.0, -0.25, 0.0, 0.14),
        66: Place(-13.0, -0.12, 0.0, 0.14),
        67: Place(-19.0, 0.35, 0.0, 0.14),
        68: Place(-19.0, 0.28, 0.0, 0.14),
        **{pitch: Place(-22.0, 0.40, 0.10, 0.12) for pitch in (69, 70, 82)},
        71: Place(-19.0, -0.30, 0.0, 0.14),
        72: Place(-19.0, -0.30, 0.0, 0.14),
        73: Place(-20.0, 0.30, 0.0, 0.14),
        74: Place(-20.0, 0.30, 0.0, 0.14),
        80: Place(-24.0, -0.40, 0.0, 0.14),
        81: Place(-24.0, -0.40, 0.10, 0.14),
        83: Place(-21.0, -0.30, 0.20, 0.14),
        84: Place(-21.0, -0.30, 0.30, 0.16),
        86: Place(-9.5, 0.0, 0.0, 0.10),
        87: Place(-9.5, 0.0, 0.0, 0.10),
    }
)


def place_of(pitch: int) -> Place:
    """Find where a pitch stands; hand percussion without a row of its own shares one.

    Examples
    --------
    >>> place_of(36).pan, place_of(42).pan < 0 < place_of(51).pan
    (0.0, True)
    """
    return PLACES.get(pitch, _HAND)


def placed(sound: Signal, place: Place, sample_rate: int) -> Stereo:
    """Put a mono sound in its place.

    Parameters
    ----------
    sound : numpy.ndarray
        Mono, shape (samples,), float32.
    place : Place
        Level, pan, width and room.
    sample_rate : int
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Shape (samples + the room's tail, 2), float32: left and right.

    Examples
    --------
    >>> both = placed(np.ones(100, np.float32), Place(-6.0, pan=-1.0, room=0.0), 44100)
    >>> float(both[50, 0]) > 0.4, float(both[50, 1])
    (True, 0.0)
    """
    angle = (place.pan + 1) * np.pi / 4
    # constant power, and a drum in the middle keeps its level on both sides
    sides = np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)]) * 10 ** (place.level / 20)
    sides[np.abs(sides) < 1e-9] = 0.0
    gains = sides.astype(np.float32)
    tail = len(_room(sample_rate)) - 1 if place.room else 0
    stereo = np.zeros((sound.size + tail, 2), np.float32)
    stereo[: sound.size] = sound[:, None] * gains
    if place.width:
        _widen(stereo, sound, np.float32(place.width * gains.mean()), sample_rate)
    if place.room:
        _add_room(stereo, sound, np.float32(place.room * gains.mean()), sample_rate)
    return stereo


def _widen(stereo: Stereo, sound: Signal, gain: np.float32, sample_rate: int) -> None:
    """Add a smeared copy to the left and take it from the right, so that mono is unchanged."""
    side = np.zeros(len(stereo), np.float32)
    for delay, tap in _width_taps():
        first = round(delay * sample_rate)
        length = min(sound.size, side.size - first)
        side[first : first + length] += sound[:length] * (gain * tap)
    stereo[:, 0] += side
    stereo[:, 1] -= side


@lru_cache(maxsize=1)
def _width_taps() -> list[tuple[float, np.float32]]:
    """Delays in seconds and gains of a short, dense, flat echo of unit energy."""
    rng = np.random.default_rng(1)
    delays = np.geomspace(*_WIDTH_SECONDS, _WIDTH_TAPS) * rng.uniform(0.9, 1.1, _WIDTH_TAPS)
    gains = rng.choice([-1.0, 1.0], _WIDTH_TAPS) * 0.9 ** np.arange(_WIDTH_TAPS)
    gains /= np.sqrt(np.sum(gains**2))
    return list(zip(delays.tolist(), gains.astype(np.float32), strict=True))


def _add_room(stereo: Stereo, sound: Signal, gain: np.float32, sample_rate: int) -> None:
    """Convolve the first part of a sound with the room and add it."""
    heard = sound[: round(_ROOM_HEARS_SECONDS * sample_rate)] * gain
    fade = min(heard.size, round(0.05 * sample_rate))
    heard[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    length = heard.size + len(_room(sample_rate)) - 1
    padded = fast_length(length)
    spectrum = np.fft.rfft(heard, padded) * _room_spectrum(sample_rate, padded)  # (2, bins)
    stereo[:length] += np.fft.irfft(spectrum, padded)[:, :length].T


@lru_cache(maxsize=64)
def _room_spectrum(sample_rate: int, padded: int) -> NDArray[np.complex64]:
    """Fourier transform of the room, (2, bins)."""
    spectrum = np.fft.rfft(np.ascontiguousarray(_room(sample_rate).T), padded)
    return spectrum.astype(np.complex64, copy=False)


@lru_cache(maxsize=4)
def _room(sample_rate: int) -> Stereo:
    """Impulse response of a small room, (samples, 2): early echoes, a short tail, unit energy."""
    rng = np.random.default_rng(2)
    samples = round(0.8 * _ROOM_T60 * sample_rate)
    time = np.arange(samples) / sample_rate
    tail = rng.standard_normal((samples, 2)) * np.exp(-6.9 * time / _ROOM_T60)[:, None]
    tail *= np.clip((time - _ROOM_SECONDS[0]) / 0.02, 0, 1)[:, None] * 0.35
    for side in range(2):
        delays = np.geomspace(*_ROOM_SECONDS, _ROOM_TAPS) * rng.uniform(0.85, 1.15, _ROOM_TAPS)
        places = np.round(delays * sample_rate).astype(int)
        echoes = rng.choice([-1.0, 1.0], _ROOM_TAPS) * 0.85 ** np.arange(_ROOM_TAPS)
        tail[places, side] += echoes * np.sqrt(sample_rate / 60.0)
    padded = fast_length(2 * samples)
    hertz = np.maximum(np.fft.rfftfreq(padded, 1 / sample_rate), 1.0)
    low, high = _ROOM_BAND
    # poles, not a symmetric window: nothing may sound before the stroke
    band = (1 / (1 + low / (1j * hertz))) ** 2 / (1 + 1j * hertz / high) ** 2
    room = np.fft.irfft(np.fft.rfft(tail, padded, axis=0) * band[:, None], padded, axis=0)[:samples]
    room *= np.linspace(1, 0, samples)[:, None] ** 0.5
    room /= np.sqrt(np.mean(np.sum(room**2, axis=0)))
    return room.astype(np.float32)
