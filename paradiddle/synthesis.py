"""One drum sound at a time: a General MIDI percussion pitch and the force of the stroke, to mono.

The table below is the whole kit; the functions it names make the sounds. Nothing here knows of
levels, stereo or time: that is `paradiddle.kit`.
"""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from paradiddle.errors import InvalidValueError
from paradiddle.handheld import chirp, friction, scrape, shake, tree, whistle, wood
from paradiddle.metals import Plate, bell, cymbal, hat, jingles
from paradiddle.skins import clap, drumhead, kick, snare
from paradiddle.tones import Signal, finish

__all__ = ["DEFAULT_PITCH", "SAMPLE_RATES", "SOUNDS", "Sound", "strike"]

Sound = Callable[[float, int], Signal]

SAMPLE_RATES = (8_000, 192_000)
"""Lowest and highest sample rate in hertz."""

DEFAULT_PITCH = 37
"""What a pitch outside the table sounds like: the side stick, short and neutral."""

_CRASH = Plate(low=310.0, t60=2.4, tilt=7000.0, wash=0.9, bloom=0.016, stick=1.0)
_BRIGHT_CRASH = Plate(low=390.0, t60=2.0, tilt=8500.0, wash=0.9, bloom=0.012, stick=1.0)
_SPLASH = Plate(low=560.0, t60=0.8, tilt=9000.0, wash=1.0, bloom=0.006, stick=0.9, modes=110)
_CHINA = Plate(
    low=260.0,
    high=10000.0,
    t60=1.5,
    body=900.0,
    tilt=4500.0,
    wash=0.9,
    bloom=0.010,
    stick=0.7,
    drive=0.8,
)
_RIDE = Plate(
    low=330.0,
    t60=2.2,
    fade=0.26,
    body=1300.0,
    tilt=5500.0,
    shimmer=0.42,
    wash=0.20,
    bloom=0.030,
    stick=1.5,
    partials=(3170.0, 4210.0, 5230.0, 2370.0, 6510.0, 1490.0, 610.0),
    presence=0.55,
    modes=120,
)
_RIDE_EDGE = Plate(
    low=290.0,
    t60=2.3,
    fade=0.24,
    body=1100.0,
    tilt=5500.0,
    shimmer=0.9,
    wash=0.45,
    bloom=0.025,
    stick=1.0,
    partials=(2890.0, 3830.0, 5010.0, 2130.0, 530.0),
    presence=0.38,
    modes=130,
)
_RIDE_BELL = Plate(
    low=330.0,
    t60=2.2,
    body=1300.0,
    tilt=4500.0,
    shimmer=0.22,
    wash=0.08,
    bloom=0.030,
    stick=1.0,
    partials=(1046.0, 1571.0, 2630.0, 792.0, 3394.0, 4480.0, 5870.0),
    presence=0.9,
    modes=60,
)

_closed = partial(hat, t60=0.16, floor=6300.0, sizzle=0.75, seed=4200)
_open = partial(hat, t60=1.05, floor=5600.0, sizzle=0.75, seed=4600)
_bongo = partial(drumhead, drop=0.10, slap=0.55)
_conga = partial(drumhead, drop=0.07, slap=0.45)
_timbale = partial(drumhead, drop=0.06, slap=0.5, shell=0.22)
_tom = partial(drumhead, drop=0.32, slap=0.30)

SOUNDS: MappingProxyType[int, Sound] = MappingProxyType(
    {
        22: partial(hat, t60=0.26, floor=5600.0, sizzle=0.95, seed=2200),
        24: partial(_open, t60=0.45),
        25: partial(_open, t60=0.7),
        26: partial(hat, t60=1.35, floor=5000.0, sizzle=0.95, seed=2600),
        27: partial(chirp, start=4200.0, end=260.0, seconds=0.09, roughness=0.0, seed=2700),
        28: partial(wood, partials=[310.0, 1240.0, 1870.0], t60=0.06, click=2.2, seed=2800),
        29: partial(chirp, start=420.0, end=1900.0, seconds=0.11, roughness=1.3, seed=2900),
        30: partial(chirp, start=1700.0, end=360.0, seconds=0.13, roughness=1.3, seed=3000),
        31: partial(wood, partials=[1910.0, 3080.0, 4590.0], t60=0.07, click=0.5, seed=3100),
        32: partial(
            wood, partials=[1000.0, 3000.0, 5000.0, 7000.0], t60=0.03, click=0.0, seed=3200
        ),
        33: partial(wood, partials=[2210.0, 3890.0], t60=0.05, click=0.4, seed=3300),
        34: partial(bell, partials=[2640.0, 5410.0, 8350.0], t60=0.7, seed=3400),
        35: partial(kick, frequency=45.0, t60=0.62, click=0.45, seed=3500),
        36: partial(kick, frequency=51.0, t60=0.52, click=0.9, seed=3600),
        37: partial(
            wood, partials=[415.0, 1030.0, 1690.0, 2440.0, 3370.0], t60=0.10, click=0.8, seed=3700
        ),
        38: partial(snare, frequency=184.0, t60=0.34, wires=0.95, bright=8500.0, seed=3800),
        39: partial(clap, seed=3900),
        40: partial(snare, frequency=221.0, t60=0.24, wires=0.75, bright=10500.0, seed=4000),
        41: partial(_tom, frequency=69.0, t60=1.05, seed=4100),
        42: _closed,
        43: partial(_tom, frequency=82.0, t60=0.95, seed=4300),
        44: partial(hat, t60=0.13, floor=4300.0, sizzle=0.8, attack=0.0025, seed=4400),
        45: partial(_tom, frequency=99.0, t60=0.82, seed=4500),
        46: _open,
        47: partial(_tom, frequency=121.0, t60=0.72, seed=4700),
        48: partial(_tom, frequency=147.0, t60=0.62, seed=4800),
        49: partial(cymbal, plate=_CRASH, seed=4900),
        50: partial(_tom, frequency=180.0, t60=0.54, seed=5000),
        51: partial(cymbal, plate=_RIDE, seed=5100),
        52: partial(cymbal, plate=_CHINA, seed=5200),
        53: partial(cymbal, plate=_RIDE_BELL, seed=5300),
        54: partial(
            jingles, starts=[0.0, 0.013, 0.031], low=5200.0, high=11500.0, t60=0.22, seed=5400
        ),
        55: partial(cymbal, plate=_SPLASH, seed=5500),
        56: partial(bell, partials=[838.0, 562.0], t60=0.34, click=0.3, squareness=0.55, seed=5600),
        57: partial(cymbal, plate=_BRIGHT_CRASH, seed=5700),
        58: partial(
            scrape,
            seconds=0.9,
            teeth=24,
            partials=[2350.0, 3420.0, 1160.0],
            t60=0.05,
            fade=1.5,
            seed=5800,
        ),
        59: partial(cymbal, plate=_RIDE_EDGE, seed=5900),
        60: partial(_bongo, frequency=425.0, t60=0.20, seed=6000),
        61: partial(_bongo, frequency=305.0, t60=0.26, seed=6100),
        62: partial(_conga, frequency=335.0, t60=0.09, slap=0.9, seed=6200),
        63: partial(_conga, frequency=318.0, t60=0.38, seed=6300),
        64: partial(_conga, frequency=208.0, t60=0.48, seed=6400),
        65: partial(_timbale, frequency=392.0, t60=0.42, seed=6500),
        66: partial(_timbale, frequency=277.0, t60=0.52, seed=6600),
        67: partial(bell, partials=[1175.0, 2890.0, 4730.0], t60=0.45, squareness=0.1, seed=6700),
        68: partial(bell, partials=[880.0, 2170.0, 3560.0], t60=0.5, squareness=0.1, seed=6800),
        69: partial(shake, low=4500.0, high=12500.0, t60=0.10, attack=0.008, seed=6900),
        70: partial(shake, low=4000.0, high=9000.0, t60=0.06, attack=0.004, seed=7000),
        71: partial(whistle, seconds=0.14, frequency=2320.0, seed=7100),
        72: partial(whistle, seconds=0.50, frequency=2320.0, seed=7200),
        73: partial(scrape, seconds=0.08, teeth=10, partials=[2500.0, 3900.0], seed=7300),
        74: partial(scrape, seconds=0.38, teeth=34, partials=[2500.0, 3900.0], seed=7400),
        75: partial(wood, partials=[2460.0, 4930.0], t60=0.10, click=0.25, seed=7500),
        76: partial(wood, partials=[1080.0, 2710.0, 4150.0], t60=0.11, seed=7600),
        77: partial(wood, partials=[790.0, 1990.0, 3040.0], t60=0.13, seed=7700),
        78: partial(friction, seconds=0.13, start=620.0, end=760.0, seed=7800),
        79: partial(friction, seconds=0.30, start=390.0, end=690.0, seed=7900),
        80: partial(bell, partials=[4130.0, 5710.0, 8020.0, 2540.0], t60=0.14, seed=8000),
        81: partial(bell, partials=[4130.0, 5710.0, 8020.0, 2540.0], t60=2.0, seed=8100),
        82: partial(shake, low=5000.0, high=11000.0, t60=0.13, attack=0.018, seed=8200),
        83: partial(
            jingles,
            starts=[0.0, 0.027, 0.058],
            low=4300.0,
            high=8200.0,
            t60=0.45,
            noise=0.2,
            seed=83,
        ),
        84: partial(tree, bells=22, low=2600.0, high=7800.0, seconds=0.85, seed=8400),
        85: partial(wood, partials=[1840.0, 2960.0], t60=0.05, starts=[0.0, 0.021], seed=8500),
        86: partial(_conga, frequency=84.0, t60=0.22, slap=0.35, seed=8600),
        87: partial(_conga, frequency=71.0, t60=0.95, slap=0.25, seed=8700),
    }
)


def strike(pitch: int, force: float, sample_rate: int = 44_100) -> Signal:
    """Synthesise one hit.

    Force changes the timbre, never the strength: every hit comes out as loud as every other, so
    that whoever mixes them decides.

    Parameters
    ----------
    pitch : int
        General MIDI percussion pitch. One that is not in `SOUNDS` sounds as `DEFAULT_PITCH`.
    force : float
        Strength of the stroke, in [0, 1].
    sample_rate : int
        Samples per second, 8,000 to 192,000.

    Returns
    -------
    numpy.ndarray
        Mono, shape (samples,), float32, RMS 1 in its loudest 20 ms, no offset, first and last
        sample 0. The same arguments give the same samples.

    Raises
    ------
    InvalidValueError
        If the force or the sample rate is out of range.

    Examples
    --------
    >>> snare_hit = strike(38, 0.8)
    >>> snare_hit.dtype, 0.2 < snare_hit.size / 44_100 < 0.5
    (dtype('float32'), True)
    """
    if not 0 <= force <= 1:
        raise InvalidValueError(f"force must be in [0, 1], got {force}; divide velocities by 127")
    lowest, highest = SAMPLE_RATES
    if not lowest <= sample_rate <= highest:
        raise InvalidValueError(
            f"sample_rate must be in [{lowest}, {highest}], got {sample_rate}; 44100 is usual"
        )
    sound = SOUNDS.get(pitch, SOUNDS[DEFAULT_PITCH])
    return finish(sound(float(force), int(sample_rate)), sample_rate)
