"""Woods, shakers, scrapers, whistles and clicks, one mono hit at a time."""

from collections.abc import Sequence

import numpy as np

from paradiddle.tones import Signal, blend, envelope, finish, hiss, late, ring, saturate

__all__ = ["chirp", "friction", "scrape", "shake", "tree", "whistle", "wood"]


def wood(
    force: float,
    rate: int,
    *,
    partials: Sequence[float],
    t60: float,
    click: float = 0.3,
    starts: Sequence[float] = (0.0,),
    seed: int,
) -> Signal:
    """Strike wood: side stick, claves, wood block, sticks, castanets, a metronome.

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
        Gain of the noise of the stroke.
    starts : sequence of float
        When it is struck, in seconds; castanets strike twice.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> claves = wood(0.5, 44100, partials=[2450.0], t60=0.1, seed=75)
    >>> claves.size
    4852
    """
    hertz = np.array(partials)
    gains = (0.45 + 0.35 * force) ** np.arange(hertz.size)
    tone = ring(hertz, gains, t60 * (hertz / hertz[0]) ** -0.4, rate)
    snap = hiss(seed, 0.8 * hertz[0], 3500.0 + 8000.0 * force, 0.010, rate)
    stroke = saturate(blend((1.0, tone), (click * (0.25 + 0.75 * force), snap)), 0.6 + 0.8 * force)
    return blend(*((0.8**index, late(stroke, start, rate)) for index, start in enumerate(starts)))


def shake(
    force: float,
    rate: int,
    *,
    low: float,
    high: float,
    t60: float,
    attack: float,
    seed: int,
) -> Signal:
    """Shake beads: maracas, cabasa, shaker.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    low, high : float
        Band of the noise in hertz at full force.
    t60, attack : float
        Decay and time constant of the rise, in seconds.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> shake(0.5, 44100, low=4e3, high=1e4, t60=0.1, attack=0.01, seed=82).ndim
    1
    """
    top = low + (high - low) * (0.25 + 0.75 * force)
    beads = hiss(seed, low, top, t60, rate, attack=attack)
    # beads strike one by one: a slower noise makes the loudness grainy
    grain = np.abs(hiss(seed + 1, 30.0, 400.0, t60 * 4, rate))[: beads.size]
    beads *= np.float32(0.4) + grain
    edge = hiss(seed + 2, low, 1.3 * high, 0.3 * t60, rate, attack=0.2 * attack)
    return blend((1.0, beads), (0.5 * force, edge))


def scrape(
    force: float,
    rate: int,
    *,
    seconds: float,
    teeth: int,
    partials: Sequence[float],
    t60: float = 0.02,
    fade: float = 0.0,
    seed: int,
) -> Signal:
    """Strike many small teeth in a row: guiro, vibraslap.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    seconds : float
        From the first tooth to the last.
    teeth : int
        How many.
    partials : sequence of float
        Resonances of the body in hertz.
    t60 : float
        Decay of each tooth in seconds.
    fade : float
        T60 of the teeth's strength in seconds; 0 for none.
    seed : int
        Which irregularities.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> scrape(0.5, 44100, seconds=0.1, teeth=12, partials=[2500.0], seed=73).size > 4410
    True
    """
    rng = np.random.default_rng(seed)
    # finished, because an offset repeated at the rate of the teeth would hum
    tooth = finish(wood(force, rate, partials=partials, t60=t60, click=1.2, seed=seed), rate)
    starts = seconds * np.linspace(0, 1, teeth) ** 0.85
    starts[1:] += rng.uniform(-0.1, 0.1, teeth - 1) * seconds / teeth
    gains = rng.uniform(0.6, 1.0, teeth)
    if fade:
        gains *= 0.001 ** (starts / fade)
    sound = np.zeros(round(starts.max() * rate) + tooth.size + 1, np.float32)
    for start, gain in zip(starts, gains, strict=True):
        first = round(start * rate)
        sound[first : first + tooth.size] += np.float32(gain) * tooth
    return sound


def whistle(force: float, rate: int, *, seconds: float, frequency: float, seed: int) -> Signal:
    """Blow a pea whistle: a tone the pea chops, and breath.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    seconds : float
        Length of the note.
    frequency : float
        Hertz.
    seed : int
        Which breath.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> whistle(0.5, 44100, seconds=0.1, frequency=2300.0, seed=71).size
    4410
    """
    time = np.arange(round(seconds * rate)) / rate
    pea = np.sin(2 * np.pi * 34 * time)
    phase = 2 * np.pi * frequency * time + 1.4 * pea
    tone = np.sin(phase) + 0.25 * np.sin(2.0 * phase) * force
    shape = np.minimum(1, np.minimum(time / 0.012, (seconds - time) / 0.03)) * (0.75 + 0.25 * pea)
    breath = hiss(seed, 1500.0, 4000.0 + 4000.0 * force, 4 * seconds, rate)[: time.size]
    sound: Signal = (shape * (tone + 0.12 * breath)).astype(np.float32)
    return sound


def chirp(
    force: float,
    rate: int,
    *,
    start: float,
    end: float,
    seconds: float,
    roughness: float,
    seed: int,
) -> Signal:
    """Sweep a resonance, clean for a laser zap, rough for a scratched record.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    start, end : float
        Hertz.
    seconds : float
        Length of the sweep.
    roughness : float
        Noise on the phase, in radians.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> chirp(0.5, 44100, start=3e3, end=300.0, seconds=0.1, roughness=0.0, seed=27).size
    4410
    """
    place = np.arange(round(seconds * rate)) / (seconds * rate)
    hertz = start * (end / start) ** (place ** (0.6 + 0.4 * force))
    jitter = hiss(seed, 60.0, 2500.0, 8 * seconds, rate)[: place.size]
    phase = 2 * np.pi * np.cumsum(hertz) / rate + roughness * jitter
    tone = np.sin(phase) + (0.1 + 0.3 * force) * np.sin(3 * phase)
    sound: Signal = (tone * np.sin(np.pi * place) ** 0.5 * (1 - 0.6 * place)).astype(np.float32)
    return sound


def friction(
    force: float, rate: int, *, seconds: float, start: float, end: float, seed: int
) -> Signal:
    """Rub a cuica's stick: a voiced, slightly hoarse glide.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    seconds : float
        Length.
    start, end : float
        Hertz.
    seed : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> friction(0.5, 44100, seconds=0.2, start=500.0, end=700.0, seed=79).size
    8820
    """
    time = np.arange(round(seconds * rate)) / rate
    hertz = start + (end - start) * np.sin(0.5 * np.pi * time / seconds)
    rough = hiss(seed, 40.0, 300.0, 8 * seconds, rate)[: time.size]
    phase = 2 * np.pi * np.cumsum(hertz) / rate + 0.25 * rough
    voice = sum((0.35 + 0.35 * force) ** k * np.sin((k + 1) * phase) for k in range(6))
    shape = np.minimum(1, time / 0.015) * envelope(time.size, 2.2 * seconds, rate)
    sound: Signal = np.asarray(shape * voice, np.float32)
    return sound


def tree(
    force: float, rate: int, *, bells: int, low: float, high: float, seconds: float, seed: int
) -> Signal:
    """Sweep a hand along a row of small bells, high to low.

    Parameters
    ----------
    force : float
        Strength, in [0, 1].
    rate : int
        Samples per second.
    bells : int
        How many.
    low, high : float
        Hertz of the last and the first bell.
    seconds : float
        From the first bell to the last.
    seed : int
        Which irregularities.

    Returns
    -------
    numpy.ndarray
        Shape (samples,), float32.

    Examples
    --------
    >>> tree(0.5, 44100, bells=5, low=2e3, high=5e3, seconds=0.3, seed=84).ndim
    1
    """
    rng = np.random.default_rng(seed)
    hertz = np.geomspace(high, low, bells) * rng.uniform(0.985, 1.015, bells)
    starts = np.linspace(0, seconds, bells) + rng.uniform(0, 0.4, bells) * seconds / bells
    gains = rng.uniform(0.5, 1.0, bells)
    tones = [
        ring([pitch, 2.76 * pitch], [1.0, 0.2 + 0.4 * force], [0.9, 0.3], rate) for pitch in hertz
    ]
    return blend(
        *(
            (gain, late(tone, start, rate))
            for tone, start, gain in zip(tones, starts, gains, strict=True)
        )
    )
