"""What became of calls whose turn could not tell: they outlived it, it was cut off, or the program ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import MemoryStoreError
from ..events import ErrorRaised
from ..execution import Entry, idempotency_key
from ..execution.standing import shortened
from ..memory import TurnRecord
from ..messages import Message, ToolCall, ToolResult
from ..models.notation import dumps
from ..state import Turn

_MOST_CHARACTERS = 600
_TOLD = {
    "done": "In the meantime this was done: {call}. Its result: {result}",
    "failed": "In the meantime this failed: {call}. {result}",
    "running": "This still runs: {call}.",
    "unknown": "This was cut off: {call}. Whether it took effect is not known; say so, and do not repeat it "
    "without asking.",
}


async def late_results(records: Sequence[TurnRecord], turn: Turn) -> tuple[list[TurnRecord], list[Entry]]:
    """History with the results that came after their turn, and the calls whose end the user is to be told."""
    executor, journal = turn.parts.executor, turn.parts.executor.journal
    outlived = {
        idempotency_key(turn.scope, turn.session, record.id, call): call.id
        for record in records
        for call in _running(record)
    }
    try:
        known = await executor.ask(lambda: journal.entries(outlived)) if outlived else {}
        untold = await executor.ask(lambda: journal.untold(turn.scope, turn.session))
    except MemoryStoreError as error:
        turn.emit(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
        return list(records), []
    ended = {entry.key: entry for entry in known.values() if entry.ended}
    told_by_history = {
        idempotency_key(turn.scope, turn.session, record.id, call)
        for record in records
        for message in record.messages
        for call in message.tool_calls
    } - set(outlived)
    new = [entry for entry in untold if entry.key not in told_by_history and entry.turn != turn.id]
    return [_completed(record, ended) for record in records], new


def telling(entry: Entry) -> str:
    """A sentence for the model about a call of an earlier turn."""
    call = f"{entry.call.name} {dumps(entry.call.arguments)}"
    return _TOLD[entry.status].format(call=call, result=shortened(entry.content)[:_MOST_CHARACTERS])


def note(entry: Entry) -> ErrorRaised:
    """What the user is told at once of a call that nobody knows the end of."""
    return ErrorRaised(
        "tool_unknown",
        f"{entry.call.name} was cut off; whether it took effect is not known",
        "look before it is done again",
        severity="note",
    )


def _results(record: TurnRecord) -> list[ToolResult]:
    return [part for m in record.messages for part in m.parts if isinstance(part, ToolResult)]


def _running(record: TurnRecord) -> list[ToolCall]:
    waiting = {result.call_id for result in _results(record) if result.status == "running"}
    return [call for message in record.messages for call in message.tool_calls if call.id in waiting]


def _completed(record: TurnRecord, ended: dict[str, Entry]) -> TurnRecord:
    results = {
        entry.call.id: replace(entry.result(), content=shortened(entry.content))
        for entry in ended.values()
        if entry.turn == record.id
    }
    if not results:
        return record

    def now(message: Message) -> Message:
        parts = tuple(
            results.get(part.call_id, part) if isinstance(part, ToolResult) else part
            for part in message.parts
        )
        return replace(message, parts=parts)

    return replace(record, messages=tuple(map(now, record.messages)))
