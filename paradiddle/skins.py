"""Drums with a skin: kick, snare, toms, congas and their kin, one mono hit at a time.

Each function takes the force of the stroke in [0, 1] and the sample rate. Force changes the timbre
only: how far the pitch falls, how bright the stick and the wires are. `kit` sets the level.
"""

import numpy as np

from paradiddle.tones import Signal, blend, hiss, late, ring, saturate, sweep

__all__ = ["clap", "drumhead", "kick", "snare"]

# Partials of an ideal circular membrane as multiples of the lowest: zeros of the Bessel functions
# J_mn over that of J_01 (Fletcher and Rossing, The Physics of Musical Instruments, section 3.1).
_MEMBRANE = np.array([1.593, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501])


def kick(
    force: float,
    rate: int,
    *,
    frequency: float,
    t60: float,
    click: float,
    seed: int,
) -> Signal:
    """Strike a bass drum: a sine that falls quickly, the beater's click, a little saturation.

    Parameters
    ----------
    force : float
        Strength of the stroke, in [0, 1].
    rate : int
        Samples per second.
    frequency : float
        Where the pitch comes to rest, in hertz.
    t60 : float
        Decay of the body in seconds.
    click : float
        Gain of the beater.
    seed : int
        Which noise the beater makes.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> kick(0.8, 44100, frequency=50.0, t60=0.5, click=0.5, seed=36).dtype
    dtype('float32')
    """
    drops = [(1.1 + 1.5 * force, 0.028), (2.0 + 6.0 * force, 0.0055)]
    body = sweep(frequency, drops, t60, rate)
    # the shell above the body keeps the drum audible on small loudspeakers
    shell = sweep(frequency * 2.02, [(0.8 + force, 0.02)], 0.35 * t60, rate)
    knock = ring([910.0, 1730.0, 2870.0], [0.6, 0.5, 0.3 * force], [0.03, 0.02, 0.012], rate)
    beater = hiss(seed, 1400.0, 3500.0 + 6000.0 * force, 0.014, rate)
    struck = saturate(blend((1.7, body), (0.4, shell)), 0.7 + 0.6 * force)
    attack = click * (0.25 + 0.75 * force)
    return blend((1.0, struck), (0.5 * attack, knock), (0.3 * attack, beater))


def snare(
    force: float,
    rate: int,
    *,
    frequency: float,
    t60: float,
    wires: float,
    bright: float,
    seed: int,
) -> Signal:
    """Strike a snare drum: two tuned modes, quieter membrane partials, and the wires below.

    Parameters
    ----------
    force : float
        Strength of the stroke, in [0, 1]; more of it makes the wires louder and brighter.
    rate : int
        Samples per second.
    frequency : float
        Lower of the two modes, in hertz.
    t60 : float
        Decay of the wires in seconds; the skin is quicker.
    wires : float
        Gain of the wires against the skin.
    bright : float
        Upper edge of the wires' noise in hertz at full force.
    seed : int
        Which noise the wires make.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> hit = snare(0.8, 44100, frequency=180.0, t60=0.25, wires=0.6, bright=9e3, seed=38)
    >>> hit.ndim
    1
    """
    low = sweep(frequency, [(0.25 + 0.35 * force, 0.012)], 0.62 * t60, rate)
    high = sweep(frequency * 1.78, [(0.2 + 0.3 * force, 0.008)], 0.42 * t60, rate)
    partials = ring(
        frequency * 1.1 * _MEMBRANE[2:], 0.7 ** np.arange(5.0), 0.16 * t60 * (1 + force), rate
    )
    skin = saturate(blend((1.0, low), (0.75, high), (0.16, partials)), 0.8 + 0.8 * force)
    top = 2600.0 + (bright - 2600.0) * force**0.8
    rattle = hiss(seed, 900.0, top, t60, rate, attack=0.0012)
    sizzle = hiss(seed + 1, 5200.0, 1.6 * bright, 0.55 * t60, rate, attack=0.0006)
    stick = hiss(seed + 2, 1800.0, 4000.0 + 7000.0 * force, 0.012, rate)
    return blend(
        (1.0, skin),
        (wires * (0.42 + 0.25 * force), rattle),
        (wires * 0.34 * force**1.5, sizzle),
        (0.12 + 0.35 * force, stick),
    )


def drumhead(
    force: float,
    rate: int,
    *,
    frequency: float,
    t60: float,
    drop: float = 0.2,
    slap: float = 0.3,
    shell: float = 0.0,
    seed: int,
) -> Signal:
    """Strike a drum without wires: tom, conga, bongo, timbale, surdo.

    Parameters
    ----------
    force : float
        Strength of the stroke, in [0, 1].
    rate : int
        Samples per second.
    frequency : float
        Lowest mode in hertz.
    t60 : float
        Its decay in seconds; higher modes are quicker.
    drop : float
        How far above `frequency` the pitch starts at full force, as a part of it.
    slap : float
        Gain of the skin's noise under stick or hand.
    shell : float
        Gain of a metal shell's ring.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> floor = drumhead(0.8, 44100, frequency=75.0, t60=0.9, seed=41)
    >>> rack = drumhead(0.8, 44100, frequency=150.0, t60=0.6, seed=48)
    >>> floor.size > rack.size
    True
    """
    body = sweep(
        frequency, [(drop * (0.25 + 0.75 * force), 0.055), (drop * force, 0.008)], t60, rate
    )
    second = sweep(frequency * 1.52, [(drop * force, 0.04)], 0.55 * t60, rate)
    gains = 0.30 * 0.72 ** np.arange(7.0) * (0.35 + 0.65 * force)
    partials = ring(frequency * _MEMBRANE, gains, 0.45 * t60 / _MEMBRANE, rate)
    skin = hiss(seed, 2.2 * frequency, 1500.0 + 3500.0 * force, 0.06, rate, attack=0.0004)
    stick = hiss(seed + 1, 1500.0, 3000.0 + 6000.0 * force, 0.010, rate)
    parts = [
        (1.0, body),
        (0.22 + 0.2 * force, second),
        (1.3, partials),
        (slap * (0.45 + 0.95 * force), skin),
        (slap * (0.25 + 1.7 * force), stick),
    ]
    if shell:
        tones = frequency * np.array([3.02, 4.61, 6.93, 9.4, 12.7])
        parts.append((shell, ring(tones, [1.0, 0.8, 0.6, 0.45, 0.3 * force], 0.6 * t60, rate)))
    return saturate(blend(*parts), 0.5 + 0.6 * force)


def clap(force: float, rate: int, *, seed: int) -> Signal:
    """Clap several hands: four short bursts, then the room's answer.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> clap(0.5, 44100, seed=39).ndim
    1
    """
    top = 1900.0 + 2400.0 * force
    hands = [
        (gain, late(hiss(seed + index, 850.0, top, 0.022, rate), start, rate))
        for index, (start, gain) in enumerate([(0.0, 0.7), (0.0095, 0.8), (0.0205, 0.9)])
    ]
    last = late(hiss(seed + 3, 850.0, top, 0.05, rate), 0.0305, rate)
    answer = late(hiss(seed + 4, 800.0, top, 0.28, rate), 0.0315, rate)
    air = late(hiss(seed + 5, 4000.0, 9000.0, 0.06, rate), 0.0305, rate)
    return blend(*hands, (0.9, last), (0.36, answer), (0.22 * force, air))
