"""Queries of addresses: as in bodies, a name nobody knows is a mistake."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError

__all__ = ["check_query"]


async def check_query(request: Request) -> None:
    """Refuse what the route of a request does not take.

    Raises
    ------
    RequestValidationError
        Naming every stranger.
    """
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    strangers = [name for name in request.query_params if name not in known]
    if strangers:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name)} for name in strangers]
        )
