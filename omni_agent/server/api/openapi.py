"""The description of the server in OpenAPI 3.1, made of what its endpoints say of themselves.

Source of the shape: OpenAPI Specification 3.1.1, <https://spec.openapis.org/oas/v3.1.1.html>. Its schemas are those
of JSON Schema 2020-12, as pydantic makes them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from ...messages import JsonObject
from .described import JSON, Described

_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_TEMPLATE = "#/components/schemas/{model}"
_USUAL_ERRORS = (400, 401, 403, 404, 429)
_TITLES = {
    400: "The request is not right; the message says where.",
    401: "There is no such key.",
    403: "It may not be done from here.",
    404: "There is no such thing, or it is somebody else's.",
    405: "The path knows no such method.",
    409: "It is no longer so.",
    413: "It is too large.",
    429: "Too many requests with this key.",
    503: "A model or the memory cannot be reached.",
}


class ErrorDetail(BaseModel):
    """What went wrong.

    Attributes:
        message: For people: what happened and what to do.
        type: Its kind, by status.
        param: The field of the request that it is about.
        code: For programs; stable.
    """

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorBody(BaseModel):
    """Every error's body."""

    error: ErrorDetail


async def openapi(request: Request) -> JSONResponse:
    """`GET /openapi.json`."""
    from importlib.metadata import version

    return JSONResponse(document(request.app.routes, version("omni-agent-framework")))


def document(routes: Iterable[BaseRoute], version: str) -> JsonObject:
    """The description of those routes whose endpoints are `described`.

    Args:
        routes: Of the application; mounted ones are looked into.
        version: Of the server.
    """
    found = [(path, route, about) for path, route, about in _found(routes, "")]
    schemas = _schemas(about for _, _, about in found)
    paths: JsonObject = {}
    for path, route, about in found:
        place = paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})
        for method in sorted(route.methods or ()):
            if method != "HEAD":
                place[method.lower()] = _operation(path, method, route, about, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "omni_agent", "version": version, "description": "Agents over HTTP."},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        # Without a key, where the server listens on this machine only and wants none.
        "security": [{"key": []}, {}],
    }


def _found(routes: Iterable[BaseRoute], before: str) -> Iterator[tuple[str, Route, Described]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _found(route.routes, before + route.path)
        elif isinstance(route, Route) and route.include_in_schema:
            about = getattr(route.endpoint, "described", None)
            if isinstance(about, Described):
                yield before + route.path, route, about


def _schemas(abouts: Iterable[Described]) -> JsonObject:
    shapes = [
        ErrorBody,
        *(shape for about in abouts for shape in (about.body, about.query, about.answer) if shape),
    ]
    unique = list(dict.fromkeys(shapes))
    _, made = models_json_schema([(shape, "validation") for shape in unique], ref_template=_TEMPLATE)
    return dict(made["$defs"])


def _operation(path: str, method: str, route: Route, about: Described, schemas: JsonObject) -> JsonObject:
    name = method.lower() + _PARAMETER.sub(r"by_\1", path)
    made: JsonObject = {
        "operationId": re.sub(r"\W+", "_", name).strip("_"),
        "summary": about.summary,
        "description": inspect.getdoc(route.endpoint) or "",
        "parameters": [*_in_path(path), *_in_query(about.query, schemas)],
        "responses": _responses(about),
    }
    if about.tag:
        made["tags"] = [about.tag]
    if about.body:
        made["requestBody"] = {"required": True, "content": {about.media: {"schema": _reference(about.body)}}}
    return made


def _in_path(path: str) -> Iterator[JsonObject]:
    for name, kind in _PARAMETER.findall(path):
        schema = {"type": "integer"} if kind == "int" else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(shape: type[BaseModel] | None, schemas: JsonObject) -> Iterator[JsonObject]:
    if shape is None:
        return
    about = schemas[shape.__name__]
    for name, schema in about.get("properties", {}).items():
        told = {key: value for key, value in schema.items() if key not in ("description", "title")}
        yield {
            "name": name,
            "in": "query",
            "required": name in about.get("required", ()),
            "description": schema.get("description", ""),
            "schema": told,
        }


def _responses(about: Described) -> JsonObject:
    content: JsonObject = {JSON: {"schema": _reference(about.answer)}} if about.answer else {}
    content |= {media: {"schema": {}} for media in about.others}
    right: JsonObject = {"description": about.summary}
    if content:
        right["content"] = content
    error = {JSON: {"schema": _reference(ErrorBody)}}
    statuses = sorted({*_USUAL_ERRORS, *about.errors})
    wrong = {str(code): {"description": _TITLES[code], "content": error} for code in statuses}
    return {str(about.status): right, **wrong}


def _reference(shape: type[BaseModel]) -> JsonObject:
    return {"$ref": _TEMPLATE.format(model=shape.__name__)}
