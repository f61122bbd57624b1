"""The server's MIDI port: pages play to it through a WebSocket, and nothing hangs when they go."""

import json
import time

import pytest
from plugged import answer, connect, pattern, plugged, until
from servers import served
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from paradiddle.server.midi_port import MOST_BYTES, PATH

KICK, SNARE = 36, 38


def test_a_page_plays_changes_and_stops() -> None:
    with plugged() as (client, [port]), connect(client) as socket:
        first = {"type": "state", "state": "stopped", "bar": 1, "port": "fake"}
        assert socket.receive_json() == first | {"connected": True}
        socket.send_json({"type": "play", "pattern": pattern(0), "swing": 0.6})
        assert answer(socket, "state")["state"] == "playing"
        until(lambda: len(port.struck()) > 3, "the kick")
        socket.send_json({"type": "update", "pattern": pattern(1)})
        until(lambda: SNARE in port.struck(), "the snare")
        at = port.struck().index(SNARE)
        socket.send_json({"type": "tempo", "qpm": 400})
        until(lambda: len(port.struck()) > at + 8, "more")
        assert set(port.struck()[:at]) == {KICK}
        assert set(port.struck()[at:]) == {SNARE}
        socket.send_json({"type": "stop"})
        assert answer(socket, "state")["state"] == "stopped"
        assert not port.hanging()
        count = len(port.struck())
        time.sleep(0.3)
        assert len(port.struck()) == count


def test_a_page_that_goes_leaves_no_note() -> None:
    with plugged() as (client, [port]):
        for _ in range(3):
            with connect(client) as socket:
                socket.send_json({"type": "play", "pattern": pattern(0, 1, 7)})
                before = len(port.sent)
                until(lambda: len(port.sent) > before + 3, "notes")  # noqa: B023
            assert not port.hanging()
            assert port.sent[-1] == [0xB9, 123, 0]
            count = len(port.sent)
            time.sleep(0.2)
            assert len(port.sent) == count


def test_from_a_place_once_on_another_channel_and_notes_with_clock() -> None:
    notes = [60, 61, 62, 63, 64, 65, 66, 67, 68]
    # slow enough that its state is told while it plays
    beats = pattern(hits=[[0, 0, 1.0, 0.0], [8, 1, 1.0, 0.0], [12, 2, 1.0, 0.0]], qpm=60)
    with plugged() as (client, [port]):
        with connect(client) as socket:
            socket.send_json({"type": "clock", "on": True})
            play = {"type": "play", "pattern": beats, "position": 2.0, "loop": False}
            socket.send_json(play | {"channel": 3, "notes": notes})
            assert answer(socket, "state")["state"] == "stopped"
            assert answer(socket, "state")["state"] == "playing"
            assert answer(socket, "state")["state"] == "stopped"
        assert [data for data in port.sent if data[0] & 0xF0 == 0x90] == [
            [0x92, 61, 127],
            [0x92, 62, 127],
        ]
        kinds = [data[0] for data in port.sent]
        assert kinds.index(0xF2) < kinds.index(0xFB) < kinds.index(0x92) < kinds.index(0xFC)
        assert port.sent[kinds.index(0xF2)] == [0xF2, 8, 0]


def test_the_second_page_is_told_that_the_port_is_in_use() -> None:
    with plugged() as (client, _):
        with connect(client), connect(client) as second:
            assert "in use by another page" in answer(second, "error")["message"]
            with pytest.raises(WebSocketDisconnect) as left:
                second.receive_json()
            assert left.value.code == 1013
        with connect(client) as third:
            assert third.receive_json()["state"] == "stopped"


def test_a_port_that_comes_back_is_picked_up() -> None:
    there = [True]
    with plugged(lambda: there[0]) as (client, ports), connect(client) as socket:
        socket.send_json({"type": "play", "pattern": pattern(0)})
        until(lambda: ports[0].struck(), "a note")
        there[0] = False
        while answer(socket, "state")["connected"]:
            pass
        there[0] = True
        while not answer(socket, "state")["connected"]:
            pass
        until(lambda: ports[1].struck(), "a note after it came back")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("no json", "the message is no JSON that can be read; send an object"),
        ("[" * 100_000, "the message is no JSON that can be read; send an object"),
        ([1], "type must be one of play, update, tempo, place, clock, stop; send a JSON object"),
        ({"type": ["play"]}, "type must be one of play, update, tempo, place, clock, stop"),
        ({"type": "play"}, "pattern is missing; send it as JSON"),
        ({"type": "stop", "now": 1}, "now is no field of this request; leave it out"),
        ({"type": "tempo", "qpm": 1e9}, "qpm must be in [20, 400] to play live, got 1e+09; try"),
        (
            {"type": "tempo", "qpm": "x"},
            'qpm must be a number in [20, 400] to play live, got "x"; t',
        ),
        ({"type": "tempo"}, "qpm is missing; send it as JSON"),
        ({"type": "clock", "on": "yes"}, 'on must be true or false, got "yes"'),
        (
            {"type": "play", "pattern": pattern(0), "swing": 0.9},
            "swing must be a number in [0.5, 0.75], got 0.9; 0.5 is straight",
        ),
        (
            {"type": "play", "pattern": pattern(0), "channel": 17},
            "channel must be a whole number in [1, 16], got 17; drums have 10",
        ),
        (
            {"type": "play", "pattern": pattern(0, qpm=5e6)},
            "qpm must be in [20, 400] to play live, got 5e+06; try 120",
        ),
        (
            {"type": "play", "pattern": pattern(0, steps_per_quarter=48)},
            "steps_per_quarter must be a whole number in [1, 24], got 48; 4 means 16ths",
        ),
        (
            {"type": "play", "pattern": pattern(0, steps=4)},
            "pattern.hits[4][0] must lie within steps [0, 4) of the pattern, got 4;",
        ),
        (
            {"type": "play", "pattern": pattern(hits=[[0, 0, 2.0, 0.0]])},
            "pattern.hits[0][2] must be a number in [0, 1], got 2.0; divide MIDI velocities by 127",
        ),
    ],
)
def test_mistakes_are_said_in_one_line_and_the_page_stays(message: object, said: str) -> None:
    with plugged() as (client, _), connect(client) as socket:
        socket.send_text(message if isinstance(message, str) else json.dumps(message))
        told = answer(socket, "error")["message"]
        assert told.startswith(said)
        assert "\n" not in told
        socket.send_json({"type": "stop"})
        socket.send_json({"type": "none"})
        assert "type must be" in answer(socket, "error")["message"]


def test_another_metre_is_refused_while_it_plays() -> None:
    waltz = pattern(0, quarters_per_bar=3.0, steps=12, hits=[])
    with plugged() as (client, [port]), connect(client) as socket:
        socket.send_json({"type": "play", "pattern": pattern(0)})
        socket.send_json({"type": "update", "pattern": waltz})
        assert "bars of 3 quarters" in answer(socket, "error")["message"]
        until(port.struck, "the music goes on")


@pytest.mark.parametrize(
    ("texts", "code"),
    [([" " * (MOST_BYTES + 1)], 1009), (['{"type": "stop"}'] * 4000, 1008)],
    ids=["too large", "too many"],
)
def test_too_much_ends_the_connection(texts: list[str], code: int) -> None:
    with plugged() as (client, [port]), connect(client) as socket:
        socket.send_json({"type": "play", "pattern": pattern(0)})
        until(port.struck, "a note")
        for text in texts:
            socket.send_text(text)
        assert "most" in answer(socket, "error")["message"]
        with pytest.raises(WebSocketDisconnect) as left:
            socket.receive_json()
        assert left.value.code == code
        until(lambda: port.sent[-1] == [0xB9, 123, 0], "silence")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8765"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:3000"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "websocket"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
    ],
)
def test_pages_of_other_sites_are_refused_before_they_are_let_in(
    headers: dict[str, str], status: int
) -> None:
    with plugged() as (client, [port]):
        with pytest.raises(WebSocketDenialResponse) as refused, connect(client, **headers):
            pass
        assert refused.value.status_code == status
        assert refused.value.headers["x-content-type-options"] == "nosniff"
        assert not port.sent
        with connect(client, **{"sec-fetch-site": "same-origin"}) as socket:
            assert socket.receive_json()["type"] == "state"


def test_without_a_port_there_is_no_such_thing() -> None:
    with served() as client:
        assert "midi_port" not in client.get("/api/health").json()
        with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), connect(client):
            pass
    with plugged() as (client, _):
        assert client.get("/api/health").json()["midi_port"] == "fake"
        assert client.get(PATH).status_code == 404
