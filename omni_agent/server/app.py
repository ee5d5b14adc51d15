"""The application: every part's routes, under `/v1` and without it, behind the guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from ..errors import OmniError
from . import api, audio, chat, health, listing, metrics, realtime, responses, web
from .errors import ApiError, error_body, on_api_error
from .guard import Guard
from .hosting import Hosting

_VERSION = "/v1"


def create_app(hosting: Hosting, further: Sequence[BaseRoute] = ()) -> Starlette:
    """An ASGI application that serves agents.

    It loads no model and opens no file of its own: `running.py` does, and whoever runs it otherwise calls
    `hosting.readiness.prewarm(hosting)`.

    Args:
        hosting: Which.
        further: Routes of your own, behind the same guard. They come first.
    """
    page = web.routes(hosting)
    parts = (chat, responses, audio, realtime, listing, api, health, metrics)
    routes: list[BaseRoute] = [route for part in parts for route in part.routes(hosting)]
    app = Starlette(
        routes=[*further, *routes, *_without_version(routes), *page],
        middleware=[Middleware(Guard, hosting=hosting, free=tuple(_paths(page)))],
        exception_handlers={ApiError: on_api_error, OmniError: on_api_error, HTTPException: on_http_error},
    )
    app.state.hosting = hosting
    return app


async def on_http_error(request: Request, error: Exception) -> Response:
    """Starlette's own refusals, such as 404 and 405, in the shape that clients read."""
    assert isinstance(error, HTTPException)
    told = {404: "there is nothing at this address", 405: "this address does not take that method"}
    message = told.get(error.status_code, error.detail)
    return JSONResponse(
        {"error": error_body(message, status=error.status_code)}, error.status_code, error.headers
    )


def _without_version(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Clients whose base address lacks `/v1` find the same."""
    known = {getattr(route, "path", "") for route in routes}
    for route in routes:
        if isinstance(route, Route | WebSocketRoute) and route.path.startswith(_VERSION + "/"):
            path = route.path.removeprefix(_VERSION)
            if path in known:
                continue
            if isinstance(route, Route):
                yield Route(
                    path, route.endpoint, methods=sorted(route.methods or ()), include_in_schema=False
                )
            else:
                yield WebSocketRoute(path, route.endpoint)


def _paths(page: Iterable[BaseRoute]) -> Iterator[str]:
    for route in page:
        if isinstance(route, Mount):
            yield route.path + "/"
        elif isinstance(route, Route):
            fixed, _, varies = route.path.partition("{")
            yield fixed if not varies or fixed.endswith("/") else fixed.rpartition("/")[0] + "/"
