"""The drums of a SoundFont as single sounds, for live mixing."""

from collections.abc import Sequence
from pathlib import Path

from paradiddle import midi, soundfont
from paradiddle.events import Events
from paradiddle.kit import LAYERS
from paradiddle.placing import Stereo
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["soundfont_sounds"]

_SECONDS = 3  # that a cymbal may ring


def soundfont_sounds(
    path: Path, pitches: Sequence[int], sample_rate: int = 44_100
) -> dict[tuple[int, int], Stereo]:
    """Render each pitch in every layer of the kit, all at their loudness to each other.

    Parameters
    ----------
    path : Path
        An ``.sf2`` file.
    pitches : sequence of int
        MIDI percussion pitches.
    sample_rate : int
        Samples per second.

    Returns
    -------
    dict
        From pitch and layer to samples of shape (samples, 2), float32.

    Raises
    ------
    MissingExtraError, AudioError
        As `paradiddle.soundfont.render`.
    """
    keys = [(pitch, layer) for pitch in dict.fromkeys(pitches) for layer in range(LAYERS)]
    notes = [pitch for pitch, _ in keys]
    onsets = [n * _SECONDS * TICKS_PER_QUARTER for n in range(len(keys))]
    velocities = [(layer + 0.5) / LAYERS for _, layer in keys]
    sheet = midi.to_bytes(Events.from_onsets(notes, onsets, velocities, qpm=60))
    sound = soundfont.render(sheet, path, sample_rate=sample_rate)
    size = _SECONDS * sample_rate
    return {key: sound[n * size : (n + 1) * size] for n, key in enumerate(keys)}
