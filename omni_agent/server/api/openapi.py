"""The description of the server in OpenAPI 3.1, made of what its endpoints say of themselves.

Source of the shape: OpenAPI Specification 3.1.1, <https://spec.openapis.org/oas/v3.1.1.html>. Its schemas are
those of JSON Schema 2020-12, as pydantic makes them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from ...messages import JsonObject
from .described import JSON, Described

_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_TEMPLATE = "#/components/schemas/{model}"
# What is found there is told of also where it says nothing of itself.
_TOLD = ("/v1/", "/api/")
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
    """What went wrong."""

    message: str = Field(description="For people: what happened and what to do.")
    type: str = Field(description="Its kind, by status.")
    param: str | None = Field(None, description="The field of the request that it is about.")
    code: str | None = Field(None, description="For programs; stable.")


class ErrorBody(BaseModel):
    """Every error's body."""

    error: ErrorDetail


async def openapi(request: Request) -> JSONResponse:
    """`GET /openapi.json`."""
    from importlib.metadata import version

    return JSONResponse(document(request.app.routes, version("omni-agent-framework")))


def document(routes: Iterable[BaseRoute], version: str) -> JsonObject:
    """The description of the routes under `/v1` and `/api`, and of others whose endpoints are `described`.

    Args:
        routes: Of the application; mounted ones are looked into.
        version: Of the server.
    """
    found = list(_found(routes, ""))
    shapes = _Shapes(about for _, _, about in found)
    paths: JsonObject = {}
    for path, route, about in found:
        place = paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})
        for method in sorted(route.methods or ()):
            if method != "HEAD":
                place[method.lower()] = _operation(path, method, route, about, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "omni_agent", "version": version, "description": "Agents over HTTP."},
        "paths": paths,
        "components": {
            "schemas": shapes.all,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        # Without a key, where the server listens on this machine only and wants none.
        "security": [{"key": []}, {}],
    }


class _Shapes:
    """The schemas of all shapes that endpoints take and give; `all` has them by name."""

    def __init__(self, abouts: Iterable[Described]) -> None:
        named = (shape for about in abouts for shape in (about.body, about.query, about.answer) if shape)
        shapes: list[type[BaseModel]] = list(dict.fromkeys((ErrorBody, *named)))
        references, made = models_json_schema(
            [(shape, "validation") for shape in shapes], ref_template=_TEMPLATE
        )
        self._references = {shape: references[shape, "validation"] for shape in shapes}
        self.all: JsonObject = dict(made["$defs"])

    def reference(self, shape: type[BaseModel]) -> JsonObject:
        """Where its schema is."""
        return dict(self._references[shape])

    def schema(self, shape: type[BaseModel]) -> JsonObject:
        """Its schema."""
        return dict(self.all[self.reference(shape)["$ref"].rpartition("/")[2]])


def _found(routes: Iterable[BaseRoute], before: str) -> Iterator[tuple[str, Route, Described]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _found(route.routes, before + route.path)
        elif isinstance(route, Route) and route.include_in_schema:
            about, path = getattr(route.endpoint, "described", None), before + route.path
            if about is None and path.startswith(_TOLD):
                about = Described((inspect.getdoc(route.endpoint) or route.name).splitlines()[0])
            if isinstance(about, Described):
                yield path, route, about


def _operation(path: str, method: str, route: Route, about: Described, shapes: _Shapes) -> JsonObject:
    name = method.lower() + _PARAMETER.sub(r"by_\1", path)
    made: JsonObject = {
        "operationId": re.sub(r"\W+", "_", name).strip("_"),
        "summary": about.summary,
        "description": inspect.getdoc(route.endpoint) or "",
        "parameters": [*_in_path(path), *_in_query(about, shapes)],
        "responses": _responses(about, shapes),
    }
    if about.tag:
        made["tags"] = [about.tag]
    if about.body:
        content = {about.media: {"schema": shapes.reference(about.body)}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _in_path(path: str) -> Iterator[JsonObject]:
    for name, kind in _PARAMETER.findall(path):
        schema = {"type": "integer"} if kind == "int" else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(about: Described, shapes: _Shapes) -> Iterator[JsonObject]:
    if about.query is None:
        return
    query = shapes.schema(about.query)
    for name, schema in query.get("properties", {}).items():
        yield {
            "name": name,
            "in": "query",
            "required": name in query.get("required", ()),
            "description": schema.get("description", ""),
            "schema": {key: value for key, value in schema.items() if key not in ("description", "title")},
        }


def _responses(about: Described, shapes: _Shapes) -> JsonObject:
    content: JsonObject = {JSON: {"schema": shapes.reference(about.answer)}} if about.answer else {}
    content |= {media: {"schema": {}} for media in about.others}
    right: JsonObject = {"description": about.summary}
    if content:
        right["content"] = content
    error = {JSON: {"schema": shapes.reference(ErrorBody)}}
    statuses = sorted({*_USUAL_ERRORS, *about.errors})
    wrong = {str(code): {"description": _TITLES[code], "content": error} for code in statuses}
    return {str(about.status): right, **wrong}
