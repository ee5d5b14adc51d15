"""The events of one response, read: what they say as model events, and what the server then holds of it.

Both generations of names are read, whichever the profile sends. Events that nobody knows are passed over;
those of a response that nobody asked for are an error, because nobody could tell whose words they are.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Literal

from ...errors import ModelError
from ...messages import JsonObject
from ..base import Done, ModelEvent, Request, SpeechDelta, Usage
from . import refusals
from .calling import Calls
from .entries import call, reply
from .held import Held
from .profile import Profile
from .sound import SpeechDecoder
from .speaking import Words

_RENAMED = (("response.output_audio", "response.audio"), ("response.output_text", "response.text"))
_LENGTH = frozenset({"max_output_tokens", "max_tokens", "length"})


class Answer:
    """Reads one response.

    Args:
        request: What was asked.
        profile: Of the service.
        names: The tools that may be called.
        token: What its metadata hold, where the service gives them back.
        over_before: Ids of earlier responses, whose late events are nobody's.

    Attributes:
        token: What its metadata hold.
        id: Of the response; empty until it was created.
        over: It has ended.
        cancelled: Nobody wants it any more: its end is no error.
    """

    def __init__(
        self,
        request: Request,
        profile: Profile,
        *,
        names: Container[str] = frozenset(),
        token: str = "",
        key: str = "",
        over_before: Container[str] = frozenset(),
    ) -> None:
        self._profile = profile
        self._speech = request.speech
        self.token = token
        self._key = key
        self._before = over_before
        self._foreign: set[str] = set()
        self._words = Words(names, plain=request.format is not None)
        self._calls = Calls(names, profile)
        self._sound = SpeechDecoder()
        self._items: list[str] = []
        self._written: set[str] = set()
        self._usage = Usage()
        self.id = ""
        self.over = False
        self.cancelled = False

    @property
    def certain(self) -> bool:
        """Whether what the server holds of it is known: not so where calls were among its words."""
        return not self._words.held_calls

    def take(self, event: JsonObject) -> list[ModelEvent]:
        """What an event says.

        Raises:
            ModelError: The response failed, or the service does not keep to the protocol.
        """
        kind = event["type"]
        for new, old in _RENAMED:
            kind = kind.replace(new, old)
        if not kind.startswith("response.") or not self._ours(kind, event):
            return []
        read = _READERS.get(kind)
        return read(self, event) if read else []

    def held(self) -> list[Held]:
        """What the server now holds of it, in the order of our messages: words, then calls."""
        held: list[Held] = []
        if said := self._words.said.strip():
            seconds = self._sound.count / 2 / self._profile.speaks_at
            held.append(Held(reply(said), tuple(self._items), audio_ms=int(seconds * 1000)))
        return held + [Held(call(made), call_id=name) for made, name in self._calls.made]

    def _ours(self, kind: str, event: JsonObject) -> bool:
        response = event.get("response")
        response = response if isinstance(response, dict) else {}
        name = str(event.get("response_id") or response.get("id") or "")
        if kind == "response.created":
            return self._created_ours(name, response)
        if name in self._foreign or name in self._before:
            return False
        if not self.id:
            raise refusals.garbled(self._profile, f"'{kind}' before 'response.created'")
        if name in ("", self.id):
            return True
        raise refusals.garbled(self._profile, f"'{kind}' of a response that nobody asked for")

    def _created_ours(self, name: str, response: JsonObject) -> bool:
        metadata = response.get("metadata")
        told = metadata.get("answer", self.token) if isinstance(metadata, dict) else self.token
        if self.id or told != self.token or name in self._before:
            self._foreign.add(name)
            return False
        self.id = name or "unnamed"
        return True

    def item_added(self, event: JsonObject) -> list[ModelEvent]:
        item = self._item(event)
        if item.get("type") == "function_call":
            return list(self._calls.begun(item))
        name = str(item.get("id") or "")
        if item.get("type") == "message" and name not in self._items:
            self._items.append(name)
        return []

    def item_done(self, event: JsonObject) -> list[ModelEvent]:
        item = self._item(event)
        if item.get("type") == "function_call" and item.get("status", "completed") == "completed":
            return list(self._calls.finished(item))
        return []

    def words_added(self, event: JsonObject) -> list[ModelEvent]:
        self._written.add(_place(event))
        return self._spoken(self._words.feed(self._text(event, "delta")))

    def text_done(self, event: JsonObject) -> list[ModelEvent]:
        return self._whole(event, "text")

    def transcript_done(self, event: JsonObject) -> list[ModelEvent]:
        return self._whole(event, "transcript")

    def sound_added(self, event: JsonObject) -> list[ModelEvent]:
        pcm = self._sound.feed(self._text(event, "delta"))
        return self._spoken([SpeechDelta(pcm, self._profile.speaks_at)]) if pcm and self._speech else []

    def arguments_added(self, event: JsonObject) -> list[ModelEvent]:
        return list(self._calls.written(event, self._text(event, "delta")))

    def arguments_done(self, event: JsonObject) -> list[ModelEvent]:
        return list(self._calls.whole(event))

    def done(self, event: JsonObject) -> list[ModelEvent]:
        self.over = True
        response = event.get("response")
        response = response if isinstance(response, dict) else {}
        self._usage = _usage(response.get("usage"))
        if self.cancelled:
            return []
        reason = self._reason(response)
        events = self._words.finish()
        if reason != "length":
            events += self._calls.rest(response.get("output"))
        calls = bool(self._calls.made or self._words.held_calls)
        if not self._words.raw.strip() and not calls and reason != "length":
            raise self._empty("it gave an empty answer")
        if self._speech and not self._sound.count and not calls and self._words.raw.strip():
            raise self._empty("it was asked to speak and sent no sound")
        return [*events, self._usage, Done("tool_calls" if calls else reason)]

    def _reason(self, response: JsonObject) -> Literal["stop", "length"]:
        status = response.get("status", "completed")
        details = response.get("status_details")
        details = details if isinstance(details, dict) else {}
        if status == "completed":
            return "stop"
        why = details.get("reason")
        if status == "incomplete" and why in _LENGTH:
            return "length"
        if status == "incomplete" and why == "content_filter":
            raise ModelError(
                f"{self._profile.title} held the answer back by its filter",
                code="answer_refused",
                remedy="ask in other words",
            )
        failed = details.get("error")
        told = failed if isinstance(failed, dict) else {"message": f"the answer ended as {why or status}"}
        raise refusals.told(self._profile, told, self._key)

    def _empty(self, what: str) -> ModelError:
        return ModelError(
            f"{self._profile.title}: {what}", code="answer_empty", remedy="ask again, or use another model"
        )

    def _whole(self, event: JsonObject, field: str) -> list[ModelEvent]:
        """Words that came only when they were done."""
        if _place(event) in self._written:
            return []
        text = event.get(field)
        return self._spoken(self._words.feed(text)) if isinstance(text, str) else []

    def _spoken(self, events: list[ModelEvent]) -> list[ModelEvent]:
        """Words and sounds in order; a sound waits while it may be that of markup."""
        given: list[ModelEvent] = []
        for event in events:
            if isinstance(event, SpeechDelta):
                given += self._words.sound(event)
            else:
                given.append(event)
        return given + self._words.released()

    def _item(self, event: JsonObject) -> JsonObject:
        item = event.get("item")
        if not isinstance(item, dict):
            raise refusals.garbled(self._profile, f"'{event['type']}' without an item")
        return item

    def _text(self, event: JsonObject, field: str) -> str:
        text = event.get(field)
        if not isinstance(text, str):
            raise refusals.garbled(self._profile, f"'{event['type']}' without its {field}")
        return text


_READERS: dict[str, Callable[[Answer, JsonObject], list[ModelEvent]]] = {
    "response.created": lambda answer, event: [],
    "response.output_item.added": Answer.item_added,
    "response.output_item.done": Answer.item_done,
    "response.text.delta": Answer.words_added,
    "response.text.done": Answer.text_done,
    "response.audio_transcript.delta": Answer.words_added,
    "response.audio_transcript.done": Answer.transcript_done,
    "response.audio.delta": Answer.sound_added,
    "response.function_call_arguments.delta": Answer.arguments_added,
    "response.function_call_arguments.done": Answer.arguments_done,
    "response.done": Answer.done,
}


def _place(event: JsonObject) -> str:
    """Which part of which item an event is about."""
    return f"{event.get('item_id')} {event.get('content_index')}"


def _usage(told: object) -> Usage:
    """Tokens as they are told; by either protocol's names."""
    if not isinstance(told, dict):
        return Usage()
    details = told.get("input_token_details") or told.get("input_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    prompt = _count(told.get("input_tokens"))
    return Usage(prompt, min(cached, prompt), _count(told.get("output_tokens")))


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) else 0
