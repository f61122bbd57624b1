"""Mistakes in requests: never a 500, and the answer names field, value and range."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from machines import groove_of
from mistakes import PATTERN, changed, refused
from servers import served

from paradiddle.machine import Machine
from paradiddle.server.guards import HEADERS

LONG = json.loads(groove_of(65).to_json())


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


def value_at(body: Any, field: str) -> Any:
    """What was sent in a field such as ``pattern.hits[3][2]``; None for nothing."""
    for part in re.findall(r"[a-z_]+|\d+", field if field != "body" else ""):
        try:
            body = body[int(part) if part.isdigit() else part]
        except (LookupError, TypeError):
            return None
    return None if isinstance(body, str) and field == "body" else body


@pytest.mark.parametrize(
    ("name", "body", "field", "message"),
    [
        ("generate", {"bars": 0}, "bars", "must be a whole number in [1, 64], got 0; ask for a"),
        ("generate", {"bars": 65}, "bars", "must be a whole number in [1, 64], got 65;"),
        ("generate", {"bars": 2.5}, "bars", "must be a whole number in [1, 64], got 2.5;"),
        ("generate", {"bars": True}, "bars", "must be a whole number in [1, 64], got true;"),
        ("generate", {"bars": "2"}, "bars", 'must be a whole number in [1, 64], got "2";'),
        ("generate", {"count": 17}, "count", "must be a whole number in [1, 16], got 17;"),
        ("generate", {"temperature": 0}, "temperature", "must be a number in [0.1, 10], got 0;"),
        ("generate", {"density": 9.5}, "density", "must be a number in [0, 9], got 9.5;"),
        ("generate", {"qpm": 1e6}, "qpm", "must be a number in [20, 300], got 1000000.0;"),
        ("generate", {"seed": -1}, "seed", "in [0, 9007199254740991], got -1;"),
        ("generate", {"seed": 2**53}, "seed", "got 9007199254740992;"),
        ("generate", {"style": "fonk"}, "style", "unknown style 'fonk'; did you mean funk?"),
        ("generate", {"style": {"funk": -1}}, "style.funk", "a number in [0, 1000000000], got -1"),
        ("generate", {"style": {"funk": True}}, "style.funk", "in [0, 1000000000], got true;"),
        ("generate", {"style": {"a": 1e10}}, "style.a", "in [0, 1000000000], got 10000000000.0;"),
        ("generate", {"style": "a" * 201}, "style", "at most 200 characters, got 201"),
        ("generate", {"style": {"a" * 201: 1}}, "style", "at most 200 characters, got 201"),
        ("generate", {"style": {str(k): 1 for k in range(65)}}, "style", "at most 64 styles"),
        ("fill", changed() | {"keep": [5] * 201}, "keep", "at most 200 words, got 201"),
        ("fill", changed() | {"keep": ["kick", 5]}, "keep[1]", "must be words such as"),
        ("fill", changed() | {"keep": "a" * 201}, "keep", "at most 200 characters, got 201"),
        ("continue", {"pattern": 5}, "pattern", "pattern must be an object, got 5"),
        ("continue", changed(hits=[5]), "pattern.hits[0]", "must be a list, got 5"),
        ("continue", changed(hits="x"), "pattern.hits", 'must be a list, got "x"'),
        ("continue", changed(hits=[[0] * 5]), "pattern.hits[0]", "must have at most 4 items"),
        ("continue", changed(hits=[[1, 2, 1, 0]] * 2), "pattern.hits[1]", "a cell of its own"),
        ("continue", changed(voices=[5]), "pattern.voices[0]", "must be text, got 5"),
        ("continue", changed(steps=0), "pattern.steps", "must be above 0 where there are hits"),
        ("continue", changed(extra=1), "pattern.extra", "is no field of this request"),
        ("continue", changed(style=1), "pattern.style", "is no field of this request"),
        ("midi", {"events": {"notes": [], "ticks": [], "x": 1}}, "events.x", "is no field of"),
        (
            "midi",
            {"events": {"notes": [], "ticks": [], "ticks_per_quarter": 96}},
            "events.ticks_per_quarter",
            "must be 480, got 96",
        ),
        ("tap", {"velocities": []}, "velocities", "must have at least 1 items, got []"),
        ("generate", {"style": {"funk": 0}}, "style", "must not all be zero"),
        ("generate", {"style": {}}, "style", "must be a name"),
        ("generate", {"style": 3}, "style", "must be a name, or names with shares"),
        (
            "generate",
            {"beat_type": "tango"},
            "beat_type",
            "beat_type must be 'beat' or 'fill', got",
        ),
        ("generate", {"tempo": 90}, "tempo", "is no field of this request"),
        ("continue", {"bars": 2}, "pattern", "pattern is missing"),
        ("continue", {"pattern": LONG}, "pattern.steps", "in [0, 1024], got 1040; send at most 64"),
        ("continue", changed(hits=[]), "pattern.hits", "the pattern has no hits to continue"),
        ("continue", changed(steps=0, hits=[]), "pattern.steps", "has no steps"),
        ("continue", changed(steps_per_quarter=3), "pattern.steps_per_quarter", "play 4;"),
        ("continue", changed(quarters_per_bar=3), "pattern.quarters_per_bar", "play 4/4"),
        ("continue", changed(quarters_per_bar=0.3), "pattern.quarters_per_bar", "a bar must be"),
        ("continue", changed(format=2), "pattern.format", "in [1, 1], got 2"),
        ("continue", changed(voices=["kick"]), "pattern.voices", "send them in this order"),
        ("continue", changed(qpm=1), "pattern.qpm", "in [3.58, 60000000], got 1"),
        ("fill", changed(hits=[[32, 0, 0.5, 0]]), "pattern.hits[0][0]", "steps [0, 32) of"),
        ("fill", changed(hits=[[0, 9, 0.5, 0]]), "pattern.hits[0][1]", "in [0, 8], got 9;"),
        ("fill", changed(hits=[[0, 0, 96, 0]]), "pattern.hits[0][2]", "in [0, 1], got 96; divide"),
        ("fill", changed(hits=[[0, 0, 1, 0.5]]), "pattern.hits[0][3]", "in [-0.5, 0.5), got 0.5"),
        ("fill", changed(hits=[[0, 0, 1]]), "pattern.hits[0][3]", "is missing"),
        ("fill", changed() | {"keep": "cowbell"}, "keep", "no voice is called 'cowbell'"),
        ("fill", changed() | {"keep": "bars 3-4"}, "keep", "keep names bars 3-4"),
        ("fill", changed() | {"keep": 7}, "keep", "must be words"),
        ("fill", changed() | {"keep": "kick", "open": []}, "keep", "must be left out"),
        ("fill", changed() | {"open": [[32, 0]]}, "open[0][0]", "within steps [0, 32)"),
        ("fill", changed() | {"open": [[-1, 0]]}, "open[0][0]", "in [0, 1023], got -1"),
        ("humanize", changed() | {"amount": 1.1}, "amount", "in [0, 1], got 1.1; 1 is all human"),
        ("humanize", changed() | {"density": 1}, "density", "is no field of this request"),
        ("tap", {}, "rhythm", "rhythm must be given, or velocities, got none"),
        ("tap", {"rhythm": PATTERN, "velocities": [1]}, "rhythm", "got both; send one"),
        ("tap", {"velocities": [0, 2]}, "velocities[1]", "in [0, 1], got 2;"),
        ("tap", {"velocities": [0, 0]}, "velocities", "has no hits to play on the kit"),
        (
            "morph",
            {"a": PATTERN, "b": LONG | {"steps": 16, "hits": [[0, 0, 1, 0]]}},
            "b.steps",
            "length",
        ),
        ("morph", {"a": PATTERN, "b": PATTERN, "count": 1}, "count", "in [2, 16], got 1;"),
        ("drum", {"notes": 0}, "notes", "in [1, 5000], got 0; 1000 are"),
        ("drum", {"top_p": 0}, "top_p", "got 0;"),
        ("midi", {}, "pattern", "pattern must be given, or events, got none; send one"),
        (
            "midi",
            {"events": {"notes": [36], "ticks": []}},
            "events.ticks",
            "of one length, got 1 and 0",
        ),
        ("midi", {"events": {"notes": [128], "ticks": [0]}}, "events.notes[0]", "in [0, 127]"),
        ("midi", {"events": {"notes": [36], "ticks": [-1]}}, "events.ticks[0]", "got -1; count"),
        ("midi", {"events": {"notes": [1], "ticks": [0]}, "swing": 0.6}, "swing", "for events"),
        ("midi", changed() | {"swing": 0.8}, "swing", "in [0.5, 0.75], got 0.8;"),
        ("midi", changed() | {"kit_map": "../kit.json"}, "kit_map", "'gm', 'roland-td'"),
        ("wav", changed() | {"repeat": 9}, "repeat", "in [1, 8], got 9;"),
        ("generate", [], "body", "the body must be an object, sent as application/json"),
        ("generate", "{", "body", "no JSON"),
        ("generate", "", "body", ""),
    ],
)
def test_mistakes_name_the_field_the_value_and_the_range(
    client: TestClient, name: str, body: Any, field: str, message: str
) -> None:
    first = refused(client, name, body)[0]
    assert first["field"] == field
    assert message in first["message"]
    assert "input should" not in first["message"]
    assert (first["value"] is None) == (value_at(body, field) is None)


@pytest.mark.parametrize(
    ("name", "body", "field", "value"),
    [
        ("generate", {"style": "fonk"}, "style", "fonk"),
        ("generate", {"style": {"funk": 0}}, "style", {"funk": 0}),
        ("generate", {"bars": 64, "count": 5}, "count", 5),
        ("generate", {"bars": None}, "bars", None),
        ("continue", changed(hits=[]), "pattern.hits", []),
        ("continue", changed(steps=0, hits=[]), "pattern.steps", 0),
        ("continue", changed(steps_per_quarter=3), "pattern.steps_per_quarter", 3),
        ("continue", changed(quarters_per_bar=0.3), "pattern.quarters_per_bar", 0.3),
        ("continue", changed(voices=["kick"]), "pattern.voices", ["kick"]),
        ("continue", {"bars": 2}, "pattern", None),
        ("fill", changed(hits=[[32, 0, 0.5, 0]]), "pattern.hits[0][0]", 32),
        ("fill", changed() | {"keep": "cowbell"}, "keep", "cowbell"),
        ("fill", changed() | {"keep": ["kick", "bars 3-4"]}, "keep", ["kick", "bars 3-4"]),
        ("fill", changed() | {"keep": "kick", "open": []}, "keep", "kick"),
        ("fill", changed() | {"open": [[32, 4]]}, "open[0][0]", 32),
        ("tap", {"rhythm": PATTERN, "velocities": [1]}, "rhythm", "an object"),
        ("tap", {"rhythm": PATTERN | {"hits": []}}, "rhythm.hits", []),
        ("tap", {"velocities": [0, 0]}, "velocities", [0, 0]),
        ("tap", {"velocities": [0] * 1000}, "velocities", "a list of 1000"),
        ("morph", {"a": PATTERN | {"hits": []}, "b": PATTERN}, "a.hits", []),
        (
            "morph",
            {"a": PATTERN, "b": PATTERN | {"steps_per_quarter": 3}},
            "b.steps_per_quarter",
            3,
        ),
        ("morph", {"a": PATTERN, "b": PATTERN | {"hits": [[40, 0, 1, 0]]}}, "b.hits[0][0]", 40),
        ("morph", {"a": PATTERN, "b": PATTERN, "count": 1}, "count", 1),
        ("midi", {"events": {"notes": [36], "ticks": []}}, "events.ticks", []),
        ("midi", changed() | {"events": {"notes": [], "ticks": []}}, "pattern", "an object"),
        (
            "midi",
            {"events": {"notes": [36], "ticks": [0], "velocities": []}},
            "events.velocities",
            [],
        ),
        ("midi", {"events": {"notes": [1], "ticks": [0]}, "swing": 0.6}, "swing", 0.6),
        ("midi", {"events": {"notes": [1] * 5001, "ticks": [0]}}, "events.notes", "a list of 5001"),
        ("wav", {"events": {"notes": [36], "ticks": [0]}, "repeat": 2}, "repeat", 2),
        ("wav", changed(qpm=4) | {"repeat": 3}, "pattern", "360 seconds"),
        ("generate", [1, 2], "body", [1, 2]),
    ],
)
def test_the_value_is_the_one_that_was_sent(
    client: TestClient, name: str, body: Any, field: str, value: Any
) -> None:
    first = refused(client, name, body)[0]
    assert (first["field"], first["value"]) == (field, value)


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("generate", {"bars": None}, "must be a whole number in [1, 64], got null;"),
        ("generate", {"bars": 64, "count": 5}, "must be at most 4 for patterns of 64 bars, got 5"),
        ("fill", changed() | {"open": [[32, 4]]}, "steps [0, 32) of the pattern, got 32;"),
        ("fill", changed(hits=[[32, 0, 0.5, 0]]), "steps [0, 32) of the pattern, got 32;"),
        ("midi", {"events": {"notes": [1] * 5001, "ticks": [0]}}, "at most 5000 items"),
        ("wav", changed(qpm=4) | {"repeat": 4}, "would last 480 seconds, at most 300"),
    ],
)
def test_the_message_has_the_range(client: TestClient, name: str, body: Any, message: str) -> None:
    assert message in refused(client, name, body)[0]["message"]


def test_a_file_that_is_no_midi_file_is_told_by_its_size(client: TestClient) -> None:
    answer = client.post("/api/import", content=b"RIFF")
    [detail] = answer.json()["detail"]
    assert (detail["field"], detail["value"]) == ("body", "4 bytes")


@pytest.mark.parametrize(
    ("method", "address", "strangers"),
    [
        ("POST", "import?pieces=0", ["pieces"]),
        ("POST", "import?piece=4&Piece=4&x[]=", ["Piece", "x[]"]),
        ("POST", "generate?bars=2", ["bars"]),
        ("POST", "wav?repeat=2", ["repeat"]),
        ("GET", "health?x=1", ["x"]),
        ("GET", "kit/kick/0.wav?layer=1&slug=snare", ["layer", "slug"]),
    ],
)
def test_a_query_nobody_knows_is_refused_as_a_field_is(
    client: TestClient, method: str, address: str, strangers: list[str]
) -> None:
    answer = client.request(method, f"/api/{address}", json={} if method == "POST" else None)
    assert answer.status_code == 422
    detail = answer.json()["detail"]
    assert [one["field"] for one in detail] == strangers
    assert detail[0]["message"] == f"{strangers[0]} is no field of this request; leave it out"


def test_a_known_query_out_of_range_is_told_as_before(client: TestClient) -> None:
    [detail] = client.post("/api/import?piece=0").json()["detail"]
    assert detail["field"] == "piece"
    assert "in [1, 4096]" in detail["message"]


def test_all_mistakes_are_told_at_once(client: TestClient) -> None:
    detail = refused(client, "generate", {"bars": 0, "count": 0, "style": 1, "foo": 2})
    assert {one["field"] for one in detail} == {"bars", "count", "style", "foo"}
    assert {one["field"]: one["value"] for one in detail}["bars"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400, "-0.0"])
@pytest.mark.parametrize("field", ["bars", "temperature", "density", "qpm", "seed", "count"])
def test_numbers_that_are_none_are_refused(client: TestClient, number: str, field: str) -> None:
    answer = client.post(
        "/api/generate",
        content=f'{{"{field}": {number}}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    if (number, field) == ("-0.0", "density"):
        assert answer.status_code == 200
        return
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["field"] == field


def test_a_mistake_of_ours_is_not_told_to_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    with served() as client:
        monkeypatch.setattr(Machine, "generate", broken)
        answer = client.post("/api/generate", json={})
    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "secret" not in answer.text
    assert "log" in answer.json()["detail"][0]["message"]


def test_the_widest_wishes_are_granted(client: TestClient) -> None:
    wide = {"seed": 2**53 - 1, "count": 16, "temperature": 10, "density": 9, "qpm": 300}
    answer = client.post("/api/generate", json=wide | {"bars": 1})
    assert len(answer.json()["patterns"]) == 16
    fast = PATTERN | {"qpm": 60_000_000}
    assert client.post("/api/continue", json={"pattern": fast, "bars": 1}).status_code == 200
