"""Conversations: which there are, and what was said in them, as it was heard."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...events import Timings, Usage
from ...memory import SessionSummary, TurnRecord
from ...messages import ToolCall, ToolResult
from ..errors import ApiError
from .described import described
from .reading import query_of
from .whose import Asked, Whose


class SessionsQuery(Whose):
    """How many, with whom."""

    limit: int = Field(50, ge=1, le=500, description="The latest so many.")


class SessionShape(BaseModel):
    """A conversation in the list."""

    id: str
    turns: int
    started_at: datetime
    last_at: datetime


class SessionList(BaseModel):
    """The latest conversations, newest first."""

    data: list[SessionShape]


class CallShape(BaseModel):
    """A tool call of a turn."""

    id: str
    name: str
    arguments: dict[str, Any]
    status: str
    result: str


class MediaShape(BaseModel):
    """A sound, picture or clip of a turn; `digest` is what `/api/media/{digest}` takes."""

    kind: str
    mime: str
    digest: str


class TurnShape(BaseModel):
    """A turn, as it is remembered."""

    id: str
    asked_by: str = Field(description="`user`, or `agent` where another agent asked.")
    user: str = Field(description="What the user said or wrote.")
    heard_text: str = Field(description="What the user got of the answer.")
    text: str = Field(description="The whole answer.")
    status: str
    started_at: datetime
    ended_at: datetime
    calls: list[CallShape]
    media: list[MediaShape]
    timings: Timings
    usage: Usage


class SessionHistory(BaseModel):
    """A conversation, oldest turn first."""

    id: str
    turns: list[TurnShape]


@described("List conversations", tag="Sessions", query=SessionsQuery, answer=SessionList)
async def sessions(request: Request) -> JSONResponse:
    """Those of one of the caller's users with an agent, newest first."""
    query = query_of(request, SessionsQuery)
    asked = Asked.of(request, query)
    listed = await asked.agent.parts.memory.sessions(asked.scope, limit=query.limit)
    return JSONResponse(SessionList(data=[_listed(one) for one in listed]).model_dump(mode="json"))


@described("Read a conversation", tag="Sessions", query=SessionsQuery, answer=SessionHistory)
async def session(request: Request) -> JSONResponse:
    """Its last turns: `heard_text` is what the user got of each answer, `text` all that was to be said."""
    query = query_of(request, SessionsQuery)
    name = request.path_params["session"]
    turns = await history(Asked.of(request, query), name, query.limit)
    return JSONResponse(SessionHistory(id=name, turns=[_turn(one) for one in turns]).model_dump(mode="json"))


async def history(asked: Asked, session: str, limit: int) -> list[TurnRecord]:
    """The last turns of one of the caller's conversations.

    Raises:
        ApiError: 404: he has none of that name.
    """
    turns = await asked.agent.parts.memory.history(asked.scope, session, limit=limit)
    if not turns:
        raise unknown()
    return turns


def unknown() -> ApiError:
    """There is no such conversation; or it is another key's, which is the same."""
    return ApiError(
        "there is no such session; list them", status=404, code="session_not_found", param="session"
    )


def _listed(one: SessionSummary) -> SessionShape:
    return SessionShape(id=one.id, turns=one.turns, started_at=one.started_at, last_at=one.last_at)


def _turn(turn: TurnRecord) -> TurnShape:
    users = (message for message in turn.messages if message.role == "user")
    first = next(users, None)
    media = {part.ref: part for message in turn.messages for part in message.media}
    return TurnShape(
        id=turn.id,
        asked_by=turn.asked_by,
        user=first.text if first else "",
        heard_text=turn.heard_text,
        text=turn.text,
        status=turn.status,
        started_at=turn.started_at,
        ended_at=turn.ended_at,
        calls=_calls(turn),
        media=[
            MediaShape(kind=part.type, mime=part.mime, digest=ref.rpartition("/")[2])
            for ref, part in media.items()
        ],
        timings=turn.timings,
        usage=turn.usage,
    )


def _calls(turn: TurnRecord) -> list[CallShape]:
    parts = [part for message in turn.messages for part in message.parts]
    results = {part.call_id: part for part in parts if isinstance(part, ToolResult)}
    calls = (part for part in parts if isinstance(part, ToolCall))
    return [
        CallShape(
            id=call.id,
            name=call.name,
            arguments=call.arguments,
            status=results[call.id].status if call.id in results else "unknown",
            result=results[call.id].content if call.id in results else "",
        )
        for call in calls
    ]
