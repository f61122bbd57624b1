"""Routes that play: each a question to one of the models."""

import json
import secrets
from collections.abc import Callable, Iterable

import numpy as np
from fastapi import APIRouter, Request, Response

from paradiddle.checks import check_whole
from paradiddle.drummer import Drummer, Length
from paradiddle.drums import VOICE_OF_PITCH
from paradiddle.errors import InvalidValueError
from paradiddle.events import Events, quantise
from paradiddle.keep import Keep
from paradiddle.latent import Latent
from paradiddle.machine import Machine
from paradiddle.pattern import Pattern
from paradiddle.server import schemas
from paradiddle.server.bounds import MAX_COUNT
from paradiddle.server.stage import answer
from paradiddle.takes import STEPS_PER_BAR
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["json_answer", "patterns_text", "router"]

router = APIRouter(prefix="/api", tags=["play"])

_MOST_BARS = 256  # of all patterns of a request
_SEEDS = 2**32  # drawn below this: short enough to read out


@router.post("/generate", response_model=schemas.PatternsAnswer)
async def generate(wish: schemas.GenerateRequest, request: Request) -> Response:
    """Play something new in a style."""
    return await answer(request, lambda models: _generated(models.machine, wish))


@router.post("/continue", response_model=schemas.PatternsAnswer)
async def continue_(wish: schemas.ContinueRequest, request: Request) -> Response:
    """Play on after a pattern; the answer begins with it, unchanged."""
    return await answer(request, lambda models: _continued(models.machine, wish))


@router.post("/fill", response_model=schemas.PatternsAnswer)
async def fill(wish: schemas.FillRequest, request: Request) -> Response:
    """Play anew the open cells of a pattern; all others stay bit for bit."""
    return await answer(request, lambda models: _filled(models.machine, wish))


@router.post("/humanize", response_model=schemas.PatternsAnswer)
async def humanize(wish: schemas.HumanizeRequest, request: Request) -> Response:
    """Give the hits of a pattern a drummer's dynamics and timing."""
    return await answer(request, lambda models: _humanized(models.machine, wish))


@router.post("/tap", response_model=schemas.PatternsAnswer)
async def tap(wish: schemas.TapRequest, request: Request) -> Response:
    """Play a tapped rhythm on the whole kit."""
    return await answer(request, lambda models: _tapped(models.machine, wish))


@router.post("/morph", response_model=schemas.MorphAnswer)
async def morph(wish: schemas.MorphRequest, request: Request) -> Response:
    """Go from one pattern to another of the same length."""
    return await answer(request, lambda models: _morphed(models.latent, wish))


@router.post("/drum", response_model=schemas.DrumAnswer)
async def drum(wish: schemas.DrumRequest, request: Request) -> Response:
    """Let the LSTM drummer play; the pattern is the same on a grid of 16ths."""
    return await answer(request, lambda models: _drummed(models.drummer, wish))


def json_answer(text: str) -> Response:
    """Answer with JSON that is written already."""
    return Response(text, media_type="application/json")


def patterns_text(patterns: Iterable[Pattern]) -> str:
    """Write patterns as one JSON array."""
    return f"[{', '.join(pattern.to_json() for pattern in patterns)}]"


def _generated(machine: Machine, wish: schemas.GenerateRequest) -> Response:
    _check_work(wish.bars, wish.count)
    first = _seed_of(wish.seed)
    played = machine.generate(
        bars=wish.bars, qpm=wish.qpm, count=wish.count, seed=first, **wish.settings()
    )
    return _patterns(played, first)


def _continued(machine: Machine, wish: schemas.ContinueRequest) -> Response:
    pattern, settings = wish.pattern.pattern(), wish.settings()
    _check_work(pattern.bars + wish.bars, wish.count)
    return _each(wish, lambda seed: machine.continue_(pattern, wish.bars, seed=seed, **settings))


def _filled(machine: Machine, wish: schemas.FillRequest) -> Response:
    pattern, settings = wish.pattern.pattern(), wish.settings()
    _check_work(pattern.bars, wish.count)
    keep = _kept(wish, pattern)
    return _each(wish, lambda seed: machine.fill(pattern, keep, seed=seed, **settings))


def _humanized(machine: Machine, wish: schemas.HumanizeRequest) -> Response:
    pattern, settings = wish.pattern.pattern(), wish.settings()
    _check_work(pattern.bars, wish.count)
    return _each(wish, lambda seed: machine.humanize(pattern, wish.amount, seed=seed, **settings))


def _tapped(machine: Machine, wish: schemas.TapRequest) -> Response:
    rhythm, settings = _rhythm(wish), wish.settings()
    steps = rhythm.steps if isinstance(rhythm, Pattern) else len(rhythm)
    _check_work(steps / STEPS_PER_BAR, wish.count)
    return _each(wish, lambda seed: machine.tap(rhythm, qpm=wish.qpm, seed=seed, **settings))


def _morphed(latent: Latent, wish: schemas.MorphRequest) -> Response:
    check_whole("count", wish.count, 2, MAX_COUNT, "2 are the two ends alone")
    way = latent.morph(wish.a.pattern(), wish.b.pattern(), wish.count)
    return json_answer(f'{{"patterns": {patterns_text(way)}}}')


def _drummed(drummer: Drummer, wish: schemas.DrumRequest) -> Response:
    seed = _seed_of(wish.seed)
    events = drummer.play(
        Length(notes=wish.notes),
        seed,
        temperature=wish.temperature,
        top_p=wish.top_p,
        qpm=wish.qpm,
    )
    pattern = quantise(events).pattern.to_json()
    return json_answer(
        f'{{"events": {_events_text(events)}, "pattern": {pattern}, "seed": {seed}}}'
    )


def _patterns(patterns: Iterable[Pattern], seed: int) -> Response:
    return json_answer(f'{{"patterns": {patterns_text(patterns)}, "seed": {seed}}}')


def _each(wish: schemas.Playing, play: Callable[[int], Pattern]) -> Response:
    """Play with one seed after the other."""
    first = _seed_of(wish.seed)
    return _patterns([play(first + k) for k in range(wish.count)], first)


def _check_work(bars: float, count: int) -> None:
    """Refuse what would keep all others waiting for seconds."""
    if bars * count > _MOST_BARS:
        raise InvalidValueError(
            f"count must be at most {int(_MOST_BARS // bars)} for patterns of {bars:g} bars, got"
            f" {count}; ask for {_MOST_BARS} bars at once or fewer"
        )


def _seed_of(seed: int | None) -> int:
    return secrets.randbelow(_SEEDS - MAX_COUNT) if seed is None else seed


def _kept(wish: schemas.FillRequest, pattern: Pattern) -> Keep:
    """Say what of a pattern stays, as words or as a mask."""
    if wish.open is None:
        return wish.keep
    if wish.keep is not None:
        raise InvalidValueError("keep must be left out where open is given; send one of both")
    mask = np.ones(pattern.hits.shape, np.bool_)
    for step, voice in wish.open:
        if step >= pattern.steps:
            raise InvalidValueError(
                f"open must lie within the {pattern.steps} steps of the pattern, got step {step};"
                " count steps from 0"
            )
        mask[step, voice] = False
    return mask


def _rhythm(wish: schemas.TapRequest) -> Pattern | list[float]:
    """Take the rhythm in the form it was sent."""
    if wish.rhythm is not None and wish.velocities is None:
        return wish.rhythm.pattern()
    if wish.velocities is None or wish.rhythm is not None:
        given = "none" if wish.rhythm is None else "both"
        raise InvalidValueError(f"rhythm must be given, or velocities, got {given}; send one")
    return [float(velocity) for velocity in wish.velocities]


def _events_text(events: Events) -> str:
    """Write events with the voice of each note."""
    pitches = events.notes.tolist()
    return json.dumps(
        {
            "notes": pitches,
            "ticks": events.ticks.tolist(),
            "velocities": events.dynamics.tolist(),
            "voices": [VOICE_OF_PITCH.get(pitch) for pitch in pitches],
            "qpm": events.qpm,
            "ticks_per_quarter": TICKS_PER_QUARTER,
            "quarters_per_bar": events.quarters_per_bar,
        }
    )
