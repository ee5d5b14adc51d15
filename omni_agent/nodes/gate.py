"""gate: only calls that fit their schema, rest on something, and are approved where that is asked for, may run.

A node of its own without side effects: when it waits for an approval and is resumed, it runs again from its
first line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from langgraph.types import Overwrite, interrupt

from ..errors import ToolError
from ..grounding import Evidence, Grounded, ground, relevance
from ..grounding.relevance import LEAST
from ..messages import JsonObject, Message, Text, ToolCall, ToolResult
from ..state import Turn, TurnState, Update
from ..tool import Tool

NOT_FOR_THIS = "Not run: this is not what the user asked for. Answer in words."


async def gate(state: TurnState, turn: Turn) -> Update:
    """Sort the last message's calls into those that may run and those that already have a result."""
    *before, last = (Message.from_json(item) for item in state["messages"])
    grounded = _grounded(last.tool_calls, before, state, turn)
    refused = {one.call.id: result for one in grounded if (result := _refusal(one, before, state, turn))}
    passed = [one for one in grounded if one.call.id not in refused]
    questions = [_question(one.call) for one in passed if _tool(one, turn).effect == "irreversible"]
    answers: dict[str, bool] = interrupt(questions) if questions else {}
    for call in (one.call for one in passed if answers.get(one.call.id) is False):
        refused[call.id] = ToolResult(call.id, call.name, "denied", "The user said no; nothing was done.")
    update: Update = {
        "allowed": [_json(one) for one in passed if one.call.id not in refused],
        "results": {key: Message("tool", (result,)).to_json()["parts"][0] for key, result in refused.items()},
    }
    calls = tuple(one.call for one in grounded)
    if calls != last.tool_calls:
        words = tuple(part for part in last.parts if isinstance(part, Text))
        said = Message("assistant", words + calls)
        # What the model is shown of itself is what ran.
        update["messages"] = cast(list[JsonObject], Overwrite([*state["messages"][:-1], said.to_json()]))
    return update


def _grounded(
    calls: Sequence[ToolCall], before: Sequence[Message], state: TurnState, turn: Turn
) -> list[Grounded]:
    """The calls with what they rest on; those that do not fit their schema stay as they are."""
    if not turn.parts.grounding:
        return [Grounded(call, {}) for call in calls]
    fitting = {call.id: mended for call in calls if (mended := _mended(call, turn))}
    made = ground(tuple(fitting.values()), turn.parts.toolbox.specs, _evidence(before, state, turn))
    return [*made, *(Grounded(call, {}) for call in calls if call.id not in fitting)]


def _evidence(before: Sequence[Message], state: TurnState, turn: Turn) -> Evidence:
    history = [Message.from_json(item) for item in state.get("history", [])]
    return Evidence.of(history, before, turn.parts.clock.now().astimezone().replace(tzinfo=None))


def _mended(call: ToolCall, turn: Turn) -> ToolCall | None:
    try:
        return ToolCall(call.id, call.name, turn.parts.toolbox[call.name].validate(call.arguments))
    except ToolError:
        return None


def _tool(one: Grounded, turn: Turn) -> Tool:
    return turn.parts.toolbox[one.call.name]


def _refusal(one: Grounded, before: Sequence[Message], state: TurnState, turn: Turn) -> ToolResult | None:
    """Why a call is not run, as the result that the model reads; None where it may run."""
    call = one.call
    if one.missing:
        asked = ", ".join(path.replace("_", " ") for path in one.missing)
        return ToolResult(
            call.id, call.name, "failed", f"Not run: the user did not say: {asked}. Ask for it."
        )
    try:
        _tool(one, turn).validate(call.arguments)
    except ToolError as error:
        return ToolResult(call.id, call.name, "failed", error.message)
    earlier = _same_call_before(call, before, state)
    if earlier is not None:
        told = f"Already done in this turn, not run again. {earlier['content']}"
        done = earlier["status"] == "done"
        return ToolResult(call.id, call.name, earlier["status"], told if done else earlier["content"])
    if turn.parts.grounding and len(before) == 1:
        evidence = _evidence(before, state, turn)
        if relevance(_tool(one, turn).spec, evidence, one.provenance) < LEAST:
            return ToolResult(call.id, call.name, "failed", NOT_FOR_THIS)
    return None


def _same_call_before(call: ToolCall, before: Sequence[Message], state: TurnState) -> JsonObject | None:
    results = state.get("results", {})
    for message in before:
        for other in message.tool_calls:
            if (other.name, _key(other)) == (call.name, _key(call)) and other.id in results:
                return results[other.id]
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


def _json(one: Grounded) -> JsonObject:
    provenance = {path: rests.to_json() for path, rests in one.provenance.items()}
    return {
        "id": one.call.id,
        "name": one.call.name,
        "arguments": one.call.arguments,
        "provenance": provenance,
    }
