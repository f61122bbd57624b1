"""How a drum machine is to play: options that its commands share."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.pieces import Channel, fresh_seed, read_piece

if TYPE_CHECKING:
    from paradiddle.machine import Machine
    from paradiddle.pattern import Pattern

__all__ = ["Wishes"]


@dataclass(frozen=True)
class Wishes:
    """What is wished for, as typed.

    A command gets these options by taking one parameter of this type under
    `paradiddle.cli.options.unpacks`.
    """

    style: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|NAME:N,...",
            help="A style, or a blend such as funk:0.7,jazz:0.3; see paradiddle styles.",
        ),
    ] = None
    qpm: Annotated[
        float | None,
        typer.Option(
            help="Quarters per minute.", show_default="the file's, or usual for the style"
        ),
    ] = None
    temperature: Annotated[
        float, typer.Option(help="0.1 keeps to the likeliest, 1 plays as learned, 10 is wildest.")
    ] = 1.0
    density: Annotated[
        float | None,
        typer.Option(help="Hits a step to aim at; beats of recordings have about 1.2."),
    ] = None
    beat_type: Annotated[
        str | None,
        typer.Option(
            metavar="beat|fill|any", help="Keep time, or play a drum fill.", show_default="beat"
        ),
    ] = None
    count: Annotated[int, typer.Option(help="Number of pieces, each in files of its own.")] = 1
    seed: Annotated[
        int | None, typer.Option(help="Play this again; without it, something new every time.")
    ] = None
    model: Annotated[
        Path | None, typer.Option(help="A model file.", show_default="the one that comes along")
    ] = None
    channel: Channel = None

    def machine(self, humanizer: Path | None = None) -> "Machine":
        """Load the machine that is to play."""
        from paradiddle.machine import Machine

        return Machine.load(self.model, humanizer)

    def piece(self, file: Path) -> "Pattern":
        """Read what it is to play from, at the tempo wished for."""
        piece = read_piece(file, self.channel)
        return piece if self.qpm is None else replace(piece, qpm=self.qpm)

    def seeds(self) -> range:
        """Choose a seed for each piece.

        Raises
        ------
        InvalidValueError
            If there are too many pieces or none, or a seed is out of range.
        """
        from paradiddle.pattern_questions import seeds_of

        first = fresh_seed() if self.seed is None else self.seed
        seeds_of(first, self.count)
        return range(first, first + self.count)

    def settings(self, *left_out: str) -> dict[str, Any]:
        """Collect what all methods of a machine take, but for some."""
        from paradiddle.style_weights import parse_style

        kinds = {None: "beat", "any": None}
        settings = {
            "style": parse_style(self.style),
            "temperature": self.temperature,
            "density": self.density,
            "beat_type": kinds.get(self.beat_type, self.beat_type),
        }
        return {name: value for name, value in settings.items() if name not in left_out}
