"""Routes for files: MIDI in, MIDI and sound out."""

import json
import math
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from paradiddle import midi, smf
from paradiddle.early import with_early
from paradiddle.errors import MidiError
from paradiddle.events import Events, Quantised, quantise
from paradiddle.kit_maps import KIT_MAPS
from paradiddle.pattern import Pattern
from paradiddle.saving import sound_of
from paradiddle.score import Score
from paradiddle.server import answers, requests
from paradiddle.server.bounds import BOUNDS
from paradiddle.server.field_errors import FieldError
from paradiddle.server.pieces import Pieces
from paradiddle.server.playing import json_answer, patterns_text
from paradiddle.server.stage import Turn, answer, client_of, stage_of
from paradiddle.server.wav import wav_bytes
from paradiddle.server.work import check_work
from paradiddle.swing import check_swing
from paradiddle.swung_file import straightened, with_swing

__all__ = ["MAX_SECONDS", "router", "sent_as"]

router = APIRouter(prefix="/api", tags=["files"])

MAX_SECONDS = 300
_MAX_BARS = 4096
_MAX_STEPS = 16 * _MAX_BARS  # fewer bars, where they are longer than 4/4
_SAMPLE_RATE, _FRAME_BYTES = 44_100, 4
_RINGING = 10  # seconds that the last hit may take to fade
_MIDI, _WAV = "audio/midi", "audio/wav"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PIECE = BOUNDS["piece"]


def sent_as(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Say in the OpenAPI that an answer is a file."""
    return {200: {"description": "The file.", "content": {media_type: _BINARY}}}


@router.post(
    "/import",
    response_model=answers.ImportAnswer,
    openapi_extra={"requestBody": {"required": True, "content": {_MIDI: _BINARY}}},
)
async def import_(
    request: Request,
    piece: Annotated[
        int, Query(ge=_PIECE.low, le=_PIECE.high, description="Longest piece in bars.")
    ] = 8,
) -> Response:
    """Read a MIDI file of at most 256 KB, cut into pieces; silent ones are left out."""
    data = await request.body()
    return await answer(request, lambda _, sent: _imported(sent, piece), data)


@router.post("/midi", response_class=Response, responses=sent_as(_MIDI))
async def midi_(wish: requests.FileRequest, request: Request) -> Response:
    """Write a pattern or events as a MIDI file."""
    return await answer(request, _midi_file, wish)


@router.post("/wav", response_class=Response, responses=sent_as(_WAV))
async def wav(wish: requests.WavRequest, request: Request) -> Response:
    """Play a pattern or events on the kit, as a stereo WAV file."""
    client, stage = client_of(request), stage_of(request)
    size = _sound_bytes(wish)
    check_work("wav", wish.repeat, wish.hits())
    stage.sounds.take(client, size)
    done = partial(stage.sounds.leave, client, size)
    try:
        sound = await answer(request, _wav_file, wish, stage.studio)
    except BaseException:
        done()
        raise
    return Pieces(sound, _named("paradiddle.wav"), _WAV, done)


def _imported(data: bytes, bars: int) -> Response:
    """Read a file, quantise it whole, and cut it."""
    score = smf.parse(data)
    events = midi.events_of(score)
    length = int(events.onsets[-1] // events.ticks_per_bar) + 1
    if length > (most := _most_bars(4 * events.quarters_per_bar)):
        raise MidiError(f"the file is {length} bars long, at most {most}; send a part of it")
    straight = straightened(events, score.texts)
    found = quantise(straight.events)
    early = with_early(found.pattern, score.texts)
    pattern = replace(early, qpm=midi.plain_qpm(early.qpm))
    pieces = _cut(_to_its_end(pattern, score, bars), bars)
    notes = _worth_telling(score, found, pattern, len(pieces))
    return json_answer(
        f'{{"patterns": {patterns_text(pieces)}, "collided": {found.collisions},'
        f' "qpm": {json.dumps(pattern.qpm)}, "swing": {json.dumps(straight.swing)},'
        f' "notes": {json.dumps(notes)}}}'
    )


def _most_bars(steps_per_bar: float) -> int:
    """Count the bars of a length that an import may have."""
    return min(_MAX_BARS, int(_MAX_STEPS / steps_per_bar))


def _to_its_end(pattern: Pattern, score: Score, bars: int) -> Pattern:
    """Add the silent bars after the last hit, as far as its piece and the file go."""
    bar = score.ticks_per_quarter * pattern.quarters_per_bar
    whole, filled = int(score.length / bar), math.ceil(pattern.bars / bars) * bars
    end = min(whole, filled, _most_bars(pattern.steps_per_bar))
    missing = max(0, end * pattern.steps_per_bar - pattern.steps)
    more = (0, missing), (0, 0)
    return replace(
        pattern,
        hits=np.pad(pattern.hits, more),
        velocities=np.pad(pattern.velocities, more),
        offsets=np.pad(pattern.offsets, more),
    )


def _cut(pattern: Pattern, bars: int) -> list[Pattern]:
    """Cut into pieces of at most so many bars, without those that are silent."""
    size = bars * pattern.steps_per_bar
    parts = [slice(first, first + size) for first in range(0, pattern.steps, size)]
    return [
        replace(
            pattern,
            hits=pattern.hits[part],
            velocities=pattern.velocities[part],
            offsets=pattern.offsets[part],
        )
        for part in parts
        if pattern.hits[part].any()
    ]


def _worth_telling(score: Score, found: Quantised, pattern: Pattern, pieces: int) -> list[str]:
    """Say what a person might miss."""
    notes = [f"drums: {midi.drums_of(score).rule}"]
    if count := found.unmapped:
        belong, were = ("notes belong", "were") if count > 1 else ("note belongs", "was")
        notes.append(f"{count} {belong} to none of the nine voices and {were} left out")
    if count := found.collisions:
        fell, were = ("notes fell", "were") if count > 1 else ("note fell", "was")
        notes.append(f"{count} {fell} on a hit of the same drum and {were} left out")
    if len({qpm for _, qpm in score.tempos}) > 1:
        notes.append(f"the tempo changes; all is at the first, {pattern.qpm:g} qpm")
    if len({sign[1:] for sign in score.time_signatures}) > 1:
        notes.append("the metre changes; bar lines are those of the first")
    if pieces > 1:
        notes.append(f"{pattern.bars:g} bars, cut into {pieces} pieces")
    return notes


def _midi_file(_: Turn, wish: requests.FileRequest) -> Response:
    pitches = None if wish.kit_map == "gm" else KIT_MAPS[wish.kit_map]
    data = midi.to_bytes(wish.music(), pitches, swing=wish.swing)
    return Response(data, 200, _named("paradiddle.mid"), _MIDI)


def _wav_file(_: Turn, wish: requests.WavRequest) -> bytes:
    music = wish.music()
    if isinstance(music, Pattern):
        check_swing(music, wish.swing)
        music = with_swing(Events.from_pattern(_repeated(music, wish.repeat)), wish.swing)
    elif wish.repeat != 1:
        text = f"repeat must be 1 for events, got {wish.repeat}; only patterns are repeated"
        raise FieldError("repeat", wish.repeat, text)
    return wav_bytes(sound_of(music), _SAMPLE_RATE)


def _repeated(pattern: Pattern, times: int) -> Pattern:
    return replace(
        pattern,
        hits=np.tile(pattern.hits, (times, 1)),
        velocities=np.tile(pattern.velocities, (times, 1)),
        offsets=np.tile(pattern.offsets, (times, 1)),
    )


def _sound_bytes(wish: requests.WavRequest) -> int:
    """Tell how large the sound will be at the most, unless it would be too long."""
    field, seconds = wish.length()
    if seconds > MAX_SECONDS:
        text = (
            f"the sound would last {seconds:.0f} seconds, at most {MAX_SECONDS} are rendered;"
            " send less, or download the MIDI file"
        )
        raise FieldError(field, f"{seconds:.0f} seconds", text)
    return round((seconds + _RINGING) * _SAMPLE_RATE * _FRAME_BYTES)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
