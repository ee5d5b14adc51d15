"""The last turns under a key: what happened in each, when, and how long its stages took."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...events import Timings, Usage, to_json
from ..caller import caller_of
from ..errors import ApiError
from ..hosting import Hosting
from .described import described
from .reading import query_of
from .watching import TURNS, Place, Trace
from .whose import LONGEST_NAME


class Where(BaseModel):
    """Where something happened; what is left out may be anything."""

    agent: str | None = Field(None, max_length=LONGEST_NAME, description="Model name of the agent.")
    user: str | None = Field(None, max_length=LONGEST_NAME, description="The `user` of the requests.")
    session: str | None = Field(None, max_length=LONGEST_NAME, description="The conversation.")

    def meets(self, place: Place) -> bool:
        """Whether something that happened there is wanted."""
        return (
            self.agent in (None, place.agent)
            and self.user in (None, place.user)
            and self.session in (None, place.session)
        )


class TracesQuery(Where):
    """Which turns."""

    limit: int = Field(20, ge=1, le=TURNS, description="The last so many.")


class TraceShape(BaseModel):
    """A turn. `status`, `timings` and `usage` are null while it goes on, and where it was left early."""

    turn: str
    agent: str
    user: str
    session: str
    began: datetime
    status: str | None
    timings: Timings | None
    usage: Usage | None


class StepShape(BaseModel):
    """An event of a turn."""

    seconds: float = Field(description="Since the turn began.")
    event: dict[str, Any] = Field(description="As `docs/events.md` lists them.")


class WholeTrace(TraceShape):
    """A turn with its events. Words and sound come in pieces, which are only counted."""

    steps: list[StepShape]
    pieces: int


class TraceList(BaseModel):
    """The last turns, newest first."""

    data: list[TraceShape]


@described("List the last turns", tag="Watching", query=TracesQuery, answer=TraceList)
async def traces(request: Request) -> JSONResponse:
    """The last turns under this key, since the server began; nothing of it is on a disk."""
    query = query_of(request, TracesQuery)
    hosting: Hosting = request.app.state.hosting
    wanted = [trace for trace in hosting.watching.turns(caller_of(request)) if query.meets(trace.place)]
    shapes = [TraceShape(**_fields(trace)) for trace in wanted[: query.limit]]
    return JSONResponse(TraceList(data=shapes).model_dump(mode="json"))


@described("Show a turn", tag="Watching", answer=WholeTrace)
async def trace(request: Request) -> JSONResponse:
    """One of the last turns, event by event."""
    hosting: Hosting = request.app.state.hosting
    wanted = request.path_params["turn"]
    for found in hosting.watching.turns(caller_of(request)):
        if found.id == wanted:
            steps = [StepShape(seconds=seconds, event=to_json(event)) for seconds, event in found.steps]
            shape = WholeTrace(**_fields(found), steps=steps, pieces=found.pieces)
            return JSONResponse(shape.model_dump(mode="json"))
    raise ApiError(
        "there is no such turn among the last ones", status=404, code="turn_not_found", param="turn"
    )


def _fields(trace: Trace) -> dict[str, Any]:
    end = trace.end
    return {
        "turn": trace.id,
        "agent": trace.place.agent,
        "user": trace.place.user,
        "session": trace.place.session,
        "began": trace.began,
        "status": end.status if end else None,
        "timings": end.timings if end else None,
        "usage": end.usage if end else None,
    }
