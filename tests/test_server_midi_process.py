"""`paradiddle serve --midi-port`, in processes of its own and on a real bus."""

import json
import signal
import subprocess
import sys
import time
from socket import SHUT_RDWR
from typing import Any

import pytest
from attempts import attempted
from endings import ENDING, handlers  # noqa: F401 (a fixture)
from jack import (
    CONTROL,
    START,
    STOP,
    Ear,
    Heard,
    ear_until,
    ends_with,
    hanging,
    jack,  # noqa: F401 (a fixture)
)
from plugged import Port, pattern
from servers import HOSTS, address_of, start_server, stop_server

from paradiddle.cli.serve import serve as command
from paradiddle.errors import InvalidValueError
from paradiddle.output import Output
from paradiddle.server.cable import Cable
from paradiddle.server.midi_port import PATH
from paradiddle.server.serving import Settings, bind, serve
from paradiddle.stopping import signals_wait


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "--midi-port needs --workers 1, got 2"),
        ("sys.modules['rtmidi'] = None", "pip install 'paradiddle[ports]'"),
        ("importlib.util.find_spec = lambda name: None", "pip install 'paradiddle[ports]'"),
    ],
)
def test_what_is_missing_is_said_in_one_line(code: str, said: str) -> None:
    options = ["--midi-port", "--port", "0", *(["--workers", "2"] if not code else [])]
    script = f"import importlib.util, sys\n{code}\nfrom paradiddle.cli import main\n"
    script += f"sys.argv = ['paradiddle', 'serve', *{options!r}]\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert said in line


def test_without_the_option_nothing_of_it_is_loaded() -> None:
    script = "import sys, paradiddle.server.serving\n"
    script += "print([name for name in ('mido', 'rtmidi', 'websockets', 'paradiddle.live_player')"
    script += " if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert "rtmidi" not in done.stdout
    assert "websockets" not in done.stdout
    assert "live_player" not in done.stdout


def live(address: str) -> Any:
    client = pytest.importorskip("websockets.sync.client")
    return client.connect(address.replace("http", "ws") + PATH, origin=address)


def struck(ear: Ear) -> list[Heard]:
    return ear_until(ear, lambda heard: any(one.strikes for one in heard))


def silenced(heard: list[Heard]) -> bool:
    """Whether the music has been stopped, and then silence was asked for."""
    return STOP in [one.kind for one in heard] and heard[-1].kind == CONTROL


@pytest.mark.jack
@attempted
def test_a_socket_that_drops_leaves_no_note(jack: str) -> None:  # noqa: F811
    with Ear("server") as ear:
        server = start_server("--midi-port", "server", stderr=subprocess.DEVNULL)
        try:
            address = address_of(server)
            for _ in range(3):
                with live(address) as socket:
                    socket.send('{"type": "clock", "on": true}')
                    socket.send(json.dumps({"type": "play", "pattern": pattern(0, 1, 2)}))
                    heard = struck(ear)
                    socket.socket.shutdown(SHUT_RDWR)  # without a word
                heard = ear_until(ear, silenced, heard)
                assert START in [one.kind for one in heard]
                assert not hanging(heard)
                time.sleep(0.1)  # in which nothing comes
                assert ear.take() == []
        finally:
            assert stop_server(server) == 0


def test_a_server_that_is_hurried_past_its_end_closes_its_port_in_peace(
    monkeypatch: pytest.MonkeyPatch,
    handlers: dict[int, Any],  # noqa: F811
) -> None:
    seen = list[Any]()

    class Hurried(Port):
        def close(self) -> None:
            seen.extend(signal.getsignal(number) for number in ENDING)
            super().close()

    def run(self: Any, sockets: Any) -> None:
        raise KeyboardInterrupt

    port = Hurried()
    monkeypatch.setattr("uvicorn.Server.run", run)
    with pytest.raises(KeyboardInterrupt), bind("127.0.0.1", 0) as listening:
        serve(Settings(None, HOSTS), listening, cable=Cable(Output(lambda: port, "fake")))
    assert port.closed.is_set()
    assert seen == [signal.SIG_IGN] * 4


def test_a_server_that_cannot_begin_closes_its_port(
    monkeypatch: pytest.MonkeyPatch,
    handlers: dict[int, Any],  # noqa: F811
) -> None:
    port = Port()
    output = Output(lambda: port, "fake")
    monkeypatch.setattr("paradiddle.ports.open_output", lambda *_, **__: output)
    with bind("127.0.0.1", 0) as taken, pytest.raises(InvalidValueError, match="cannot listen"):
        command(port=taken.getsockname()[1], midi_port="fake")
    assert port.closed.is_set()


def test_a_server_that_is_stopped_as_its_port_opens_waits_until_it_is_open(
    monkeypatch: pytest.MonkeyPatch,
    handlers: dict[int, Any],  # noqa: F811
) -> None:
    whole = []

    def opened(*_: object, **__: object) -> None:
        with signals_wait():
            signal.raise_signal(signal.SIGHUP)  # a terminal that is closed just now
            whole.append(True)

    monkeypatch.setattr("paradiddle.ports.open_output", opened)
    with pytest.raises(SystemExit) as left:
        command(port=0, midi_port="fake")
    assert left.value.code == 0
    assert whole


@pytest.mark.jack
@pytest.mark.parametrize("number", ENDING)
@attempted
def test_a_server_that_is_ended_leaves_no_note(jack: str, number: int) -> None:  # noqa: F811
    with Ear("server") as ear:
        server = start_server("--midi-port", "server", stderr=subprocess.PIPE)
        with live(address_of(server)) as socket:
            socket.send(json.dumps({"type": "play", "pattern": pattern(0, 1, 2)}))
            heard = struck(ear)
            before = time.monotonic()
            server.send_signal(number)
            _, said = server.communicate(timeout=120)
        assert time.monotonic() - before < 15  # or it waited for the page to go
        heard = ear_until(ear, ends_with(CONTROL), heard)
        assert server.returncode == 0
        assert "Traceback" not in said
        assert not hanging(heard)
