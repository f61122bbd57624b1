"""A JACK server of one's own with its dummy driver: a MIDI bus where there is no sound card.

JACK keeps slots for eight servers, and the slot of one that was killed is free again only once
another has its name. So there are few names, and each is held by a lock while it is in use.
"""

import contextlib
import ctypes
import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from paradiddle.jack_client import JackClient, load_jack
from paradiddle.priority import real_time

BACKEND = "mido.backends.rtmidi/UNIX_JACK"
RATE, PERIOD = 48_000, 256  # frames
NAMES = tuple(f"paradiddle-{number}" for number in range(4))
_SECONDS = 60.0  # longest wait for the server, and for what is to be heard
_SHARED = Path("/dev/shm")
_FULL = "already active", "shm registry"  # what jackd says when it gets no slot


class NoBusError(RuntimeError):
    """There is no MIDI bus to be had; says what to do."""


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
def jack_server(
    name: str | None = None, period: int = PERIOD, *, realtime: bool = False
) -> Iterator[str]:
    """Run a server; the environment of this process leads to it meanwhile.

    Without a name it takes a free one of `NAMES`. Raises `NoBusError`.
    """
    before = dict(os.environ)
    with contextlib.ExitStack() as stack:
        name, lock = _taken(NAMES if name is None else (name,))
        stack.enter_context(lock)
        stack.callback(_restore, before)
        os.environ.update(environment(name))
        process = _started(name, period, realtime, lock)
        stack.callback(_end, process, name, lock)
        yield name


def awaited(name: str, seconds: float = _SECONDS) -> str:
    """Wait for a port that plays, by a part of its name; give all of it.

    With a client that only looks. Those of python-rtmidi join the graph even to list ports, and
    where one joins or leaves at the moment at which another does, a server that waits for its
    clients (`--sync`) may wait for ever, and then nothing passes it any more.
    """
    library = load_jack()
    assert library is not None
    until = time.monotonic() + seconds
    client = _looking(library, until)
    try:
        while time.monotonic() < until:
            for one in client.names("input"):
                if name in one:
                    return one
            time.sleep(0.02)
    finally:
        client.close()
    raise AssertionError(f"no port {name} within {seconds:g} s")


def _looking(library: ctypes.CDLL, until: float) -> JackClient:
    """Join as a client that only looks, again where another server is just busy."""
    while True:
        try:
            return JackClient(library, "paradiddle tests")
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _taken(names: Sequence[str]) -> tuple[str, IO[bytes]]:
    """Take a name that no other rig has; its lock lasts as long as this process or the server."""
    until = time.monotonic() + _SECONDS
    while True:
        for name in names:
            path = Path(tempfile.gettempdir()) / f"{name}-jack-{os.getuid()}.lock"
            lock = path.open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
            else:
                return name, lock
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    raise NoBusError(
        f"{', '.join(names)}: in use; wait for the other tests to end, or end the jackd of one that"
        " was killed: see `pgrep -a jackd`"
    )


def _started(name: str, period: int, realtime: bool, lock: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a server and wait until a client can join."""
    # The server waits for its clients in every period. Else it would hand a late one the next
    # period's messages in the middle of this one's: some lost, some twice. It waits a tenth of a
    # second; with --timeout it would wait longer, but as long whenever a client leaves.
    schedule = ["--realtime", "-P", "20"] if realtime else ["--no-realtime"]
    command = ["jackd", *schedule, "--sync", "-n", name, "-d", "dummy", "-r", str(RATE)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, "-p", str(period)],
            stdout=said,
            stderr=said,
            preexec_fn=_ends_with_its_parent,
            pass_fds=(lock.fileno(),),
        )
        if _is_up(process):
            return process
        _stop(process)
        said.seek(0)
        raise NoBusError(_why(name, said.read().decode(errors="replace")))


def _why(name: str, said: str) -> str:
    """Tell why a server did not start, and what to do."""
    if any(part in said for part in _FULL):
        return (
            f"jackd got no slot for the server {name}: others run, or were killed and left theirs"
            " behind; where `pgrep jackd` finds none, remove /dev/shm/jack-shm-registry"
        )
    lines = said.strip().splitlines() or ["it said nothing"]
    return f"jackd did not start: {lines[-1]}; try it by hand: jackd -n {name} -d dummy"


def _ends_with_its_parent() -> None:
    """Leave no server behind when this process is killed."""
    death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(death_signal, signal.SIGTERM)


def _is_up(process: subprocess.Popen[bytes]) -> bool:
    """Wait until a client can join.

    One in a process of its own: libjack bears clients of two servers in one process badly.
    """
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        for look in (["jack_wait", "-w", "-t", "5"], ["jack_lsp"]):
            done = subprocess.run(look, capture_output=True, check=False)
            if done.returncode:
                break
        else:
            return True
        time.sleep(0.1)
    return False


def _stop(process: subprocess.Popen[bytes]) -> bool:
    """End a server; tell whether it did so by itself."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:  # it waits for a client that was killed
        process.kill()
        process.wait()
        return False
    return True


def _end(process: subprocess.Popen[bytes], name: str, lock: IO[bytes]) -> None:
    """End the server; one that has to be killed leaves a slot, which the next of its name frees."""
    if process.poll() is None and _stop(process):
        return
    with contextlib.suppress(NoBusError):
        _stop(_started(name, PERIOD, False, lock))
    if name in NAMES:
        for left in _SHARED.glob(f"jack*{os.getuid()}_{name}_*"):
            left.unlink(missing_ok=True)


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)


# --- what is heard --------------------------------------------------------------------------------


class Heard(NamedTuple):
    """A MIDI message that a receiver got."""

    seconds: float  # when its Python took it
    bus: float  # when the bus handed it over
    data: list[int]

    @property
    def kind(self) -> int:
        return self.data[0] & 0xF0 if self.data[0] < 0xF0 else self.data[0]

    @property
    def strikes(self) -> bool:
        return self.kind == NOTE_ON and self.data[2] > 0

    @property
    def ends(self) -> bool:
        return self.kind == NOTE_OFF or (self.kind == NOTE_ON and not self.data[2])


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
            self.process.communicate(timeout=_SECONDS)


def ear_until(
    ear: Ear, condition: Callable[[list[Heard]], object], heard: Sequence[Heard] = ()
) -> list[Heard]:
    """Listen until what has been heard, with what was before, is as it should be; give all."""
    told, until = [*heard, *ear.take()], time.monotonic() + 40
    while not condition(told):
        assert time.monotonic() < until, f"not heard: {told[-20:]}"
        time.sleep(0.02)
        told += ear.take()
    return told


def ends_with(kind: int) -> Callable[[list[Heard]], bool]:
    """Whether a message of this kind is what was heard last."""
    return lambda heard: bool(heard) and heard[-1].kind == kind


def unended(heard: Sequence[Heard]) -> list[Heard]:
    """Find the notes that got no note-off of their own, whatever all-notes-off came."""
    sounding: dict[tuple[int, int], deque[Heard]] = defaultdict(deque)
    for one in heard:
        if one.strikes:
            sounding[one.data[0] & 0x0F, one.data[1]].append(one)
        elif one.ends and (notes := sounding[one.data[0] & 0x0F, one.data[1]]):
            notes.popleft()
    return [one for notes in sounding.values() for one in notes]


def hanging(heard: Sequence[Heard]) -> set[tuple[int, int]]:
    """Channel and pitch of the notes that got no note-off of their own."""
    return {(one.data[0] & 0x0F, one.data[1]) for one in unended(heard)}


_session = contextlib.ExitStack()


@functools.cache
def _session_server() -> str:
    """Run the one server of this test process: to pytest each module that imports has its own."""
    with real_time() as allowed:  # asks only
        pass
    return _session.enter_context(jack_server(realtime=allowed))


@pytest.fixture(scope="session")
def jack() -> Iterator[str]:
    """A MIDI bus of this test process; gives the server's name."""
    if why := missing():
        pytest.skip(f"no JACK bus: {why}")
    try:
        yield _session_server()
    except NoBusError as error:
        pytest.fail(f"no JACK bus: {error}", pytrace=False)
    finally:
        _session.close()  # at the end of the session for all of them
