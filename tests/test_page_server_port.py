"""The page plays to the MIDI port of its server: a real page and socket, a port that is none."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from pages import (
    KICK,
    SNARE,
    Page,
    Visit,
    begin_empty,
    browser,
    expect,
    pad,
    press,
    set_range,
    set_tempo,
    until,
    visit,
)
from plugged import Port
from servers import shipped_models
from websockets.sync.client import connect

from paradiddle.output import Output
from paradiddle.server.app import create_app
from paradiddle.server.cable import Cable
from paradiddle.server.guards import Hosts
from paradiddle.server.midi_port import PATH

__all__ = ["browser", "visit"]  # fixtures
pytestmark = pytest.mark.browser

NAME = "Server MIDI port"


@contextmanager
def port_server(port: Port) -> Iterator[tuple[str, uvicorn.Server]]:
    """A server in this process, with a port of its own."""
    taken = socket.create_server(("127.0.0.1", 0))
    number = taken.getsockname()[1]
    cable = Cable(Output(lambda: port, "fake"))
    app = create_app(shipped_models(), Hosts.of("127.0.0.1", number), cable=cable)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([taken])), daemon=True)
    thread.start()
    until(lambda: server.started, "the server")
    try:
        yield f"http://127.0.0.1:{number}", server
    finally:
        server.should_exit = True
        thread.join(10)
        taken.close()


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.fixture
def server(port: Port) -> Iterator[str]:
    with port_server(port) as (address, _):
        yield address


SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    sockets.push(this);
  }
};
"""


def choose(page: Page, name: str) -> Any:
    """Choose an output; the dialog stays open."""
    press(page, "MIDI ports")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Output").select_option(name)
    return dialog


def test_it_plays_there_what_plays_here(visit: Visit, port: Port) -> None:
    page = begin_empty(visit())
    dialog = choose(page, NAME)
    expect(dialog).to_contain_text("The server plays to fake.")
    dialog.get_by_label("Notes of").select_option("roland-td")
    dialog.get_by_role("button", name="Close").click()
    set_tempo(page, 240)
    for step in range(0, 16, 2):
        pad(page, step, KICK).click()
    assert not port.sent
    press(page, "Play")
    until(lambda: len(port.struck()) > 2, "kicks")
    assert set(port.struck()) == {36}
    for step in range(0, 16, 4):
        pad(page, step, SNARE).click()
    until(lambda: 38 in port.struck(), "the snare that was drawn")
    page.get_by_role("button", name="mute kick").click()
    until(lambda: set(port.struck()[-4:]) == {38}, "snares only")
    count = len(port.struck())
    set_range(page, "Swing", 66)
    set_tempo(page, 300)
    until(lambda: len(port.struck()) > count + 2, "more snares")
    assert set(port.struck()[count:]) == {38}
    press(page, "Stop")
    until(lambda: port.sent[-1] == [0xB9, 123, 0], "silence")
    assert not port.hanging()
    count = len(port.sent)
    page.wait_for_timeout(300)
    assert len(port.sent) == count


def test_chosen_while_it_plays_it_joins_and_a_page_that_is_left_is_silent(
    visit: Visit, port: Port
) -> None:
    page = begin_empty(visit())
    for step in range(16):
        pad(page, step, KICK).click()
    press(page, "Play")
    dialog = choose(page, NAME)
    until(lambda: len(port.struck()) > 2, "kicks")
    dialog.get_by_label("Output").select_option("none")
    until(lambda: port.sent[-1] == [0xB9, 123, 0], "silence")
    dialog.get_by_label("Output").select_option(NAME)
    count = len(port.struck())
    until(lambda: len(port.struck()) > count + 2, "kicks again")
    page.goto("about:blank")
    until(lambda: port.sent[-1] == [0xB9, 123, 0], "silence after the page was left")
    assert not port.hanging()


def test_a_second_page_is_told_so(visit: Visit, port: Port) -> None:
    one = begin_empty(visit())
    expect(choose(one, NAME)).to_contain_text("The server plays to fake.")
    two = begin_empty(visit())
    dialog = choose(two, NAME)
    expect(dialog).to_contain_text("in use by another page")
    expect(dialog.get_by_label("Output")).to_have_value("")


@pytest.mark.parametrize("chosen_again", [False, True])
def test_a_page_whose_connection_broke_waits_until_the_server_has_seen_it(
    visit: Visit, server: str, chosen_again: bool
) -> None:
    page = begin_empty(visit(scripts=(SOCKETS,)))
    dialog = choose(page, NAME)
    expect(dialog).to_contain_text("The server plays to fake.")
    if chosen_again:
        dialog.get_by_label("Output").select_option("none")
    else:
        page.evaluate("sockets[0].close()")
    with taken(server):  # as by a connection of which it does not know yet that it broke
        dialog.get_by_label("Output").select_option(NAME)
        until(lambda: page.evaluate("sockets.length") >= 3, "two tries in vain")
        expect(dialog.get_by_label("Output")).to_have_value("server")
    until(lambda: page.evaluate("sockets.at(-1).readyState") == 1, "another connection")
    expect(dialog).to_contain_text("The server plays to fake.")


@contextmanager
def taken(server: str) -> Iterator[None]:
    """Hold the port, as soon as it is free."""
    address = server.replace("http", "ws") + PATH
    while True:
        with connect(address, origin=server) as holder:  # type: ignore[arg-type]
            if json.loads(holder.recv(30))["type"] == "state":
                yield
                return


def test_it_stays_where_the_page_is(visit: Visit, port: Port) -> None:
    page = begin_empty(visit(scripts=(SENT,)))
    expect(choose(page, NAME)).to_contain_text("The server plays to fake.")
    page.keyboard.press("Escape")
    press(page, "Play")
    places = until(lambda: page.evaluate("places().length >= 2 && places()"), "two places")
    assert all(0 <= place < 8 for place in places)
    press(page, "Stop")


SENT = """
const { send } = WebSocket.prototype;
const told = [];
WebSocket.prototype.send = function (text) {
  told.push(JSON.parse(text));
  return send.call(this, text);
};
window.places = () => told.filter(({ type }) => type === "place").map(({ position }) => position);
"""
