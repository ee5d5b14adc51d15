"""`/v1/models`: the agents, as the models that clients know."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..messages import JsonObject
from .errors import ApiError
from .hosting import Hosting


def routes(hosting: Hosting) -> list[Route]:
    """`GET /v1/models` and `GET /v1/models/{id}`."""

    async def models(request: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [_model(name) for name in hosting.agents]})

    async def model(request: Request) -> JSONResponse:
        name = request.path_params["id"]
        if name not in hosting.agents:
            raise ApiError(
                "no agent is called that; GET /v1/models lists them",
                status=404,
                code="model_not_found",
                param="model",
            )
        return JSONResponse(_model(name))

    return [Route("/v1/models", models), Route("/v1/models/{id}", model)]


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "omni_agent"}
