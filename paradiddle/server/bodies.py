"""Request bodies: read whole before anything looks at them, up to a limit in bytes and time."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paradiddle.server.refusing import refuse

__all__ = ["MAX_JSON", "MAX_MIDI", "Bodies"]

MAX_MIDI = 256 * 2**10
MAX_JSON = 2**20  # two full patterns of the longest kind

_MIDI_PATH = "/api/import"
_SECONDS = 15.0


class _RefusedError(Exception):
    """A body that is not read any further."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _GoneError(Exception):
    """The client went away."""


class Bodies:
    """Reads bodies, and refuses those that are too large or too slow, whatever their headers say.

    Parameters
    ----------
    app : ASGI application
    seconds : float, default 15
        Time for a body to arrive.
    """

    def __init__(self, app: ASGIApp, seconds: float = _SECONDS) -> None:
        self.app, self.seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body of one request and pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = MAX_MIDI if scope["path"] == _MIDI_PATH else MAX_JSON
        try:
            body = await asyncio.wait_for(_read(scope, receive, most), self.seconds)
        except _GoneError:
            return
        except TimeoutError:
            await refuse(408, f"the body took over {self.seconds:g} seconds", scope, receive, send)
            return
        except _RefusedError as error:
            await refuse(error.status, str(error), scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)


async def _read(scope: Scope, receive: Receive, most: int) -> bytes:
    """Collect a body of at most so many bytes."""
    too_large = f"the body must be at most {most} bytes; send less at once"
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > most:
        raise _RefusedError(413, too_large)
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise _RefusedError(413, too_large)
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand out a body as one message, and then what else comes."""
    waiting = [body]

    async def replayed() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed
