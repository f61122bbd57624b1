"""Refuse a request whose body is still coming: its client gets the answer all the same.

A connection that is closed with bytes unread is reset, and a client that writes all before it reads
would lose the answer. So some of what comes after it is read, and thrown away.
"""

import asyncio
import contextlib
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from paradiddle.server.faults import refusal

__all__ = ["refuse"]

_MOST_BYTES, _SECONDS = 16 * 2**20, 2.0
_CLOSE: Mapping[str, str] = {"Connection": "close"}


async def refuse(status: int, message: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer, read what still comes, up to a limit in bytes and time, and hang up."""
    if scope["type"] != "http":
        await refusal(status, message, _CLOSE)(scope, receive, send)
        return

    async def send_on(event: Message) -> None:
        """Send the body, but not that the answer ends with it."""
        more = {"more_body": True} if event["type"] == "http.response.body" else {}
        await send({**event, **more})

    await refusal(status, message, _CLOSE)(scope, receive, send_on)
    headers = Headers(scope=scope)
    comes = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if comes and "expect" not in headers:  # who waits to be told to go on sends nothing
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_drain(receive), _SECONDS)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    """Read and forget."""
    left = _MOST_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return
