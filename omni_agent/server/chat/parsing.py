"""A request's body as a model of pydantic; what does not fit is told as OpenAI tells it, with its path."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, from_json

from ...messages import JsonObject
from ..errors import ApiError


def finite(value: JsonObject) -> JsonObject:
    """The same object, if JSON can hold it: readers let infinite numbers through, which writers refuse.

    Raises:
        ValueError: It cannot.
    """
    json.dumps(value, allow_nan=False)
    return value


AnyObject: TypeAlias = Annotated[JsonObject, AfterValidator(finite)]
Parsed = TypeVar("Parsed", bound=BaseModel)
_MOST_SHOWN = 300


class Loose(BaseModel):
    """A part of a request: fields that are not known are no mistake."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def parse(kind: type[Parsed], body: bytes) -> Parsed:
    """The body as `kind`.

    Raises:
        ApiError: It is no JSON, or does not fit: `param` is the path of a field that does not, such as
            `messages[0].content`.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _told(error, body) from None


def unsupported(param: str, why: str) -> ApiError:
    """What a client asked for that cannot be had here."""
    return ApiError(f"'{param}' {why}", code="unsupported_parameter", param=param)


def invalid(param: str, why: str) -> ApiError:
    """What a client sent that makes no sense."""
    return ApiError(f"'{param}' {why}", code="invalid_value", param=param)


def _told(error: ValidationError, body: bytes) -> ApiError:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return ApiError(f"the body is no JSON: {problems[0]['msg'][:_MOST_SHOWN]}", code="invalid_json")
    raw = from_json(body)
    # Of the ways that a value may be meant, the one that leads farthest into it is the one that was.
    paths = [(_path(raw, problem["loc"]), problem) for problem in problems]
    path, problem = max(paths, key=lambda found: len(found[0]))
    return _refusal(_shown(path), problem)


def _refusal(param: str, problem: ErrorDetails) -> ApiError:
    kind, field = problem["type"], param or "the body"
    if kind in {"missing", "union_tag_not_found"}:
        what = "is missing" if kind == "missing" else "does not say what it is"
        return ApiError(f"'{field}' {what}", code="missing_required_parameter", param=param or None)
    code = "invalid_type" if kind.endswith("_type") else "invalid_value"
    return ApiError(f"'{field}': {problem['msg'][:_MOST_SHOWN]}", code=code, param=param or None)


def _path(raw: Any, place: Sequence[int | str]) -> list[int | str]:
    """Pydantic's place without the names of alternatives, which are in no body."""
    path: list[int | str] = []
    for number, step in enumerate(place):
        among: Collection[Any] = range(len(raw)) if isinstance(raw, list) else ()
        inside = step in (raw if isinstance(raw, dict) else among)
        last = number == len(place) - 1 and isinstance(raw, dict) and isinstance(step, str)
        if inside or last:
            path.append(step)
        if inside:
            raw = cast(Any, raw)[step]
    return path


def _shown(path: Sequence[int | str]) -> str:
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return shown.removeprefix(".")
