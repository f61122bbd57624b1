"""Servers for tests: the application in this process, and real ones in their own."""

import functools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from paradiddle.server.app import create_app
from paradiddle.server.busy import Desk
from paradiddle.server.cable import Cable
from paradiddle.server.connection import Patience
from paradiddle.server.guards import Hosts
from paradiddle.server.models import Models, load_models
from paradiddle.server.pages import WEB
from paradiddle.server.serving import bind, config_of

ADDRESS = "127.0.0.1:8765"
HOSTS = Hosts.of("127.0.0.1", 8765)

_SECONDS = 120


@functools.cache
def shipped_models() -> Models:
    return load_models()


@contextmanager
def served(
    *, models: Models | None = None, hosts: Hosts = HOSTS, web: Path = WEB, desk: Desk | None = None
) -> Iterator[TestClient]:
    """A client of the application, without a network."""
    app = create_app(models or shipped_models(), hosts, web=web, desk=desk)
    client = TestClient(app, base_url=f"http://{ADDRESS}", raise_server_exceptions=False)
    with client:
        yield client


@contextmanager
def patient_server(
    patience: Patience, cable: Cable | None = None
) -> Iterator[tuple[tuple[str, int], FastAPI]]:
    """A real server in a thread of this process; gives its address and its application."""
    listening = bind("127.0.0.1", 0)
    address = listening.getsockname()
    app = create_app(shipped_models(), Hosts.of(*address), cable=cable)
    server = uvicorn.Server(config_of(app, patience, sockets=cable is not None))
    app.state.connections = server.server_state.connections
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        deadline = time.monotonic() + _SECONDS
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started
        yield address, app
    finally:
        server.should_exit = True
        thread.join(_SECONDS)
        listening.close()


def start_server(*arguments: object, **settings: Any) -> subprocess.Popen[str]:
    """Start `paradiddle serve` on a free port, unless the arguments name one."""
    command = [sys.executable, "-m", "paradiddle", "serve", "--port", "0", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **settings)


def address_of(process: "subprocess.Popen[str]") -> str:
    """Wait until a server says where it is, and give its base URL."""
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[:3] == ["paradiddle", "plays", "at"], words
    return words[3].rstrip("/")


def stop_server(process: "subprocess.Popen[str]") -> int:
    """End a server with SIGTERM, and give its exit code."""
    process.terminate()
    try:
        process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode


@contextmanager
def running_server(*arguments: object) -> Iterator[str]:
    """Run a real server; give its base URL, without a slash at the end."""
    process = start_server(*arguments)
    try:
        yield address_of(process)
    finally:
        stop_server(process)
