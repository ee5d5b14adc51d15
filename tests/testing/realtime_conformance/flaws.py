"""Servers that are wrong in one thing each, and what must fail of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.testing.realtime_conformance.fake_session import Emit, Event, Flaw

_DELTAS = ("response.output_audio_transcript.delta", "response.output_text.delta")
_CALLED = "response.function_call_arguments.delta"
_HEARD = "conversation.item.input_audio_transcription"


def without(kind: str) -> Flaw:
    """An event is never sent."""
    return Flaw(lambda event: [] if event["type"] == kind else [event])


def changed(kind: str, change: Callable[[Event], object]) -> Flaw:
    """Events of a type are other than they should be."""

    def emit(event: Event) -> list[Event]:
        if event["type"] == kind:
            change(event)
        return [event]

    return Flaw(emit)


def lacking(kind: str, *fields: str) -> Flaw:
    """A field is not sent; a path of names leads to it."""

    def drop(event: Event) -> None:
        *path, last = fields
        held: Any = event
        for name in path:
            held = held[name]
        held.pop(last)

    return changed(kind, drop)


def ways(*names: str) -> Flaw:
    return Flaw(ways=frozenset(names))


def swapped(first: str, *seconds: str) -> Flaw:
    """An event is held back until after the next one of other types."""
    held: list[Event] = []

    def emit(event: Event) -> list[Event]:
        if event["type"] == first:
            held.append(event)
            return []
        if event["type"] in seconds and held:
            return [event, held.pop(0)]
        return [event]

    return Flaw(emit)


def also(kind: str, extra: Callable[[Event], Event]) -> Flaw:
    """Another event comes after those of a type."""

    def emit(event: Event) -> list[Event]:
        more = {"event_id": f"{event['event_id']}_more", **extra(event)}
        return [event, more] if event["type"] == kind else [event]

    return Flaw(emit)


def _same_ids() -> Emit:
    def emit(event: Event) -> list[Event]:
        return [{**event, "event_id": "event_1"}]

    return emit


def _output(change: Callable[[Event], object]) -> Callable[[Event], None]:
    """Changes the items that a response ends with."""

    def apply(event: Event) -> None:
        for item in event["response"]["output"]:
            change(item)

    return apply


def _says_less(item: Event) -> None:
    for part in item.get("content", []):
        for name in ("transcript", "text"):
            if name in part:
                part[name] = "Hello"


def _stray() -> Emit:
    error = {
        "type": "server_error",
        "code": "hiccup",
        "message": "never mind",
        "param": None,
        "event_id": None,
    }
    return also("input_audio_buffer.speech_stopped", lambda event: {"type": "error", "error": error}).emit


def _beta(event: Event) -> Event:
    return {"type": "conversation.item.created", "item": event.get("item"), "previous_item_id": None}


def _huge(event: Event) -> None:
    event["padding"] = "x" * (1024 * 1024)


FLAWS: dict[str, tuple[Flaw, str]] = {
    "no session.created": (without("session.created"), "session.created"),
    "no session.updated": (without("session.updated"), "session.updated"),
    "no conversation.item.added": (without("conversation.item.added"), "lifecycle.item"),
    "no conversation.item.done": (without("conversation.item.done"), "lifecycle.item"),
    "no item.retrieved": (without("conversation.item.retrieved"), "items.retrieve"),
    "no item.deleted": (without("conversation.item.deleted"), "items.delete"),
    "no item.truncated": (without("conversation.item.truncated"), "truncate.answered"),
    "no response.created": (without("response.created"), "response.ends"),
    "no response.done": (without("response.done"), "response.ends"),
    "no output_item.added": (without("response.output_item.added"), "lifecycle.output_item"),
    "no output_item.done": (without("response.output_item.done"), "lifecycle.output_item"),
    "no content_part.added": (without("response.content_part.added"), "lifecycle.content_part"),
    "no content_part.done": (without("response.content_part.done"), "lifecycle.content_part"),
    "no output_audio.delta": (without("response.output_audio.delta"), "response.speaks"),
    "no output_audio.done": (without("response.output_audio.done"), "lifecycle.audio"),
    "no transcript.done": (without("response.output_audio_transcript.done"), "lifecycle.transcript"),
    "no output_text.done": (without("response.output_text.done"), "lifecycle.text"),
    "no arguments.done": (without("response.function_call_arguments.done"), "lifecycle.arguments"),
    "no speech_started": (without("input_audio_buffer.speech_started"), "voice.started"),
    "no speech_stopped": (without("input_audio_buffer.speech_stopped"), "voice.stopped"),
    "no committed": (without("input_audio_buffer.committed"), "voice.committed"),
    "no cleared": (without("input_audio_buffer.cleared"), "manual.clear"),
    "a transcript of another item": (ways("mistakes"), "voice.transcript"),
    "no transcript": (without(f"{_HEARD}.completed"), "voice.transcript"),
    "metadata not echoed": (
        changed("response.created", lambda event: event["response"].update(metadata=None)),
        "response.metadata",
    ),
    "errors name no event": (
        changed("error", lambda event: event["error"].update(event_id=None)), "error.event_id",
    ),
    "errors without a code": (changed("error", lambda event: event["error"].update(code=None)), "error.body"),
    "part after its delta": (
        swapped("response.content_part.added", *_DELTAS), "order.response",
    ),
    "item after its part": (
        swapped("response.output_item.added", "response.content_part.added", _CALLED), "order.response",
    ),
    "done too early": (swapped("response.output_item.done", "response.done"), "response.over"),
    "created too late": (swapped("response.created", "response.output_item.added"), "response.first"),
    "stopped before started": (
        swapped("input_audio_buffer.speech_stopped", "input_audio_buffer.committed"), "voice.order",
    ),
    "delta without output_index": (lacking("response.output_audio.delta", "output_index"), "events.shape"),
    "transcript without usage": (lacking(f"{_HEARD}.completed", "usage"), "events.shape"),
    "call without a name": (lacking("response.function_call_arguments.done", "name"), "events.shape"),
    "message without content": (lacking("conversation.item.retrieved", "item", "content"), "events.shape"),
    "session without tool_choice": (lacking("session.created", "session", "tool_choice"), "session.object"),
    "response without usage": (
        changed("response.done", lambda event: event["response"].update(usage=None)), "response.usage",
    ),
    "an event of the beta": (also("conversation.item.done", _beta), "events.known"),
    "one id for all events": (Flaw(_same_ids()), "events.ids"),
    "a stray error": (Flaw(_stray()), "error.stray"),
    "a frame of a mebibyte": (changed("session.updated", _huge), "transport.frames"),
    "no subprotocol": (ways("no subprotocol"), "transport.subprotocol"),
    "an output of its own": (changed("response.done", _output(_says_less)), "response.output"),
    "deltas that differ": (
        changed("response.output_audio_transcript.delta", lambda event: event.update(delta="la")),
        "response.deltas",
    ),
    "arguments that differ": (
        changed("response.function_call_arguments.delta", lambda event: event.update(delta="{")),
        "call.arguments",
    ),
    "a call of two ids": (
        changed("response.function_call_arguments.done", lambda event: event.update(call_id="call_0")),
        "call.same",
    ),
    "a call half done": (
        changed("response.output_item.done", lambda event: event["item"].update(status="in_progress")
                if event["item"]["type"] == "function_call" else None), "call.completed",
    ),
    "updates replace": (ways("replaces"), "session.merge"),
    "nothing is cleared": (ways("keeps"), "session.clear"),
    "unknown fields are errors": (ways("strict"), "session.unknown_fields"),
    "always answers": (ways("answers all"), "voice.create_response"),
    "always writes down": (ways("writes all"), "voice.untranscribed"),
    "another id for the turn": (ways("renames"), "voice.one_id"),
    "talks on": (ways("talks on"), "barge_in.cancelled"),
    "another reason": (ways("reason"), "barge_in.cancelled"),
    "stops before it tells why": (ways("stops first"), "barge_in.started"),
    "another id for the item": (ways("unchained"), "items.chain"),
    "a deleted item stays": (ways("remembers"), "items.delete"),
    "a cut past the end": (ways("exact"), "truncate.clamped"),
    "unheard words stay": (ways("keeps words"), "truncate.forgets"),
    "a second response waits": (ways("queues"), "response.busy"),
    "another code": (ways("other code"), "error.cancel_idle"),
    "hangs up on errors": (ways("hangs up"), "error.survives"),
    "clears nothing": (ways("hoards"), "manual.clear"),
}  # fmt: skip
