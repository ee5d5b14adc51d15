"""The application: every part's routes, under `/v1` and without it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from ..errors import OmniError
from ..messages import JsonObject
from .errors import ApiError, on_api_error
from .hosting import Hosting


def create_app(hosting: Hosting) -> Starlette:
    """An ASGI application that serves agents.

    Args:
        hosting: Which.
    """
    routes: list[BaseRoute] = [
        Route("/health", health),
        Route("/v1/models", models),
        Route("/v1/models/{id}", model),
    ]
    app = Starlette(routes=routes, exception_handlers={ApiError: on_api_error, OmniError: on_api_error})
    app.state.hosting = hosting
    return app


async def health(request: Request) -> JSONResponse:
    """Whether it is up."""
    return JSONResponse({"status": "ok"})


async def models(request: Request) -> JSONResponse:
    """`GET /v1/models`."""
    hosting: Hosting = request.app.state.hosting
    return JSONResponse({"object": "list", "data": [_model(name) for name in hosting.agents]})


async def model(request: Request) -> JSONResponse:
    """`GET /v1/models/{id}`."""
    name = request.path_params["id"]
    if name not in request.app.state.hosting.agents:
        raise ApiError(
            f"no agent is called '{name}'; GET /v1/models lists them", status=404, code="model_not_found"
        )
    return JSONResponse(_model(name))


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "omni_agent"}
