"""act: run one call. A failure is a result too; nothing a tool does ends the turn."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from ..errors import ToolError, ToolTimeout
from ..events import ToolFinished, ToolProgress, ToolStarted
from ..messages import JsonObject, ToolCall, ToolResult
from ..state import Turn, Update
from ..tool import Cancellation, Tool, ToolContext, ToolMemory
from .results import by_call
from .showing import shown

log = logging.getLogger(__name__)

LONGEST_RESULT = 4000


async def act(call: JsonObject, turn: Turn) -> Update:
    """Run a call that passed the gate, within its tool's timeout."""
    tool = turn.parts.toolbox[call["name"]]
    try:
        # Mended, so that the user sees what the tool gets.
        asked = ToolCall(call["id"], tool.name, tool.validate(call["arguments"]))
    except ToolError as error:
        return {"results": by_call([ToolResult(call["id"], tool.name, "failed", error.message)])}
    turn.emit(ToolStarted(asked.id, asked.name, asked.arguments, call.get("provenance", {})))
    started = turn.parts.clock.monotonic()
    result = await _run(tool, asked, turn)
    seconds = turn.parts.clock.monotonic() - started
    turn.timings = replace(turn.timings, tools=round(turn.timings.tools + seconds, 4))
    turn.emit(ToolFinished(asked.id, asked.name, result.status, result.content))
    return {"results": by_call([result])}


async def _run(tool: Tool, call: ToolCall, turn: Turn) -> ToolResult:
    cancellation = Cancellation()
    limit = asyncio.timeout(tool.timeout)
    try:
        async with limit:
            made = await tool.run(call.arguments, _context(call, turn, cancellation))
    except ToolError as error:
        content = error.message
    except Exception as error:
        if limit.expired():
            content = ToolTimeout(f"{tool.name} did not finish within {tool.timeout:g} seconds").message
        else:
            # Whatever a stranger's tool raises is the model's to explain; the log has what a developer needs.
            log.warning("tool %s failed", tool.name, exc_info=error)
            content = f"{tool.name} failed: {error or type(error).__name__}"
    else:
        text, media = await shown(made, turn)
        return ToolResult(call.id, call.name, "done", shortened(text), media)
    finally:
        # Also after the end: whatever a tool left running in a thread may stop now.
        cancellation.request()
    return ToolResult(call.id, call.name, "failed", shortened(content))


def _context(call: ToolCall, turn: Turn, cancellation: Cancellation) -> ToolContext:
    return ToolContext(
        user=turn.scope.user,
        session=turn.session,
        turn=turn.id,
        call_id=call.id,
        idempotency_key=hashlib.sha256(f"{turn.session}/{turn.id}/{call.id}".encode()).hexdigest(),
        report=_reporter(call, turn, cancellation),
        memory=ToolMemory(turn.parts.memory, turn.scope, turn.session),
        media=turn.parts.media,
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


def shortened(text: str) -> str:
    """At most `LONGEST_RESULT` characters, saying how much was left out; valid UTF-8 whatever came in."""
    clean = text.encode("utf-8", "replace").decode()
    if len(clean) <= LONGEST_RESULT:
        return clean
    return f"{clean[:LONGEST_RESULT]} … [{len(clean) - LONGEST_RESULT} more characters left out]"
