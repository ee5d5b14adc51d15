"""ground: calls are held against what was said before anything else is asked of them.

Values that nobody gave are dropped, said ones that the model forgot are filled in. A call that is left
without support gets a refusal for its result, or the model is asked again for the tool that the words speak
of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import accumulate
from typing import cast

from langgraph.types import Overwrite

from .. import grounding
from ..errors import ToolError, ToolNotFound
from ..execution.standing import offered
from ..grounding import Doubt, Evidence, Grounded
from ..messages import JsonObject, Message, Part, Text, ToolCall, ToolResult
from ..state import Turn, TurnState, Update
from .handing import with_media
from .results import by_call, failed
from .unknown import of_own
from .wish import wish

NOT_FOR_THIS = "Not run: this is not what the user asked for. Answer in words."
UNSURE = "Not run yet: this may not be what the user wants. Ask whether it is."


async def ground(state: TurnState, turn: Turn) -> Update:
    """Give the last message's calls what the words support, and note what each argument rests on."""
    *before, last = (Message.from_json(item) for item in state["messages"])
    history = [Message.from_json(item) for item in state.get("history", [])]
    handed = with_media(last.tool_calls, [*history, *before], turn.parts.toolbox)
    if not turn.parts.grounding:
        return {"choice": "", **_with_calls(handed, last, state)}
    evidence = _evidence(history, before, state)
    grounded = _grounded(handed, evidence, turn)
    # After a result it is the model's to say what it leads to.
    request = evidence if len(before) == 1 else None
    unasked, usage = await _unasked(grounded, request, turn)
    incomplete = [one for one in grounded if one.missing]
    refused = [*(failed(one.call, _incomplete(one, request, turn)) for one in incomplete), *unasked]
    if request and refused and (choice := _better(grounded, last, request, state, turn)):
        return {"choice": choice, "messages": _said_instead(None, state), "usage": usage}
    return {
        "choice": "",
        "results": by_call(refused),
        "provenance": {one.call.id: _rests_on(one) for one in grounded},
        "usage": usage,
        **_with_calls([one.call for one in grounded], last, state),
    }


def _incomplete(one: Grounded, request: Evidence | None, turn: Turn) -> str:
    """What to tell the model of a call that lacks arguments: nobody is asked for those of a call that is not
    what the request asks for."""
    if request is not None and one.call.name in turn.parts.toolbox:
        doubt = grounding.doubt(turn.parts.toolbox[one.call.name].spec, request, one.provenance)
        if doubt is Doubt.CERTAIN or (doubt is Doubt.SOME and of_own(request.said)):
            return NOT_FOR_THIS
    asked = ", ".join(path.replace("_", " ") for path in one.missing)
    return f"Not run: the user did not say: {asked}. Ask for it."


async def _unasked(
    grounded: Sequence[Grounded], request: Evidence | None, turn: Turn
) -> tuple[list[ToolResult], list[JsonObject]]:
    """Refusals of the calls that are not what the request asks for, and the tokens that it took to tell.

    A call that only reads is given the benefit of the doubt.
    """
    refused, wished, usage = list[ToolResult](), "", list[JsonObject]()
    for one in grounded:
        if request is None or one.missing or one.call.name not in turn.parts.toolbox:
            continue
        if turn.parts.team.is_transfer(one.call.name):
            # Who is to answer is the model's to choose: the words need not speak of it.
            continue
        tool = turn.parts.toolbox[one.call.name]
        doubt = grounding.doubt(tool.spec, request, one.provenance)
        if doubt is Doubt.CERTAIN:
            refused.append(failed(one.call, NOT_FOR_THIS))
        elif doubt is Doubt.SOME and tool.effect != "read":
            if not usage:
                wished, tokens = await wish(request.said, turn.parts.model)
                usage = [asdict(tokens)]
            if wished and not grounding.serves(tool.spec, wished):
                refused.append(failed(one.call, UNSURE))
    return refused, usage


def _with_calls(calls: Sequence[ToolCall], last: Message, state: TurnState) -> Update:
    """The last message with other calls, if they are: what the model is shown of itself is what ran."""
    if tuple(calls) == last.tool_calls:
        return {}
    words = tuple(part for part in last.parts if isinstance(part, Text))
    return {"messages": _said_instead(Message("assistant", (*words, *calls)), state)}


def _said_instead(message: Message | None, state: TurnState) -> list[JsonObject]:
    """The turn's messages with another last one, or without it."""
    said = [message.to_json()] if message else []
    return cast(list[JsonObject], Overwrite([*state["messages"][:-1], *said]))


def _better(
    grounded: Sequence[Grounded], last: Message, request: Evidence, state: TurnState, turn: Turn
) -> str:
    """The tool that the request speaks of rather than of the one that was called; empty where there is none.

    Asked once in a turn, and only where nothing has been said yet that it could contradict.
    """
    if len(grounded) > 1 or state.get("choice") or last.text:
        return ""
    return grounding.nearer(grounded[0].call.name, offered(turn.parts.toolbox, ()), request)


def _evidence(history: Sequence[Message], before: Sequence[Message], state: TurnState) -> Evidence:
    # A refusal may name all that a tool takes; that is nothing that anybody said or found.
    known = [
        replace(message, parts=tuple(part for part in message.parts if not _is_refusal(part)))
        for message in before
    ]
    return Evidence.of(history, known, datetime.fromisoformat(state["said_at"]))


def _is_refusal(part: Part) -> bool:
    return isinstance(part, ToolResult) and part.status != "done"


def _grounded(calls: Sequence[ToolCall], evidence: Evidence, turn: Turn) -> list[Grounded]:
    """The calls with what they rest on, in order; those of unknown tools stay as they are."""
    known = [mended for call in calls if (mended := _mended(call, turn))]
    made = grounding.ground(known, turn.parts.toolbox.specs, evidence)
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


def _rests_on(one: Grounded) -> JsonObject:
    return {path: rests.to_json() for path, rests in one.provenance.items()}
