"""A server with a MIDI port that only writes down what it is sent."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient
from jack import Heard, hanging
from servers import ADDRESS, HOSTS, shipped_models

from paradiddle.drums import VOICE_NAMES
from paradiddle.output import Output
from paradiddle.server.app import create_app
from paradiddle.server.cable import Cable
from paradiddle.server.midi_port import PATH

OWN = {"host": ADDRESS, "origin": f"http://{ADDRESS}"}


class Port:
    """A driver's port that writes down what it is sent."""

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.closed = threading.Event()

    def send(self, message: Any) -> None:
        self.sent.append(message.bytes())

    def close(self) -> None:
        self.closed.set()

    def struck(self) -> list[int]:
        return [data[1] for data in list(self.sent) if data[0] & 0xF0 == 0x90]

    def hanging(self) -> set[tuple[int, int]]:
        return hanging([Heard(0.0, 0.0, data) for data in list(self.sent)])


def pattern(*voices: int, qpm: float = 300.0, **changed: Any) -> dict[str, Any]:
    """A bar of 16ths on some voices."""
    hits = [[step, voice, 0.8, 0.0] for step in range(16) for voice in voices]
    names = list(VOICE_NAMES)
    fields = {"format": 1, "qpm": qpm, "steps_per_quarter": 4, "quarters_per_bar": 4.0}
    return fields | {"steps": 16, "voices": names, "hits": hits} | changed


def until(happened: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.01)


@contextmanager
def plugged(there: Callable[[], bool] = lambda: True) -> Iterator[tuple[TestClient, list[Port]]]:
    """A server with a port, and all that was ever opened for it."""
    ports: list[Port] = []

    def opened() -> Port:
        ports.append(Port())
        return ports[-1]

    cable = Cable(Output(opened, "fake", there))
    app = create_app(shipped_models(), HOSTS, cable=cable)
    with TestClient(app, base_url=f"http://{ADDRESS}") as client:
        yield client, ports
    assert ports[-1].closed.is_set()
    assert not ports[-1].hanging()


def connect(client: TestClient, **headers: str) -> Any:
    return client.websocket_connect(PATH, headers=OWN | headers)


def answer(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while (told := socket.receive_json())["type"] != kind:
        pass
    found: dict[str, Any] = told
    return found
