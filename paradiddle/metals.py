"""Hi-hats, cymbals, bells and jingles, one mono hit at a time.

A cymbal is a plate with hundreds of inharmonic modes: each is a damped sine whose upper neighbours
start later (the stroke's energy climbs) and die sooner, over a wash of noise for the modes too
close together to tell apart. Force makes the spectrum brighter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paradiddle.tones import Signal, blend, hiss, late, ring, saturate

__all__ = ["Plate", "bell", "cymbal", "hat", "jingles"]

# Fundamentals in hertz of six square waves no two of which share a low harmonic.
_CLUSTER = np.array([263.0, 347.0, 419.0, 557.0, 691.0, 863.0])


@dataclass(frozen=True)
class Plate:
    """What tells one cymbal from another.

    Attributes
    ----------
    low, high : float
        Range of the modes in hertz.
    t60 : float
        Decay in seconds at `low`.
    fade : float
        How much quicker high modes die: T60 falls as frequency to this power.
    body : float
        Frequency in hertz below which modes weaken.
    tilt : float
        Frequency in hertz above which modes weaken, at full force.
    shimmer : float
        Gain of the modes.
    wash : float
        Gain of the noise.
    bloom : float
        Seconds the highest modes take to rise.
    stick : float
        Gain of the stick's ping.
    partials : sequence of float
        Modes in hertz that stand out, as a ride's or a bell's do.
    presence : float
        Gain of those.
    drive : float
        Saturation; trashy from about 2.
    modes : int
        How many modes to scatter between `low` and `high`.
    """

    low: float = 320.0
    high: float = 14000.0
    t60: float = 2.2
    fade: float = 0.22
    body: float = 1500.0
    tilt: float = 6000.0
    shimmer: float = 1.0
    wash: float = 0.5
    bloom: float = 0.03
    stick: float = 0.3
    partials: Sequence[float] = ()
    presence: float = 0.0
    drive: float = 0.0
    modes: int = 150


def cymbal(force: float, rate: int, *, plate: Plate, seed: int) -> Signal:
    """Strike a crash, splash, china or ride cymbal.

    Parameters
    ----------
    force : float
        Strength of the stroke, in [0, 1].
    rate : int
        Samples per second.
    plate : Plate
        Which cymbal.
    seed : int
        Which modes and noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> splash = cymbal(0.8, 44100, plate=Plate(t60=0.6), seed=55)
    >>> crash = cymbal(0.8, 44100, plate=Plate(t60=2.0), seed=49)
    >>> crash.size > splash.size
    True
    """
    parts = [
        (plate.shimmer, _modes(force, rate, plate, seed)),
        (plate.wash, _wash(force, rate, plate, seed)),
    ]
    stick = hiss(seed + 9, 2500.0, 5000.0 + 6000.0 * force, 0.035, rate)
    parts.append((plate.stick * (0.4 + 0.6 * force), stick))
    if plate.partials:
        tones = np.array(plate.partials)
        gains = plate.presence * (0.5 + 0.5 * force) / np.sqrt(1 + np.arange(tones.size))
        t60 = 0.6 * plate.t60 * np.minimum(1.0, (tones / tones[0]) ** -0.5)
        parts.append((1.0, ring(tones, gains, t60, rate)))
    sound = blend(*parts)
    return saturate(sound, plate.drive) if plate.drive else sound


def _modes(force: float, rate: int, plate: Plate, seed: int) -> Signal:
    """Sum the plate's modes, each rising as `bloom` says and falling as `fade` says."""
    hertz, gains, phases = _scattered(plate, seed)
    tilt = plate.tilt * (0.35 + 0.65 * force)
    gains = gains * np.exp(-hertz / tilt) / (1 + (plate.body / hertz) ** 2)
    gains /= np.sqrt(np.sum(gains**2))
    t60 = plate.t60 * (hertz / plate.low) ** -plate.fade
    # late modes: a rising exponential is a slow decay less a quick one
    rise = 6.9 * plate.bloom * np.sqrt(hertz / plate.high) + 0.004
    return blend(
        (1.0, ring(hertz, gains, t60, rate, phases=phases)),
        (-0.65, ring(hertz, gains, rise * t60 / (rise + t60), rate, phases=phases)),
    )


def _scattered(
    plate: Plate, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw frequencies, gains and phases: evenly spaced on average, as a plate's modes are."""
    rng = np.random.default_rng(seed)
    places = (np.arange(plate.modes) + rng.uniform(0, 1, plate.modes)) / plate.modes
    # more of them low down, where the ear tells them apart
    hertz = plate.low + (plate.high - plate.low) * places**1.5
    return hertz, rng.uniform(0.4, 1.0, plate.modes), rng.uniform(0, 2 * np.pi, plate.modes)


def _wash(force: float, rate: int, plate: Plate, seed: int) -> Signal:
    """Noise in three bands, the higher the quicker to die and the later to rise."""
    bands = ((1200.0, 3500.0, 0.50), (3500.0, 8000.0, 0.85), (8000.0, 15000.0, 0.9 * force))
    return blend(
        *(
            (
                gain * (0.5 + 0.5 * force),
                hiss(
                    seed + index,
                    low,
                    high,
                    plate.t60 * (low / plate.low) ** -plate.fade * 0.85,
                    rate,
                    attack=plate.bloom * (0.1 + 0.3 * index),
                ),
            )
            for index, (low, high, gain) in enumerate(bands, start=1)
        )
    )


def hat(
    force: float,
    rate: int,
    *,
    t60: float,
    floor: float,
    sizzle: float,
    attack: float = 0.0,
    seed: int,
) -> Signal:
    """Strike or close a hi-hat: a cluster of square waves and noise, high-passed.

    Parameters
    ----------
    force : float
        Strength of the stroke, in [0, 1].
    rate : int
        Samples per second.
    t60 : float
        Decay in seconds; how far the hat is open.
    floor : float
        Hertz below which it is quiet.
    sizzle : float
        Gain of the noise against the metal.
    attack : float
        Time constant of the rise in seconds: 0 for a stick, more for a foot.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> closed = hat(0.5, 44100, t60=0.1, floor=6e3, sizzle=0.5, seed=42)
    >>> opened = hat(0.5, 44100, t60=1.0, floor=6e3, sizzle=0.5, seed=46)
    >>> opened.size > closed.size
    True
    """
    tilt = 5000.0 + 9000.0 * force
    hertz, gains = _squares(floor, tilt)
    # both the lowest and the highest modes die early: what rings on is the region above `floor`
    height = hertz / floor
    metal = ring(hertz, gains, t60 * np.minimum(height**0.7, height**-0.3), rate)
    noise = hiss(seed, 0.95 * floor, tilt, t60 * 0.8, rate, attack=attack)
    air = hiss(seed + 1, 9500.0, 16000.0, t60 * 0.5, rate, attack=attack)
    tick = hiss(seed + 2, 3000.0, 6000.0 + 8000.0 * force, 0.016, rate)
    if attack:
        metal *= -np.expm1(np.arange(metal.size, dtype=np.float32) / np.float32(-attack * rate))
    return blend(
        (0.9, metal),
        (sizzle * (0.5 + 0.4 * force), noise),
        (sizzle * 0.55 * force, air),
        (0.0 if attack else 0.25 + 0.75 * force, tick),
    )


def _squares(floor: float, tilt: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """List the odd harmonics of the cluster with their gains after a high-pass filter."""
    odd = np.arange(1, 61, 2)
    hertz = np.outer(_CLUSTER, odd).ravel()
    gains = np.outer(np.ones(_CLUSTER.size), 1 / odd).ravel()
    near = (hertz > 0.45 * floor) & (hertz < 18500.0)
    hertz, gains = hertz[near], gains[near]
    ratio = (hertz / floor) ** 3
    gains = gains * ratio / np.sqrt(1 + ratio**2) * np.exp(-hertz / tilt)
    return hertz, gains / np.sqrt(np.sum(gains**2))


def bell(
    force: float,
    rate: int,
    *,
    partials: Sequence[float],
    t60: float,
    click: float = 0.2,
    squareness: float = 0.0,
    seed: int,
) -> Signal:
    """Strike something that rings with few partials: cowbell, agogo, triangle, ride bell.

    Parameters
    ----------
    force : float
        Strength of the stroke, in [0, 1].
    rate : int
        Samples per second.
    partials : sequence of float
        Hertz; the first is the loudest.
    t60 : float
        Decay of the first partial in seconds.
    click : float
        Gain of the stick.
    squareness : float
        Gain of the third harmonics, the clank of a cowbell.
    seed : int
        Which noise the stick makes.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> bell(0.5, 44100, partials=[540.0, 815.0], t60=0.3, seed=56).ndim
    1
    """
    hertz = np.array(partials)
    gains = (0.45 + 0.3 * force) ** np.arange(hertz.size)
    decay = t60 * (hertz / hertz[0]) ** -0.45
    sound = ring(hertz, gains, decay, rate)
    # the stroke itself, twice as strong for a moment
    strike = ring(hertz, gains, np.minimum(0.05, 0.4 * decay), rate)
    stick = hiss(seed, 2500.0, 5000.0 + 7000.0 * force, 0.012, rate)
    parts = [(1.0, sound), (0.8, strike), (click * (0.3 + 0.7 * force), stick)]
    if squareness:
        parts.append((squareness * (0.4 + 0.6 * force), ring(hertz * 3, gains, 0.7 * decay, rate)))
        parts.append((0.6 * squareness * force, ring(hertz * 5, gains, 0.5 * decay, rate)))
    return blend(*parts)


def jingles(
    force: float,
    rate: int,
    *,
    starts: Sequence[float],
    low: float,
    high: float,
    t60: float,
    noise: float = 0.5,
    seed: int,
) -> Signal:
    """Shake small discs or bells that strike one after another: tambourine, sleigh bells.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    starts : sequence of float
        When each group sounds, in seconds from the stroke.
    low, high : float
        Range of the partials in hertz; groups climb or fall evenly when it is narrow.
    t60 : float
        Decay in seconds.
    noise : float
        Gain of the rattle.
    seed : int
        Which partials and noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> jingles(0.5, 44100, starts=[0.0, 0.02], low=5e3, high=9e3, t60=0.2, seed=54).ndim
    1
    """
    rng = np.random.default_rng(seed)
    rattle = hiss(seed, 0.9 * low, 4000.0 + 9000.0 * force, 0.35 * t60, rate)
    parts = []
    for start in starts:
        hertz = rng.uniform(low, high, 9)
        gains = rng.uniform(0.2, 0.5, 9) * np.exp(-hertz / (4000.0 + 10000.0 * force))
        group = ring(hertz, gains / gains.max() * 0.4, t60 * rng.uniform(0.5, 1.0, 9), rate)
        parts.append((1.0, late(blend((1.0, group), (noise, rattle)), start, rate)))
    return blend(*parts)
