"""Calls that come from another program: entered in the journal, and brought to their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from ..alarms import ToolAlarms
from ..errors import ToolError
from ..execution import Entry, digest
from ..messages import JsonObject, ToolCall, ToolResult
from ..tool import Tool, ToolContext, ToolMemory
from ..tool.limits import UNKNOWN, limited
from ..tool.result import split

if TYPE_CHECKING:
    from ..state import Parts

USER = "mcp"


class Calls:
    """Runs the calls of all clients with an agent's parts, for a user of their own."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def run(self, tool: Tool, arguments: JsonObject, report: Callable[[str], None]) -> ToolResult:
        """What becomes of a call that may run.

        Cancelling this cuts the call off where it may be cut off; any other goes on to its end.
        """
        executor, journal = self.parts.executor, self.parts.executor.journal
        entry = self._entry(tool, arguments)
        if tool.effect == "irreversible":
            await executor.ask(lambda: journal.plan([entry]))
            await executor.ask(lambda: journal.decide(entry.key, entry.digest, yes=True))
        # The client has its own model, which means every call that it makes.
        result = await executor.run(
            entry,
            lambda: self._result(tool, entry, report),
            repeats=True,
            may_be_cut_off=tool.may_be_cut_off,
        )
        await executor.ask(lambda: journal.tell([entry.key]))
        return result

    def _entry(self, tool: Tool, arguments: JsonObject) -> Entry:
        call = ToolCall(uuid4().hex, tool.name, arguments)
        return Entry(
            key=call.id,
            call=call,
            scope=self.parts.scope(USER),
            session=USER,
            turn=call.id,
            effect=tool.effect,
            digest=digest(call),
            planned_at=self.parts.clock.now(),
        )

    async def _result(self, tool: Tool, entry: Entry, report: Callable[[str], None]) -> ToolResult:
        call = entry.call
        try:
            text, media = split(await limited(tool, call.arguments, self._context(entry, report)))
        except ToolError as error:
            return ToolResult(
                call.id, call.name, "unknown" if error.code == UNKNOWN else "failed", error.message
            )
        return ToolResult(call.id, call.name, "done", text, media)

    def _context(self, entry: Entry, report: Callable[[str], None]) -> ToolContext:
        return ToolContext(
            user=USER,
            session=USER,
            turn=entry.turn,
            call_id=entry.call.id,
            idempotency_key=entry.key,
            report=report,
            memory=ToolMemory(self.parts.memory, entry.scope, USER),
            media=self.parts.media,
            alarms=ToolAlarms(self.parts.alarms, USER),
        )
