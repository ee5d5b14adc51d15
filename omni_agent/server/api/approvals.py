"""Calls that wait for a yes: which they are, and the yes or no to just those arguments."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...approval import Pending
from ...errors import InputError
from ...events import AgentEvent, ApprovalRequested, Timings, Usage
from ...reply import Reply
from ..errors import ApiError
from .described import described
from .reading import body_of, query_of
from .watching import watched
from .whose import LONGEST_NAME, Asked, Whose


class ApprovalsQuery(Whose):
    """Where it waits."""

    session: str = Field(
        "", max_length=LONGEST_NAME, description="One conversation; empty for all of the user's."
    )


class QuestionShape(BaseModel):
    """A call that waits. `digest` is of tool and arguments: a yes is a yes to just these."""

    id: str
    name: str
    arguments: dict[str, Any]
    question: str
    reason: str
    digest: str


class WaitingShape(BaseModel):
    """What waits in a conversation."""

    session: str
    turn: str
    asked_at: datetime
    questions: list[QuestionShape]


class WaitingList(BaseModel):
    """What waits."""

    data: list[WaitingShape]


class Named(BaseModel):
    """A call that was shown, by its id and the digest of its arguments."""

    id: str
    digest: str


class DecisionBody(Whose):
    """Which calls of a conversation are meant; those of the same turn that are not named are denied."""

    session: str = Field(min_length=1, max_length=LONGEST_NAME, description="The conversation that waits.")
    calls: list[Named] = Field(min_length=1, max_length=100, description="Calls that were shown.")


class Resumed(BaseModel):
    """The rest of the turn; `waiting` where it asks again, as `status` says."""

    status: str
    text: str
    waiting: list[QuestionShape]
    calls: list[str] = Field(description="Names of the tools that ran.")
    timings: Timings
    usage: Usage


@described("List what waits for a yes", tag="Approvals", query=ApprovalsQuery, answer=WaitingList)
async def approvals(request: Request) -> JSONResponse:
    """In one conversation, or in all of one of the caller's users, also after a restart of the server."""
    query = query_of(request, ApprovalsQuery)
    asked = Asked.of(request, query)
    found = dict(await asked.agent.all_pending(user=asked.memory_user))
    wanted = {query.session} if query.session else set(found)
    waiting = [_waiting(session, pending) for session, pending in found.items() if session in wanted]
    return JSONResponse(WaitingList(data=waiting).model_dump(mode="json"))


@described("Approve", tag="Approvals", body=DecisionBody, answer=Resumed, errors=(409,))
async def approve(request: Request) -> JSONResponse:
    """Say yes to the named calls; the turn goes on without speech, and the answer is the rest of it."""
    return await _decided(request, yes=True)


@described("Deny", tag="Approvals", body=DecisionBody, answer=Resumed, errors=(409,))
async def deny(request: Request) -> JSONResponse:
    """Say no to all calls of the turn that the named ones belong to; the turn goes on."""
    return await _decided(request, yes=False)


async def _decided(request: Request, *, yes: bool) -> JSONResponse:
    body = await body_of(request, DecisionBody)
    asked = Asked.of(request, body)
    agent, user = asked.agent, asked.memory_user
    pending = await agent.pending(session=body.session, user=user)
    if pending is None:
        raise ApiError("nothing waits in this session", status=404, code="nothing_waits", param="session")
    shown = _shown(pending, body.calls)
    answers = {call.id: yes for call in body.calls}
    events = agent.decide(answers, session=body.session, user=user, speak=False, shown=shown)
    reply = await _reply(asked, body.session, events)
    resumed = Resumed(
        status=reply.status,
        text=reply.text,
        waiting=[_question(one) for one in reply.approvals],
        calls=[call.name for call in reply.tool_calls],
        timings=reply.timings,
        usage=reply.usage,
    )
    asked.hosting.spent(asked.caller, model=asked.name, usage=reply.usage)
    return JSONResponse(resumed.model_dump(mode="json"))


async def _reply(asked: Asked, session: str, events: AsyncGenerator[AgentEvent, None]) -> Reply:
    seen = watched(asked.hosting, asked.caller, asked.user, session, events, agent=asked.name)
    try:
        return await Reply.of(seen)
    except InputError as error:
        raise ApiError(str(error), status=409, code=error.code, param="calls") from None


def _shown(pending: Pending, calls: list[Named]) -> list[ApprovalRequested]:
    """The questions that were named, as they wait now.

    Raises:
        ApiError: 409: one does not wait, or not with these arguments.
    """
    waiting = {(one.id, one.digest): one for one in pending.questions}
    if any((call.id, call.digest) not in waiting for call in calls):
        raise ApiError(
            "a named call does not wait, or no longer with these arguments; list what waits",
            status=409,
            code="approval_outdated",
            param="calls",
        )
    return [waiting[call.id, call.digest] for call in calls]


def _waiting(session: str, pending: Pending) -> WaitingShape:
    questions = [_question(one) for one in pending.questions]
    return WaitingShape(session=session, turn=pending.turn, asked_at=pending.asked_at, questions=questions)


def _question(one: ApprovalRequested) -> QuestionShape:
    return QuestionShape(
        id=one.id,
        name=one.name,
        arguments=one.arguments,
        question=one.question,
        reason=one.reason,
        digest=one.digest,
    )
