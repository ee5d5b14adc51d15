"""The responses of a conversation: which events belong to each, and what it put out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .talk import Event, Talk

Part = tuple[str, int]
"""An item's id and the content's index in it."""


@dataclass(slots=True)
class Response:
    """A response as it was seen.

    Attributes:
        id: Its id.
        talk: The conversation.
        places: Where its events stand in the conversation's events.
    """

    id: str
    talk: Talk
    places: list[int] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Event]:
        """Its events of some types; of all without any."""
        events = (self.talk.events[place] for place in self.places)
        return [event for event in events if not kinds or event["type"] in kinds]

    @property
    def created(self) -> Event:
        """The resource as it was announced; empty where it was not."""
        return _resource(next(iter(self.of("response.created")), {}))

    @property
    def done(self) -> Event:
        """The resource as it ended; empty where it did not."""
        return _resource(next(iter(self.of("response.done")), {}))

    @property
    def output(self) -> list[Event]:
        """The items that it ended with."""
        items = self.done.get("output")
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []

    @property
    def items(self) -> set[str]:
        """Ids of the items that any of its events names."""
        named = {event.get("item_id") for event in self.of()}
        held = {
            _of(event, "item").get("id")
            for event in self.of("response.output_item.added", "response.output_item.done")
        }
        ended = {item.get("id") for item in self.output}
        return {name for name in named | held | ended if isinstance(name, str)}

    @property
    def calls(self) -> set[str]:
        """Ids of the items that are function calls."""
        items = [
            *self.output,
            *(
                _of(event, "item")
                for event in self.of("response.output_item.added", "response.output_item.done")
            ),
        ]
        found = {item.get("id") for item in items if item.get("type") == "function_call"}
        found |= {event.get("item_id") for event in self.of(*_CALLING)}
        return {name for name in found if isinstance(name, str)}

    def parts(self, *kinds: str) -> set[Part]:
        """The parts that events of some types name; of all that name any without types."""
        events = self.of(*(kinds or _IN_PARTS))
        return {part_of(event) for event in events}

    def joined(self, kind: str, part: Part) -> str:
        """The deltas of a part, one after the other."""
        return "".join(str(event.get("delta", "")) for event in self.of(kind) if part_of(event) == part)

    def sounds(self) -> Iterator[bytes]:
        """What each delta of sound holds.

        Raises:
            ValueError: It is no base64.
        """
        for event in self.of("response.output_audio.delta"):
            try:
                yield base64.b64decode(str(event.get("delta", "")), validate=True)
            except binascii.Error:
                raise ValueError("a delta of sound is no base64") from None


_CALLING = ("response.function_call_arguments.delta", "response.function_call_arguments.done")
_IN_PARTS = (
    "response.content_part.added",
    "response.content_part.done",
    *(
        f"response.output_{kind}.{end}"
        for kind in ("audio", "audio_transcript", "text")
        for end in ("delta", "done")
    ),
)


def part_of(event: Event) -> Part:
    """Which part an event is about."""
    index = event.get("content_index")
    return str(event.get("item_id")), index if isinstance(index, int) else 0


def responses(talk: Talk) -> list[Response]:
    """The responses of a conversation, in order."""
    found: dict[str, Response] = {}
    for place, event in enumerate(talk.events):
        name = _response_id(event)
        if name:
            found.setdefault(name, Response(name, talk)).places.append(place)
    return list(found.values())


def _response_id(event: Event) -> str:
    if event["type"] in ("response.created", "response.done"):
        return str(_resource(event).get("id") or "")
    return str(event.get("response_id") or "") if event["type"].startswith("response.") else ""


def _resource(event: Event) -> Event:
    return _of(event, "response")


def _of(event: Event, name: str) -> Event:
    held: Any = event.get(name)
    return held if isinstance(held, dict) else {}
