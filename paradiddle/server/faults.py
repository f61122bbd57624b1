"""What went wrong, as JSON that names the field, the value and the range."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from paradiddle.errors import ParadiddleError
from paradiddle.server.bounds import BOUNDS, Bound
from paradiddle.server.busy import Busy
from paradiddle.server.field_errors import MOST_TEXT, FieldError, located, said, shown

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
    "voices": ("voice",),
}
# what the framework says, in our words
_SAID = {
    "Not Found": "there is nothing here; the page is at /, the documentation at /docs",
    "Method Not Allowed": "this address takes another method; the documentation is at /docs",
    "There was an error parsing the body": "the body is no JSON that can be read; send an object",
}
_WITHOUT_VALUE = {"missing", "json_invalid"}
# what pydantic finds, in our words; it fills in what it expected
_MUST_BE = {
    "bool_type": "be true or false",
    "dict_type": "be an object",
    "list_type": "be a list",
    "literal_error": "be {expected}",
    "model_attributes_type": "be an object",
    "model_type": "be an object",
    "string_type": "be text",
    "string_too_long": "have at most {max_length} characters",
    "string_unicode": "be text",
    "too_long": "have at most {max_length} items",
    "too_short": "have at least {min_length} items",
    "tuple_type": "be a list",
}
# these are of a list, and not of the numbers in it
_OF_LISTS = {"list_type", "too_long", "too_short", "tuple_type"}
_MOST_PROBLEMS, _MOST_BYTES = 20, 3000  # told of one request; all are counted
_LONGEST = 600  # characters of a message

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
    return str(_details(errors[:1])[0]["message"])


def answer_faults(app: FastAPI) -> None:
    """Have all that can go wrong in a request answered as JSON."""

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        problems = _details(error.errors())
        _forget(error)
        return refusal(422, problems)

    @app.exception_handler(ParadiddleError)
    async def _refused(_: Request, error: ParadiddleError) -> Response:
        found = located(error, None)
        return refusal(422, [_detail(found.field, shown(found.value), str(found))])

    @app.exception_handler(Busy)
    async def _busy(_: Request, error: Busy) -> Response:
        # on a new connection the client may meet another worker
        headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
        return refusal(error.status, str(error), headers)

    @app.exception_handler(HTTPException)
    async def _failed(_: Request, error: HTTPException) -> Response:
        if trouble := _trouble_with_json(error.__cause__):
            return refusal(422, [_detail("body", None, trouble)])
        message = _SAID.get(str(error.detail), str(error.detail))
        return refusal(error.status_code, message, error.headers)

    @app.exception_handler(Exception)
    async def _broken(_: Request, error: Exception) -> Response:
        return refusal(500, "the server made a mistake; what it was is in its log")


def _forget(error: RequestValidationError) -> None:
    """Let go of what was sent: the framework keeps the error until the answer has been taken."""
    vars(error).clear()
    error.__traceback__ = error.__cause__ = error.__context__ = None


def _trouble_with_json(cause: BaseException | None) -> str:
    """Say what is wrong with JSON that is well-formed, but more than can be read."""
    if isinstance(cause, RecursionError):
        return "the body is nested too deep; send an object as /docs describes it"
    if isinstance(cause, ValueError) and not isinstance(cause, UnicodeError):
        digits = sys.get_int_max_str_digits()
        return f"the body has a number of more than {digits} digits; ranges are in /docs"
    return ""


def _detail(field: str | None, value: Any, message: str) -> Detail:
    return {"field": field, "value": value, "message": " ".join(message.split())[:_LONGEST]}


def _details(errors: Sequence[Any]) -> list[Detail]:
    """Describe what pydantic found, one sentence a field, and count what is too much to tell."""
    found: dict[str, Detail] = {}
    size = 0
    for described, error in enumerate(errors):
        if len(found) == _MOST_PROBLEMS or size > _MOST_BYTES:
            found[""] = _detail(None, None, f"and {len(errors) - described} more")
            break
        detail = _described(error)
        size += len(json.dumps(detail))
        found.setdefault(detail["field"], detail)
    return list(found.values())


def _described(error: Mapping[str, Any]) -> Detail:
    """Name the field and say what is wrong with it."""
    places = [place for place in error["loc"] if place not in ("body", "query", "path")]
    field = _dotted(places) if error["type"] != "json_invalid" else ""
    field = field or "body"
    ours = error.get("ctx", {}).get("error")
    if isinstance(ours, FieldError):
        return _detail(ours.field or field, shown(ours.value), str(ours))
    value = None if error["type"] in _WITHOUT_VALUE else shown(error.get("input"))
    return _detail(field, value, _said_of(field, places, value, error))


def _said_of(field: str, places: Sequence[Any], value: Any, error: Mapping[str, Any]) -> str:
    """Say in a sentence what pydantic found."""
    kind = error["type"]
    if kind == "json_invalid":
        return "the body is no JSON; send an object"
    if kind == "missing":
        return f"{field} is missing; send it as JSON"
    if kind == "extra_forbidden":
        return f"{field} is no field of this request; leave it out"
    if field == "body":
        return "the body must be an object, sent as application/json"
    other = kind in _OF_LISTS or kind.startswith("string_")
    bound = None if other else _bound(places)
    if bound is not None:
        whole = "a whole number " if bound.whole else "a number "
        return f"{field} must be {whole}in {bound}, got {said(value)}; {bound.remedy}"
    must = _MUST_BE.get(kind, "be as /docs describes it").format_map(error.get("ctx", {}))
    return f"{field} must {must}, got {said(value)}"


def _bound(places: Sequence[Any]) -> Bound | None:
    """Find the range of the number at a place."""
    names = [place for place in places if isinstance(place, str)]
    if not names:
        return None
    indices = [place for place in places if isinstance(place, int)]
    if names[-1] in _RANGE_OF and indices:
        inner = _RANGE_OF[names[-1]]
        return BOUNDS[inner[min(indices[-1], len(inner) - 1)]] if inner else None
    if names[-1] == "qpm" and len(names) > 1:
        return BOUNDS["tempo"]
    return BOUNDS.get(names[-1])


def _dotted(places: Iterable[Any]) -> str:
    """Write ``pattern.hits[3][2]``."""
    text = "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)
    return text.removeprefix(".")[:MOST_TEXT]
