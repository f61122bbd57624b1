"""The kit for browsers: three timbres of each voice, short, mono, at a rate that suits the drum.

Within a voice the layers keep their levels to each other. A page plays a hit of velocity v as the
layer nearest to it, at gain × v ** `LOUDNESS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle import kit
from paradiddle.drums import VOICES
from paradiddle.server.wav import wav_bytes

__all__ = ["LOUDNESS", "VELOCITIES", "KitSample", "KitVoice", "make_kit", "slug_of"]

LOUDNESS = 1.4  # amplitude is velocity to this power, as in paradiddle.kit
VELOCITIES = (0.1, 0.5, 0.9)  # amid the softest, the middle and the hardest timbre of the kit

_PEAK = 0.95
_FADE = 0.35  # of the length, at its end


class _Cut(NamedTuple):
    sample_rate: int
    seconds: float


_CUTS: Mapping[str, _Cut] = {
    "kick": _Cut(22_050, 0.5),
    "snare": _Cut(32_000, 0.35),
    "closed hi-hat": _Cut(44_100, 0.14),
    "open hi-hat": _Cut(44_100, 0.65),
    "low tom": _Cut(22_050, 0.75),
    "mid tom": _Cut(22_050, 0.7),
    "high tom": _Cut(22_050, 0.65),
    "crash": _Cut(32_000, 1.6),
    "ride": _Cut(32_000, 1.25),
}


@dataclass(frozen=True)
class KitSample:
    """One file."""

    slug: str
    layer: int
    data: bytes


@dataclass(frozen=True)
class KitVoice:
    """One voice: its name, its name in addresses, its level, and its layers, softest first."""

    name: str
    slug: str
    gain: float
    samples: tuple[KitSample, ...]


def slug_of(name: str) -> str:
    """Write the name of a voice as part of an address.

    Examples
    --------
    >>> slug_of("closed hi-hat")
    'closed-hi-hat'
    """
    return name.replace(" ", "-")


def make_kit() -> tuple[KitVoice, ...]:
    """Make all samples, the same every time."""
    return tuple(_voice(voice.name, voice.pitch) for voice in VOICES)


def _voice(name: str, pitch: int) -> KitVoice:
    cut, slug = _CUTS[name], slug_of(name)
    layers = [_timbre(pitch, velocity, cut) for velocity in VELOCITIES]
    gain = max(float(np.abs(layer).max()) for layer in layers) / _PEAK
    samples = tuple(
        KitSample(slug, number, wav_bytes(layer / np.float32(gain), cut.sample_rate))
        for number, layer in enumerate(layers)
    )
    return KitVoice(name, slug, round(gain, 6), samples)


def _timbre(pitch: int, velocity: float, cut: _Cut) -> NDArray[np.float32]:
    """Play one hit, (N,), at the level of full velocity, and let it end softly."""
    stereo = kit.sample(pitch, velocity, sample_rate=cut.sample_rate)
    mono = stereo[: round(cut.seconds * cut.sample_rate)].mean(axis=1) / velocity**LOUDNESS
    fall = round(len(mono) * _FADE)
    mono[len(mono) - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return np.asarray(mono, np.float32)
