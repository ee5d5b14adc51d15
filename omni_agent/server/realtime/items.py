"""The conversation: items in their order, as clients see them and as they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...messages import Audio, Image, JsonObject
from .protocol import Refusal

if TYPE_CHECKING:
    from ...speech.playback import PlaybackLedger
    from .utterance import Utterance

ROOT = "root"
LONGEST_IMAGE_TOLD = 64_000
"""Characters of a picture's data URI that are told back; more would make frames too large for clients."""

ItemType = Literal["message", "function_call", "function_call_output"]
Role = Literal["user", "assistant", "system", ""]


@dataclass(slots=True)
class Content:
    """A part of a message.

    Attributes:
        type: As on the wire.
        text: Its words: written, or the transcript of what is spoken.
        known: Whether `text` is the transcript, where it is one.
        utterance: The user's sound.
        media: What it is in a message for a model, where that is known already.
        shown: More fields for clients.
    """

    type: Literal["input_text", "input_audio", "input_image", "output_text", "output_audio"]
    text: str = ""
    known: bool = True
    utterance: Utterance | None = None
    media: Audio | Image | None = None
    shown: JsonObject = field(default_factory=dict)

    @property
    def wire(self) -> JsonObject:
        """As clients see it: never with its sound."""
        if self.type in ("input_audio", "output_audio"):
            return {"type": self.type, "transcript": self.text if self.known else None}
        if self.type == "input_image":
            return {"type": self.type, **self.shown}
        return {"type": self.type, "text": self.text}


@dataclass(slots=True)
class Item:
    """An item.

    Attributes:
        id: Its id, the same from when it is first named.
        turn: The agent's turn that made it, by its id; empty where none did.
        asked: Number of the response that was the first to answer it; 0 for none yet.
        said: All of its words, whatever was heard of them.
        ledger: Which of its words sound when.
        milliseconds: How long its speech is.
        heard_ms: So much of it was heard; None for all.
    """

    id: str
    type: ItemType = "message"
    role: Role = ""
    status: str = "completed"
    content: list[Content] = field(default_factory=list)
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str = ""
    turn: str = ""
    asked: int = 0
    said: str = ""
    ledger: PlaybackLedger | None = None
    milliseconds: int = 0
    heard_ms: int | None = None

    def cut(self, milliseconds: int) -> None:
        """Keep of its words what was heard in so much of its speech; cut again, the last cut holds."""
        self.heard_ms = min(max(0, milliseconds), self.milliseconds)
        self.settle()

    def settle(self) -> None:
        """Its words are those that were heard."""
        if not self.content or self.ledger is None:
            return
        words = self.content[0]
        if self.heard_ms is None or self.heard_ms >= self.milliseconds:
            words.text = self.said
            return
        # The ledger goes forward only, and a client may cut twice.
        ledger = deepcopy(self.ledger)
        ledger.played(self.heard_ms / 1000)
        words.text = ledger.heard_text(self.said)

    @property
    def wire(self) -> JsonObject:
        """As clients see it."""
        shown: JsonObject = {
            "id": self.id,
            "object": "realtime.item",
            "type": self.type,
            "status": self.status,
        }
        if self.type == "message":
            return {**shown, "role": self.role, "content": [part.wire for part in self.content]}
        if self.type == "function_call":
            return {**shown, "call_id": self.call_id, "name": self.name, "arguments": self.arguments}
        return {**shown, "call_id": self.call_id, "output": self.output}

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(part.text for part in self.content if part.text)


class Conversation:
    """Items in their order.

    Attributes:
        edited: A client took something out, or put something in between: nobody else knows it as it is.
    """

    def __init__(self) -> None:
        self._items: list[Item] = []
        self.edited = False

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def last(self) -> str | None:
        """The id of the last item."""
        return self._items[-1].id if self._items else None

    def find(self, name: str) -> Item | None:
        """The item of an id."""
        # From the end: it is nearly always one of the last.
        return next((item for item in reversed(self._items) if item.id == name), None)

    def previous(self, name: str) -> str | None:
        """The id of the item before; None where there is none, or no such item any more."""
        place = next((n for n, item in enumerate(self._items) if item.id == name), 0)
        return self._items[place - 1].id if place else None

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Put an item behind another, `root` for the very first place; by default behind all.

        Returns:
            The id of the item before it.

        Raises:
            Refusal: There is no such item, or one of this id already.
        """
        if self.find(item.id):
            raise Refusal(
                f"an item has the id '{item.id}' already", "item_create_duplicate_item_id", "item.id"
            )
        place = len(self._items)
        if after == ROOT:
            place = 0
        elif after is not None:
            known = [n for n, other in enumerate(self._items) if other.id == after]
            if not known:
                raise Refusal(
                    f"no item has the id '{after}'",
                    "item_create_invalid_previous_item_id",
                    "previous_item_id",
                )
            place = known[0] + 1
        self.edited = self.edited or place < len(self._items)
        self._items.insert(place, item)
        return self._items[place - 1].id if place else None

    def unask(self, asked: int) -> None:
        """What this response was the first to answer is to be answered again."""
        for item in self._items:
            if item.asked == asked and item.role == "user":
                item.asked = 0

    def delete(self, name: str) -> bool:
        """Take an item out; False where there is none."""
        item = self.find(name)
        if item:
            self._items.remove(item)
            self.edited = True
        return item is not None
