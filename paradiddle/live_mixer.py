"""Live mixing of the drum kit: hits at their sample, one short block of sound after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from paradiddle.choking import Fade, fades
from paradiddle.kit import LAYERS, layer_of, sample
from paradiddle.placing import Stereo

__all__ = ["LiveMixer"]

_LOUDNESS = 1.4  # as in the kit: amplitude is velocity to this power
_MOST = 48  # sounds at once; the oldest goes first
_NOTHING = 1e-4  # what is left of a sound, faded again and again, that nobody hears
_LEVEL = np.float32(0.8)  # leaves room for several at once


@dataclass
class _Voice:
    """A sound that plays."""

    start: int
    pitch: int
    gain: float
    sound: Stereo
    cuts: list[Fade] = field(default_factory=list)
    left: float = 1.0  # of the gain, after the fades that are over
    end: int = field(init=False)  # sample after its last

    def __post_init__(self) -> None:
        self.end = self.start + len(self.sound)

    def cut(self, cuts: Sequence[Fade]) -> None:
        """Let it fade."""
        self.cuts.extend(cuts)
        ends = (self.start + cut.start + cut.length for cut in cuts if cut.keep == 0)
        self.end = min(self.end, *ends, self.end)

    def settle(self, first: int) -> None:
        """Take fades that are over before a block into what is left, once and for all."""
        for cut in [one for one in self.cuts if self.start + one.start + one.length <= first]:
            self.left *= cut.keep
            self.cuts.remove(cut)

    def part(self, first: int, count: int) -> tuple[int, Stereo]:
        """Cut out what of it sounds in a block; give also where in the block that begins."""
        low, high = max(first, self.start), min(first + count, self.end)
        begin, after = low - self.start, max(low, high) - self.start
        part = self.sound[begin:after] * np.float32(self.gain * self.left)
        for cut in self.cuts:
            if cut.start < after:
                edge = np.clip((np.arange(begin, after) - cut.start) / max(1, cut.length), 0, 1)
                fall = cut.keep + (1 - cut.keep) * (0.5 + 0.5 * np.cos(np.pi * edge))
                part *= fall.astype(np.float32)[:, None]
        return low - first, part


class LiveMixer:
    """Hits in, blocks of sound out. Not for several threads at once.

    Parameters
    ----------
    sample_rate : int, default 44100
        Samples per second.

    Examples
    --------
    >>> mixer = LiveMixer()
    >>> mixer.strike(100, 36, 0.9)
    >>> block = mixer.block(0, 256)
    >>> block.shape, bool(block[:100].any()), bool(block[100:].any())
    ((256, 2), False, True)
    """

    def __init__(self, sample_rate: int = 44_100) -> None:
        self.sample_rate = sample_rate
        self._voices: list[_Voice] = []
        self._sounds: dict[tuple[int, int], Stereo] = {}

    def load(self, sounds: Mapping[tuple[int, int], Stereo]) -> None:
        """Take other sounds than the kit's, by pitch and layer."""
        self._sounds.update(sounds)

    def prepare(self, pitches: tuple[int, ...]) -> None:
        """Make the sounds of some pitches ahead, so that no first hit is late."""
        for pitch in pitches:
            for layer in range(LAYERS):
                self._sound(pitch, layer)

    def strike(self, start: int, pitch: int, velocity: float) -> None:
        """Let a hit sound from a sample on; hits come in their order."""
        layer = layer_of(velocity)
        sound = self._sound(pitch, layer)
        gain = (velocity / _strength(layer)) ** _LOUDNESS
        for voice in self._voices:
            taken = fades(
                [voice.start, max(start, voice.start)],
                [voice.pitch, pitch],
                [_heard(voice.gain), _heard(gain)],
                self.sample_rate,
            )[0]
            if taken:
                voice.cut(taken)
        self._voices = [*self._voices, _Voice(start, pitch, gain, sound)][-_MOST:]

    def block(self, first: int, count: int) -> Stereo:
        """Mix samples `first` to `first` + `count`; what was over before is forgotten.

        Returns
        -------
        numpy.ndarray
            Shape (count, 2), float32, within ±1.
        """
        mix = np.zeros((count, 2), np.float32)
        for voice in self._voices:
            voice.settle(first)
        self._voices = [one for one in self._voices if one.end > first and one.left > _NOTHING]
        for voice in self._voices:
            if voice.start < first + count:
                at, part = voice.part(first, count)
                mix[at : at + len(part)] += part
        soft: Stereo = np.tanh(mix * _LEVEL)
        return soft

    @property
    def sounds(self) -> bool:
        """Whether anything sounds, or is about to."""
        return bool(self._voices)

    def knows(self, pitch: int) -> bool:
        """Whether the sounds of a pitch are made."""
        return (pitch, LAYERS - 1) in self._sounds

    def clear(self) -> None:
        """Fall silent."""
        self._voices = []

    def _sound(self, pitch: int, layer: int) -> Stereo:
        """Find a sound, or make it."""
        if (pitch, layer) not in self._sounds:
            made = sample(pitch, _strength(layer), sample_rate=self.sample_rate)
            self._sounds[pitch, layer] = made
        return self._sounds[pitch, layer]


def _strength(layer: int) -> float:
    """Velocity in the middle of a layer."""
    return (layer + 0.5) / LAYERS


def _heard(gain: float) -> float:
    """Keep a gain above nothing, to divide by."""
    return max(gain, 1e-6)
