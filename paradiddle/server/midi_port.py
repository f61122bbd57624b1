"""The WebSocket through which a page plays to the server's MIDI port.

One JSON object a message. From the page: ``play`` and ``update`` with a pattern, ``tempo``, now and
then the ``place`` where it is, ``clock``, ``stop``; from the server: ``state``, and ``error`` with
one line. Whatever ends the connection silences the port.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, WrapValidator
from starlette.websockets import WebSocket, WebSocketDisconnect

from paradiddle.checks import check_whole
from paradiddle.errors import InvalidValueError, ParadiddleError
from paradiddle.loop import Loop
from paradiddle.server.bounds import bounded
from paradiddle.server.cable import Cable, Music, State
from paradiddle.server.faults import told
from paradiddle.server.field_errors import FieldError, said, shown
from paradiddle.server.schemas import PatternJson
from paradiddle.timing import LIVE_QPM, check_live_qpm

__all__ = ["MOST_BYTES", "PATH", "midi_port"]

PATH = "/api/midi-port"
MOST_BYTES = 2**19  # a full pattern of the longest kind

_MOST_STEPS = 24  # of a quarter
_A_SECOND, _AT_ONCE = 100.0, 200.0  # messages; a page sends 50 a second at the most
_LOOK_SECONDS = 0.1
_REFUSED, _TOO_LARGE, _LATER = 1008, 1009, 1013


class _Message(BaseModel):
    """What a page sends; a field nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid")


class _Update(_Message):
    """Music for the port; hits of silent voices are left out."""

    pattern: PatternJson
    swing: Annotated[float, bounded("swing")] = 0.5
    loop: StrictBool = True
    channel: Annotated[int, bounded("channel")] = 10
    notes: (
        Annotated[
            list[Annotated[int, bounded("note")]],
            Field(min_length=9, max_length=9),
        ]
        | None
    ) = None

    def music(self) -> Music:
        """Place it in time.

        Raises
        ------
        InvalidValueError
            If it makes no music, or is too fast to be played live.
        """
        pattern = self.pattern.pattern()
        check_live_qpm("qpm", pattern.qpm)
        steps = pattern.steps_per_quarter
        check_whole("steps_per_quarter", steps, 1, _MOST_STEPS, "4 means 16ths")
        loop = Loop.of(pattern, repeats=self.loop)
        notes = None if self.notes is None else tuple(self.notes)
        return Music(loop, pattern.qpm, self.swing, self.channel, notes)

    def obey(self, cable: Cable) -> None:
        """Do what it says."""
        cable.update(self.music())


class _Play(_Update):
    """Music from a place on, in quarters of the loop."""

    position: Annotated[float, bounded("position")] = 0.0

    def obey(self, cable: Cable) -> None:
        """Do what it says."""
        cable.play(self.music(), self.position)


def _live_qpm(value: Any, check: Callable[[Any], float]) -> float:
    """Name the range of live music where no number was sent."""
    try:
        return check(value)
    except ValidationError:
        low, high = LIVE_QPM
        must = f"qpm must be a number in [{low:g}, {high:g}] to play live"
        raise FieldError("qpm", value, f"{must}, got {said(shown(value))}; try 120") from None


class _Tempo(_Message):
    qpm: Annotated[float, Field(strict=True, allow_inf_nan=False), WrapValidator(_live_qpm)]

    def obey(self, cable: Cable) -> None:
        """Do what it says."""
        cable.set_qpm(check_live_qpm("qpm", self.qpm))


class _Place(_Message):
    position: Annotated[float, bounded("position")]

    def obey(self, cable: Cable) -> None:
        """Do what it says."""
        cable.follow(self.position)


class _Clock(_Message):
    on: StrictBool

    def obey(self, cable: Cable) -> None:
        """Do what it says."""
        cable.send_clock(self.on)


class _Stop(_Message):
    def obey(self, cable: Cable) -> None:
        """Do what it says."""
        cable.stop()


_KINDS: dict[str, type[_Update | _Tempo | _Place | _Clock | _Stop]] = {
    "play": _Play,
    "update": _Update,
    "tempo": _Tempo,
    "place": _Place,
    "clock": _Clock,
    "stop": _Stop,
}


class _Pace:
    """Counts messages, and tells when they are too many."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._last, self._left = now, now(), _AT_ONCE

    def allows(self) -> bool:
        """Count one."""
        now = self._now()
        self._left = min(_AT_ONCE, self._left + (now - self._last) * _A_SECOND) - 1
        self._last = now
        return self._left >= 0


async def midi_port(websocket: WebSocket) -> None:
    """Let one page play to the port, for as long as it is connected."""
    cable: Cable = websocket.app.state.stage.cable
    await websocket.accept()
    if not cable.take():
        text = "the server's MIDI port is in use by another page; choose another output there first"
        await _end(websocket, _LATER, text)
        return
    try:
        await _listen(websocket, cable)
    finally:
        cable.release()


async def _listen(websocket: WebSocket, cable: Cable) -> None:
    """Do what a page says, and tell it how the port is doing."""
    report = asyncio.create_task(_report(websocket, cable))
    pace = _Pace()
    try:
        while (text := await _received(websocket)) is not None:
            if len(text) > MOST_BYTES:
                await _end(websocket, _TOO_LARGE, f"a message must be at most {MOST_BYTES} bytes")
                return
            if not pace.allows():
                text = f"too many messages; {_A_SECOND:g} a second are the most"
                await _end(websocket, _REFUSED, text)
                return
            if wrong := _obey(text, cable):
                await _say(websocket, {"type": "error", "message": wrong})
    finally:
        report.cancel()


async def _received(websocket: WebSocket) -> str | None:
    """Wait for a message; None if there will be no more."""
    message = await websocket.receive()
    if message["type"] != "websocket.receive":
        return None
    text: str | None = message.get("text")
    return "" if text is None else text


def _obey(text: str, cable: Cable) -> str | None:
    """Do what a message says, or tell in one line why not."""
    try:
        asked = json.loads(text)
        kind = asked.pop("type", None) if isinstance(asked, dict) else None
        if not isinstance(kind, str) or kind not in _KINDS:
            raise InvalidValueError(f"type must be one of {', '.join(_KINDS)}; send a JSON object")
        _KINDS[kind].model_validate(asked).obey(cable)
    except ValidationError as error:
        return told(error.errors())
    except ParadiddleError as error:
        return " ".join(str(error).split())
    except (ValueError, RecursionError):
        return "the message is no JSON that can be read; send an object"
    return None


async def _report(websocket: WebSocket, cable: Cable) -> None:
    """Tell the page whenever something has changed."""
    before = None
    while (state := cable.state()) == before or await _say(websocket, _told(state, cable)):
        before = state
        await asyncio.sleep(_LOOK_SECONDS)


def _told(state: State, cable: Cable) -> dict[str, Any]:
    return {
        "type": "state",
        "state": "playing" if state.playing else "stopped",
        "bar": state.bar,
        "port": cable.output.name,
        "connected": state.connected,
    }


async def _say(websocket: WebSocket, message: dict[str, Any]) -> bool:
    """Send a message; tell whether the page is still there."""
    try:
        await websocket.send_json(message)
    except (WebSocketDisconnect, RuntimeError):  # it left just now
        return False
    return True


async def _end(websocket: WebSocket, code: int, message: str) -> None:
    """Say why, and close."""
    if await _say(websocket, {"type": "error", "message": message}):
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(code)
