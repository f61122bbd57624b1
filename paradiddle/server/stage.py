"""What all routes of a worker share: models, the queue before them, and the kit's samples."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request, Response

from paradiddle.server.busy import Desk
from paradiddle.server.kit_samples import KitVoice, make_kit
from paradiddle.server.models import Models
from paradiddle.server.pages import Page

if TYPE_CHECKING:
    from paradiddle.server.cable import Cable

__all__ = ["Kit", "Shelf", "Stage", "answer", "stage_of"]

_A_DAY = "public, max-age=86400"


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

    Parameters
    ----------
    models : Models
    desk : Desk
    cable : Cable, optional
    """

    def __init__(self, models: Models, desk: Desk, cable: "Cable | None" = None) -> None:
        self.models, self.desk, self.shelf, self.cable = models, desk, Shelf(), cable


def stage_of(request: Request) -> Stage:
    """Find the stage of the worker that got a request."""
    stage: Stage = request.app.state.stage
    return stage


async def answer(request: Request, play: Callable[[Models], Response]) -> Response:
    """Have the models play off the event loop when the turn of a request comes.

    Raises
    ------
    Busy
        If there is no place in the queue.
    """
    stage = stage_of(request)
    client = request.client.host if request.client else ""
    return await stage.desk.do(client, lambda: play(stage.models))
