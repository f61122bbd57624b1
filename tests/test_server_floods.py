"""Requests made to break a server: a short answer, little memory, and nobody else waits."""

import gc
import json
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from mistakes import PATTERN, changed, refused
from servers import patient_server, served

from paradiddle.server.connection import Patience


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b'{"bars": ' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"style": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"style": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
        b'{"style": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"pattern": {"voices": ["\\udfff"]}}',
        b'{"style": "' + b"x" * 500_000 + b'"}',
        b'{"keep": "\\u0000"}',
        b"\xff\xfe",
        b"\x00",
        b"null",
        b'"bars"',
        b'{"bars": 1, "bars": 0}',
    ],
)
@pytest.mark.parametrize("name", ["generate", "fill"])
def test_what_breaks_parsers_is_refused_in_a_few_words(
    client: TestClient, name: str, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post(f"/api/{name}", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert len(answer.content) < 3000
    assert answer.json()["detail"][0]["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"seed": ' + b"9" * 5000 + b"}", "a number of more than 4300 digits"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "nested too deep"),
    ],
    ids=["digits", "lists", "objects"],
)
def test_what_is_json_but_too_much_of_it_is_not_called_no_json(
    client: TestClient, body: bytes, message: str
) -> None:
    [detail] = refused(client, "generate", body.decode())
    assert detail["field"] == "body"
    assert message in detail["message"]


# what made answers of many megabytes, one problem for each wrong item
FLOODS: dict[str, tuple[str, Any]] = {
    "strangers": ("generate", {f"{k:x}": 0 for k in range(60_000)}),
    "strange names": ("generate", {"\U0001f941" * 200 + str(k): ["x" * 200] for k in range(20)}),
    "strangers inside": ("continue", changed(**{f"{k:x}": 0 for k in range(60_000)})),
    "hits": ("morph", dict.fromkeys("ab", PATTERN | {"hits": [["", "", "", ""]] * 9216})),
    "empty hits": ("morph", dict.fromkeys("ab", PATTERN | {"hits": [[]] * 9216})),
    "too many hits": ("continue", changed(hits=[[0, 0, 0, 0]] * 60_000)),
    "voices": ("continue", changed(voices=[5] * 300_000)),
    "styles": ("generate", {"style": {f"{k:x}": -1 for k in range(60_000)}}),
    "long styles": ("generate", {"style": {"\x01" * 199 + chr(k + 33): 0 for k in range(60)}}),
    "words": ("fill", changed() | {"keep": [5] * 300_000}),
    "long words": ("fill", changed() | {"keep": ["\U0001f941" * 200] * 200}),
    "cells": ("fill", changed() | {"open": [[]] * 9216}),
    "velocities": ("tap", {"velocities": [2] * 300_000}),
    "notes": (
        "midi",
        {"events": dict.fromkeys(("notes", "ticks", "velocities", "voices"), [-1] * 5000)},
    ),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_mistakes_gets_a_short_answer_and_costs_little(
    client: TestClient, name: str
) -> None:
    path, body = FLOODS[name]
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    gc.collect()
    tracemalloc.start()
    try:
        answer = client.post(f"/api/{path}", content=content, headers=headers)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 422
    assert len(answer.content) <= 16_384
    assert answer.json()["detail"][0]["message"]
    # the JSON as objects, and nothing for each mistake
    assert peak < 40 * 2**20


def test_of_many_mistakes_the_first_are_told_and_the_rest_counted(client: TestClient) -> None:
    many = dict.fromkeys(("bars", "count", "temperature", "density", "qpm", "seed"), -1)
    strange = {f"x{k}": k for k in range(20)}
    detail = refused(client, "generate", many | strange)
    assert len(detail) == 21
    assert {one["field"] for one in detail[:6]} == {*many}
    assert detail[-1] == {"field": None, "value": None, "message": "and 6 more"}
    [all_of_them] = refused(client, "generate", {f"x{k}": k for k in range(21)})
    assert "21 fields are no fields of this request, such as 'x0'" in all_of_them["message"]


def test_others_are_answered_during_a_flood_of_mistakes() -> None:
    path, body = FLOODS["hits"]
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    with patient_server(Patience()) as ((host, port), _):
        base, stop = f"http://{host}:{port}/api", threading.Event()
        floods, waits = list[tuple[float, float]](), list[tuple[float, float]]()

        def look() -> None:
            with httpx.Client(timeout=60) as others:
                while not stop.is_set():
                    begun = time.monotonic()
                    assert others.get(f"{base}/health").status_code == 200
                    waits.append((begun, time.monotonic()))

        looking = threading.Thread(target=look)
        looking.start()
        try:
            for _ in range(5):
                begun = time.monotonic()
                flood = httpx.post(f"{base}/{path}", content=content, headers=headers, timeout=60)
                assert flood.status_code == 422
                floods.append((begun, time.monotonic()))
        finally:
            stop.set()
            looking.join()
    longest = [
        max(end - begun for begun, end in waits if begun < last and end > first)
        for first, last in floods
    ]
    assert min(longest) < 2  # in any other the machine may have stopped
