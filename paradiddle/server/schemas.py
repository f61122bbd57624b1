"""Requests as they are checked, and answers as the OpenAPI describes them."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from paradiddle.drums import VOICE_NAMES
from paradiddle.events import Events
from paradiddle.pattern import Pattern
from paradiddle.server.bounds import MAX_CELLS, MAX_COUNT, MAX_EVENTS, MAX_STEPS, bounded
from paradiddle.server.field_errors import FieldError
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = [
    "ContinueRequest",
    "DrumAnswer",
    "DrumRequest",
    "EventsJson",
    "FileRequest",
    "FillRequest",
    "GenerateRequest",
    "HumanizeRequest",
    "ImportAnswer",
    "MorphAnswer",
    "MorphRequest",
    "PatternJson",
    "PatternsAnswer",
    "Playing",
    "Problems",
    "TapRequest",
    "WavRequest",
]

Bars = Annotated[int, bounded("bars")]
Qpm = Annotated[float, bounded("qpm")]
Tempo = Annotated[float, bounded("tempo")]
Step = Annotated[int, bounded("step")]
Voice = Annotated[int, bounded("voice")]
Velocity = Annotated[float, bounded("velocity")]
Offset = Annotated[float, bounded("offset")]
Note = Annotated[int, bounded("note")]
Ticks = Annotated[int, bounded("ticks")]
Seed = Annotated[int, bounded("seed")]
Temperature = Annotated[float, bounded("temperature")]
Share = Annotated[float, bounded("share")]
Word = Annotated[str, Field(strict=True, max_length=200)]
Style = Word | Annotated[dict[Word, Share], Field(min_length=1, max_length=64)]
Swing = Annotated[float, bounded("swing")]


def _nine_voices(names: list[str]) -> list[str]:
    if names != list(VOICE_NAMES):
        raise ValueError(f"voices must be {', '.join(VOICE_NAMES)}; send them in this order")
    return names


Voices = Annotated[
    list[str],
    AfterValidator(_nine_voices),
    Field(json_schema_extra={"const": list(VOICE_NAMES)}),
]


class _Request(BaseModel):
    """What is sent; a field nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid")


class PatternJson(BaseModel):
    """A drum grid: one list `[step, voice, velocity, offset]` a hit, offsets in steps."""

    format: Annotated[int, bounded("format")]
    qpm: Tempo
    steps_per_quarter: Annotated[int, bounded("steps_per_quarter")]
    quarters_per_bar: Annotated[float, bounded("quarters_per_bar")]
    steps: Annotated[int, bounded("steps")]
    voices: Voices
    hits: Annotated[list[tuple[Step, Voice, Velocity, Offset]], Field(max_length=MAX_CELLS)]

    def pattern(self, field: str = "pattern") -> Pattern:
        """Build the Pattern.

        Parameters
        ----------
        field : str
            Where it was sent, for errors.

        Raises
        ------
        InvalidValueError
            If a hit lies after the last step, or a bar is no whole number of steps.
        """
        shape = (self.steps, len(VOICE_NAMES))
        cells = np.array(self.hits, np.float64).reshape(-1, 4)
        late = cells[cells[:, 0] >= self.steps]
        if len(late):
            step = int(late[0, 0])
            raise FieldError(
                f"{field}.hits",
                step,
                f"hits must lie within steps [0, {self.steps}) of the pattern, got {step};"
                " count steps from 0",
            )
        places = cells[:, 0].astype(int), cells[:, 1].astype(int)
        hits = np.zeros(shape, np.bool_)
        velocities, offsets = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        hits[places], velocities[places], offsets[places] = True, cells[:, 2], cells[:, 3]
        metre = self.qpm, self.steps_per_quarter, self.quarters_per_bar
        return Pattern(hits, velocities, offsets, *metre)


class EventsJson(BaseModel):
    """Notes in order, each with the ticks since the one before, 480 a quarter."""

    notes: Annotated[list[Note], Field(max_length=MAX_EVENTS)]
    ticks: Annotated[list[Ticks], Field(max_length=MAX_EVENTS)]
    velocities: Annotated[list[Velocity], Field(max_length=MAX_EVENTS)] | None = None
    qpm: Tempo = 120.0
    ticks_per_quarter: Literal[480] = 480
    quarters_per_bar: Annotated[float, bounded("quarters_per_bar")] = 4.0

    def events(self) -> Events:
        """Build the Events.

        Raises
        ------
        InvalidValueError
            If the lists differ in length.
        """
        notes, ticks = np.array(self.notes, np.int64), np.array(self.ticks, np.int64)
        dynamics = None if self.velocities is None else np.array(self.velocities, np.float32)
        return Events(notes, ticks, dynamics, self.qpm, self.quarters_per_bar)


class Playing(_Request):
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
        Word | Annotated[list[Word], Field(max_length=200)] | None,
        Field(description='Words: "kick, snare", "bars 1-2", "steps 1-8", "kick in bar 2".'),
    ] = None
    open: Annotated[
        Annotated[list[tuple[Step, Voice]], Field(max_length=MAX_CELLS)] | None,
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
        Annotated[list[Velocity], Field(min_length=1, max_length=MAX_STEPS)] | None,
        Field(description="Instead of a rhythm: one a 16th, 0 is a rest."),
    ] = None
    qpm: Qpm | None = None


class MorphRequest(_Request):
    """Go from one pattern to another of the same length."""

    a: PatternJson
    b: PatternJson
    count: Annotated[
        int, Field(strict=True, json_schema_extra={"minimum": 2, "maximum": MAX_COUNT})
    ] = 5


class DrumRequest(_Request):
    """Let the LSTM drummer play."""

    notes: Annotated[int, bounded("notes")] = 1000
    qpm: Qpm | None = None
    temperature: Temperature = 1.0
    top_p: Annotated[float, bounded("top_p")] = 1.0
    seed: Seed | None = None


class _MusicRequest(_Request):
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

    def length(self) -> tuple[str, float]:
        """Name the field that has the music, and tell how long it is in seconds."""
        if self.pattern is not None:
            quarters = self.repeat * self.pattern.steps / self.pattern.steps_per_quarter
            return "pattern", 60 * quarters / self.pattern.qpm
        if self.events is not None:
            quarters = sum(self.events.ticks) / TICKS_PER_QUARTER
            return "events", 60 * quarters / self.events.qpm
        return "pattern", 0.0


class PatternsAnswer(BaseModel):
    """Patterns; pattern k was played with seed + k."""

    patterns: list[PatternJson]
    seed: int


class MorphAnswer(BaseModel):
    """The way from a, which is first, to b, which is last."""

    patterns: list[PatternJson]


class DrumEvents(EventsJson):
    """Events with the voice of each note, null where it has none."""

    velocities: list[Velocity]
    voices: list[Voice | None]


class LongPatternJson(PatternJson):
    """A drum grid of any length."""

    steps: int
    hits: list[tuple[Annotated[int, Field(ge=0)], Voice, Velocity, Offset]]


class DrumAnswer(BaseModel):
    """What the drummer played, and the same on a grid of 16ths."""

    events: DrumEvents
    pattern: LongPatternJson
    seed: int


class ImportAnswer(BaseModel):
    """The pieces of a MIDI file, how many hits the grid could not hold, and what else to know."""

    patterns: list[LongPatternJson]
    collided: int
    qpm: float
    notes: list[str]


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    field: str | None
    value: Any
    message: str


class Problems(BaseModel):
    """Why a request was refused."""

    detail: list[Problem]
