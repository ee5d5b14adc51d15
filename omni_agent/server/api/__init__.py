"""For dashboards and apps: what the agents are and keep, as JSON, and what happens, as it happens.

1. `described.py`, `openapi.py`: every part's endpoints tell what they take and give, for `/openapi.json`.
2. `reading.py`, `whose.py`: a request's query and body, and whose things it asks for: no others are found.
3. `agents.py`, `calling.py`: agents and their tools; a tool that only reads may be called.
4. `sessions.py`, `media.py`, `memory.py`, `forgetting.py`: conversations as they were heard, what is known
   of a user, and its end.
5. `approvals.py`: calls that wait for a yes.
6. `watching.py`, `events.py`, `traces.py`: turns are watched where they run, and seen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..hosting import Hosting


def routes(hosting: Hosting) -> list[BaseRoute]:
    """`/openapi.json` and all under `/api`."""
    from .paths import paths

    return paths()
