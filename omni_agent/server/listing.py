"""`/v1/models`: the agents, as the models that clients know."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .api.described import described
from .errors import ApiError
from .hosting import Hosting


class ModelShape(BaseModel):
    """An agent."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "omni_agent"


class ModelList(BaseModel):
    """All agents, the default first."""

    object: Literal["list"] = "list"
    data: list[ModelShape]


def routes(hosting: Hosting) -> list[Route]:
    """`GET /v1/models` and `GET /v1/models/{id}`."""

    @described("List the agents as models", tag="Models", answer=ModelList)
    async def models(request: Request) -> JSONResponse:
        """As OpenAI's clients know them."""
        shapes = [ModelShape(id=name) for name in hosting.agents]
        return JSONResponse(ModelList(data=shapes).model_dump())

    @described("Show an agent as a model", tag="Models", answer=ModelShape)
    async def model(request: Request) -> JSONResponse:
        """One of them."""
        name = request.path_params["id"]
        if name not in hosting.agents:
            raise ApiError(
                "no agent is called that; GET /v1/models lists them",
                status=404,
                code="model_not_found",
                param="model",
            )
        return JSONResponse(ModelShape(id=name).model_dump())

    return [Route("/v1/models", models), Route("/v1/models/{id}", model)]
