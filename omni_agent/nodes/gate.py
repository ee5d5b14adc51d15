"""gate: only calls that fit their schema, and are approved where need be, may run.

A node of its own: when it waits for an approval and is resumed, it runs again from its first line. All that
it changes is the journal, where a call is entered once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from langgraph.types import interrupt

from ..approval import question_found, reason_to_ask
from ..errors import MemoryStoreError, ToolError
from ..events import ApprovalReason, ApprovalRequested, ErrorRaised
from ..execution import DONE_BEFORE, Entry
from ..execution.standing import shortened
from ..messages import JsonObject, Message, ToolCall, ToolResult
from ..state import Turn, TurnState, Update
from ..tool import Cancellation, Tool
from .act import context_of
from .entering import entered
from .results import by_call, failed

DENIED = "The user said no; nothing was done."
NOBODY = "Not run: it needs the user's yes, and here nobody can be asked."


@dataclass(frozen=True, slots=True)
class _Checked:
    """A call that fits its tool."""

    tool: Tool
    entry: Entry
    twin: Entry | None = None


async def gate(state: TurnState, turn: Turn) -> Update:
    """Sort the last message's calls into those that may run and those that already have a result."""
    await turn.authorised()
    messages = [Message.from_json(item) for item in state["messages"]]
    known = state.get("results", {})
    calls = [call for call in messages[-1].tool_calls if call.id not in known]
    checked, refused = _fitting(calls, turn)
    try:
        passed, done = await _not_done(checked, turn)
        passed, asked, moot = await _asked(passed, messages, state, turn)
        if not turn.asks:
            denied = {one.entry.key for one, _ in asked}
        else:
            denied = await _denied(asked, turn) if asked else set()
    except MemoryStoreError as error:
        # Nobody knows what was done before: what only reads may run, the executor refuses the rest.
        passed, done, moot, denied = checked, list[ToolResult](), list[ToolResult](), set[str]()
        turn.emit(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
    refused += [*done, *moot]
    why = DENIED if turn.asks else NOBODY
    refused += [_denial(one.entry.call, why) for one in passed if one.entry.key in denied]
    allowed = [one for one in passed if one.entry.key not in denied]
    return {
        "allowed": [_json(one.entry.call, state) for one in allowed if not one.tool.elsewhere],
        "handed": [_json(one.entry.call, state) for one in allowed if one.tool.elsewhere],
        "results": by_call(refused),
    }


def _fitting(calls: Sequence[ToolCall], turn: Turn) -> tuple[list[_Checked], list[ToolResult]]:
    """The calls that fit their tools, with the arguments that these get, and why the others do not."""
    checked, refused = list[_Checked](), list[ToolResult]()
    for call in calls:
        try:
            tool = turn.parts.toolbox[call.name]
            mended = replace(call, arguments=tool.validate(call.arguments))
        except ToolError as error:
            refused.append(failed(call, error.message))
        else:
            checked.append(_Checked(tool, entered(tool, mended, turn)))
    return checked, refused


async def _not_done(checked: Sequence[_Checked], turn: Turn) -> tuple[list[_Checked], list[ToolResult]]:
    """The calls that nobody has begun, and the results of the others: begun before this process was, or the
    same as one a moment ago."""
    executor, journal = turn.parts.executor, turn.parts.executor.journal
    begun = await executor.ask(lambda: journal.entries([one.entry.key for one in checked]))
    twins = await executor.ask(
        lambda: [None if one.tool.repeats else journal.twin(one.entry) for one in checked]
    )
    passed, done = list[_Checked](), list[ToolResult]()
    for one, twin in zip(checked, twins, strict=True):
        mine = begun.get(one.entry.key)
        if mine and (mine.ended or mine.status == "running"):
            done.append(mine.result())
        elif twin and twin.ended and not (twin.status == "unknown" and twin.turn != one.entry.turn):
            done.append(_again(one.entry, twin))
        else:
            passed.append(replace(one, twin=twin))
    return passed, done


def _again(entry: Entry, twin: Entry) -> ToolResult:
    """The result of the same call, for a second one."""
    earlier = twin.result()
    told = f"{DONE_BEFORE} {earlier.content}" if earlier.status == "done" else earlier.content
    return replace(earlier, call_id=entry.call.id, content=shortened(told))


def _reason(one: _Checked, messages: Sequence[Message], state: TurnState) -> ApprovalReason | None:
    provenance = state.get("provenance", {}).get(one.entry.call.id, {})
    return reason_to_ask(one.tool, messages, provenance, one.twin)


async def _asked(
    passed: Sequence[_Checked], messages: Sequence[Message], state: TurnState, turn: Turn
) -> tuple[list[_Checked], list[tuple[_Checked, ApprovalRequested]], list[ToolResult]]:
    """The calls that may go on, those of them that are asked about, with the questions, and the results of
    those where there is nothing to ask."""
    going, asked, moot = list[_Checked](), list[tuple[_Checked, ApprovalRequested]](), list[ToolResult]()
    for one in passed:
        try:
            if reason := _reason(one, messages, state):
                asked.append((one, await _request(one, reason, messages[0].text, turn)))
            going.append(one)
        except ToolError as error:
            moot.append(failed(one.entry.call, error.message))
    return going, asked, moot


async def _denied(asked: Sequence[tuple[_Checked, ApprovalRequested]], turn: Turn) -> set[str]:
    """Ask the user; the keys of the calls without a yes that is meant for just these arguments."""
    executor, journal = turn.parts.executor, turn.parts.executor.journal
    await executor.ask(lambda: journal.plan([one.entry for one, _ in asked]))
    questions = [asdict(request) for _, request in asked]
    answers = interrupt({"asked_at": turn.parts.clock.now().isoformat(), "questions": questions})

    def decide(entry: Entry) -> bool:
        answer = answers.get(entry.call.id)
        # A program that runs the graph itself may answer with plain truth values, by call id.
        given = answer if isinstance(answer, dict) else {"yes": answer, "digest": entry.digest}
        return journal.decide(entry.key, given.get("digest", ""), yes=given.get("yes") is True)

    approved = await executor.ask(lambda: [decide(one.entry) for one, _ in asked])
    return {one.entry.key for (one, _), yes in zip(asked, approved, strict=True) if not yes}


async def _request(one: _Checked, reason: ApprovalReason, said: str, turn: Turn) -> ApprovalRequested:
    call = one.entry.call
    context = context_of(call, turn, Cancellation())
    question = await question_found(one.tool, call, reason, context, said)
    return ApprovalRequested(call.id, call.name, call.arguments, question, reason, one.entry.digest)


def _denial(call: ToolCall, why: str) -> ToolResult:
    return ToolResult(call.id, call.name, "denied", why)


def _json(call: ToolCall, state: TurnState) -> JsonObject:
    """What `act` gets instead of the state."""
    return {
        "turn": state["turn"],
        "id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "provenance": state.get("provenance", {}).get(call.id, {}),
    }
