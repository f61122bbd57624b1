"""Large answers: sent in pieces, each when the one before was taken."""

from collections.abc import Callable, Mapping

from fastapi import Response
from starlette.types import Receive, Scope, Send

__all__ = ["PIECE_BYTES", "Pieces"]

PIECE_BYTES = 2**18


class Pieces(Response):
    """Sends its content in pieces; of what a slow client has not taken there is no second copy.

    Parameters
    ----------
    content : bytes
    headers : mapping of str to str
    media_type : str
    after : callable
        Called once when all is sent, or the client has gone.
    """

    def __init__(
        self, content: bytes, headers: Mapping[str, str], media_type: str, after: Callable[[], None]
    ) -> None:
        super().__init__(content, 200, headers, media_type)
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"status": self.status_code, "headers": self.raw_headers}
        try:
            await send({"type": "http.response.start", **start})
            for first in range(0, len(self.body), PIECE_BYTES):
                piece = bytes(self.body[first : first + PIECE_BYTES])
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._after()
