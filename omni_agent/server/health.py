"""Whether a server is up, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from .hosting import Hosting


class Readiness:
    """What must be loaded before the first request; nothing, unless somebody says so.

    Attributes:
        waiting: Names of the agents whose models are not loaded yet.
    """

    def __init__(self) -> None:
        self.waiting: list[str] = []

    async def prewarm(self, hosting: Hosting) -> None:
        """Load the models of all agents, one after the other.

        Raises:
            OmniError: One of them cannot be loaded.
        """
        self.waiting = list(hosting.agents)
        for name, agent in hosting.agents.items():
            await agent.prewarm()
            self.waiting.remove(name)


def routes(hosting: Hosting) -> list[Route]:
    """`GET /health`: 200 where requests are answered, else 503. It needs no key, and names agents only to
    those who need none or have one."""

    async def health(request: Request) -> JSONResponse:
        if hosting.at_work.stopping.is_set():
            return JSONResponse({"status": "stopping"}, 503)
        if waiting := hosting.readiness.waiting:
            known = not hosting.access.keys or hasattr(request.state, "caller")
            told = {"waiting_for": waiting} if known else {}
            return JSONResponse({"status": "loading", **told}, 503, {"Retry-After": "2"})
        return JSONResponse({"status": "ok"})

    return [Route("/health", health)]
