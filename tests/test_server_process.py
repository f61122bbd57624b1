"""The real thing: `paradiddle serve` in processes of its own, on a real port."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from machines import write_machine
from servers import address_of, running_server, start_server, stop_server

_WISH = {"bars": 2, "style": "funk", "seed": 11}


def ask(address: str, path: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        content: bytes = answer.read()
    return content


def refused(*arguments: object) -> str:
    """Start what must fail with one line, and return it."""
    command = [sys.executable, "-m", "paradiddle", "serve", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def two_workers() -> Iterator[str]:
    with running_server("--workers", 2) as address:
        yield address


def test_every_worker_plays_the_same_from_a_seed(two_workers: str) -> None:
    with ThreadPoolExecutor(8) as clients:
        answers = set(clients.map(lambda _: ask(two_workers, "generate", _WISH), range(24)))
    assert len(answers) == 1


def test_more_than_it_can_do_is_refused_and_nothing_breaks(two_workers: str) -> None:
    def outcome(seed: int) -> tuple[int, str | None]:
        try:
            ask(two_workers, "generate", {"bars": 8, "seed": seed})
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Retry-After"]
        return 200, None

    with ThreadPoolExecutor(90) as clients:
        outcomes = list(clients.map(outcome, range(120)))
    assert outcomes.count((200, None)) >= 20
    refused = set(outcomes) - {(200, None)}
    assert refused
    assert refused <= {(429, "1"), (503, "1")}
    assert json.loads(ask(two_workers, "generate", _WISH))["seed"] == 11


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_soon_and_well(workers: int, ending: signal.Signals) -> None:
    server = start_server("--workers", workers)
    address = address_of(server)
    assert json.loads(ask(address, "health"))["status"] == "ok"
    before = time.monotonic()
    server.send_signal(ending)
    assert server.wait(timeout=120) == 0
    assert time.monotonic() - before < 30
    with pytest.raises(urllib.error.URLError):
        ask(address, "health")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_whoever_is_impatient_ends_it_as_well(ending: signal.Signals) -> None:
    server = start_server(stderr=subprocess.PIPE)
    address_of(server)
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        server.send_signal(ending)
        time.sleep(0.01)
    _, said = server.communicate()
    assert (server.returncode, said) == (0, "")


def children_of(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in found.read_text().split()]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_workers_that_die_are_replaced_and_do_not_outlive_their_server() -> None:
    server = start_server("--workers", 2)
    try:
        address = address_of(server)
        ask(address, "health")
        before = children_of(server.pid)
        os.kill(before[-1], signal.SIGKILL)
        within(120, lambda: len(set(children_of(server.pid)) - set(before)) == 1, "none replaced")
        ask(address, "health")
        workers = children_of(server.pid)
    finally:
        server.kill()
        server.wait()
    within(120, lambda: not any(alive(worker) for worker in workers), "a worker is left over")


def within(seconds: float, happened: Callable[[], bool], otherwise: str) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--port", port)
    assert line.startswith(f"error: cannot listen on 127.0.0.1, port {port}: address already in")
    assert "--port" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--host", "nowhere.invalid"), "host 'nowhere.invalid' is unknown; try 127.0.0.1"),
        (("--port", 70000), "port must be a whole number in [0, 65535], got 70000"),
        (("--workers", 0), "workers must be a whole number in [1, 64], got 0"),
        (("--model", "nowhere"), "nowhere is no folder"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: tuple[object, ...], message: str) -> None:
    assert message in refused(*arguments)


def test_ones_own_models_are_served(tmp_path: Path) -> None:
    write_machine(tmp_path / "machine.safetensors")
    server = start_server("--model", tmp_path, stderr=subprocess.PIPE)
    models = json.loads(ask(address_of(server), "models"))
    sources = {name: model["source"] for name, model in models.items()}
    own = {"machine": "machine.safetensors", "latent": "shipped", "drummer": "shipped"}
    assert sources == own
    server.terminate()
    _, told = server.communicate(timeout=120)
    for name, source in own.items():
        assert f"{name}: {source}\n" in told


def test_other_names_are_answered_where_they_are_allowed() -> None:
    server = start_server("--allow-host", "drums.example")
    address = address_of(server)
    try:
        for host, status in ((b"drums.example", b" 200 "), (b"evil.example", b" 421 ")):
            request = b"GET /api/health HTTP/1.1\r\nConnection: close\r\nHost: " + host
            assert status in raw(address, request + b"\r\n\r\n").partition(b"\r\n")[0]
    finally:
        assert stop_server(server) == 0


def test_whoever_opens_it_to_the_network_is_told() -> None:
    server = start_server("--host", "0.0.0.0", stderr=subprocess.PIPE)
    address = address_of(server)
    assert address.startswith("http://127.0.0.1:")
    assert json.loads(ask(address, "health"))["status"] == "ok"
    server.terminate()
    _, told = server.communicate(timeout=120)
    assert told == "listening on 0.0.0.0: whoever can reach it may play\n"


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_an_upgrade_that_is_not_served_is_no_news_to_who_runs_it(protocol: bytes) -> None:
    server = start_server(stderr=subprocess.PIPE)
    address = address_of(server)
    head = b"GET /api/health HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade, close\r\nUpgrade: "
    assert b" 200 " in raw(address, head + protocol + b"\r\n\r\n").partition(b"\r\n")[0]
    server.terminate()
    _, told = server.communicate(timeout=120)
    assert told == ""


def test_the_page_is_shown_in_a_browser_when_asked_for(tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {shown}\n')
    browser.chmod(0o755)
    server = start_server("--open", env={**os.environ, "BROWSER": f"{browser} %s"})
    try:
        address = address_of(server)
        within(120, shown.exists, "no browser was started")
        within(120, lambda: shown.read_text() == f"{address}/\n", "another page was shown")
    finally:
        assert stop_server(server) == 0


def raw(address: str, *parts: bytes) -> bytes:
    """Send bytes as they are, and return all that comes until the server closes."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as connection:
        for part in parts:
            try:
                connection.sendall(part.replace(b"HOST", f"{host}:{port}".encode()))
            except (BrokenPipeError, ConnectionResetError):
                break
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
    return answer


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param([b"GET / HTTP/1.1\r\n\r\n"], b" 400 ", id="no Host"),
        pytest.param([b"GET / HTTP/1.0\r\n\r\n"], b" 421 ", id="no Host in 1.0"),
        pytest.param([b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"], b" 400 ", id="TLS"),
        pytest.param(
            [b"GET /../../etc/passwd HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"],
            b" 404 ",
            id="traversal",
        ),
        pytest.param(
            [b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"],
            b" 421 ",
            id="proxy",
        ),
        pytest.param(
            [
                b"POST /api/import HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n",
                *[b"8000\r\n" + b"\0" * 0x8000 + b"\r\n"] * 9,
            ],
            b" 413 ",
            id="chunks",
        ),
        pytest.param(
            [
                b"POST /api/import HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n"
                b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ],
            b" 4",
            id="two lengths",
        ),
    ],
)
def test_odd_requests_get_a_clean_answer(
    two_workers: str, parts: list[bytes], status: bytes
) -> None:
    assert status in raw(two_workers, *parts).partition(b"\r\n")[0]
    assert json.loads(ask(two_workers, "health"))["status"] == "ok"
