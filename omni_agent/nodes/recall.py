"""recall: the conversation so far, and what memory adds to it within its budget."""

from __future__ import annotations

import asyncio
import logging

from ..errors import MemoryStoreError
from ..events import ErrorRaised
from ..memory import TurnRecord
from ..messages import Message, Text
from ..state import Turn, TurnState, Update
from .late import late_results, note, telling

log = logging.getLogger(__name__)

CUT = " [interrupted here]"


async def recall(state: TurnState, turn: Turn) -> Update:
    """Fetch history and recollections; a memory that fails or is late never stops the turn."""
    memory, message = turn.parts.memory, Message.from_json(state["messages"][-1])
    records: list[TurnRecord] = []
    try:
        records = await memory.history(turn.scope, turn.session, limit=200)
    except MemoryStoreError as error:
        turn.emit(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
    records, late = await late_results(records, turn)
    for entry in late:
        if entry.status == "unknown":
            turn.emit(note(entry))
    recalled = await _recalled(message.text, turn)
    turn.mark("recalled")
    return {
        "history": [said.to_json() for record in records for said in as_heard(record)],
        "context": "\n".join([*map(telling, late), *recalled]),
        "late": [entry.key for entry in late if entry.ended],
    }


async def _recalled(words: str, turn: Turn) -> list[str]:
    try:
        async with asyncio.timeout(turn.parts.recall_budget):
            return [item.text for item in await turn.parts.memory.recall(turn.scope, words)]
    except (MemoryStoreError, TimeoutError) as error:
        log.info("recall gave nothing: %s", error or "out of time")
        return []


def as_heard(record: TurnRecord) -> list[Message]:
    """A turn as the model is to see it: a reply that was cut ends where the user stopped hearing it."""
    messages = list(record.messages)
    if record.status in {"interrupted", "failed"}:
        if messages and messages[-1].role == "assistant" and not messages[-1].tool_calls:
            messages.pop()
        messages.append(Message("assistant", (Text(record.heard_text + CUT),)))
    return messages
