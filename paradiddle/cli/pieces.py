"""Patterns from and to files, as several commands read and write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.options import note
from paradiddle.kit_maps import KIT_MAPS, kit_pitches

if TYPE_CHECKING:
    from paradiddle.events import Events
    from paradiddle.pattern import Pattern

_REMEDIES = {
    "pattern.quarters_per_bar": "choose music in 4/4",
    "pattern.steps_per_quarter": "choose a pattern on 16ths, or a MIDI file, which is put on them",
}

__all__ = [
    "Channel",
    "KitMap",
    "Outputs",
    "PatternFile",
    "SoundFont",
    "Writer",
    "Writing",
    "fresh_seed",
    "read_piece",
    "writer_for",
]

Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "-o",
        "--output",
        help="File to write: .mid, .wav, .ogg, .flac, .mp3 or .json; repeat for several.",
        show_default="a .mid in this folder",
    ),
]
SoundFont = Annotated[
    Path | None,
    typer.Option("--soundfont", metavar="FILE.sf2", help="Render with this SoundFont."),
]
KitMap = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.json",
        help=f"Pitches of MIDI files: {', '.join(KIT_MAPS)}, or a file with one a voice.",
        show_default="gm",
    ),
]
PatternFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A pattern: .mid, or .json as this program writes.")
]
Channel = Annotated[
    str | None,
    typer.Option(metavar="N|all", help="Take the drums of a MIDI file from this channel."),
]


@dataclass(frozen=True)
class Writing:
    """Where pieces go, as typed."""

    output: Outputs = None
    kit_map: KitMap = None
    soundfont: SoundFont = None


@dataclass(frozen=True)
class Writer:
    """Where pieces go, checked.

    Attributes
    ----------
    outputs : sequence of Path
    pitches : tuple of int, optional
        Of the voices in MIDI files.
    soundfont : Path, optional
    """

    outputs: Sequence[Path]
    pitches: tuple[int, ...] | None
    soundfont: Path | None

    def save(self, piece: "Events | Pattern", number: int | None = None) -> list[Path]:
        """Write a piece to all outputs, their names numbered if it is one of several."""
        from paradiddle.saving import save

        numbered = "" if number is None else f"-{number}"
        targets = [path.with_stem(path.stem + numbered) for path in self.outputs]
        for target in targets:
            save(target, piece, self.soundfont, self.pitches)
        return targets

    def write(self, pieces: Sequence["Pattern"], first_seed: int | None = None) -> None:
        """Write patterns, of which each has the seed after that of the one before; say so."""
        for index, piece in enumerate(pieces):
            seed = "" if first_seed is None else f", seed {first_seed + index}"
            for target in self.save(piece, index + 1 if len(pieces) > 1 else None):
                hits = int(piece.hits.sum())
                note(f"{target}: {piece.bars:g} bars, {hits:,} hits, {piece.qpm:g} qpm{seed}")


def writer_for(writing: Writing, default: str) -> Writer:
    """Check where pieces are to go.

    Parameters
    ----------
    writing : Writing
    default : str
        The file to write where none was named.

    Raises
    ------
    InvalidValueError
        If a file cannot be written by its name, the kit map makes no sense, or a kit map or a
        SoundFont would change nothing.
    """
    from paradiddle.errors import InvalidValueError
    from paradiddle.saving import AUDIO, MIDI, check_suffix

    outputs = writing.output or [Path(default)]
    for path in outputs:
        check_suffix(path)
    suffixes = {path.suffix.lower() for path in outputs}
    if writing.soundfont and not suffixes & set(AUDIO):
        raise InvalidValueError(
            f"--soundfont {writing.soundfont} changes sound, and no output is sound;"
            " add -o drums.wav"
        )
    if writing.kit_map and not suffixes & set(MIDI):
        raise InvalidValueError(
            f"--kit-map {writing.kit_map} changes MIDI files, and no output is one;"
            " add -o drums.mid"
        )
    pitches = kit_pitches(writing.kit_map) if writing.kit_map else None
    return Writer(outputs, pitches, writing.soundfont)


def read_piece(path: Path, channel: str | None = None) -> "Pattern":
    """Read a pattern from MIDI or JSON; say what the grid of 16ths could not hold.

    Parameters
    ----------
    path : Path
    channel : str, optional
        Of a MIDI file, as `paradiddle.midi.parse_channel` reads it.

    Raises
    ------
    MidiError, OSError, InvalidValueError
        If it cannot be opened, or holds no pattern.
    """
    from paradiddle.errors import InvalidValueError, MidiError
    from paradiddle.midi import parse_channel, read_pattern
    from paradiddle.pattern import Pattern
    from paradiddle.pattern_questions import check_grid

    chosen = parse_channel(channel)
    try:
        if path.suffix.lower() == ".json":
            text = path.read_text(encoding="utf-8", errors="replace")
            pattern, collisions, unmapped = Pattern.from_json(text), 0, 0
        else:
            pattern, collisions, unmapped = read_pattern(path, chosen)
        check_grid(pattern)
    except (InvalidValueError, MidiError) as error:
        raise type(error)(f"{path}: {_for_a_shell(error)}") from None
    if collisions or unmapped:
        note(
            f"{path}: {collisions} hits collided with another of the same drum on the grid of"
            f" 16ths, {unmapped} notes are no drum of ours"
        )
    return pattern


def _for_a_shell(error: Exception) -> str:
    """Say what is wrong, and what to do about it where that would take Python."""
    wrong, _, remedy = str(error).partition("; ")
    remedy = _REMEDIES.get(getattr(error, "field", ""), remedy)
    return f"{wrong}; {remedy}" if remedy else wrong


def fresh_seed() -> int:
    """Draw a seed short enough to type."""
    import secrets

    return secrets.randbelow(1_000_000)
