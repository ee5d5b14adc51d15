"""collect: results in the order of the calls, as one message for the model."""

from __future__ import annotations

from ..messages import JsonObject, Message, ToolCall, ToolResult
from ..state import Turn, TurnState, Update


async def collect(state: TurnState, turn: Turn) -> Update:
    """Join what `gate` refused and `act` ran."""
    calls = Message.from_json(state["messages"][-1]).tool_calls
    return {"messages": [results_message(calls, state["results"]).to_json()], "allowed": []}


def results_message(calls: tuple[ToolCall, ...], results: dict[str, JsonObject]) -> Message:
    """The tools' message for `calls`; a call without a result counts as cancelled."""
    made = Message.from_json(
        {"role": "tool", "parts": [results[call.id] for call in calls if call.id in results]}
    )
    known = {part.call_id: part for part in made.parts if isinstance(part, ToolResult)}
    cut = "Cut off before its result came; whether it took effect is not known."
    return Message(
        "tool", tuple(known.get(c.id) or ToolResult(c.id, c.name, "cancelled", cut) for c in calls)
    )
