"""A receiver in a process of its own: a virtual MIDI input that writes down what comes and when.

Run with the name of its port. Prints `ready`, and then answers each line of the standard input
with one JSON list of what it has heard since the last: [seconds, bus seconds, bytes]. Both times
are of the clock that all processes of a machine share: when Python was told, and when the bus
handed it over. The lines `close` and `open` unplug the port and plug it in again.
"""

import json
import sys
import time

import rtmidi


class Heard:
    """Writes down what comes in."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, float, list[int]]] = []
        self._bus = 0.0
        self._lag: float | None = None  # of Python behind the bus, whose clock is not known

    def hear(self, event: tuple[list[int], float], _: object) -> None:
        now = time.perf_counter()
        message, delta = event
        self._bus += delta
        lag = now - self._bus
        self._lag = lag if self._lag is None else min(self._lag, lag)
        self.messages.append((now, self._bus, message))

    def taken(self) -> str:
        messages, self.messages = self.messages, []
        return json.dumps([(now, bus + (self._lag or 0.0), data) for now, bus, data in messages])


def plugged(name: str, heard: Heard) -> rtmidi.MidiIn:
    port = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=name)
    port.ignore_types(sysex=False, timing=False, active_sense=False)
    port.set_callback(heard.hear)
    port.open_virtual_port(name)
    return port


def main() -> None:
    heard = Heard()
    port = plugged(sys.argv[1], heard)
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "close":
            port.close_port()
            port.delete()
        elif line.strip() == "open":
            port = plugged(sys.argv[1], heard)
        print(heard.taken(), flush=True)


if __name__ == "__main__":
    main()
