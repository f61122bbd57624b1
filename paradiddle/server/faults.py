"""What went wrong, as JSON that names the field, the value and the range."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from paradiddle.errors import ParadiddleError
from paradiddle.server.bounds import BOUNDS, Bound
from paradiddle.server.busy import Busy
from paradiddle.server.field_errors import MOST_TEXT, located, shown

__all__ = ["answer_faults", "refusal", "told"]

RETRY_SECONDS = 1

_CELL = ("step", "voice", "velocity", "offset")
# fields whose numbers have a range under another name
_RANGE_OF = {
    "hits": _CELL,
    "open": _CELL,
    "notes": ("note",),
    "ticks": ("ticks",),
    "velocities": ("velocity",),
}
_STYLE = 'a name, or names with shares such as {"funk": 0.7, "jazz": 0.3}'
_EXPECTED = {
    "style": _STYLE,
    "keep": 'words such as "kick, snare in bar 2", or a list of them',
}
# what the framework says, in our words
_SAID = {
    "Not Found": "there is nothing here; the page is at /, the documentation at /docs",
    "Method Not Allowed": "this address takes another method; the documentation is at /docs",
    "There was an error parsing the body": "the body is no JSON that can be read; send an object",
}
_WITHOUT_VALUE = {"missing", "json_invalid"}
# not of the number itself but of the list it should be in
_OF_LISTS = {"list_type", "too_long", "too_short", "tuple_type"}

Detail = dict[str, Any]


def refusal(
    status: int,
    problems: Sequence[Detail] | str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer that something is wrong, in one sentence or in details."""
    detail = [_detail(None, None, problems)] if isinstance(problems, str) else problems
    content = json.dumps({"detail": detail}).encode()
    return Response(content, status, headers, "application/json")


def told(errors: Sequence[Any]) -> str:
    """Say in one line what pydantic found first."""
    return " ".join(_details(errors)[0]["message"].split())


def answer_faults(app: FastAPI) -> None:
    """Have all that can go wrong in a request answered as JSON."""

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return refusal(422, _details(error.errors()))

    @app.exception_handler(ParadiddleError)
    async def _refused(_: Request, error: ParadiddleError) -> Response:
        found = located(error, None)
        message = " ".join(str(found).split())
        return refusal(422, [_detail(found.field, shown(found.value), message)])

    @app.exception_handler(Busy)
    async def _busy(_: Request, error: Busy) -> Response:
        # on a new connection the client may meet another worker
        headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
        return refusal(error.status, str(error), headers)

    @app.exception_handler(HTTPException)
    async def _failed(_: Request, error: HTTPException) -> Response:
        message = _SAID.get(str(error.detail), str(error.detail))
        return refusal(error.status_code, message, error.headers)

    @app.exception_handler(Exception)
    async def _broken(_: Request, error: Exception) -> Response:
        return refusal(500, "the server made a mistake; what it was is in its log")


def _detail(field: str | None, value: Any, message: str) -> Detail:
    return {"field": field, "value": value, "message": message}


def _details(errors: Sequence[Any]) -> list[Detail]:
    """Describe what pydantic found, one sentence a field."""
    found: dict[str, Detail] = {}
    for error in errors:
        field, message = _described(error)
        value = None if error["type"] in _WITHOUT_VALUE else shown(error.get("input"))
        found.setdefault(field, _detail(field, value, message))
    return list(found.values())


def _described(error: Mapping[str, Any]) -> tuple[str, str]:
    """Name the field and say what is wrong with it."""
    places = [place for place in error["loc"] if place not in ("body", "query", "path")]
    kind, value = error["type"], shown(error.get("input"))
    name = next((str(place) for place in places if place in _EXPECTED), None)
    if name is not None:
        return name, f"{name} must be {_EXPECTED[name]}, got {_said(value)}"
    field = _dotted(places) or "body"
    if kind == "missing":
        return field, f"{field} is missing; send it as JSON"
    if kind == "extra_forbidden":
        return field, f"{field} is no field of this request; leave it out"
    if kind == "json_invalid":
        return "body", "the body is no JSON; send an object"
    if field == "body":
        return field, "the body must be an object, sent as application/json"
    bound = None if kind in _OF_LISTS else _bound(places)
    if bound is not None:
        whole = "a whole number " if bound.whole else "a number "
        return field, f"{field} must be {whole}in {bound}, got {_said(value)}; {bound.remedy}"
    return field, f"{field}: {error['msg'].lower()}, got {_said(value)}"


def _bound(places: Sequence[Any]) -> Bound | None:
    """Find the range of the number at a place."""
    names = [place for place in places if isinstance(place, str) and not _is_tag(place)]
    if not names:
        return None
    indices = [place for place in places if isinstance(place, int)]
    if names[-1] in _RANGE_OF and indices:
        inner = _RANGE_OF[names[-1]]
        return BOUNDS[inner[min(indices[-1], len(inner) - 1)]] if inner else None
    if names[-1] == "qpm" and len(names) > 1:
        return BOUNDS["tempo"]
    return BOUNDS.get(names[-1])


def _dotted(places: Sequence[Any]) -> str:
    """Write ``pattern.hits[3][2]``."""
    text = "".join(
        f"[{place}]" if isinstance(place, int) else f".{place}"
        for place in places
        if not (isinstance(place, str) and _is_tag(place))
    )
    return text.removeprefix(".")[:MOST_TEXT]


def _is_tag(place: str) -> bool:
    """Tell the branches of a union from fields."""
    return "[" in place


def _said(value: Any) -> str:
    return json.dumps(value)
