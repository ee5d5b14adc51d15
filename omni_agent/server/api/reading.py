"""A request's query and body, in the shape that its endpoint wants."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ..errors import ApiError

M = TypeVar("M", bound=BaseModel)


async def body_of(request: Request, shape: type[M]) -> M:
    """The body, as JSON.

    Raises:
        ApiError: 400: it is no JSON, or not of this shape; the first wrong field is named.
    """
    data = await request.body()
    try:
        return shape.model_validate_json(data or b"{}")
    except ValidationError as error:
        raise refusal(error) from None


def query_of(request: Request, shape: type[M]) -> M:
    """The query; of a name that comes twice the last counts.

    Raises:
        ApiError: 400: a value is wrong or missing.
    """
    try:
        return shape.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise refusal(error) from None


def refusal(error: ValidationError) -> ApiError:
    """What a client is told of a wrong value; the value itself is not repeated."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    told = f"{place}: {first['msg']}" if place else first["msg"]
    missing = first["type"] == "missing"
    code = (
        "invalid_json"
        if first["type"] == "json_invalid"
        else "missing_required_parameter"
        if missing
        else "invalid_value"
    )
    return ApiError(told, code=code, param=place or None)
