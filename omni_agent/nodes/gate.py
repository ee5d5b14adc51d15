"""gate: no call passes that its schema, its effect or this turn's earlier calls speak against.

It has no side effects, so it may run again when an approval comes back.
"""

from __future__ import annotations

import json

from langgraph.types import interrupt

from ..errors import ToolError
from ..messages import JsonObject, Message, ToolCall, ToolResult
from ..state import Turn, TurnState, Update
from ..tool import Toolbox


async def gate(state: TurnState, turn: Turn) -> Update:
    """Sort the last message's calls into those that may run and those that already have a result."""
    calls = Message.from_json(state["messages"][-1]).tool_calls
    toolbox = turn.parts.toolbox
    refused = {call.id: result for call in calls if (result := _refusal(call, toolbox, state))}
    passed = [call for call in calls if call.id not in refused]
    questions = [_question(call) for call in passed if toolbox[call.name].effect == "irreversible"]
    answers: dict[str, bool] = interrupt(questions) if questions else {}
    denied = [call for call in passed if answers.get(call.id) is False]
    refused |= {
        c.id: ToolResult(c.id, c.name, "denied", "The user said no; nothing was done.") for c in denied
    }
    return {
        "allowed": [_json(call) for call in passed if call.id not in refused],
        "results": {key: Message("tool", (result,)).to_json()["parts"][0] for key, result in refused.items()},
    }


def _refusal(call: ToolCall, toolbox: Toolbox, state: TurnState) -> ToolResult | None:
    try:
        toolbox[call.name].validate(call.arguments)
    except ToolError as error:
        return ToolResult(call.id, call.name, "failed", error.message)
    earlier = _same_call_before(call, state)
    if earlier is None:
        return None
    return ToolResult(
        call.id, call.name, "done", f"Already done in this turn, not run again. {earlier['content']}"
    )


def _same_call_before(call: ToolCall, state: TurnState) -> JsonObject | None:
    results = state.get("results", {})
    for item in state["messages"][:-1]:
        for other in Message.from_json(item).tool_calls:
            if (other.name, _key(other)) == (call.name, _key(call)) and other.id in results:
                return results[other.id]
    return None


def _key(call: ToolCall) -> str:
    return json.dumps(call.arguments, sort_keys=True)


def _question(call: ToolCall) -> JsonObject:
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in call.arguments.items())
    question = (
        f"{call.name.replace('_', ' ').capitalize()}: {said}?"
        if said
        else f"{call.name.replace('_', ' ').capitalize()}?"
    )
    return {"id": call.id, "name": call.name, "arguments": call.arguments, "question": question}


def _json(call: ToolCall) -> JsonObject:
    return {"id": call.id, "name": call.name, "arguments": call.arguments}
