"""What is required of function calls, which clients look for in four different places."""

from __future__ import annotations

import json

from .check import Check, Failed, Inconclusive, check
from .events import report
from .responses import Response, responses
from .scenes import CALL, WEATHER
from .subject import Subject
from .talk import Event


@check("call.same")
async def tells_one_call_everywhere(subject: Subject) -> None:
    response = await _calling(subject)
    told = {(item.get("name"), item.get("call_id")) for item in _items(response)}
    told |= {
        (event.get("name"), event.get("call_id"))
        for event in response.of("response.function_call_arguments.done")
        if event.get("name") is not None
    }
    if len(told) != 1:
        raise Failed(f"one call is told as {sorted(map(str, told))}")
    ((name, _),) = told
    if name != WEATHER["name"]:
        raise Failed(f"it called {name!r}, which nobody offered")


@check("call.arguments")
async def gives_whole_arguments(subject: Subject) -> None:
    response = await _calling(subject)
    ends = [event.get("arguments") for event in response.of("response.function_call_arguments.done")]
    ends += [event["item"].get("arguments") for event in response.of("response.output_item.done")
             if _is_call(event.get("item"))]  # fmt: skip
    ends += [item.get("arguments") for item in response.output if _is_call(item)]
    if not ends:
        raise Inconclusive("no end of the arguments was seen")
    deltas = "".join(
        str(event.get("delta")) for event in response.of("response.function_call_arguments.delta")
    )
    report(f"its arguments are {str(one)[:60]!r} in one place and {str(ends[0])[:60]!r} in another"
           for one in {*map(str, ends), *([deltas] if deltas else [])} - {str(ends[0])})  # fmt: skip
    try:
        values = json.loads(str(ends[0]))
    except ValueError:
        raise Failed(f"its arguments are no JSON: {str(ends[0])[:80]!r}") from None
    if not isinstance(values, dict):
        raise Failed(f"its arguments are no object: {ends[0]}")


@check("call.opens_empty")
async def announces_the_call_first(subject: Subject) -> None:
    response = await _calling(subject)
    added = [
        event["item"] for event in response.of("response.output_item.added") if _is_call(event.get("item"))
    ]
    if not added:
        raise Inconclusive("no response.output_item.added of the call came")
    if added[0].get("status") != "in_progress":
        raise Failed(f"it is added as {added[0].get('status')!r}")
    if added[0].get("arguments"):
        raise Failed("it is added with its arguments, which clients then take twice")


@check("call.completed")
async def ends_the_call_as_completed(subject: Subject) -> None:
    response = await _calling(subject)
    ends = [
        event["item"] for event in response.of("response.output_item.done") if _is_call(event.get("item"))
    ]
    if not ends:
        raise Inconclusive("no response.output_item.done of the call came")
    if ends[0].get("status") != "completed":
        raise Failed(f"its item ends as {ends[0].get('status')!r}")


@check("call.result")
async def takes_the_result(subject: Subject) -> None:
    await _calling(subject)
    marks = (await subject.seen(CALL)).marks
    result, follow_up = marks.get("result"), marks.get("follow_up")
    if result and result["type"] == "error":
        raise Failed(f"the result was refused: {result.get('error')}"[:200])
    if not follow_up:
        raise Inconclusive("the answer to the result was not seen to its end")
    if follow_up["type"] == "error":
        raise Failed(f"the answer to it was refused: {follow_up.get('error')}"[:200])
    if follow_up["response"].get("status") != "completed":
        raise Failed(f"the answer to it ended as {follow_up['response'].get('status')!r}")


async def _calling(subject: Subject) -> Response:
    """The response that calls.

    Raises:
        Inconclusive: None does.
    """
    for response in responses(await subject.seen(CALL)):
        if response.calls:
            return response
    raise Inconclusive("ordered to call a function, the model called none")


def _items(response: Response) -> list[Event]:
    """The call, as each event has it."""
    inside = response.of("response.output_item.added", "response.output_item.done")
    around = response.talk.of("conversation.item.added", "conversation.item.done")
    items = [*(event.get("item") for event in (*inside, *around)), *response.output]
    return [item for item in items if isinstance(item, dict) and _is_call(item)]


def _is_call(item: object) -> bool:
    return isinstance(item, dict) and item.get("type") == "function_call"


CHECKS: tuple[Check, ...] = (
    tells_one_call_everywhere,
    announces_the_call_first,
    gives_whole_arguments,
    ends_the_call_as_completed,
    takes_the_result,
)
