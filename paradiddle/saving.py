"""Music to a file of any kind, by its suffix."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paradiddle import audio, kit, midi, soundfont
from paradiddle.errors import InvalidValueError
from paradiddle.events import Events, quantise
from paradiddle.files import atomic_path
from paradiddle.pattern import Pattern

__all__ = ["AUDIO", "MIDI", "SUFFIXES", "check_suffix", "save", "sound_of"]

AUDIO = audio.SUFFIXES
MIDI = (".mid", ".midi")
SUFFIXES = (*MIDI, ".json", *AUDIO)


def check_suffix(path: Path) -> None:
    """Raise unless a file of this name can be written.

    Raises
    ------
    InvalidValueError
        Naming the suffixes there are.

    Examples
    --------
    >>> check_suffix(Path("drums.doc"))
    Traceback (most recent call last):
    paradiddle.errors.InvalidValueError: cannot write drums.doc; its name must end in .mid, ...
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidValueError(f"cannot write {path}; its name must end in {', '.join(SUFFIXES)}")


def save(
    path: str | Path,
    music: Events | Pattern,
    soundfont_path: Path | None = None,
    pitches: Sequence[int] | None = None,
) -> None:
    """Write music as MIDI, as a pattern in JSON or as sound.

    Parameters
    ----------
    path : str or Path
        ``.mid``; ``.json`` quantises to 16ths; ``.wav``, ``.ogg``, ``.flac`` and ``.mp3`` render.
    music : Events or Pattern
        What to write.
    soundfont_path : Path, optional
        Render with this SF2 instead of the built-in kit.
    pitches : sequence of 9 int, optional
        What MIDI files have for each voice; see `paradiddle.midi.to_bytes`.

    Raises
    ------
    InvalidValueError
        If the suffix is none of these.
    OutputError, AudioError, MissingExtraError
        If the file cannot be written, or what it needs is not installed.
    """
    path = Path(path)
    check_suffix(path)
    if path.suffix.lower() in MIDI:
        midi.write(path, music, pitches)
    elif path.suffix.lower() == ".json":
        pattern = music if isinstance(music, Pattern) else quantise(music).pattern
        with atomic_path(path) as temporary:
            temporary.write_text(pattern.to_json(), encoding="utf-8")
    else:
        audio.write(path, sound_of(music, soundfont_path))


def sound_of(
    music: Events | Pattern, soundfont_path: Path | None = None, *, sample_rate: int = 44_100
) -> NDArray[np.float32]:
    """Render music to stereo, float32 of shape (samples, 2).

    Raises
    ------
    AudioError, MissingExtraError
        If a SoundFont is asked for and cannot be played.
    """
    if soundfont_path is not None:
        return soundfont.render(midi.to_bytes(music), soundfont_path, sample_rate=sample_rate)
    events = Events.from_pattern(music) if isinstance(music, Pattern) else music
    return kit.render(events.seconds(), events.notes, events.dynamics, sample_rate=sample_rate)
