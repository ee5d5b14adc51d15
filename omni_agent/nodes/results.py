"""Results of calls: as the turn's state keeps them, and as the tools' message that the model reads."""

from __future__ import annotations

from collections.abc import Iterable

from ..messages import JsonObject, Message, ToolCall, ToolResult


def failed(call: ToolCall, why: str) -> ToolResult:
    """The result of a call that was not run."""
    return ToolResult(call.id, call.name, "failed", why)


def by_call(results: Iterable[ToolResult]) -> dict[str, JsonObject]:
    """Results as plain JSON, by the id of their call."""
    parts = Message("tool", tuple(results)).to_json()["parts"]
    return {part["call_id"]: part for part in parts}


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
