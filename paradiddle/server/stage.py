"""What all routes of a worker share: models, the queues, and the kit's samples."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fastapi import Request

from paradiddle.errors import ParadiddleError
from paradiddle.server.busy import Busy, Desk, Places
from paradiddle.server.field_errors import located
from paradiddle.server.kit_samples import KitVoice, make_kit
from paradiddle.server.models import Models
from paradiddle.server.pages import Page

if TYPE_CHECKING:
    from paradiddle.server.cable import Cable

__all__ = ["Kit", "Shelf", "Stage", "Turn", "answer", "client_of", "stage_of"]

_A_DAY = "public, max-age=86400"
_MOST_SOUND, _SOUND_SHARE = 128 * 2**20, 96 * 2**20  # bytes; the longest sound has 53 MB
_RECORDINGS, _RECORDINGS_SHARE = 8, 6  # requests for sound, the one that is made included

_Wish = TypeVar("_Wish")
_Result = TypeVar("_Result")


class Kit(NamedTuple):
    """The voices, and their files by slug and layer."""

    voices: tuple[KitVoice, ...]
    files: dict[tuple[str, int], Page]


class Shelf:
    """Holds the kit, made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kit: Kit | None = None

    def kit(self) -> Kit:
        """Give the kit; whoever comes while it is made waits."""
        with self._lock:
            if self._kit is None:
                voices = make_kit()
                samples = [sample for voice in voices for sample in voice.samples]
                files = {
                    (one.slug, one.layer): Page.of("audio/wav", one.data, _A_DAY, pack=False)
                    for one in samples
                }
                self._kit = Kit(voices, files)
            return self._kit


class Stage:
    """The models of one worker, the queue before them, the kit, and the MIDI port if it has one.

    Sound has a queue of its own, `studio`, so that no pattern waits for it; `sounds` counts the
    bytes that are made or sent.

    Parameters
    ----------
    models : Models
    desk : Desk
    cable : Cable, optional
    """

    def __init__(self, models: Models, desk: Desk, cable: "Cable | None" = None) -> None:
        self.models, self.desk, self.shelf, self.cable = models, desk, Shelf(), cable
        self.studio = Desk(_RECORDINGS, _RECORDINGS_SHARE)
        self.sounds = Places(_MOST_SOUND, _SOUND_SHARE, "bytes of sound")

    def close(self) -> None:
        """Drop what waits."""
        self.desk.close()
        self.studio.close()


class Turn:
    """The time in which a request has the models; it ends early when nobody waits any more.

    Parameters
    ----------
    models : Models
    """

    def __init__(self, models: Models) -> None:
        self.models, self._ended = models, False

    def end(self) -> None:
        """Note that nobody waits; called by another thread than `check`."""
        self._ended = True

    def check(self) -> None:
        """Stop what is being played if nobody waits for it.

        Raises
        ------
        Busy
            If so.
        """
        if self._ended:
            raise _left()


def stage_of(request: Request) -> Stage:
    """Find the stage of the worker that got a request."""
    stage: Stage = request.app.state.stage
    return stage


def client_of(request: Request) -> str:
    """Name who asks."""
    return request.client.host if request.client else ""


async def answer(
    request: Request,
    play: Callable[[Turn, _Wish], _Result],
    wish: _Wish,
    desk: Desk | None = None,
) -> _Result:
    """Have a wish played off the event loop when its turn comes, unless its client leaves before.

    It waits at a desk, that before the models if none is given.

    Raises
    ------
    Busy
        If there is no place in the queue.
    FieldError
        If the wish cannot be played.
    """
    stage = stage_of(request)
    turn = Turn(stage.models)
    try:
        playing = (desk or stage.desk).do(client_of(request), lambda: play(turn, wish))
        return await _while_there(request, playing)
    except ParadiddleError as error:
        raise located(error, wish) from None
    finally:
        turn.end()


async def _while_there(request: Request, playing: Coroutine[Any, Any, _Result]) -> _Result:
    """Wait for what is played, and drop it when the client leaves."""
    played, left = asyncio.create_task(playing), asyncio.create_task(_departure(request))
    try:
        await asyncio.wait((played, left), return_when=asyncio.FIRST_COMPLETED)
        if not played.done():
            raise _left()
        return played.result()
    finally:
        played.cancel()
        left.cancel()


async def _departure(request: Request) -> None:
    """Wait until the client hangs up; its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _left() -> Busy:
    """Make what ends a request that nobody waits for."""
    return Busy(503, "the client has left")
