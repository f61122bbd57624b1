"""What waits, and whose turn is next."""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Rota"]

_Key = TypeVar("_Key", bound=Hashable)
_Thing = TypeVar("_Thing")


class Rota(Generic[_Key, _Thing]):
    """Hands out what clients brought, client after client; what one of them brought, in order.

    However much a client has brought, another who comes waits for no more than one thing of it.
    Threads may share it.

    Examples
    --------
    >>> rota = Rota[int, str]()
    >>> for number, client in enumerate("aaabc"):
    ...     rota.put(client, number, client.upper())
    >>> [rota.take() for _ in range(6)]
    [(0, 'A'), (3, 'B'), (4, 'C'), (1, 'A'), (2, 'A'), None]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[_Key, _Thing]] = {}  # the next turn is the first client's
        self._served = ""

    def put(self, client: str, key: _Key, thing: _Thing) -> None:
        """Let a thing wait."""
        with self._lock:
            self._waiting.setdefault(client, {})[key] = thing

    def take(self) -> tuple[_Key, _Thing] | None:
        """Give the next thing and its key, or None where nothing waits."""
        with self._lock:
            if self._served in self._waiting:  # who came meanwhile goes before
                self._waiting[self._served] = self._waiting.pop(self._served)
            for client, things in self._waiting.items():
                self._served, key = client, next(iter(things))
                return key, self._pop(client, key)
            return None

    def drop(self, client: str, key: _Key) -> None:
        """Let a thing wait no more, if it still does."""
        with self._lock:
            if key in self._waiting.get(client, {}):
                self._pop(client, key)

    def empty(self) -> list[_Key]:
        """Give the keys of all that waits, and forget it."""
        with self._lock:
            keys = [key for things in self._waiting.values() for key in things]
            self._waiting.clear()
            return keys

    def _pop(self, client: str, key: _Key) -> _Thing:
        thing = self._waiting[client].pop(key)
        if not self._waiting[client]:
            del self._waiting[client]
        return thing
