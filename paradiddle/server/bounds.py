"""The range of every number in a request, in one table that checks and messages read."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import Field

from paradiddle.drums import VOICE_NAMES

__all__ = [
    "BOUNDS",
    "MAX_CELLS",
    "MAX_COUNT",
    "MAX_EVENTS",
    "MAX_STEPS",
    "MAX_STYLES",
    "MAX_WORDS",
    "MOST_STRANGERS",
    "Bound",
    "bounded",
]

MAX_BARS, MAX_COUNT = 64, 16
MAX_STEPS = 16 * MAX_BARS
MAX_CELLS = MAX_STEPS * len(VOICE_NAMES)
MAX_EVENTS = 5000
MAX_STYLES, MAX_WORDS = 64, 200  # of one request
MOST_STRANGERS = 20  # fields nobody knows that are told one by one


@dataclass(frozen=True)
class Bound:
    """Range of a number, both ends included unless `half_open`, and what to do outside it."""

    low: float
    high: float
    remedy: str
    half_open: bool = False
    whole: bool = False

    def __str__(self) -> str:
        return f"[{self.low:.16g}, {self.high:.16g}{')' if self.half_open else ']'}"


BOUNDS = MappingProxyType(
    {
        "amount": Bound(0, 1, "1 is all human, 0 changes nothing"),
        "bars": Bound(1, MAX_BARS, "ask for a few bars", whole=True),
        "channel": Bound(1, 16, "drums have 10", whole=True),
        "count": Bound(1, MAX_COUNT, "ask for a few patterns", whole=True),
        "density": Bound(0, len(VOICE_NAMES), "beats of recordings have about 1.2 hits a step"),
        "format": Bound(1, 1, "send a pattern as the server writes it", whole=True),
        "note": Bound(0, 127, "use General MIDI percussion pitches", whole=True),
        "layer": Bound(0, 2, "0 is the softest", whole=True),
        "notes": Bound(1, MAX_EVENTS, "1000 are a few minutes", whole=True),
        "offset": Bound(-0.5, 0.5, "move the hit to its nearest step", half_open=True),
        "piece": Bound(1, 4096, "8 fit on the page", whole=True),
        "position": Bound(0, MAX_STEPS, "count quarters from the start of the loop"),
        "qpm": Bound(20, 300, "try 120"),
        "quarters_per_bar": Bound(1 / 16, 256, "4/4 is 4, 7/8 is 3.5"),
        "repeat": Bound(1, 8, "loop the file instead", whole=True),
        "seed": Bound(0, 2**53 - 1, "leave it out for something new every time", whole=True),
        "share": Bound(0, 1e9, "shares are scaled to a sum of 1"),
        "step": Bound(0, MAX_STEPS - 1, "count steps from 0", whole=True),
        "steps": Bound(0, MAX_STEPS, f"send at most {MAX_BARS} bars", whole=True),
        "steps_per_quarter": Bound(1, 480, "4 means 16ths", whole=True),
        "swing": Bound(0.5, 0.75, "0.5 is straight, 0.66 a triplet feel"),
        "temperature": Bound(0.1, 10, "0.1 keeps to the likeliest, 1 plays as learned"),
        "temperature or steady": Bound(0, 10, "0 is steadiest, 1 plays as learned"),
        "ticks": Bound(0, 480 * 240, "count from the previous event, 480 a quarter", whole=True),
        "top_p": Bound(1e-6, 1, "1 draws among all"),
        # what a MIDI file can hold, so that any file that was read can be sent back
        "tempo": Bound(3.58, 60_000_000, "try 120"),
        "velocity": Bound(0, 1, "divide MIDI velocities by 127"),
        "voice": Bound(0, len(VOICE_NAMES) - 1, f"0 is {VOICE_NAMES[0]}", whole=True),
    }
)


def bounded(name: str, description: str | None = None) -> Any:
    """Constrain a number to its range: the type stays, so that true is no 1 and "1" no number.

    Examples
    --------
    >>> str(BOUNDS["swing"])
    '[0.5, 0.75]'
    """
    bound = BOUNDS[name]
    return Field(
        description=description,
        strict=True,
        allow_inf_nan=False,
        ge=bound.low,
        le=None if bound.half_open else bound.high,
        lt=bound.high if bound.half_open else None,
    )
