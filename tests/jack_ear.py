"""A receiver in a process of its own: a virtual MIDI input that writes down what comes and when.

Run with the name of its port. Prints `ready`, and then answers each line of the standard input
with one JSON list of what it has heard since the last: [seconds, bus seconds, bytes]. Both times
are of the clock that all processes of a machine share: when Python took it, and when the bus
handed it over. The lines `close` and `open` unplug the port and plug it in again.

No Python runs in the bus's own thread: there the driver stamps each message and puts it in a queue
that was made beforehand, so that nothing here makes the bus wait.
"""

import gc
import json
import os
import select
import sys
import time

import rtmidi

_QUEUE = 1 << 16  # messages; minutes of them
_NAP = 0.002  # seconds


class Port:
    """A port that is plugged in."""

    def __init__(self, name: str) -> None:
        self._port = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=name, queue_size_limit=_QUEUE)
        self._port.ignore_types(sysex=False, timing=False, active_sense=False)
        self._port.open_virtual_port(name)
        self._bus = 0.0  # since the first message
        self._lag: float | None = None  # of Python behind that, at the least
        self._heard: list[tuple[float, float, list[int]]] = []

    def listen(self) -> None:
        """Take what has come."""
        while (event := self._port.get_message()) is not None:
            now = time.perf_counter()
            message, delta = event
            self._bus += delta
            lag = now - self._bus
            self._lag = lag if self._lag is None else min(self._lag, lag)
            self._heard.append((now, self._bus, message))

    def taken(self) -> list[tuple[float, float, list[int]]]:
        """Give what came since the last time."""
        self.listen()
        heard, self._heard = self._heard, []
        return [(now, bus + (self._lag or 0.0), data) for now, bus, data in heard]

    def close(self) -> list[tuple[float, float, list[int]]]:
        """Unplug it; give what came last."""
        self._port.close_port()
        heard = self.taken()
        self._port.delete()
        return heard


def main() -> None:
    gc.disable()
    name = sys.argv[1]
    port: Port | None = Port(name)
    print("ready", flush=True)
    while True:
        if port is not None:
            port.listen()
        if not select.select([0], [], [], _NAP)[0]:
            continue
        command = os.read(0, 1024).decode()  # one at a time: each waits for its answer
        if not command:
            return
        if command.strip() == "open" and port is None:
            port = Port(name)
        if command.strip() == "close" and port is not None:
            heard, port = port.close(), None
        else:
            heard = port.taken() if port is not None else []
        print(json.dumps(heard), flush=True)


if __name__ == "__main__":
    main()
