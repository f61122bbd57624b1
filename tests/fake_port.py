"""A MIDI port that is not there, and what was sent to it."""

from typing import Any


class FakePort:
    """A port of mido that remembers."""

    def __init__(self, name: str) -> None:
        self.name, self.sent, self.closed = name, [], False  # type: ignore[var-annotated]
        self.callback: Any = None

    def send(self, message: Any) -> None:
        assert not self.closed
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True


def notes(port: FakePort) -> list[int]:
    return [one.note for one in port.sent if one.type == "note_on" and one.velocity]


def all_off(port: FakePort) -> bool:
    """Whether every note that was struck was ended, and silence asked for at the end."""
    sounding: set[int] = set()
    for one in port.sent:
        if one.type == "note_on" and one.velocity:
            sounding.add(one.note)
        elif one.type in ("note_on", "note_off"):
            sounding.discard(one.note)
    controls = [one.control for one in port.sent if one.type == "control_change"]
    return not sounding and 123 in controls
