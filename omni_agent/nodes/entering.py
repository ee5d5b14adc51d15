"""A call of this turn, as the journal knows it."""

from __future__ import annotations

from ..execution import Entry, digest, idempotency_key
from ..messages import ToolCall
from ..state import Turn
from ..tool import Tool


def entered(tool: Tool, call: ToolCall, turn: Turn) -> Entry:
    """The call as the journal knows it."""
    return Entry(
        key=idempotency_key(turn.scope, turn.session, turn.id, call),
        call=call,
        scope=turn.scope,
        session=turn.session,
        turn=turn.id,
        effect=tool.effect,
        digest=digest(call),
        planned_at=turn.parts.clock.now(),
        undoable=tool.undo is not None,
    )
