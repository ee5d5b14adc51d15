"""Responses: the API that keeps conversations for its clients. Most of a request's way is that of `chat/`.

1. `requests.py`: its shape; `reading.py`: its input as messages; `conditions.py`: its `Terms`.
2. `endpoint.py`: the endpoints.
3. `creation.py`: one response while it is made; `output.py`: its events and items; `resource.py`: its body.
4. `store.py`: what is kept; `looking_back.py`: a conversation that is resumed from it.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from ..hosting import Hosting
from .endpoint import Responses


def routes(hosting: Hosting) -> list[BaseRoute]:
    """`POST /v1/responses`, `GET` and `DELETE /v1/responses/{id}`."""
    responses = Responses(hosting)
    return [
        Route("/v1/responses", responses.create, methods=["POST"]),
        Route("/v1/responses/{id}", responses.retrieve, methods=["GET"]),
        Route("/v1/responses/{id}", responses.delete, methods=["DELETE"]),
    ]
