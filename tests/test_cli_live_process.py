import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest
from attempts import attempted
from fake_port import FakePort, all_off, notes
from jack import BACKEND, awaited, jack  # noqa: F401 (a fixture)
from machines import groove_of
from plugged import until


@pytest.mark.jack
@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("q", 0),
        (signal.SIGTERM, 143),
        (signal.SIGINT, 130),
        (signal.SIGHUP, 129),
        (signal.SIGQUIT, 131),
    ],
)
@attempted
def test_a_real_process_in_a_terminal_falls_silent_and_gives_it_back(
    jack: str,  # noqa: F811
    way: Any,
    code: int,
) -> None:
    person, program = pty.openpty()
    before = termios.tcgetattr(program)
    process = subprocess.Popen(
        [sys.executable, "-m", "paradiddle", "live", "--bpm", "300", "--seed", "1"],
        stdin=program,
        stdout=program,
        stderr=program,
        env=os.environ | {"TERM": "xterm", "OMP_NUM_THREADS": "1"},
    )
    try:
        messages: list[Any] = []
        receiver = _receiver("paradiddle", messages)
        told = _read_until(person, process, shows("ride"))
        for key, said in ((b"f", "a fill comes"), (b"1", "kick muted"), (b" ", "space goes on")):
            os.write(person, key)
            told += _read_until(person, process, shows(said))
        count = len(messages)
        os.write(person, b" ")
        goes_on = lambda _: any(one.type == "note_on" for one in messages[count:])  # noqa: E731
        told += _read_until(person, process, goes_on)
        if way == "q":
            os.write(person, b"q")
        else:
            process.send_signal(way)
            time.sleep(0.005)
            process.send_signal(signal.SIGTERM)  # an impatient second one
        told += _read_to_the_end(person, process)
        assert process.wait(60) == code
    finally:
        process.kill()
        process.wait()
    until(lambda: messages and messages[-1].is_cc(123), "silence")
    receiver.close()
    assert termios.tcgetattr(program) == before
    os.close(person)
    os.close(program)
    assert "Traceback" not in told
    port = FakePort("heard")
    port.sent = messages
    assert notes(port), (messages, told[-3000:])
    assert all_off(port), messages[-20:]


@pytest.mark.jack
@attempted
def test_music_ends_with_its_terminal(jack: str) -> None:  # noqa: F811
    person, program = pty.openpty()
    process = _in_terminal(program, "--bpm", "300", "--seed", "1")
    os.close(program)
    messages: list[Any] = []
    receiver = _receiver("paradiddle", messages)
    told = _read_until(person, process, shows("ride"))
    os.close(person)
    assert process.wait(60) == 129
    until(lambda: messages and messages[-1].is_cc(123), "silence")
    receiver.close()
    port = FakePort("heard")
    port.sent = messages
    assert notes(port), (messages, told[-3000:])
    assert all_off(port), messages[-20:]


@pytest.mark.jack
def test_keys_work_while_a_clock_is_waited_for(jack: str) -> None:  # noqa: F811
    person, program = pty.openpty()
    process = _in_terminal(program, "--clock", "in")
    os.close(program)
    told = _read_until(person, process, shows("waiting for the clock to start"))
    os.write(person, b"q")
    told += _read_to_the_end(person, process)
    assert process.wait(60) == 0
    os.close(person)
    assert "waiting for a MIDI clock on paradiddle" in told


@pytest.mark.jack
@pytest.mark.parametrize("command", ["play", "live"])
@attempted
def test_a_process_that_is_suspended_leaves_nothing_sounding(
    jack: str,  # noqa: F811
    command: str,
    tmp_path: Path,
) -> None:
    beat = tmp_path / "beat.json"
    beat.write_text(groove_of(2, seed=4).to_json())
    port = FakePort("heard")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "paradiddle", command, "--virtual", "--bpm", "300"),
            *((beat, "--loop") if command == "play" else ()),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        process_group=0,  # of which this process is the parent: the system suspends no orphans
    )
    try:
        receiver = _receiver("paradiddle", port.sent)
        until(lambda: len(notes(port)) > 4, "music")
        process.send_signal(signal.SIGTSTP)
        until(lambda: _is_stopped(process.pid), "sleep")
        until(lambda: all_off(port), "silence")
        count = len(notes(port))
        process.send_signal(signal.SIGCONT)
        until(lambda: len(notes(port)) > count + 4, "more of it")
        process.terminate()
        assert process.wait(60) == 143
        until(lambda: port.sent[-1].is_cc(123), "silence")
        receiver.close()
    finally:
        process.kill()
        process.wait()
    assert all_off(port), port.sent[-20:]


def _is_stopped(process: int) -> bool:
    found, status = os.waitpid(process, os.WNOHANG | os.WUNTRACED)
    return bool(found) and os.WIFSTOPPED(status)


def _in_terminal(program: int, *options: str) -> subprocess.Popen[bytes]:
    """Run `live` in a terminal that is not the one that controls it."""
    return subprocess.Popen(
        [sys.executable, "-m", "paradiddle", "live", *options],
        stdin=program,
        stdout=program,
        stderr=program,
        env=os.environ | {"TERM": "xterm", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _receiver(name: str, messages: list[Any]) -> Any:
    """Listen to a port, once it is there."""
    port = mido.Backend(BACKEND).open_input(awaited(name))
    port.callback = messages.append
    return port


def shows(text: str) -> Callable[[str], bool]:
    """Whether a text is shown."""
    return lambda told: text in told


def _read_until(fd: int, process: subprocess.Popen[bytes], happened: Callable[[str], bool]) -> str:
    """Read what a terminal shows until something has happened."""
    told, end = b"", time.monotonic() + 60
    while not happened(text := told.decode(errors="ignore")):
        assert process.poll() is None, f"it has ended: {text[-3000:]}"
        assert time.monotonic() < end, f"it never came: {text[-3000:]}"
        told += _read(fd)
    return text


def _read_to_the_end(fd: int, process: subprocess.Popen[bytes]) -> str:
    """Read what a terminal shows until the process ends."""
    told, end = b"", time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        told += _read(fd)
    while more := _read(fd):
        told += more
    return told.decode(errors="ignore")


def _read(fd: int) -> bytes:
    """Read what a terminal shows now, or soon."""
    with contextlib.suppress(OSError):  # nobody writes there any more
        if select.select([fd], [], [], 0.05)[0]:
            return os.read(fd, 65536)
    return b""
