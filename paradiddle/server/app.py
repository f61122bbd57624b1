"""The server as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request, Response
from starlette.types import ASGIApp

from paradiddle import __version__
from paradiddle.server import facts, files, playing
from paradiddle.server.answers import Problems
from paradiddle.server.bodies import Bodies
from paradiddle.server.busy import Desk
from paradiddle.server.faults import answer_faults
from paradiddle.server.guards import Guard, Hosts
from paradiddle.server.models import Models
from paradiddle.server.pages import DOCS_STYLE, WEB, Page, docs_page, pages_of, serve_page
from paradiddle.server.queries import check_query
from paradiddle.server.stage import Stage

if TYPE_CHECKING:
    from paradiddle.server.cable import Cable

__all__ = ["create_app"]

_DESCRIPTION = (
    "A drummer as a server: it generates, continues, fills, humanizes and morphs drum patterns."
    " It keeps nothing of what it is sent."
)
_REFUSALS = {
    400: "The body cannot be read.",
    403: "A page of another site asked.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    421: "The server was asked under a name that is not its own.",
    422: "Something in the request is out of range; the detail names field, value and range.",
    429: "This client asks for too much at once.",
    503: "The server is busy.",
}


def create_app(
    models: Models,
    hosts: Hosts,
    *,
    web: Path = WEB,
    desk: Desk | None = None,
    cable: "Cable | None" = None,
) -> FastAPI:
    """Make the application of one worker.

    Parameters
    ----------
    models : Models
        What it plays.
    hosts : Hosts
        The names it answers to.
    web : Path
        Folder of the page; its files are read now, and never again.
    desk : Desk, optional
        The queue before the models.
    cable : Cable, optional
        A MIDI port of the server, for pages to play to.
    """
    stage = Stage(models, desk or Desk(), cable)
    app = _Guarded(
        hosts,
        title="paradiddle",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(stage),
        responses={
            status: {"model": Problems, "description": text} for status, text in _REFUSALS.items()
        },
    )
    app.state.stage = stage
    answer_faults(app)
    for family in (playing, files, facts):
        app.include_router(family.router, dependencies=[Depends(check_query)])
    if cable is not None:
        from paradiddle.server import midi_port

        app.add_api_websocket_route(midi_port.PATH, midi_port.midi_port)
    for name, page in _documents(app, web).items():
        app.add_api_route(
            f"/{name}", _sender(page), methods=["GET", "HEAD"], include_in_schema=False
        )
    app.add_middleware(Bodies)
    return app


class _Guarded(FastAPI):
    """An application that is guarded whole: also what answers its own mistakes is inside."""

    def __init__(self, hosts: Hosts, **settings: Any) -> None:
        super().__init__(**settings)
        self._hosts = hosts

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack(), self._hosts)


def _documents(app: FastAPI, web: Path) -> dict[str, Page]:
    """Collect all that is served as it is, by name."""
    docs = Page.of("text/html; charset=utf-8", docs_page(app.openapi()).encode())
    style = Page.of("text/css; charset=utf-8", DOCS_STYLE.encode())
    return {**pages_of(web), "docs": docs, "docs.css": style}


def _sender(page: Page) -> Callable[[Request], Any]:
    async def send(request: Request) -> Response:
        return serve_page(page, request)

    return send


def _lifespan(stage: Stage) -> Callable[[FastAPI], Any]:
    """Warm up before the first request, and drop what waits at the end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await stage.desk.do("", lambda: stage.models.machine.generate(bars=2, seed=0))
        kit = asyncio.create_task(asyncio.to_thread(stage.shelf.kit))
        with stage.cable or nullcontext():
            yield
        stage.close()
        await kit

    return lifespan
