"""Erasing: one conversation, what is about something, or all there is of a user. There is no way back."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...memory import Forgotten
from .described import described
from .reading import body_of, query_of
from .sessions import history
from .whose import LONGEST_NAME, Asked, Whose


class ForgetBody(Whose):
    """What is to be forgotten: exactly one of `what`, `session` and `everything`."""

    what: str = Field("", max_length=1000, description="Words that name it: `my dentist`.")
    session: str = Field("", max_length=LONGEST_NAME, description="One conversation.")
    everything: bool = Field(False, description="All there is of the user with this agent.")
    preview: bool = Field(False, description="Only say what would go.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum((bool(self.what.strip()), bool(self.session), self.everything)) != 1:
            raise ValueError("say one of: what, session, everything")
        return self


class ForgottenShape(BaseModel):
    """What went, or would go."""

    preview: bool
    facts: list[str]
    turns: int
    summaries: int
    media: int
    sessions: list[str] = Field(description="Conversations that lost something.")


@described("Forget", tag="Memory", body=ForgetBody, answer=ForgottenShape)
async def forget(request: Request) -> JSONResponse:
    """Erase it from every file, to the last byte, and from what was seen of turns; there is no way back."""
    body = await body_of(request, ForgetBody)
    asked = Asked.of(request, body)
    what = body.what.strip()
    if body.preview:
        would = await asked.agent.memory_of(asked.memory_user).preview(what, session=body.session)
        return _told(would, preview=True)
    return _told(await _erased(asked, what, body.session))


@described("Forget a conversation", tag="Sessions", query=Whose, answer=ForgottenShape)
async def forget_session(request: Request) -> JSONResponse:
    """Erase it from every file, with what was learnt from it alone."""
    asked, session = Asked.of(request, query_of(request, Whose)), request.path_params["session"]
    await history(asked, session, 1)
    return _told(await _erased(asked, "", session))


async def _erased(asked: Asked, what: str, session: str) -> Forgotten:
    gone = await asked.agent.memory_of(asked.memory_user).forget(what, session=session)
    lost = {session, *(name for _, name in gone.sessions)} - {""} if what or session else {""}
    for name in lost:
        asked.hosting.watching.forget(asked.caller, agent=asked.name, user=asked.user, session=name)
    return gone


def _told(gone: Forgotten, *, preview: bool = False) -> JSONResponse:
    told = ForgottenShape(
        preview=preview,
        facts=list(gone.facts),
        turns=gone.turns,
        summaries=gone.summaries,
        media=len(gone.media),
        sessions=sorted({session for _, session in gone.sessions}),
    )
    return JSONResponse(told.model_dump())
