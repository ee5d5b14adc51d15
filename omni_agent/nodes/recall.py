"""recall: the conversation so far, what memory adds to it in its budget, and what memory is asked to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..delegation import delegated
from ..errors import MemoryStoreError
from ..events import ErrorRaised
from ..execution.standing import offered
from ..memory import Brief, InView, MovingWindow, Recollection, TurnRecord, Window, window_of
from ..messages import Message, Part, Text, ToolCall, ToolResult
from ..remembering import NAMES as MEMORY_TOOLS
from ..remembering import request_of, rests_on
from ..state import Turn, TurnState, Update
from .evidence import lines
from .focus import REMEMBERED, Shown, focused
from .late import late_results, note, telling
from .recollecting import beside, packed, recollected
from .results import results_message
from .unknown import of_another, of_own

log = logging.getLogger(__name__)

CUT = " —"
_SELF = "What you are to each other:"
_EARLIER = "Earlier in this conversation:"
_KNOWN = "What the user has told you, newest last:"


@dataclass(frozen=True, slots=True)
class Past:
    """A conversation before a turn: `since` is when its window begins, `background` what it begins after."""

    window: Window
    brief: Brief
    since: datetime
    background: str


async def recall(state: TurnState, turn: Turn) -> Update:
    """Fetch history and recollections; a memory that fails or is late never stops the turn.

    Words that ask memory to do something ("forget that …") become a call of its tools, without the model.
    """
    message = Message.from_json(state["messages"][0])
    past = await so_far(turn)
    recalled = await recollected(turn, message.text, InView(turn.session, past.since))
    # A turn that goes on with results of its calls is there already.
    earlier = [record for record in past.window.turns if record.id != turn.id]
    records, late = await late_results(earlier, turn)
    for entry in late:
        if entry.status == "unknown":
            turn.emit(note(entry))
    history = [Message.from_json(item) for item in state.get("history", [])]
    if not turn.terms.whole:
        history = _longer([said for record in records for said in as_heard(record)], history)
    remembered = _remembered(turn, past.brief, beside(past.background, recalled))
    shown = Shown(past.background, tuple(history), tuple(remembered))
    first = len(state["messages"]) == 1
    requested: Update = await _requested(message, records, turn) if first else {}
    if first and not requested and _from_memory(message, turn):
        shown = await _focused(message.text, shown, recalled, turn)
    turn.mark("recalled")
    return {
        **requested,
        "history": [said.to_json() for said in shown.history],
        "background": shown.background,
        "recalling": shown.alone,
        "context": "\n".join([*map(telling, late), *shown.remembered]),
        "late": [entry.key for entry in late if entry.ended],
    }


def _from_memory(message: Message, turn: Turn) -> bool:
    """Whether a model that makes things up has to answer from memory alone; a tool might still find it."""
    parts = turn.parts
    if not (parts.knowledge and parts.model.capabilities.invents) or offered(parts.toolbox, ()):
        return False
    return of_own(message.text) or of_another(message.text)


async def _focused(question: str, shown: Shown, recalled: Sequence[Recollection], turn: Turn) -> Shown:
    now = turn.parts.clock.now()
    known = (await _brief(turn, now)).known

    def work() -> Shown:
        return focused(question, shown, lines(recalled, known, shown.history, now), turn.parts.recall_tokens)

    return await asyncio.to_thread(work)


async def _requested(message: Message, records: Sequence[TurnRecord], turn: Turn) -> Update:
    """The call of a memory tool that the user's words ask for, if they do."""
    call = None
    # What another agent asks is no request of the user's.
    if turn.parts.knowledge and not delegated():
        # Patterns are compiled at their first use.
        call = await asyncio.to_thread(request_of, message, records, message.language)
    if call is None:
        return {}
    made = Message("assistant", (call,))
    return {"messages": [made.to_json()], "provenance": {call.id: rests_on(call, message)}}


async def so_far(turn: Turn, *, upcoming: bool = False) -> Past:
    """The conversation before a turn; a memory that fails leaves it empty.

    Args:
        turn: The turn.
        upcoming: As it will be when its window has moved.
    """
    window = await _window(turn, upcoming=upcoming)
    since = window.since(turn.parts.clock.now())
    brief = await _brief(turn, since)
    return Past(window, brief, since, _background(turn, window, brief))


async def _window(turn: Turn, *, upcoming: bool) -> Window:
    memory = turn.parts.memory
    try:
        if upcoming and isinstance(memory, MovingWindow):
            return await memory.upcoming(turn.scope, turn.session)
        return await window_of(memory, turn.scope, turn.session)
    except MemoryStoreError as error:
        turn.emit(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
        return Window()


async def _brief(turn: Turn, since: datetime) -> Brief:
    if turn.parts.knowledge is None:
        return Brief()
    try:
        return await turn.parts.knowledge.brief(turn.scope, since)
    except MemoryStoreError as error:
        log.info("nothing is known: %s", error)
        return Brief()


def _background(turn: Turn, window: Window, brief: Brief) -> str:
    """What the conversation begins after, the same words as long as its window stays where it is."""
    blocks = {**turn.parts.persona.blocks, **brief.blocks}
    parts = ((_KNOWN, brief.known), (_SELF, " ".join(blocks.values())), (_EARLIER, window.summary))
    return "\n".join(f"{title}\n{words}" for title, words in parts if words)


def _remembered(turn: Turn, brief: Brief, recalled: list[Recollection]) -> list[str]:
    words = [*brief.changed, *packed(recalled, turn.parts.recall_tokens)]
    return [f"{REMEMBERED} {' '.join(dict.fromkeys(words))}"] if words else []


def _longer(remembered: list[Message], given: list[Message]) -> list[Message]:
    """The conversation so far, as memory or as the caller has it: neither need know all of it."""
    return given if _turns(given) > _turns(remembered) else remembered


def _turns(messages: Sequence[Message]) -> int:
    return sum(message.role == "user" for message in messages)


def as_heard(record: TurnRecord) -> list[Message]:
    """A turn as the model is to see it: a reply that was cut ends where the user stopped hearing it.

    Calls that no model made, those of memory's own tools, are left out: models would make them too.
    """
    messages = [kept for message in record.messages if (kept := _without_memory_calls(message)).parts]
    if unanswered := open_calls(messages):
        # The caller never came back with their results.
        messages.append(results_message(unanswered, {}))
    if record.status in {"interrupted", "failed"}:
        if messages and messages[-1].role == "assistant" and not messages[-1].tool_calls:
            messages.pop()
        if record.heard_text:
            messages.append(Message("assistant", (Text(record.heard_text + CUT),)))
    return messages


def open_calls(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The calls among these messages that have no result among them."""
    answered = {part.call_id for said in messages for part in said.parts if isinstance(part, ToolResult)}
    return tuple(call for said in messages for call in said.tool_calls if call.id not in answered)


def _without_memory_calls(message: Message) -> Message:
    kept = (part for part in message.parts if not _is_memory_call(part))
    return replace(message, parts=tuple(kept))


def _is_memory_call(part: Part) -> bool:
    return isinstance(part, ToolCall | ToolResult) and part.name in MEMORY_TOOLS
