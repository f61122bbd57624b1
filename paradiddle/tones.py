"""Building blocks of drum sounds: damped partials, falling tones, bursts of noise, envelopes.

Every block chooses its own length, long enough for the sound to fall by 66 dB, and `blend` adds
blocks of different lengths. Times are seconds, frequencies hertz; a decay is given as T60, the time
in which the sound falls by 60 dB.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Signal",
    "blend",
    "envelope",
    "fast_length",
    "finish",
    "hiss",
    "late",
    "ring",
    "saturate",
    "sweep",
]

Signal = NDArray[np.float32]

_NEPERS_PER_60_DB = math.log(1000.0)
_AUDIBLE_T60S = 1.1  # a block ends 66 dB below its start
_INAUDIBLE = 10 ** (-70 / 20)
_HIGHEST = 0.46  # of the sample rate: partials above it would fold back
_TILE = 32  # samples along a tile
# Products of this many multiplications stay on one thread of the matrix library; waking others for
# so little work costs more than it saves.
_SMALL_PRODUCT = 250_000
_ATTACK_SECONDS = 0.0003
_RELEASE_SECONDS = 0.008


def ring(
    frequencies: ArrayLike,
    amplitudes: ArrayLike,
    t60: ArrayLike,
    rate: int,
    *,
    phases: ArrayLike = 0.0,
) -> Signal:
    """Sum damped sines, as a struck bar, bell or plate sounds.

    A damped sine is a power series of one complex number, so a tile of it is the product of a
    column and a row; all the partials together are a few small matrix products, which makes
    hundreds of them as cheap as a filter.

    Parameters
    ----------
    frequencies, amplitudes, t60, phases : array_like of float, shape (M,)
        Hertz, linear gain, seconds and radians; broadcast against each other.
    rate : int
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32. Partials too high for the sample rate are left out.

    Examples
    --------
    >>> bell = ring([800.0, 1250.0], [1.0, 0.5], 0.4, 44100)
    >>> bell.dtype, bell.size, abs(float(bell[0]))
    (dtype('float32'), 19405, 0.0)
    """
    hertz, gain, decay, phase = np.broadcast_arrays(
        np.atleast_1d(np.asarray(frequencies, np.float64)), amplitudes, t60, phases
    )
    heard = hertz < _HIGHEST * rate
    samples = _samples(float(np.max(decay)), rate)
    step = np.exp((2j * np.pi * hertz[heard] - _NEPERS_PER_60_DB / decay[heard]) / rate)  # (M,)
    width = max(8, min(_TILE, round(math.sqrt(samples))))
    height = max(1, _SMALL_PRODUCT // (2 * width * max(1, step.size)))
    tiles = -(-samples // (width * height))
    starts = _powers(step ** (width * height), tiles)  # (tiles, M)
    starts *= gain[heard] * np.exp(1j * phase[heard])
    down = _powers(step**width, height)  # (height, M)
    along = _powers(step, width)  # (width, M)
    corners = starts[:, None].astype(np.complex64) * down.astype(np.complex64)  # (tiles, height, M)
    # numbers too small to be normal would slow the product down a hundredfold
    corners[np.abs(corners) < 1e-12] = 0.0
    left = np.concatenate([corners.real, corners.imag], axis=2)  # (tiles, height, 2M)
    right = np.concatenate([along.imag, along.real], axis=1).astype(np.float32).T  # (2M, width)
    sound: Signal = (left @ np.ascontiguousarray(right)).reshape(-1)[:samples]
    return sound


def _powers(base: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    """List the powers of each number from 0 to `count` - 1, one row for each exponent."""
    table = np.repeat(base[None], count, axis=0)  # (count, M)
    table[0] = 1.0
    powers: NDArray[np.complex128] = np.multiply.accumulate(table, axis=0)
    return powers


def sweep(frequency: float, drops: Sequence[tuple[float, float]], t60: float, rate: int) -> Signal:
    """Sound a decaying sine whose pitch falls to `frequency`, as a struck skin's does.

    Parameters
    ----------
    frequency : float
        Where the pitch comes to rest, in hertz.
    drops : sequence of (float, float)
        Each a height above `frequency`, as a multiple of it, and the time constant of its fall in
        seconds. A negative height rises instead.
    t60 : float
        Seconds to fall by 60 dB.
    rate : int
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32, peak about 1, starting at 0.

    Examples
    --------
    >>> sweep(50.0, [(3.0, 0.02)], 0.4, 44100).size
    19405
    """
    time = np.arange(_samples(t60, rate)) / rate
    turns = time.copy()
    for height, fall in drops:
        turns += height * fall * -np.expm1(-time / fall)
    sound: Signal = np.sin((2 * np.pi * frequency * turns).astype(np.float32))
    sound *= envelope(sound.size, t60, rate)
    return sound


def hiss(
    seed: int, low: float, high: float, t60: float, rate: int, *, attack: float = 0.0
) -> Signal:
    """Make a decaying burst of noise between two frequencies.

    Parameters
    ----------
    seed : int
        Which noise: the same seed gives the same samples.
    low, high : float
        Band edges in hertz; beyond them the noise falls by 12 dB an octave.
    t60 : float
        Seconds to fall by 60 dB.
    rate : int
        Samples per second.
    attack : float
        Time constant of the rise in seconds; 0 starts at full strength.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32, RMS about 1 where the burst is strongest.

    Examples
    --------
    >>> burst = hiss(1, 2000.0, 8000.0, 0.1, 44100)
    >>> bool((burst == hiss(1, 2000.0, 8000.0, 0.1, 44100)).all())
    True
    """
    samples = _samples(t60, rate)
    padded = fast_length(samples)
    bins = padded // 2 + 1
    hertz = np.arange(1, bins, dtype=np.float32) * np.float32(rate / padded)
    below = np.square(np.square(np.float32(low) / hertz))
    above = np.square(np.square(hertz / np.float32(high)))
    power = 1 / ((1 + below) * (1 + above))
    random = np.random.default_rng(seed).standard_normal((bins, 2), dtype=np.float32)
    spectrum = random.view(np.complex64)[:, 0]  # (bins,)
    spectrum[0] = 0.0
    spectrum[1:] *= np.sqrt(power)
    sound: Signal = np.fft.irfft(spectrum, padded)[:samples].astype(np.float32, copy=False)
    sound *= padded / np.float32(2 * math.sqrt(float(np.sum(power))))
    sound *= envelope(samples, t60, rate, attack=attack)
    return sound


def envelope(samples: int, t60: float, rate: int, *, attack: float = 0.0) -> Signal:
    """Fall exponentially, after an exponential rise when `attack` is given.

    Parameters
    ----------
    samples : int
        Length.
    t60 : float
        Seconds to fall by 60 dB.
    rate : int
        Samples per second.
    attack : float
        Time constant of the rise in seconds; 0 starts at 1.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32, in [0, 1].

    Examples
    --------
    >>> fall = envelope(44101, 1.0, 44100)
    >>> float(fall[0]), round(float(fall[-1]), 6)
    (1.0, 0.001)
    """
    time = np.arange(samples, dtype=np.float32) / np.float32(rate)
    fall: Signal = np.exp(time * np.float32(-_NEPERS_PER_60_DB / t60))
    if attack > 0:
        fall *= -np.expm1(time / np.float32(-attack))
    return fall


def blend(*parts: tuple[float, Signal]) -> Signal:
    """Add signals of different lengths, each with its gain.

    Parameters
    ----------
    *parts : (float, numpy.ndarray)
        Gain and signal; every signal starts at the first sample.

    Returns
    -------
    numpy.ndarray
        As long as the longest, float32.

    Examples
    --------
    >>> blend((1.0, np.ones(2, np.float32)), (0.5, np.ones(3, np.float32))).tolist()
    [1.5, 1.5, 0.5]
    """
    total = np.zeros(max(signal.size for _, signal in parts), np.float32)
    for gain, signal in parts:
        total[: signal.size] += np.float32(gain) * signal
    return total


def late(signal: Signal, seconds: float, rate: int) -> Signal:
    """Delay a signal.

    Examples
    --------
    >>> late(np.ones(2, np.float32), 0.5, 4).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    return np.concatenate([np.zeros(round(seconds * rate), np.float32), signal])


def saturate(signal: Signal, drive: float) -> Signal:
    """Round off peaks as an overdriven amplifier does; small signals keep their gain.

    Examples
    --------
    >>> [round(float(x), 3) for x in saturate(np.array([0.01, 2.0], np.float32), 1.0)]
    [0.01, 0.964]
    """
    rounded: Signal = np.tanh(signal * np.float32(drive)) / np.float32(drive)
    return rounded


def finish(signal: Signal, rate: int) -> Signal:
    """Take away what is inaudible, would click or push a loudspeaker off centre; set the strength.

    The end is cut where the sound stays 70 dB below its peak. The first and last samples are 0, the
    mean is 0, and the loudest 20 ms have an RMS of 1, so that sounds compare by how loud they seem
    and not by their highest peak.

    Parameters
    ----------
    signal : numpy.ndarray
        Shape (samples,), float32; neither silent nor constant.
    rate : int
        Samples per second.

    Returns
    -------
    numpy.ndarray
        At most as long, float32.

    Examples
    --------
    >>> sound = finish(sweep(50.0, [], 0.2, 44100), 44100)
    >>> float(sound[0]), abs(float(sound[-1])) < 1e-6, abs(float(sound.mean())) < 1e-6
    (0.0, True, True)
    """
    peak = float(np.max(np.abs(signal)))
    signal = signal[: int(np.flatnonzero(np.abs(signal) > peak * _INAUDIBLE)[-1]) + 1]
    edge = np.ones(signal.size, np.float32)
    rise = min(max(2, round(_ATTACK_SECONDS * rate)), signal.size // 2)
    release = min(max(2, round(_RELEASE_SECONDS * rate)), signal.size // 2)
    edge[:rise] = np.linspace(0.0, 1.0, rise)
    edge[-release:] *= 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, release, dtype=np.float32))
    sound: Signal = signal * edge
    # offsets come from the stroke, so they are balanced there; a constant would thump at the end
    balance = edge * np.exp(np.arange(signal.size, dtype=np.float32) / np.float32(-0.03 * rate))
    sound -= balance * (np.mean(sound, dtype=np.float64) / np.mean(balance, dtype=np.float64))
    window = max(1, round(0.02 * rate))
    frames = np.add.reduceat(np.square(sound), np.arange(0, sound.size, window))
    sound /= math.sqrt(float(frames.max()) / min(window, sound.size))
    return sound.astype(np.float32, copy=False)


def _samples(t60: float, rate: int) -> int:
    """Length after which a decay is inaudible."""
    return math.ceil(_AUDIBLE_T60S * t60 * rate)


def fast_length(samples: int) -> int:
    """Round a length up to one a Fourier transform likes: 8 to 16 times a power of two.

    Examples
    --------
    >>> fast_length(44100)
    45056
    """
    unit: int = 1 << max(1, (samples - 1).bit_length() - 4)
    return -(-samples // unit) * unit
