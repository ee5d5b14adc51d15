"""What is required of calls. Whether a model calls when it is told to is its own affair: then no verdict."""

from __future__ import annotations

import json
from dataclasses import replace

from ...errors import OmniError
from ...models.base import Capabilities
from .check import Failed, Inconclusive, check
from .requests import DONE, FAILED, LAMP, ORDER, TIMER, TOOLS, after_call, asked
from .subject import Answer, Subject

_PARAMETERS = {tool.name: tool.parameters["properties"] for tool in TOOLS}


def _no_tools(able: Capabilities) -> str:
    return "" if able.tools else "it calls no tools"


@check(
    "calls.deltas",
    requires="A call's ToolCallDelta events come before its ToolCall and hold its name and arguments, "
    "counted from 0.",
    why="What is being done is shown while it is still written.",
    unless=_no_tools,
)
async def shows_calls_being_written(subject: Subject) -> None:
    answer = await _calling(subject)
    if not answer.deltas:
        raise Inconclusive("its calls come whole")
    for index, call in enumerate(answer.calls):
        before = answer.events[: answer.events.index(call)]
        pieces = [delta for delta in answer.deltas if delta.index == index]
        if not pieces or not all(piece in before for piece in pieces):
            raise Failed(f"call {index} has no deltas before it, but others have", "count indices from 0")
        if {piece.name for piece in pieces} != {call.name}:
            raise Failed(f"the deltas of a call of {call.name} name {pieces[0].name}")
        written = "".join(piece.arguments for piece in pieces)
        if _parsed(written) != call.arguments:
            raise Failed(f"the deltas say {written[:80]!r}, the call {call.arguments}")


@check(
    "calls.arguments",
    requires="A call names a tool of the request and has an id of its own; its arguments are a JSON object "
    "with no names but the schema's.",
    why="The gate refuses anything else, and the user waits once more.",
    unless=_no_tools,
)
async def calls_what_there_is(subject: Subject) -> None:
    calls = (await _calling(subject)).calls
    for call in calls:
        if call.name not in _PARAMETERS:
            raise Failed(f"it called {call.name!r}, which it was not given", "drop calls of unknown tools")
        if not isinstance(call.arguments, dict):
            raise Failed(f"arguments are {type(call.arguments).__name__}", "parse them to an object")
        json.dumps(call.arguments)
        if unknown := set(call.arguments) - set(_PARAMETERS[call.name]):
            raise Failed(f"{call.name} has no argument {min(unknown)!r}", "constrain calls by the schema")
    if len({call.id for call in calls if call.id}) < len(calls):
        raise Failed("two calls have one id, or one has none", "make the ids yourself")


@check(
    "calls.reason",
    requires="Done says tool_calls where there are calls, and only there.",
    why="Programs that speak a protocol of their own go by it.",
    unless=_no_tools,
)
async def tells_why_it_stopped(subject: Subject) -> None:
    plain, ordered = await subject.plain(), await subject.ordered()
    for answer in (plain, ordered):
        if (answer.reason == "tool_calls") != bool(answer.calls):
            raise Failed(f"Done says {answer.reason} after {len(answer.calls)} calls")
    if not ordered.calls:
        raise Inconclusive("it answered the order in words")


@check(
    "calls.results",
    requires="Calls and their results are taken as history, with tools and without, done or failed.",
    why="That is how a turn goes on after a call; the last step of a turn has no tools.",
    unless=_no_tools,
)
async def takes_results(subject: Subject) -> None:
    for request in (after_call(DONE), after_call(FAILED)):
        await subject.ask(request)
        if (without := await subject.ask(replace(request, tools=()))).calls:
            raise Failed(f"it called {without.calls[0].name}, and the request has no tools")


@check(
    "calls.withheld",
    requires="A tool in withheld is not called.",
    why="It is shown only because the prompt is cached: to call it now would do harm.",
    unless=_no_tools,
)
async def leaves_what_is_withheld(subject: Subject) -> None:
    for withheld in (frozenset({TIMER.name}), frozenset({TIMER.name, LAMP.name})):
        answer = await subject.ask(replace(ORDER, withheld=withheld))
        if wrong := [call.name for call in answer.calls if call.name in withheld]:
            raise Failed(f"it called {wrong[0]}, which is withheld", "leave it out of the grammar")
    await _calling(subject)


@check(
    "calls.choice",
    requires="With a tool_choice no other tool is called.",
    why="What the user asked for is known by then; another call would be a second mistake.",
    unless=_no_tools,
)
async def calls_what_is_chosen(subject: Subject) -> None:
    order = asked("Set a timer for ten minutes, and switch the lamp in the hall on.")
    answer = await subject.ask(replace(order, tools=TOOLS, tool_choice=LAMP.name, max_tokens=96))
    if wrong := [call.name for call in answer.calls if call.name != LAMP.name]:
        raise Failed(f"it called {wrong[0]} and should call {LAMP.name}", "hand tool_choice on")
    if not answer.calls:
        raise Inconclusive("it answered in words")


@check(
    "calls.offered",
    requires="Nothing is called that the request does not offer; a model without tools refuses them or "
    "answers in words.",
    why="Nobody is there to run it.",
)
async def calls_nothing_unasked(subject: Subject) -> None:
    answer = await subject.ask(replace(ORDER, tools=()))
    if answer.calls:
        raise Failed(f"it called {answer.calls[0].name}, and the request has no tools")
    if not subject.capabilities.tools:
        tried = await subject.attempt(ORDER)
        if not isinstance(tried, OmniError) and tried.calls:
            raise Failed(f"it called {tried.calls[0].name}, and does not claim tools", "claim them")


async def _calling(subject: Subject) -> Answer:
    """Its answer to the order, with calls."""
    answer = await subject.ordered()
    if not answer.calls:
        raise Inconclusive("it answered the order in words")
    return answer


def _parsed(text: str) -> object:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return None


CHECKS = (
    shows_calls_being_written,
    calls_what_there_is,
    tells_why_it_stopped,
    takes_results,
    leaves_what_is_withheld,
    calls_what_is_chosen,
    calls_nothing_unasked,
)
