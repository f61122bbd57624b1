"""A JACK server of one's own with its dummy driver: a MIDI bus where there is no sound card."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from paradiddle.priority import real_time

BACKEND = "mido.backends.rtmidi/UNIX_JACK"
RATE, PERIOD = 48_000, 256  # frames
_SECONDS = 10.0  # longest wait for the server


def missing() -> str:
    """What a JACK bus would need and is not there; nothing if all is."""
    if shutil.which("jackd") is None:
        return "jackd is not installed (Debian: jackd2)"
    if find_spec("rtmidi") is None:
        return "python-rtmidi is not installed (the extra `ports`)"
    import rtmidi

    if rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api():
        return "python-rtmidi was built without JACK"
    return ""


def environment(server: str) -> dict[str, str]:
    """What a process needs to find the bus, and no other."""
    return {
        "JACK_DEFAULT_SERVER": server,
        "JACK_NO_START_SERVER": "1",
        "JACK_NO_AUDIO_RESERVATION": "1",
        "MIDO_BACKEND": BACKEND,
    }


@contextmanager
def jack_server(name: str, period: int = PERIOD, *, realtime: bool = False) -> Iterator[str]:
    """Run a server of this name; the environment of this process leads to it meanwhile."""
    # without real time the server waits for its clients, or would drop what one is late with
    schedule = ["--realtime", "-P", "20"] if realtime else ["--no-realtime", "--sync"]
    command = ["jackd", *schedule, "-n", name]
    command += ["-d", "dummy", "-r", str(RATE)]
    before = dict(os.environ)
    os.environ.update(environment(name))
    process = subprocess.Popen(
        [*command, "-p", str(period)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_ends_with_its_parent,
    )
    try:
        _wait_for_ports(process)
        yield name
    finally:
        _end(process)
        os.environ.clear()
        os.environ.update(before)


def _ends_with_its_parent() -> None:
    """Leave no server behind when this process is killed; there can be but eight."""
    death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(death_signal, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server; one that waits for a client that was killed has to be."""
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_ports(process: subprocess.Popen[bytes]) -> None:
    """Wait until a client can join."""
    import rtmidi

    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        done = subprocess.run(["jack_wait", "-w", "-t", "5"], capture_output=True, check=False)
        if done.returncode == 0:
            rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK).delete()
            return
        time.sleep(0.1)
    raise RuntimeError("jackd did not start")


class Heard(NamedTuple):
    """A MIDI message that a receiver got."""

    seconds: float  # when its Python was told
    bus: float  # when the bus handed it over
    data: list[int]

    @property
    def kind(self) -> int:
        return self.data[0] & 0xF0 if self.data[0] < 0xF0 else self.data[0]


NOTE_OFF, NOTE_ON, CONTROL = 0x80, 0x90, 0xB0
CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2


class Ear:
    """A receiver in another process, which sees this port as an output; a context manager."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("jack_ear.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def take(self, command: str = "") -> list[Heard]:
        """What it has heard since the last time; `close` and `open` unplug it and plug it in."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return [Heard(*one) for one in json.loads(self._line())]

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> "Ear":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.communicate(timeout=10)


def hanging(heard: list[Heard]) -> set[tuple[int, int]]:
    """Channel and pitch of the notes that neither their note-off nor all-notes-off has ended."""
    sounding: set[tuple[int, int]] = set()
    for one in heard:
        channel = one.data[0] & 0x0F
        if one.kind == NOTE_ON and one.data[2]:
            sounding.add((channel, one.data[1]))
        elif one.kind in (NOTE_ON, NOTE_OFF):
            sounding.discard((channel, one.data[1]))
        elif one.kind == CONTROL and one.data[1] == 123:
            sounding = {note for note in sounding if note[0] != channel}
    return sounding


@pytest.fixture(scope="session")
def jack() -> Iterator[str]:
    """A MIDI bus of this test process; gives the server's name."""
    if why := missing():
        pytest.skip(f"no JACK bus: {why}")
    with real_time() as allowed:  # asks only
        pass
    with jack_server(f"paradiddle-{os.getpid()}", realtime=allowed) as name:
        yield name
