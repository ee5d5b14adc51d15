"""commit: the turn goes to memory, as the user got it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from ..delegation import delegated
from ..errors import MemoryStoreError
from ..events import ErrorRaised, MemoryWritten, TurnStatus
from ..execution import idempotency_key
from ..memory import TurnRecord
from ..messages import Message
from ..remembering import forgetting, redacted
from ..state import Turn, TurnState, Update, total_usage


async def commit(state: TurnState, turn: Turn) -> Update:
    """Write a turn that came to its end; one that is still being heard as cut at what was heard so far."""
    await turn.authorised()
    if turn.live and turn.delivery:
        heard = state["reply"][: turn.live.heard].rstrip()
        await remember(state, turn, status="interrupted", heard_text=heard, told=False)
    else:
        status: TurnStatus = "calling" if state.get("handed") else "done"
        await remember(state, turn, status=status, heard_text=state["reply"])
    messages = [Message.from_json(item) for item in state["messages"]]
    calls = [call for message in messages for call in message.tool_calls]
    mine = [idempotency_key(turn.scope, turn.session, turn.id, call) for call in calls]
    if told := [*mine, *state.get("late", [])]:
        executor = turn.parts.executor
        try:
            await executor.ask(lambda: executor.journal.tell(told))
        except MemoryStoreError as error:
            turn.emit(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
    return {}


async def remember(
    state: TurnState, turn: Turn, *, status: TurnStatus, heard_text: str, told: bool = True
) -> None:
    """Write the turn, or write it anew; a memory that fails costs the memory, not the answer.

    Args:
        state: As far as the turn came.
        turn: The turn.
        status: How it ended.
        heard_text: What was heard of the reply.
        told: Tell the caller; not where it will be written again.
    """
    ended = turn.parts.clock.now()
    record = TurnRecord(
        id=turn.id,
        session=turn.session,
        messages=tuple(Message.from_json(item) for item in state.get("messages", [])),
        text=state.get("reply", ""),
        heard_text=heard_text,
        status=status,
        started_at=ended - timedelta(seconds=turn.elapsed()),
        ended_at=ended,
        timings=turn.timings,
        usage=total_usage(state),
        asked_by="agent" if delegated() else "user",
    )
    try:
        if forgetting(record):
            record = await _without_traces(record, turn)
        await turn.parts.memory.commit(turn.scope, record)
    except MemoryStoreError as error:
        turn.emit(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
    else:
        if told:
            turn.emit(MemoryWritten(turn.id))


async def _without_traces(record: TurnRecord, turn: Turn) -> TurnRecord:
    """The record of a turn in which something was forgotten, of which nothing may be left elsewhere."""
    executor, media = turn.parts.executor, turn.parts.media
    for ref in {part.ref for message in record.messages for part in message.media}:
        await asyncio.to_thread(media.delete, ref)
    scope = turn.scope
    await executor.ask(lambda: executor.journal.erase(scope.user, scope.persona, turn.session))
    await executor.ask(executor.journal.scrub)
    return redacted(record)
