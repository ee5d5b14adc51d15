"""A Realtime session without a model: it keeps a conversation, hears loudness, and answers by rote.

Faithful to the order of events that real clients need, so that it can stand in for a server where a client is
under test. What it gets wrong on purpose is a `Flaw`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.testing.realtime_conformance.fake_answer import Answer
from tests.testing.realtime_conformance.fake_ears import Ears

Event = dict[str, Any]
Emit = Callable[[Event], list[Event]]

SESSION: Event = {
    "type": "realtime",
    "object": "realtime.session",
    "model": "fake",
    "output_modalities": ["audio"],
    "instructions": "",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "truncation": "auto",
    "tracing": None,
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": {"type": "server_vad"},
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy", "speed": 1.0},
    },
}
VAD: Event = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
SEMANTIC: Event = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
_REQUIRED = {
    "session.update": "session",
    "input_audio_buffer.append": "audio",
    "conversation.item.create": "item",
    "conversation.item.retrieve": "item_id",
    "conversation.item.truncate": "item_id",
    "conversation.item.delete": "item_id",
}
_NESTED = frozenset({"audio", "input", "output"})
HEARD = "Set a timer for ten minutes."


@dataclass(slots=True)
class Flaw:
    """What a fake gets wrong.

    Attributes:
        emit: Changes each event on its way out: to none, to itself, to others.
        ways: Names of behaviours that are wrong; the fake asks for them by name.
    """

    emit: Emit = lambda event: [event]
    ways: frozenset[str] = frozenset()


@dataclass
class FakeSession:
    """One session.

    Attributes:
        put: Takes a frame that goes to the client.
        flaw: What it gets wrong.
        pace: Seconds between the deltas of an answer.
    """

    put: Callable[[str | bytes], object]
    flaw: Flaw = field(default_factory=Flaw)
    pace: float = 0.05
    session: Event = field(default_factory=lambda: deepcopy(SESSION))
    items: list[Event] = field(default_factory=list)
    answer: Answer | None = None
    ears: Ears = field(default_factory=Ears)
    ended: bool = False
    _count: int = 0

    def start(self) -> None:
        """Greet."""
        self.session["id"] = self.new("sess")
        self.session["audio"]["input"]["turn_detection"] = dict(VAD)
        self.emit("session.created", session=deepcopy(self.session))

    def stop(self) -> None:
        """The client is gone."""
        if self.answer:
            self.answer.stop()

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def wrong(self, way: str) -> bool:
        return way in self.flaw.ways

    def emit(self, kind: str, **fields: Any) -> None:
        """Send an event, as the flaw has it."""
        for event in self.flaw.emit({"type": kind, "event_id": self.new("event"), **deepcopy(fields)}):
            self.put(json.dumps(event))

    def complain(self, code: str, message: str, about: Event, param: str | None = None) -> None:
        body = {"type": "invalid_request_error", "code": code, "message": message, "param": param}
        self.emit("error", error={**body, "event_id": about.get("event_id")})

    def take(self, text: str) -> None:
        """Handle a frame."""
        try:
            event = json.loads(text)
        except ValueError:
            self.complain("invalid_json", "the frame is no JSON", {})
            return
        kind = event.get("type", "")
        handler = getattr(self, "on_" + kind.replace(".", "_"), None)
        missing = _REQUIRED.get(kind)
        if handler is None:
            self.complain("unknown_event_type", f"there is no event {kind!r}", event, "type")
        elif missing and missing not in event:
            self.complain("missing_required_parameter", f"{missing} is missing", event, missing)
        else:
            handler(event)

    def on_session_update(self, event: Event) -> None:
        wanted = event["session"]
        if self.wrong("strict") and "colour_of_the_sky" in wanted:
            self.complain("unknown_parameter", "Unknown parameter", event, "session.colour_of_the_sky")
            return
        if self.wrong("replaces") and "audio" not in wanted:
            self.session = {**deepcopy(SESSION), "audio": self.session["audio"], "id": self.session["id"]}
        merge(self.session, _of_beta(wanted), keeps=self.wrong("keeps"))
        turns = self.session["audio"]["input"].get("turn_detection")
        if turns:
            base = SEMANTIC if turns.get("type") == "semantic_vad" else VAD
            known = {name: turns.get(name, base[name]) for name in base}
            self.session["audio"]["input"]["turn_detection"] = known | {"type": base["type"]}
        self.emit("session.updated", session=self.session)

    def on_input_audio_buffer_append(self, event: Event) -> None:
        hearing = self.session["audio"]["input"]
        try:
            sound = base64.b64decode(event["audio"], validate=True)
        except (binascii.Error, ValueError):
            self.complain("invalid_audio", "audio is no base64", event, "audio")
            return
        turns = hearing["turn_detection"]
        for heard in self.ears.hear(sound, hearing["format"]["type"], turns):
            getattr(self, heard)()

    def speech_started(self) -> None:
        turns = self.session["audio"]["input"]["turn_detection"]
        self.ears.item = self.new("item")
        late = self.wrong("stops first")
        if late:
            self.interrupt(turns)
        self.emit("input_audio_buffer.speech_started", audio_start_ms=self.ears.began, item_id=self.ears.item)
        if not late:
            self.interrupt(turns)

    def interrupt(self, turns: Event) -> None:
        if self.answer and turns["interrupt_response"] and not self.wrong("talks on"):
            self.answer.close("cancelled", "client_cancelled" if self.wrong("reason") else "turn_detected")

    def speech_stopped(self) -> None:
        turns = self.session["audio"]["input"]["turn_detection"]
        item = self.ears.item
        self.emit("input_audio_buffer.speech_stopped", audio_end_ms=self.ears.ended, item_id=item)
        heard = self.new("item") if self.wrong("renames") else item
        self.commit(heard)
        asked = turns["create_response"] or self.wrong("answers all")
        if asked and self.session["type"] == "realtime" and not self.answer:
            self.respond({})
        self.transcribe(self.items[-1]["id"] if self.wrong("mistakes") else heard)

    def commit(self, item: str) -> None:
        self.ears.clear()
        last = self.items[-1]["id"] if self.items else None
        self.emit("input_audio_buffer.committed", item_id=item, previous_item_id=last)
        content = [{"type": "input_audio", "transcript": None}]
        self.keep({"id": item, "type": "message", "role": "user", "status": "completed", "content": content})

    def transcribe(self, item: str) -> None:
        if not self.session["audio"]["input"].get("transcription") and not self.wrong("writes all"):
            return
        kind = "conversation.item.input_audio_transcription"
        self.emit(f"{kind}.delta", item_id=item, content_index=0, delta=HEARD)
        usage = {"type": "duration", "seconds": 1.2}
        self.emit(f"{kind}.completed", item_id=item, content_index=0, transcript=HEARD, usage=usage)

    def on_input_audio_buffer_commit(self, event: Event) -> None:
        if self.ears.held_ms < 100:
            self.complain("input_audio_buffer_commit_empty", "the buffer is too small", event)
            return
        self.commit(self.new("item"))
        self.transcribe(self.items[-1]["id"])

    def on_input_audio_buffer_clear(self, event: Event) -> None:
        if not self.wrong("hoards"):
            self.ears.clear()
        self.emit("input_audio_buffer.cleared")

    def on_conversation_item_create(self, event: Event) -> None:
        item = {"object": "realtime.item", "status": "completed", **event["item"]}
        item.setdefault("id", self.new("item"))
        if self.wrong("renumbers"):
            item["id"] = self.new("item")
        if self.found(item["id"]):
            self.complain("item_create_duplicate_item_id", "there is one of this id", event, "item.id")
            return
        before = event.get("previous_item_id")
        if before not in (None, "root") and not self.found(before):
            self.complain("item_create_invalid_previous_item_id", "there is none", event, "previous_item_id")
            return
        self.keep(item, before)

    def keep(self, item: Event, before: str | None = None) -> None:
        """Put an item into the conversation, and tell."""
        self.insert(item, before)
        self.emit("conversation.item.done", item=item, previous_item_id=self.previous(item["id"]))

    def insert(self, item: Event, before: str | None = None) -> None:
        names = [one["id"] for one in self.items]
        place = len(names) if before is None else 0 if before == "root" else names.index(before) + 1
        self.items.insert(place, item)
        self.emit("conversation.item.added", item=item, previous_item_id=self.previous(item["id"]))

    def previous(self, name: str) -> str | None:
        names = [one["id"] for one in self.items]
        place = names.index(name) if name in names else len(names)
        return names[place - 1] if place and not self.wrong("unchained") else None

    def found(self, name: object) -> Event | None:
        return next((one for one in self.items if one["id"] == name), None)

    def on_conversation_item_retrieve(self, event: Event) -> None:
        if item := self.found(event["item_id"]):
            self.emit("conversation.item.retrieved", item=item)
        else:
            self.complain("item_retrieve_invalid_item_id", "there is none", event, "item_id")

    def on_conversation_item_delete(self, event: Event) -> None:
        item = self.found(event["item_id"])
        if not item:
            self.complain("item_delete_invalid_item_id", "there is none", event, "item_id")
            return
        if not self.wrong("remembers"):
            self.items.remove(item)
        self.emit("conversation.item.deleted", item_id=item["id"])

    def on_conversation_item_truncate(self, event: Event) -> None:
        item = self.found(event["item_id"])
        if not item:
            self.complain("item_truncate_invalid_item_id", "there is none", event, "item_id")
            return
        whole = sum(len(part.get("transcript") or "") for part in item.get("content", [])) * 60
        if self.wrong("exact") and event["audio_end_ms"] > whole:
            self.complain("invalid_value", "audio is already shorter", event, "audio_end_ms")
            return
        for part in item.get("content", []):
            if part.get("transcript") and not self.wrong("keeps words"):
                part["transcript"] = part["transcript"][: event["audio_end_ms"] // 60]
        told = {name: event.get(name, 0) for name in ("item_id", "content_index", "audio_end_ms")}
        self.emit("conversation.item.truncated", **told)

    def on_response_create(self, event: Event) -> None:
        if self.answer:
            if not self.wrong("queues"):
                self.complain("conversation_already_has_active_response", "one is running", event)
            return
        self.respond(event.get("response") or {})

    def respond(self, options: Event) -> None:
        self.answer = Answer(self, options)
        self.answer.begin()

    def on_response_cancel(self, event: Event) -> None:
        if not self.answer:
            code = "no_response" if self.wrong("other code") else "response_cancel_not_active"
            self.complain(code, "Cancellation failed: no active response found", event)
            self.ended = self.wrong("hangs up")
            return
        self.answer.close("cancelled", "client_cancelled")


def merge(into: Event, given: Event, *, keeps: bool = False) -> None:
    """Deep merge of what is given and known. `keeps`: nothing is ever cleared, which is wrong."""
    for name, value in given.items():
        held = into.get(name)
        if name not in into or (value in ("", []) and keeps):
            continue
        if isinstance(value, dict) and isinstance(held, dict) and name in _NESTED:
            merge(held, value, keeps=keeps)
        else:
            into[name] = deepcopy(value)


def _of_beta(session: Event) -> Event:
    """A session in the beta's shape, in the shape of GA."""
    hearing = {name: session[name] for name in ("turn_detection",) if name in session}
    voice = {name: session[name] for name in ("voice", "speed") if name in session}
    if "type" in session or not (hearing or voice):
        return session
    return {**session, "audio": {"input": hearing, "output": voice}}
