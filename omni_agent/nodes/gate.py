"""gate: only calls that fit their schema, and are approved where need be, may run.

A node of its own without side effects: when it waits for an approval and is resumed, it runs again from its
first line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from langgraph.types import interrupt

from ..errors import ToolError
from ..messages import JsonObject, Message, ToolCall, ToolResult
from ..state import Turn, TurnState, Update
from .results import by_call, failed


async def gate(state: TurnState, turn: Turn) -> Update:
    """Sort the last message's calls into those that may run and those that already have a result."""
    *before, last = (Message.from_json(item) for item in state["messages"])
    known = state.get("results", {})
    calls = [call for call in last.tool_calls if call.id not in known]
    refused = [
        result for call in calls if (result := _misfit(call, turn) or _done_before(call, before, known))
    ]
    settled = {result.call_id for result in refused}
    passed = [call for call in calls if call.id not in settled]
    asked = [call for call in passed if turn.parts.toolbox[call.name].effect == "irreversible"]
    answers: dict[str, bool] = interrupt([_question(call) for call in asked]) if asked else {}
    denied = [call for call in asked if answers.get(call.id) is not True]
    refused += [
        ToolResult(call.id, call.name, "denied", "The user said no; nothing was done.") for call in denied
    ]
    return {
        "allowed": [_json(call, state) for call in passed if call not in denied],
        "results": by_call(refused),
    }


def _misfit(call: ToolCall, turn: Turn) -> ToolResult | None:
    """Why a call cannot be run, as the result that the model reads; None where it fits its tool."""
    try:
        turn.parts.toolbox[call.name].validate(call.arguments)
    except ToolError as error:
        return failed(call, error.message)
    return None


def _done_before(
    call: ToolCall, before: Sequence[Message], known: dict[str, JsonObject]
) -> ToolResult | None:
    """The result of the same call earlier in the turn, if there is one."""
    earlier = _same_call_before(call, before, known)
    if earlier is None:
        return None
    told = earlier["content"]
    if earlier["status"] == "done":
        told = f"Already done in this turn, not run again. {told}"
    return ToolResult(call.id, call.name, earlier["status"], told)


def _same_call_before(
    call: ToolCall, before: Sequence[Message], known: dict[str, JsonObject]
) -> JsonObject | None:
    for message in before:
        for other in message.tool_calls:
            if (other.name, _key(other)) == (call.name, _key(call)) and other.id in known:
                return known[other.id]
    return None


def _key(call: ToolCall) -> str:
    return json.dumps(call.arguments, sort_keys=True)


def _question(call: ToolCall) -> JsonObject:
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in call.arguments.items())
    name = call.name.replace("_", " ").capitalize()
    return {
        "id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "question": f"{name}: {said}?" if said else f"{name}?",
    }


def _json(call: ToolCall, state: TurnState) -> JsonObject:
    return {
        "id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "provenance": state.get("provenance", {}).get(call.id, {}),
    }
