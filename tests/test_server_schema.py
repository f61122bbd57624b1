"""What the OpenAPI says is what a server does: schemathesis sends what fits and what does not."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import running_server

schemathesis = pytest.importorskip("schemathesis")

EXAMPLES = 20
OPERATIONS = [
    "GET /api/health",
    "GET /api/kit",
    "GET /api/kit/{slug}/{layer}.wav",
    "GET /api/models",
    "GET /api/styles",
    "POST /api/continue",
    "POST /api/drum",
    "POST /api/fill",
    "POST /api/generate",
    "POST /api/humanize",
    "POST /api/import",
    "POST /api/midi",
    "POST /api/morph",
    "POST /api/tap",
    "POST /api/wav",
]

# these take nothing that could be wrong
SIMPLE = ["GET /api/health", "GET /api/kit", "GET /api/models", "GET /api/styles"]
CASES = [
    *[(operation, "positive") for operation in OPERATIONS],
    *[(operation, "negative") for operation in OPERATIONS if operation not in SIMPLE],
]

schemathesis.serializer.alias("audio/midi", "application/octet-stream")


@pytest.fixture(scope="module")
def schema() -> Iterator[Any]:
    with running_server() as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


def test_every_operation_is_listed_here(schema: Any) -> None:
    found = [operation.ok().label for operation in schema.get_all_operations()]
    assert sorted(found) == OPERATIONS


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_the_server_does_what_its_description_says(schema: Any, operation: str, mode: str) -> None:
    method, path = operation.split()
    chosen = schemathesis.GenerationMode(mode)

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        case = data.draw(schema[path][method].as_strategy(generation_mode=chosen))
        # a schema cannot say that a hit lies within its pattern, or which styles a model knows
        case.call_and_validate(
            excluded_checks=[schemathesis.checks.positive_data_acceptance], timeout=60
        )

    run()
