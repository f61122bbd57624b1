"""Requests as they are checked."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from paradiddle.events import Events
from paradiddle.pattern import Pattern
from paradiddle.server.bounds import MAX_CELLS, MAX_COUNT, MAX_STEPS, MAX_STYLES, MAX_WORDS, bounded
from paradiddle.server.field_errors import MOST_TEXT, FieldError
from paradiddle.server.schemas import EventsJson, PatternJson, Sent, Step, Velocity, Voice
from paradiddle.server.words import check_keep, check_style
from paradiddle.takes import STEPS_PER_BAR
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = [
    "ContinueRequest",
    "DrumRequest",
    "FileRequest",
    "FillRequest",
    "GenerateRequest",
    "HumanizeRequest",
    "MorphRequest",
    "Playing",
    "TapRequest",
    "WavRequest",
]

Bars = Annotated[int, bounded("bars")]
Qpm = Annotated[float, bounded("qpm")]
Seed = Annotated[int, bounded("seed")]
Temperature = Annotated[float, bounded("temperature")]
Share = Annotated[float, bounded("share")]
Swing = Annotated[float, bounded("swing")]
Word = Annotated[str, Field(strict=True, max_length=MOST_TEXT)]
Style = Annotated[
    Word | Annotated[dict[Word, Share], Field(min_length=1, max_length=MAX_STYLES)],
    BeforeValidator(check_style),
]
Keep = Annotated[
    Word | Annotated[list[Word], Field(max_length=MAX_WORDS)], BeforeValidator(check_keep)
]


class Playing(Sent):
    """What all that is played takes."""

    style: Annotated[
        Style | None, Field(description="A style of GET /api/styles, or styles with their shares.")
    ] = None
    temperature: Temperature = 1.0
    beat_type: Annotated[
        Literal["beat", "fill"] | None, Field(description="null leaves it open")
    ] = "beat"
    seed: Annotated[
        Seed | None, Field(description="The same gives the same music; null something new.")
    ] = None
    count: Annotated[int, bounded("count", description="Pattern k is what seed + k plays.")] = 1

    def settings(self) -> dict[str, Any]:
        """Collect what all methods of the machine take."""
        return {
            "style": self.style,
            "temperature": self.temperature,
            "beat_type": self.beat_type,
        }


class _Wishes(Playing):
    density: Annotated[
        Annotated[float, bounded("density")] | None, Field(description="Hits a step to aim at.")
    ] = None

    def settings(self) -> dict[str, Any]:
        return super().settings() | {"density": self.density}


class GenerateRequest(_Wishes):
    """Play something new."""

    bars: Bars = 4
    qpm: Annotated[Qpm | None, Field(description="By default what is usual for the style.")] = None


class ContinueRequest(_Wishes):
    """Play on after a pattern, which stays bit for bit."""

    pattern: PatternJson
    bars: Bars = 4


class FillRequest(_Wishes):
    """Play anew what is open, or all but what is kept; all else stays bit for bit."""

    pattern: PatternJson
    keep: Annotated[
        Keep | None,
        Field(description='Words: "kick, snare", "bars 1-2", "steps 1-8", "kick in bar 2".'),
    ] = None
    open: Annotated[
        Annotated[list[tuple[Step, Voice]], Field(max_length=MAX_CELLS, fail_fast=True)] | None,
        Field(description="Cells, [step, voice], to play anew."),
    ] = None


class HumanizeRequest(Playing):
    """Give the hits of a pattern a drummer's dynamics and timing."""

    pattern: PatternJson
    amount: Annotated[float, bounded("amount")] = 1.0
    temperature: Annotated[
        float,
        bounded("temperature or steady", "0, always the same steady hands, or 0.1 and above"),
    ] = 1.0


class TapRequest(_Wishes):
    """Play a rhythm, tapped on one key or pad, on the whole kit."""

    rhythm: Annotated[
        PatternJson | None, Field(description="Of each step the loudest hit counts.")
    ] = None
    velocities: Annotated[
        Annotated[list[Velocity], Field(min_length=1, max_length=MAX_STEPS, fail_fast=True)] | None,
        Field(description="Instead of a rhythm: one a 16th, 0 is a rest."),
    ] = None
    qpm: Qpm | None = None

    def bars(self) -> float:
        """Tell how long it is, in bars of 16 steps; 0 if nothing was sent."""
        return self.rhythm.bars if self.rhythm else len(self.velocities or ()) / STEPS_PER_BAR


class MorphRequest(Sent):
    """Go from one pattern to another of the same length."""

    a: PatternJson
    b: PatternJson
    count: Annotated[
        int, Field(strict=True, json_schema_extra={"minimum": 2, "maximum": MAX_COUNT})
    ] = 5


class DrumRequest(Sent):
    """Let the LSTM drummer play."""

    notes: Annotated[int, bounded("notes")] = 1000
    qpm: Qpm | None = None
    temperature: Temperature = 1.0
    top_p: Annotated[float, bounded("top_p")] = 1.0
    seed: Seed | None = None


class _MusicRequest(Sent):
    """A pattern or events, one of both."""

    pattern: PatternJson | None = None
    events: EventsJson | None = None
    swing: Swing = 0.5

    def music(self) -> Pattern | Events:
        """Build what was sent.

        Raises
        ------
        InvalidValueError
            If both were sent or none, or it makes no music.
        """
        if (self.pattern is None) == (self.events is None):
            both = "none" if self.pattern is None else "both"
            text = f"pattern must be given, or events, got {both}; send one"
            raise FieldError("pattern", self.pattern, text)
        if self.pattern is not None:
            return self.pattern.pattern()
        if self.swing != 0.5:
            text = f"swing must be 0.5 for events, got {self.swing}; only patterns can be swung"
            raise FieldError("swing", self.swing, text)
        assert self.events is not None
        return self.events.events()


class FileRequest(_MusicRequest):
    """What to write as a MIDI file."""

    kit_map: Literal["gm", "roland-td", "yamaha-dtx"] = "gm"


class WavRequest(_MusicRequest):
    """What to play on the kit."""

    repeat: Annotated[int, bounded("repeat")] = 1

    def hits(self) -> int:
        """Count the hits to play once."""
        if self.pattern is not None:
            return len(self.pattern.hits)
        return 0 if self.events is None else len(self.events.notes)

    def length(self) -> tuple[str, float]:
        """Name the field that has the music, and tell how long it is in seconds."""
        if self.pattern is not None:
            quarters = self.repeat * self.pattern.steps / self.pattern.steps_per_quarter
            return "pattern", 60 * quarters / self.pattern.qpm
        if self.events is not None:
            quarters = sum(self.events.ticks) / TICKS_PER_QUARTER
            return "events", 60 * quarters / self.events.qpm
        return "pattern", 0.0
