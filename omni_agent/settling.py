"""Turns that did not come to their end, made into valid history: every call has a result."""

from __future__ import annotations

from .errors import MemoryStoreError
from .events import TurnStatus
from .execution import idempotency_key
from .execution.standing import shortened
from .guardrails import WITHHELD
from .messages import JsonObject, Message, Text, ToolCall, ToolResult
from .nodes.commit import remember
from .nodes.results import by_call, results_message
from .state import Turn, TurnState

_ASKED = "Not run: the user was asked first, and has not said yes."
_NOT_BEGUN = "Cut off before it began; nothing was done."


async def settle_cut(state: TurnState, turn: Turn, text: str, *, status: TurnStatus, heard_text: str) -> None:
    """Write a turn that was cut off or failed.

    Args:
        state: As far as it came.
        turn: The turn.
        text: All words that left the model.
        status: How it ended.
        heard_text: What the user got of the words.
    """
    if state.get("messages"):
        results = {**await _begun(state, turn), **state.get("results", {})}
        await remember(_whole(state, results, text), turn, status=status, heard_text=heard_text)


async def settle_waiting(state: TurnState, turn: Turn, question: str) -> None:
    """Write a turn that waited for a yes which never came: its calls count as denied.

    The question is what the agent said last, so that what the user says next can be understood.
    """
    if not state.get("messages"):
        state = {**state, "messages": [Message("user", (Text(WITHHELD),)).to_json()]}
    calls = _open_calls(state)
    denied = by_call(ToolResult(call.id, call.name, "denied", _ASKED) for call in calls)
    executor = turn.parts.executor
    keys = [idempotency_key(turn.scope, turn.session, turn.id, call) for call in calls]
    await executor.ask(lambda: [executor.journal.decide(key, "", yes=False) for key in keys])
    said = f"{state['reply']} {question}".strip()
    whole = _whole(state, {**denied, **state.get("results", {})}, said)
    await remember(whole, turn, status="done", heard_text=said)


def _open_calls(state: TurnState) -> list[ToolCall]:
    known = state.get("results", {})
    return [call for call in Message.from_json(state["messages"][-1]).tool_calls if call.id not in known]


async def _begun(state: TurnState, turn: Turn) -> dict[str, JsonObject]:
    """Results of the calls of the last message, as the journal knows them."""
    calls = {idempotency_key(turn.scope, turn.session, turn.id, call): call for call in _open_calls(state)}
    try:
        found = await turn.parts.executor.results(calls)
    except MemoryStoreError:
        return {}
    results = [
        found.get(key) or ToolResult(c.id, c.name, "cancelled", _NOT_BEGUN) for key, c in calls.items()
    ]
    return by_call(
        ToolResult(r.call_id, r.name, r.status, shortened(r.content), r.media, r.untrusted) for r in results
    )


def _whole(state: TurnState, results: dict[str, JsonObject], text: str) -> TurnState:
    messages = list(state["messages"])
    calls = Message.from_json(messages[-1]).tool_calls
    if calls:
        messages.append(results_message(calls, results).to_json())
    if rest := text[len(state.get("reply", "")) :].strip():
        messages.append(Message("assistant", (Text(rest),)).to_json())
    return {**state, "messages": messages, "reply": text}
