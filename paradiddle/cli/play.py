"""`paradiddle play`: hear a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.pieces import SoundFont

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def play(
    file: Annotated[Path, typer.Argument(help="A MIDI file, or a pattern in JSON.")],
    channel: Annotated[
        str | None, typer.Option(metavar="N|all", help="Take the drums from this channel.")
    ] = None,
    soundfont: SoundFont = None,
) -> None:
    """Play a MIDI file or a pattern through the sound card; Ctrl+C stops."""
    from paradiddle.audio import play as play_sound
    from paradiddle.errors import InvalidValueError, MidiError
    from paradiddle.midi import parse_channel

    chosen = parse_channel(channel)
    try:
        sound = _sound(file, chosen, soundfont)
    except (InvalidValueError, MidiError) as error:
        raise type(error)(f"{file}: {error}") from None
    play_sound(sound)


def _sound(file: Path, channel: int | None, soundfont: Path | None) -> "NDArray[np.float32]":
    from paradiddle import kit, midi, smf
    from paradiddle.pattern import Pattern
    from paradiddle.saving import sound_of

    if file.suffix.lower() == ".json":
        # bytes that are no text end up as no pattern
        text = file.read_text(encoding="utf-8", errors="replace")
        return sound_of(Pattern.from_json(text), soundfont)
    score = smf.read(file)
    if soundfont is not None:
        return sound_of(midi.events_of(score, channel), soundfont)
    mask = midi.drums_of(score, channel).mask
    velocities = score.velocities[mask] / 127
    return kit.render(score.seconds()[mask], score.pitches[mask], velocities)
