"""Answers, as the OpenAPI describes them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from paradiddle.server.bounds import bounded
from paradiddle.server.schemas import EventsJson, Offset, PatternJson, Velocity, Voice

__all__ = ["DrumAnswer", "ImportAnswer", "MorphAnswer", "PatternsAnswer", "Problems"]


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
    """The pieces of a MIDI file, how many hits the grid could not hold, and what else to know.

    Hits of a file that was swung as its text says lie on the steps they were swung from.
    """

    patterns: list[LongPatternJson]
    collided: int
    qpm: float
    swing: Annotated[float, bounded("swing", "0.5 where the file tells of none.")]
    notes: list[str]


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    field: str | None
    value: Any
    message: str


class Problems(BaseModel):
    """Why a request was refused."""

    detail: list[Problem]
