"""Call a tool without a model: only one that reads. The others are for a conversation, which can ask back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ...alarms import ToolAlarms
from ...errors import ToolArgumentError, ToolError
from ...tool import Cancellation, Tool, ToolContext, ToolMemory
from ...tool.limits import limited
from ...tool.result import split
from ..errors import ApiError
from .agents import named, tools_of
from .described import described
from .reading import body_of
from .whose import LONGEST_NAME, Asked, Whose


class CallBody(BaseModel):
    """A call."""

    arguments: dict[str, Any] = Field(default_factory=dict, description="As the tool's schema wants them.")
    user: str = Field("", max_length=LONGEST_NAME, description="As which of the caller's users.")
    session: str = Field("api", max_length=LONGEST_NAME, description="In which conversation.")


class CallResult(BaseModel):
    """What a tool gave; `status` is `done` or `failed`."""

    tool: str
    status: str
    result: str
    media: list[str] = Field(description="Kinds of the media that it showed beside its words.")


@described("Call a tool that only reads", tag="Agents", body=CallBody, answer=CallResult)
async def call(request: Request) -> JSONResponse:
    """Run it, as the caller, and give its result. A tool that changes something is refused with 403."""
    tools = await tools_of(request)
    tool = named(request, tools)
    body = await body_of(request, CallBody)
    asked = Asked.of(request, Whose(agent=request.path_params["agent"], user=body.user))
    if tool.effect != "read" or asked.agent.parts.team.is_transfer(tool.name):
        raise ApiError(
            f"'{tool.name}' does more than read: have it called in a conversation, which can ask back",
            status=403,
            code="tool_not_read_only",
            param="tool",
        )
    try:
        arguments = tool.validate(body.arguments)
    except ToolArgumentError as error:
        raise ApiError(str(error), code=error.code, param="arguments") from None
    return JSONResponse((await _result(tool, arguments, asked, body.session)).model_dump())


async def _result(tool: Tool, arguments: dict[str, Any], asked: Asked, session: str) -> CallResult:
    try:
        text, media = split(await limited(tool, arguments, _context(asked, session)))
    except ToolError as error:
        return CallResult(tool=tool.name, status="failed", result=_printable(error.message), media=[])
    return CallResult(
        tool=tool.name, status="done", result=_printable(text), media=[part.type for part in media]
    )


def _context(asked: Asked, session: str) -> ToolContext:
    parts, call = asked.agent.parts, uuid4().hex
    return ToolContext(
        user=asked.memory_user,
        session=session,
        turn=call,
        call_id=call,
        idempotency_key=call,
        report=lambda message: None,
        memory=ToolMemory(parts.memory, asked.scope, session),
        media=parts.media,
        alarms=ToolAlarms(parts.alarms, asked.memory_user),
        cancellation=Cancellation(),
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
