"""Who may ask, and what browsers may do with the answers.

A page of another site must neither command the server of whoever looks at it nor read from it: not
by a request of its own (`Origin`), nor by a name of its own that it points at our address (DNS
rebinding: `Host`).
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paradiddle.server.refusing import refuse

__all__ = ["HEADERS", "Guard", "Hosts"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_DENIAL = "websocket.http.response"  # what servers call an answer in place of a WebSocket
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_READING = ("GET", "HEAD")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Hosts:
    """Names that the server answers to.

    Attributes
    ----------
    names : frozenset of str
        In lower case, as in a `Host` header, with the port.
    any_address : bool
        Whether any IP address will do: where it listens on all of them. No other site has one for
        its name.
    """

    names: frozenset[str]
    any_address: bool = False

    @classmethod
    def of(cls, host: str, port: int, more: Iterable[str] = ()) -> "Hosts":
        """List what a server that is bound to a host and a port answers to.

        Examples
        --------
        >>> "localhost:8765" in Hosts.of("127.0.0.1", 8765).names
        True
        """
        own = f"[{host}]" if ":" in host else host
        names = {f"{name.lower()}:{port}" for name in (own, *_LOOPBACK)}
        for name in more:
            names |= {name.lower(), f"{name.lower()}:{port}"}
        if port == _PORTS["http"]:
            names |= {name.removesuffix(f":{port}") for name in names}
        return cls(frozenset(names), host in ("0.0.0.0", "::", ""))

    def __contains__(self, header: object) -> bool:
        if not isinstance(header, str) or not header:
            return False
        return header.lower() in self.names or (self.any_address and _is_address(header))


class Guard:
    """Refuses foreign requests and WebSockets, and adds `HEADERS` to all answers.

    Parameters
    ----------
    app : ASGI application
    hosts : Hosts
    """

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one connection."""
        if scope["type"] not in ("http", "websocket"):
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        # a WebSocket commands, as a POST does
        refused = self._refused(str(scope.get("method", "POST")), Headers(scope=scope))
        if refused is None:
            await self.app(scope, receive, send_guarded)
        elif scope["type"] == "http" or _DENIAL in scope.get("extensions", {}):
            await refuse(*refused, scope, receive, send_guarded)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refused(self, method: str, headers: Headers) -> tuple[int, str] | None:
        """Say why a request is refused, if it is."""
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            many = "several Host headers" if hosts else "no Host header"
            return 421, f"the request has {many}; send one, with the server's name"
        if hosts[0] not in self.hosts:
            named = hosts[0][:200]
            return 421, f"Host {named!r} is not served here; start the server with --allow-host"
        origin = headers.get("origin")
        if origin is not None and not _is_own(origin, hosts[0]):
            return 403, f"Origin {origin[:200]} may not use this server; open its own page"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            following_a_link = headers.get("sec-fetch-mode") == "navigate"
            if method not in _READING or not following_a_link:
                return 403, "a page of another site may not use this server; open its own page"
        return None


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is the server itself, by the name it was asked under."""
    try:
        parts, own = urlsplit(origin.lower()), urlsplit(f"//{host.lower()}")
        port = _PORTS.get(parts.scheme)
        return (
            port is not None
            and parts.hostname == own.hostname
            and (parts.port or port) == (own.port or port)
        )
    except ValueError:
        return False


def _is_address(header: str) -> bool:
    """Whether a `Host` header is an IP address, with or without a port."""
    try:
        ipaddress.ip_address(urlsplit(f"//{header}").hostname or "")
    except ValueError:
        return False
    return True
