"""What holds a worker for over a second is refused, at once; what the page asks for is not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from machines import groove_of
from servers import served

from paradiddle.drums import VOICE_NAMES
from paradiddle.pattern import Pattern
from paradiddle.server.bounds import MAX_BARS, MAX_CELLS, MAX_COUNT
from paradiddle.server.busy import Places
from paradiddle.server.work import COSTS, MOST_MS

LONG = json.loads(Pattern.empty(64).to_json()) | {"hits": [[0, 0, 0.5, 0.0]]}
EIGHT = json.loads(groove_of(8, qpm=20).to_json())
FULL = [
    [step, voice, 0.5, 0.0] for step in range(16 * MAX_BARS) for voice in range(len(VOICE_NAMES))
]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.mark.parametrize(
    ("name", "wish", "field", "most", "length"),
    [
        ("generate", {"bars": 64, "count": 5}, "count", 4, "64 bars"),
        ("continue", {"pattern": LONG, "bars": 64, "count": 2}, "count", 1, "128 bars"),
        ("fill", {"pattern": LONG, "count": 3}, "count", 2, "64 bars"),
        ("humanize", {"pattern": LONG, "count": 2}, "count", 1, "64 bars"),
        ("tap", {"rhythm": LONG, "count": 3}, "count", 2, "64 bars"),
        ("tap", {"velocities": [1] * 1024, "count": 3}, "count", 2, "64 bars"),
        ("wav", {"pattern": LONG | {"hits": FULL, "qpm": 480}, "repeat": 2}, "repeat", 1, "9216"),
    ],
)
def test_work_for_seconds_is_refused(
    client: TestClient, name: str, wish: dict[str, Any], field: str, most: int, length: str
) -> None:
    answer = client.post(f"/api/{name}", json=wish)
    assert answer.status_code == 422
    [detail] = answer.json()["detail"]
    assert (detail["field"], detail["value"]) == (field, wish[field])
    said = f"{field} must be at most {most} for patterns of {length}"
    assert detail["message"].startswith(said)
    assert f"got {wish[field]};" in detail["message"]


def test_who_asks_for_too_much_is_told_so_though_the_queue_is_full() -> None:
    with served() as client:
        client.app.state.stage.desk.places = Places(0, 0, "requests")  # type: ignore[attr-defined]
        answer = client.post("/api/humanize", json={"pattern": LONG, "count": 16})
        assert answer.status_code == 422
        assert client.post("/api/generate", json={}).status_code == 503


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("generate", {"bars": 8, "count": 4}),
        ("continue", {"pattern": EIGHT, "bars": 8, "count": 4}),
        ("fill", {"pattern": EIGHT, "count": 4}),
        ("humanize", {"pattern": EIGHT, "count": 4}),
        ("tap", {"rhythm": EIGHT, "count": 4}),
        ("morph", {"a": EIGHT, "b": EIGHT, "count": 9}),
        ("drum", {"notes": 1000}),
        ("wav", {"pattern": EIGHT, "repeat": 2}),
    ],
)
def test_what_the_page_asks_for_is_granted(
    client: TestClient, name: str, wish: dict[str, Any]
) -> None:
    assert client.post(f"/api/{name}", json=wish).status_code == 200


@pytest.mark.parametrize("verb", COSTS)
def test_once_is_always_allowed_and_costs_a_second_at_the_most(verb: str) -> None:
    cost = COSTS[verb]
    size = MAX_CELLS if cost.unit == "hits" else MAX_BARS
    assert cost.most(size, MAX_BARS) >= 1
    assert (cost.each + cost.once) * size + cost.given * MAX_BARS <= MOST_MS
    assert cost.most(1 / 16) >= MAX_COUNT
