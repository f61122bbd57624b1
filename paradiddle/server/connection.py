"""A connection of a client: uvicorn's, with deadlines, and with our answers where it refuses.

It is built on uvicorn's connection with the parser h11, also where httptools is installed, of which
uvicorn would make a connection of another kind.
"""

import asyncio
import contextlib
import ipaddress
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

import h11
from fastapi import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from paradiddle.server.faults import RETRY_SECONDS, refusal
from paradiddle.server.guards import HEADERS
from paradiddle.server.pieces import PIECE_BYTES

__all__ = ["Connection", "Patience", "connection_with"]

_LOOKS = 4  # within the shorter deadline
_HANGING_UP = {"Retry-After": str(RETRY_SECONDS), "Connection": "close", **HEADERS}
_FULL = refusal(503, "the server has too many connections; try again in a second", _HANGING_UP)
_SHARED = refusal(
    429, "your address has too many connections; use one for several requests", _HANGING_UP
)
_MOST_REFUSED = 32  # at once; those beyond are not even told why


@dataclass(frozen=True)
class Patience:
    """How long clients are waited for, and how many.

    Attributes
    ----------
    asking : float
        Seconds for the whole head of a request, from the end of the answer before or the start of
        the connection.
    taking : float
        Seconds for a piece of an answer, `PIECE_BYTES`, or what is left of it.
    connections : int
        Those beyond get 503. One that is refused does not count.
    share : int
        Of them, how many one address may have; those beyond get 429. Loopback addresses may have
        all: behind them a proxy may stand for everybody.
    """

    asking: float = 10.0
    taking: float = 20.0
    connections: int = 512
    share: int = 128


class Connection(H11Protocol):
    """Looks now and then whether its client is late, and ends it if so.

    One timer a connection, which goes off a few times in a deadline; bytes and requests cost none.
    """

    patience = Patience()
    _timer: asyncio.TimerHandle | None = None
    _unsent = 0  # bytes, when last something of them was taken

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, as one too many or not."""
        super().connection_made(transport)
        self._answered_at = self._taken_at = self.loop.time()
        self._look_later()
        admitted = [one for one in self.connections if not _is_refused(one)]
        if len(admitted) > self.patience.connections:
            self.app = _FULL
        elif self._has_its_share(admitted):
            self.app = _SHARED
        if _is_refused(self) and len(self.connections) - len(admitted) >= _MOST_REFUSED:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._look_no_more()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand over to a WebSocket, which has deadlines of its own, unless there are too many."""
        if _is_refused(self):
            self._answer_last(self.app)
            return
        self._look_no_more()
        super().handle_websocket_upgrade(event)

    def _unsupported_upgrade_warning(self) -> None:
        """Keep quiet: what is asked for does not concern who runs the server."""

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._answered_at = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """Note that the client took a piece."""
        self._unsent = 0
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; called where h11 has raised."""
        if "Host" in str(sys.exc_info()[1]):
            self._refuse(400, "the request must have one Host header, with the server's name")
        else:
            self._refuse(400, "the request is no HTTP that can be read")

    def _has_its_share(self, admitted: Iterable[object]) -> bool:
        """Whether the client's address has too many connections, this one included."""
        host = self.client[0] if self.client else ""
        if not host or _is_loopback(host):
            return False
        clients = (getattr(one, "client", None) for one in admitted)
        held = sum(1 for client in clients if client is not None and client[0] == host)
        return held > self.patience.share

    def _look_later(self) -> None:
        seconds = min(self.patience.asking, self.patience.taking) / _LOOKS
        self._timer = self.loop.call_later(seconds, self._look)

    def _look_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """End the connection if its client is late, or look again later."""
        now = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if not unsent or not self._unsent - PIECE_BYTES < unsent <= self._unsent:
            self._unsent, self._taken_at = unsent, now
        if now - self._taken_at > self.patience.taking:
            self.transport.abort()
        elif (
            not unsent and self._awaits_request() and now - self._answered_at > self.patience.asking
        ):
            self._end_waiting()
        self._look_later()

    def _awaits_request(self) -> bool:
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.transport.is_closing()

    def _end_waiting(self) -> None:
        """Say why, to a client that has begun to ask."""
        begun, _ = self.conn.trailing_data
        if begun:
            text = f"the head of the request took over {self.patience.asking:g} seconds"
            self._refuse(408, text)
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        self._answer_last(refusal(status, message, {"Connection": "close", **HEADERS}))

    def _answer_last(self, answer: Response) -> None:
        """Answer, unless another answer has begun, and hang up."""
        status = answer.status_code
        reason = HTTPStatus(status).phrase.encode()
        head = h11.Response(status_code=status, headers=answer.raw_headers, reason=reason)
        events = head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()
        with contextlib.suppress(h11.LocalProtocolError):
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()


def _is_refused(connection: object) -> bool:
    """Whether a connection, or the WebSocket that one became, was one too many."""
    return getattr(connection, "app", None) in (_FULL, _SHARED)


def _is_loopback(host: str) -> bool:
    """Whether an address is of this machine alone; not if it is no IP address, as on a pipe."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def connection_with(patience: Patience) -> type[Connection]:
    """Make the kind of connection that has this patience, for uvicorn to make them of."""
    return type("PatientConnection", (Connection,), {"patience": patience})
