"""The page at `/`: somebody talks to the agent in a browser. It is a client like any other.

Its files are served as they are; nothing is built. It speaks `/v1/realtime` and reads `/v1/models` and
`/api/events`, all of its own origin, so that a Content-Security-Policy of `'self'` suffices.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from ..hosting import Hosting

PAGE = Path(__file__).with_name("page")


def routes(hosting: Hosting) -> list[BaseRoute]:
    """`GET /`, and its files under `/page`."""
    return [Route("/", index), Mount("/page", StaticFiles(directory=PAGE))]


async def index(request: Request) -> FileResponse:
    """The page."""
    return FileResponse(PAGE / "index.html", media_type="text/html")
