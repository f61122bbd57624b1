"""What a server answers, as patterns."""

import json
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from paradiddle.pattern import Pattern

__all__ = ["patterns_in", "played", "post", "sent"]


def sent(pattern: Pattern) -> Any:
    return json.loads(pattern.to_json())


def post(client: TestClient, name: str, **body: Any) -> Response:
    answer = client.post(f"/api/{name}", json=body)
    assert answer.status_code == 200, answer.text
    return answer


def played(client: TestClient, name: str, **body: Any) -> list[Pattern]:
    return patterns_in(post(client, name, **body))


def patterns_in(answer: Response) -> list[Pattern]:
    return [Pattern.from_json(json.dumps(one)) for one in answer.json()["patterns"]]
