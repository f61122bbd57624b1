"""Music as JSON: what requests send and answers hold alike."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError
from paradiddle.events import Events
from paradiddle.pattern import Pattern
from paradiddle.server.bounds import MAX_CELLS, MAX_EVENTS, MOST_STRANGERS, bounded
from paradiddle.server.field_errors import MOST_TEXT, FieldError, beyond, within
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["EventsJson", "Offset", "PatternJson", "Sent", "Step", "Velocity", "Voice"]

_MANY = Field(max_length=MAX_EVENTS, fail_fast=True)
_Whole = NDArray[np.int64]

Tempo = Annotated[float, bounded("tempo")]
Step = Annotated[int, bounded("step")]
Voice = Annotated[int, bounded("voice")]
Velocity = Annotated[float, bounded("velocity")]
Offset = Annotated[float, bounded("offset")]
Note = Annotated[int, bounded("note")]
Ticks = Annotated[int, bounded("ticks")]


def _nine_voices(names: list[str]) -> list[str]:
    if names != list(VOICE_NAMES):
        text = f"voices must be {', '.join(VOICE_NAMES)}; send them in this order"
        raise FieldError("", names, text)
    return names


Voices = Annotated[
    list[str],
    Field(fail_fast=True),
    AfterValidator(_nine_voices),
    Field(json_schema_extra={"const": list(VOICE_NAMES)}),
]


class Sent(BaseModel):
    """What is sent; a field nobody knows is a mistake, and so many are one mistake."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _knows_its_fields(cls, sent: object) -> object:
        names = sent if isinstance(sent, dict) else ()
        strangers = [name for name in names if name not in cls.model_fields]
        if len(strangers) > MOST_STRANGERS:
            text = (
                f"{len(strangers)} fields are no fields of this request, such as"
                f" {str(strangers[0])[:MOST_TEXT]!r}; leave them out"
            )
            raise FieldError("", None, text)
        return sent


class PatternJson(Sent):
    """A drum grid: one list `[step, voice, velocity, offset]` a hit, offsets in steps."""

    format: Annotated[int, bounded("format")]
    qpm: Tempo
    steps_per_quarter: Annotated[int, bounded("steps_per_quarter")]
    quarters_per_bar: Annotated[float, bounded("quarters_per_bar")]
    steps: Annotated[int, bounded("steps")]
    voices: Voices
    hits: Annotated[
        list[tuple[Step, Voice, Velocity, Offset]], Field(max_length=MAX_CELLS, fail_fast=True)
    ]

    @property
    def bars(self) -> float:
        """How long it is, in bars of 16 steps."""
        return self.steps / STEPS_PER_BAR

    def pattern(self, field: str = "pattern") -> Pattern:
        """Build the Pattern.

        Parameters
        ----------
        field : str
            Where it was sent, for errors.

        Raises
        ------
        InvalidValueError
            If a hit lies after the last step or in the cell of another, or a bar is no whole
            number of steps.
        """
        shape = (self.steps, len(VOICE_NAMES))
        cells = np.array(self.hits, np.float64).reshape(-1, 4)
        places = cells[:, 0].astype(int), cells[:, 1].astype(int)
        self._check_places(field, *places)
        hits = np.zeros(shape, np.bool_)
        velocities, offsets = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        hits[places], velocities[places], offsets[places] = True, cells[:, 2], cells[:, 3]
        metre = self.qpm, self.steps_per_quarter, self.quarters_per_bar
        try:
            return Pattern(hits, velocities, offsets, *metre)
        except InvalidValueError as error:
            raise within(field, error, self) from None

    def _check_places(self, field: str, steps: _Whole, voices: _Whole) -> None:
        """Raise unless every hit has a cell of the grid, and one of its own."""
        late = np.flatnonzero(steps >= self.steps)
        if len(late) and not self.steps:
            text = f"{field}.steps must be above 0 where there are hits, got 0; a bar of 4/4 has 16"
            raise FieldError(f"{field}.steps", 0, text)
        if len(late):
            raise beyond(f"{field}.hits[{late[0]}][0]", int(steps[late[0]]), self.steps)
        _, first = np.unique(steps * len(VOICE_NAMES) + voices, return_index=True)
        twice = np.setdiff1d(np.arange(len(steps)), first)
        if len(twice):
            step, voice = int(steps[twice[0]]), int(voices[twice[0]])
            name = f"{field}.hits[{twice[0]}]"
            text = (
                f"{name} must have a cell of its own, got step {step}, voice {voice} once more;"
                " send one hit a cell"
            )
            raise FieldError(name, list(self.hits[twice[0]]), text)


class EventsJson(Sent):
    """Notes in order, each with the ticks since the one before, 480 a quarter."""

    notes: Annotated[list[Note], _MANY]
    ticks: Annotated[list[Ticks], _MANY]
    velocities: Annotated[list[Velocity], _MANY] | None = None
    voices: Annotated[
        Annotated[list[Voice | None], _MANY] | None,
        Field(description="As answers have them; of requests the notes alone count."),
    ] = None
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
        try:
            return Events(notes, ticks, dynamics, self.qpm, self.quarters_per_bar)
        except InvalidValueError as error:
            raise within("events", error, self) from None
