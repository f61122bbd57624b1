"""Requests with something wrong in them."""

import json
from typing import Any

from fastapi.testclient import TestClient
from machines import groove_of

__all__ = ["PATTERN", "changed", "refused"]

PATTERN: dict[str, Any] = json.loads(groove_of(2, seed=4).to_json())


def changed(**fields: Any) -> dict[str, Any]:
    return {"pattern": PATTERN | fields}


def refused(client: TestClient, name: str, body: Any) -> list[dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    answer = client.post(f"/api/{name}", content=text.encode(), headers=headers)
    assert answer.status_code == 422, answer.text
    detail: list[dict[str, Any]] = answer.json()["detail"]
    assert all(set(one) == {"field", "value", "message"} for one in detail)
    assert not any("\n" in one["message"] for one in detail)
    return detail
