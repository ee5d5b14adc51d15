"""gate: only calls that fit their schema, rest on something, and are approved where need be, may run.

A node of its own without side effects: when it waits for an approval and is resumed, it runs again from its
first line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from typing import cast

from langgraph.types import Overwrite, interrupt

from ..errors import ToolError, ToolNotFound
from ..grounding import Evidence, Grounded, ground, is_relevant
from ..messages import JsonObject, Message, Part, Text, ToolCall, ToolResult
from ..state import Turn, TurnState, Update
from ..tool import Tool

NOT_FOR_THIS = "Not run: this is not what the user asked for. Answer in words."


async def gate(state: TurnState, turn: Turn) -> Update:
    """Sort the last message's calls into those that may run and those that already have a result."""
    *before, last = (Message.from_json(item) for item in state["messages"])
    evidence = _evidence(before, state, turn) if turn.parts.grounding else None
    grounded = _grounded(last.tool_calls, evidence, turn)
    # After a result it is the model's to say what it leads to.
    request = evidence if len(before) == 1 else None
    refused = {
        one.call.id: result
        for one in grounded
        if (result := _refusal(one, request, turn) or _done_before(one.call, before, state))
    }
    passed = [one for one in grounded if one.call.id not in refused]
    asked = [one.call for one in passed if _tool(one, turn).effect == "irreversible"]
    answers: dict[str, bool] = interrupt([_question(call) for call in asked]) if asked else {}
    for call in (call for call in asked if answers.get(call.id) is not True):
        refused[call.id] = ToolResult(call.id, call.name, "denied", "The user said no; nothing was done.")
    update: Update = {
        "allowed": [_json(one) for one in passed if one.call.id not in refused],
        "results": {key: Message("tool", (result,)).to_json()["parts"][0] for key, result in refused.items()},
    }
    calls = tuple(one.call for one in grounded)
    if calls != last.tool_calls:
        update["messages"] = _said_instead(last, calls, state)
    return update


def _said_instead(last: Message, calls: tuple[ToolCall, ...], state: TurnState) -> list[JsonObject]:
    """The turn's messages with other calls in the last one: what the model is shown of itself is what ran."""
    words = tuple(part for part in last.parts if isinstance(part, Text))
    said = Message("assistant", words + calls)
    return cast(list[JsonObject], Overwrite([*state["messages"][:-1], said.to_json()]))


def _evidence(before: Sequence[Message], state: TurnState, turn: Turn) -> Evidence:
    history = [Message.from_json(item) for item in state.get("history", [])]
    # A refusal may name all that a tool takes; that is nothing that anybody said or found.
    known = [
        replace(message, parts=tuple(part for part in message.parts if not _is_refusal(part)))
        for message in before
    ]
    return Evidence.of(history, known, datetime.fromisoformat(state["said_at"]))


def _is_refusal(part: Part) -> bool:
    return isinstance(part, ToolResult) and part.status != "done"


def _grounded(calls: Sequence[ToolCall], evidence: Evidence | None, turn: Turn) -> list[Grounded]:
    """The calls with what they rest on, in order; those of unknown tools stay as they are."""
    if evidence is None:
        return [Grounded(call, {}) for call in calls]
    known = [mended for call in calls if (mended := _mended(call, turn))]
    made = ground(known, turn.parts.toolbox.specs, evidence)
    order = {call.id: place for place, call in enumerate(calls)}
    # A call that the model forgot stays beside the one that it was made from.
    places = accumulate((order.get(one.call.id, 0) for one in made), max)
    unknown = [(order[c.id], Grounded(c, {})) for c in calls if c.name not in turn.parts.toolbox]
    return [one for _, one in sorted([*zip(places, made, strict=True), *unknown], key=lambda each: each[0])]


def _mended(call: ToolCall, turn: Turn) -> ToolCall | None:
    """The call in its schema's types as far as that goes: what is missing may yet be found in the words."""
    try:
        return replace(call, arguments=turn.parts.toolbox[call.name].validate(call.arguments))
    except ToolNotFound:
        return None
    except ToolError:
        return call


def _tool(one: Grounded, turn: Turn) -> Tool:
    return turn.parts.toolbox[one.call.name]


def _refusal(one: Grounded, request: Evidence | None, turn: Turn) -> ToolResult | None:
    """Why a call is not run, as the result that the model reads; None where it may run.

    Where there is a `request`, the tool must have to do with it.
    """
    call = one.call
    if one.missing:
        asked = ", ".join(path.replace("_", " ") for path in one.missing)
        return _failed(call, f"Not run: the user did not say: {asked}. Ask for it.")
    try:
        tool = _tool(one, turn)
        tool.validate(call.arguments)
    except ToolError as error:
        return _failed(call, error.message)
    if request and not is_relevant(tool.spec, request, one.provenance):
        return _failed(call, NOT_FOR_THIS)
    return None


def _failed(call: ToolCall, why: str) -> ToolResult:
    return ToolResult(call.id, call.name, "failed", why)


def _done_before(call: ToolCall, before: Sequence[Message], state: TurnState) -> ToolResult | None:
    """The result of the same call earlier in the turn, if there is one."""
    earlier = _same_call_before(call, before, state)
    if earlier is None:
        return None
    told = earlier["content"]
    if earlier["status"] == "done":
        told = f"Already done in this turn, not run again. {told}"
    return ToolResult(call.id, call.name, earlier["status"], told)


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
