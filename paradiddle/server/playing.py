"""Routes that play: each a question to one of the models."""

import json
import secrets
from collections.abc import Callable, Iterable
from types import SimpleNamespace

import numpy as np
from fastapi import APIRouter, Request, Response

from paradiddle.checks import check_whole
from paradiddle.drummer import Length
from paradiddle.drums import VOICE_OF_PITCH
from paradiddle.errors import InvalidValueError
from paradiddle.events import Events, quantise
from paradiddle.keep import Keep
from paradiddle.pattern import Pattern
from paradiddle.pattern_questions import check_grid, check_hits
from paradiddle.server import answers, requests
from paradiddle.server.bounds import MAX_COUNT
from paradiddle.server.field_errors import FieldError, beyond, located
from paradiddle.server.schemas import PatternJson
from paradiddle.server.stage import Turn, answer
from paradiddle.server.work import check_work
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["json_answer", "patterns_text", "router"]

router = APIRouter(prefix="/api", tags=["play"])

_SEEDS = 2**32  # drawn below this: short enough to read out


@router.post("/generate", response_model=answers.PatternsAnswer)
async def generate(wish: requests.GenerateRequest, request: Request) -> Response:
    """Play something new in a style."""
    check_work("generate", wish.count, wish.bars)
    return await answer(request, _generated, wish)


@router.post("/continue", response_model=answers.PatternsAnswer)
async def continue_(wish: requests.ContinueRequest, request: Request) -> Response:
    """Play on after a pattern; the answer begins with it, unchanged."""
    check_work("continue", wish.count, wish.bars, wish.pattern.bars)
    return await answer(request, _continued, wish)


@router.post("/fill", response_model=answers.PatternsAnswer)
async def fill(wish: requests.FillRequest, request: Request) -> Response:
    """Play anew the open cells of a pattern; all others stay bit for bit."""
    check_work("fill", wish.count, wish.pattern.bars)
    return await answer(request, _filled, wish)


@router.post("/humanize", response_model=answers.PatternsAnswer)
async def humanize(wish: requests.HumanizeRequest, request: Request) -> Response:
    """Give the hits of a pattern a drummer's dynamics and timing."""
    check_work("humanize", wish.count, wish.pattern.bars)
    return await answer(request, _humanized, wish)


@router.post("/tap", response_model=answers.PatternsAnswer)
async def tap(wish: requests.TapRequest, request: Request) -> Response:
    """Play a tapped rhythm on the whole kit."""
    check_work("tap", wish.count, wish.bars())
    return await answer(request, _tapped, wish)


@router.post("/morph", response_model=answers.MorphAnswer)
async def morph(wish: requests.MorphRequest, request: Request) -> Response:
    """Go from one pattern to another of the same length."""
    return await answer(request, _morphed, wish)


@router.post("/drum", response_model=answers.DrumAnswer)
async def drum(wish: requests.DrumRequest, request: Request) -> Response:
    """Let the LSTM drummer play; the pattern is the same on a grid of 16ths."""
    return await answer(request, _drummed, wish)


def json_answer(text: str) -> Response:
    """Answer with JSON that is written already."""
    return Response(text, media_type="application/json")


def patterns_text(patterns: Iterable[Pattern]) -> str:
    """Write patterns as one JSON array."""
    return f"[{', '.join(pattern.to_json() for pattern in patterns)}]"


def _generated(turn: Turn, wish: requests.GenerateRequest) -> Response:
    first = _seed_of(wish.seed)
    played = turn.models.machine.generate(
        bars=wish.bars, qpm=wish.qpm, count=wish.count, seed=first, **wish.settings()
    )
    return _patterns(played, first)


def _continued(turn: Turn, wish: requests.ContinueRequest) -> Response:
    machine, pattern, settings = turn.models.machine, wish.pattern.pattern(), wish.settings()
    return _each(
        turn, wish, lambda seed: machine.continue_(pattern, wish.bars, seed=seed, **settings)
    )


def _filled(turn: Turn, wish: requests.FillRequest) -> Response:
    machine, pattern, settings = turn.models.machine, wish.pattern.pattern(), wish.settings()
    keep = _kept(wish, pattern)
    return _each(turn, wish, lambda seed: machine.fill(pattern, keep, seed=seed, **settings))


def _humanized(turn: Turn, wish: requests.HumanizeRequest) -> Response:
    machine, pattern, settings = turn.models.machine, wish.pattern.pattern(), wish.settings()
    return _each(
        turn, wish, lambda seed: machine.humanize(pattern, wish.amount, seed=seed, **settings)
    )


def _tapped(turn: Turn, wish: requests.TapRequest) -> Response:
    machine, rhythm, settings = turn.models.machine, _rhythm(wish), wish.settings()
    return _each(turn, wish, lambda seed: machine.tap(rhythm, qpm=wish.qpm, seed=seed, **settings))


def _morphed(turn: Turn, wish: requests.MorphRequest) -> Response:
    check_whole("count", wish.count, 2, MAX_COUNT, "2 are the two ends alone")
    way = turn.models.latent.morph(_end("a", wish.a), _end("b", wish.b), wish.count)
    return json_answer(f'{{"patterns": {patterns_text(way)}}}')


def _drummed(turn: Turn, wish: requests.DrumRequest) -> Response:
    seed = _seed_of(wish.seed)
    events = turn.models.drummer.play(
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


def _each(turn: Turn, wish: requests.Playing, play: Callable[[int], Pattern]) -> Response:
    """Play with one seed after the other, as long as somebody waits."""
    first = _seed_of(wish.seed)
    played = []
    for seed in range(first, first + wish.count):
        turn.check()
        played.append(play(seed))
    return _patterns(played, first)


def _end(field: str, sent: PatternJson) -> Pattern:
    """Build one end of a morph, and check it here, where it is known which one it is."""
    pattern = sent.pattern(field)
    try:
        check_grid(pattern)
        check_hits(pattern, "to morph", "give one with music in it")
    except InvalidValueError as error:
        wrong = located(error, SimpleNamespace(pattern=sent))
        inner = wrong.field.removeprefix("pattern")
        raise FieldError(f"{field}{inner}", wrong.value, str(error)) from None
    return pattern


def _seed_of(seed: int | None) -> int:
    return secrets.randbelow(_SEEDS - MAX_COUNT) if seed is None else seed


def _kept(wish: requests.FillRequest, pattern: Pattern) -> Keep:
    """Say what of a pattern stays, as words or as a mask."""
    if wish.open is None:
        return wish.keep
    if wish.keep is not None:
        text = "keep must be left out where open is given; send one of both"
        raise FieldError("keep", wish.keep, text)
    mask = np.ones(pattern.hits.shape, np.bool_)
    for place, (step, voice) in enumerate(wish.open):
        if step >= pattern.steps:
            raise beyond(f"open[{place}][0]", step, pattern.steps)
        mask[step, voice] = False
    return mask


def _rhythm(wish: requests.TapRequest) -> Pattern | list[float]:
    """Take the rhythm in the form it was sent."""
    if wish.rhythm is not None and wish.velocities is None:
        return wish.rhythm.pattern("rhythm")
    if wish.velocities is None or wish.rhythm is not None:
        given = "none" if wish.rhythm is None else "both"
        text = f"rhythm must be given, or velocities, got {given}; send one"
        raise FieldError("rhythm", wish.rhythm, text)
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
