"""act: run one call. A failure is a result too; nothing a tool does ends the turn."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import asdict, replace

from ..errors import ToolError, ToolTimeout
from ..events import ToolFinished, ToolProgress, ToolStarted
from ..messages import JsonObject, ResultStatus, ToolCall, ToolResult
from ..state import Turn, Update
from ..tool import Tool, ToolContext, as_text

log = logging.getLogger(__name__)

LONGEST_RESULT = 4000


async def act(call: JsonObject, turn: Turn) -> Update:
    """Run a call that passed the gate, within its tool's timeout."""
    asked = ToolCall(call["id"], call["name"], call["arguments"])
    turn.emit(ToolStarted(asked.id, asked.name, asked.arguments))
    started = turn.parts.clock.monotonic()
    status, content = await _run(turn.parts.toolbox[asked.name], asked, turn)
    seconds = turn.parts.clock.monotonic() - started
    turn.timings = replace(turn.timings, tools=round(turn.timings.tools + seconds, 4))
    turn.emit(ToolFinished(asked.id, asked.name, status, content))
    return {"results": {asked.id: asdict(ToolResult(asked.id, asked.name, status, content))}}


async def _run(tool: Tool, call: ToolCall, turn: Turn) -> tuple[ResultStatus, str]:
    context = ToolContext(
        user=turn.scope.user,
        session=turn.session,
        turn=turn.id,
        call_id=call.id,
        idempotency_key=hashlib.sha256(f"{turn.session}/{turn.id}/{call.id}".encode()).hexdigest(),
        report=lambda message: turn.emit(ToolProgress(call.id, message)),
    )
    try:
        async with asyncio.timeout(tool.timeout):
            return "done", shortened(as_text(await tool.run(call.arguments, context)))
    except TimeoutError:
        late = ToolTimeout(f"{tool.name} did not finish within {tool.timeout:g} seconds")
        return "failed", late.message
    except ToolError as error:
        return "failed", shortened(error.message)
    except Exception as error:
        # Whatever a stranger's tool raises is the model's to explain; the log keeps what a developer needs.
        log.warning("tool %s failed", tool.name, exc_info=error)
        return "failed", shortened(f"{tool.name} failed: {error or type(error).__name__}")


def shortened(text: str) -> str:
    """At most `LONGEST_RESULT` characters, saying how much was left out; valid UTF-8 whatever came in."""
    clean = text.encode("utf-8", "replace").decode()
    if len(clean) <= LONGEST_RESULT:
        return clean
    return f"{clean[:LONGEST_RESULT]} … [{len(clean) - LONGEST_RESULT} more characters left out]"
