"""The life of a response: one pure function from a state and what happens to the next state and the events.

    NEW ──began──> OPEN ──ended──> OVER
                   │  ^
                   └──┘ words, sound, a call

Every start has its end, however a response ends, and nothing comes after `response.done`. The order is that
of OpenAI's server: `docs/server-realtime.md` names the sources. Nothing here waits, speaks or knows a socket.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal, TypeAlias

from ...messages import JsonObject

Status = Literal["completed", "cancelled", "incomplete", "failed"]
Events: TypeAlias = tuple[JsonObject, ...]


class Phase(Enum):
    """How far a response is."""

    NEW = "new"
    OPEN = "open"
    OVER = "over"


class IllegalEvent(ValueError):
    """An event that cannot happen in this state: a defect of whoever sent it."""


@dataclass(frozen=True, slots=True)
class Began:
    """The response is created."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Sounded:
    """Speech of the answer, in base64."""

    audio: str


@dataclass(frozen=True, slots=True)
class Called:
    """A call of one of the client's tools; `arguments` is JSON."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes.

    Attributes:
        status: How it ended.
        reason: Why, of a cancelled or incomplete one.
        error: What went wrong, of a failed one: `type`, `code`, `message`.
        usage: Tokens, as the wire tells them.
    """

    status: Status = "completed"
    reason: str = ""
    error: JsonObject | None = None
    usage: JsonObject | None = None


Event: TypeAlias = Began | Words | Sounded | Called | Ended


@dataclass(frozen=True, slots=True)
class Saying:
    """The message that is being said."""

    item_id: str
    text: str = ""
    sounded: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """The state.

    Attributes:
        id: The response's.
        speaks: Its words are spoken; else they are text.
        conversation: Id of the conversation that it belongs to; empty for none, and its items go nowhere.
        terms: The rest of the response object: `output_modalities`, `metadata` and the like.
        phase: How far it is.
        output: The items that are done.
        saying: The message that is open.
    """

    id: str
    speaks: bool = True
    conversation: str = ""
    terms: JsonObject = field(default_factory=dict)
    phase: Phase = Phase.NEW
    output: tuple[JsonObject, ...] = ()
    saying: Saying | None = None

    @property
    def resource(self) -> JsonObject:
        """The response object while it is in progress."""
        return self._resource("in_progress", None, None, [])

    def _resource(
        self, status: str, details: JsonObject | None, usage: JsonObject | None, output: list[JsonObject]
    ) -> JsonObject:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": self.conversation or None,
            **self.terms,
            "usage": usage,
        }

    def _next_item(self) -> str:
        return f"item_{self.id.removeprefix('resp_')}_{len(self.output)}"


Step: TypeAlias = tuple[Life, Events]


def step(life: Life, event: Event) -> Step:
    """The next state, and the events to be sent, in this order.

    What comes after the end changes nothing.

    Raises:
        IllegalEvent: It has not begun, or begins twice.
    """
    if life.phase is Phase.OVER:
        return life, ()
    if isinstance(event, Began):
        if life.phase is not Phase.NEW:
            raise IllegalEvent("a response begins once")
        return replace(life, phase=Phase.OPEN), ({"type": "response.created", "response": life.resource},)
    if life.phase is Phase.NEW:
        raise IllegalEvent(f"{type(event).__name__} before the response began")
    match event:
        case Words():
            return _words(life, event)
        case Sounded():
            return _sounded(life, event)
        case Called():
            return _called(life, event)
        case Ended():
            return _ended(life, event)


def _words(life: Life, event: Words) -> Step:
    if not event.text:
        return life, ()
    life, saying, opened = _opened(life)
    kind = "response.output_audio_transcript.delta" if life.speaks else "response.output_text.delta"
    delta = {"type": kind, **_place(life, saying), "delta": event.text}
    return replace(life, saying=replace(saying, text=saying.text + event.text)), (*opened, delta)


def _sounded(life: Life, event: Sounded) -> Step:
    if not life.speaks:
        raise IllegalEvent("a response of text has no sound")
    life, saying, opened = _opened(life)
    delta = {"type": "response.output_audio.delta", **_place(life, saying), "delta": event.audio}
    return replace(life, saying=replace(saying, sounded=True)), (*opened, delta)


def _called(life: Life, event: Called) -> Step:
    life, closed = _closed(life, "completed")
    item_id, index = life._next_item(), len(life.output)
    begun = _call_item(item_id, event, "", "in_progress")
    done = _call_item(item_id, event, event.arguments, "completed")
    place = {"response_id": life.id, "item_id": item_id, "output_index": index, "call_id": event.call_id}
    written = {"type": "response.function_call_arguments.delta", **place, "delta": event.arguments}
    finished = {
        "type": "response.function_call_arguments.done",
        **place,
        "name": event.name,
        "arguments": event.arguments,
    }
    events = (*closed, *_added(life, index, begun), written, finished, *_done(life, index, done))
    return replace(life, output=(*life.output, done)), events


def _ended(life: Life, event: Ended) -> Step:
    life, closed = _closed(life, "completed" if event.status == "completed" else "incomplete")
    details: JsonObject | None = None
    if event.status in ("cancelled", "incomplete"):
        details = {"type": event.status, "reason": event.reason}
    elif event.status == "failed":
        details = {"type": "failed", "error": event.error}
    resource = life._resource(event.status, details, event.usage, list(life.output))
    return replace(life, phase=Phase.OVER), (*closed, {"type": "response.done", "response": resource})


def _opened(life: Life) -> tuple[Life, Saying, Events]:
    """The message that is being said, begun if there is none."""
    if life.saying:
        return life, life.saying, ()
    saying = Saying(life._next_item())
    item = _message(life, saying, "in_progress", [])
    part = {"type": "response.content_part.added", **_place(life, saying), "part": _part(life, "")}
    return replace(life, saying=saying), saying, (*_added(life, len(life.output), item), part)


def _closed(life: Life, status: str) -> tuple[Life, Events]:
    """The message that is being said, ended if there is one."""
    saying = life.saying
    if saying is None:
        return life, ()
    place, text = _place(life, saying), saying.text
    if life.speaks:
        ends: Events = (
            {"type": "response.output_audio.done", **place},
            {"type": "response.output_audio_transcript.done", **place, "transcript": text},
        )
        content = {"type": "output_audio", "transcript": text}
    else:
        ends = ({"type": "response.output_text.done", **place, "text": text},)
        content = {"type": "output_text", "text": text}
    part = {"type": "response.content_part.done", **place, "part": _part(life, text)}
    item = _message(life, saying, status, [content])
    done = _done(life, len(life.output), item)
    return replace(life, saying=None, output=(*life.output, item)), (*ends, part, *done)


def _added(life: Life, index: int, item: JsonObject) -> Events:
    added = {
        "type": "response.output_item.added",
        "response_id": life.id,
        "output_index": index,
        "item": item,
    }
    return (added, {"type": "conversation.item.added", "item": item}) if life.conversation else (added,)


def _done(life: Life, index: int, item: JsonObject) -> Events:
    done = {"type": "response.output_item.done", "response_id": life.id, "output_index": index, "item": item}
    return ({"type": "conversation.item.done", "item": item}, done) if life.conversation else (done,)


def _place(life: Life, saying: Saying) -> JsonObject:
    return {
        "response_id": life.id,
        "item_id": saying.item_id,
        "output_index": len(life.output),
        "content_index": 0,
    }


def _part(life: Life, text: str) -> JsonObject:
    # In these two events the parts keep their old names.
    return {"type": "audio", "transcript": text} if life.speaks else {"type": "text", "text": text}


def _message(life: Life, saying: Saying, status: str, content: list[JsonObject]) -> JsonObject:
    return {
        "id": saying.item_id,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def _call_item(item_id: str, call: Called, arguments: str, status: str) -> JsonObject:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "function_call",
        "status": status,
        "call_id": call.call_id,
        "name": call.name,
        "arguments": arguments,
    }
