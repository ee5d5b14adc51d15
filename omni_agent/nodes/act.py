"""act: run one call. A failure is a result too; nothing a tool does ends the turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

from ..alarms import ToolAlarms
from ..errors import ToolError
from ..events import ToolFinished, ToolProgress, ToolStarted
from ..execution import idempotency_key
from ..execution.standing import shortened
from ..messages import JsonObject, ResultStatus, ToolCall, ToolResult
from ..state import Turn, Update
from ..tool import Cancellation, Tool, ToolContext, ToolMemory
from ..tool.limits import UNKNOWN, limited
from .cover import covered
from .entering import entered
from .results import by_call
from .showing import shown


async def act(call: JsonObject, turn: Turn) -> Update:
    """Run a call that passed the gate, unless it was run before."""
    asked = ToolCall(call["id"], call["name"], call["arguments"])
    try:
        tool = turn.parts.toolbox[asked.name]
    except ToolError as error:
        return {"results": by_call([ToolResult(asked.id, asked.name, "failed", error.message)])}
    started = turn.parts.clock.monotonic()
    async with covered(turn, asked):
        result = await turn.parts.executor.run(
            entered(tool, asked, turn),
            lambda: _run(tool, asked, turn, call.get("provenance", {})),
            repeats=tool.repeats,
            may_be_cut_off=tool.may_be_cut_off,
        )
    seconds = turn.parts.clock.monotonic() - started
    turn.timings = replace(turn.timings, tools=round(turn.timings.tools + seconds, 4))
    return {"results": by_call([replace(result, content=shortened(result.content))])}


async def _run(tool: Tool, call: ToolCall, turn: Turn, provenance: JsonObject) -> ToolResult:
    """The result of a tool within its time limit, and the events of its start and its end."""
    turn.emit(ToolStarted(call.id, call.name, call.arguments, provenance))
    cancellation = Cancellation()
    try:
        made = await limited(tool, call.arguments, context_of(call, turn, cancellation))
    except ToolError as error:
        status: ResultStatus = "unknown" if error.code == UNKNOWN else "failed"
        result = ToolResult(call.id, call.name, status, error.message)
    else:
        text, media = await shown(made, turn)
        result = ToolResult(call.id, call.name, "done", text, media)
    turn.emit(ToolFinished(call.id, call.name, result.status, shortened(result.content)))
    return replace(result, untrusted=tool.untrusted)


def context_of(call: ToolCall, turn: Turn, cancellation: Cancellation) -> ToolContext:
    """What the tool of a call may know of the turn."""
    return ToolContext(
        user=turn.scope.user,
        session=turn.session,
        turn=turn.id,
        call_id=call.id,
        idempotency_key=idempotency_key(turn.scope, turn.session, turn.id, call),
        report=_reporter(call, turn, cancellation),
        memory=ToolMemory(turn.parts.memory, turn.scope, turn.session),
        media=turn.parts.media,
        alarms=ToolAlarms(turn.parts.alarms, turn.scope.user),
        cancellation=cancellation,
    )


def _reporter(call: ToolCall, turn: Turn, cancellation: Cancellation) -> Callable[[str], None]:
    """Shows progress, from any thread, as long as somebody waits for the result."""
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def emit(message: str) -> None:
        if not cancellation.requested:
            turn.emit(ToolProgress(call.id, str(message)))

    def report(message: str) -> None:
        if threading.get_ident() == home:
            emit(message)
        elif not cancellation.requested:
            loop.call_soon_threadsafe(emit, message)

    return report
