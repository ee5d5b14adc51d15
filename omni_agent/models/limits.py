"""How many sounds, pictures and clips of one message a model is given: its newest, and words for the others.

Messages keep all of them; what is left out is left out of the request alone, so that another model, or this
one by itself, may still be given it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..messages import Audio, Image, Media, Message, Part, Text, ToolResult, Video
from .base import Capabilities


def within_limits(messages: Sequence[Message], able: Capabilities) -> tuple[Message, ...]:
    """The messages with no more media in each than the model takes at once."""
    return tuple([_within(message, able) for message in messages]) if able.most else tuple(messages)


def _within(message: Message, able: Capabilities) -> Message:
    counts = Counter[str](part.type for part in message.media)
    over: dict[str, int] = {
        kind: counts[kind] - most for kind, most in able.most.items() if counts[kind] > most
    }
    if not over:
        return message
    return replace(message, parts=tuple(_shortened(part, over) for part in message.parts))


def _shortened(part: Part, over: dict[str, int]) -> Part:
    """A part without those of its media that are over; they are counted down, the oldest first."""
    if isinstance(part, Media):
        return Text(described(part)) if _goes(part, over) else part
    if not isinstance(part, ToolResult):
        return part
    kept, gone = list[Media](), list[Media]()
    for item in part.media:
        (gone if _goes(item, over) else kept).append(item)
    # What is in words already, the tool's result holds.
    words = "\n".join((part.content, *(described(item) for item in gone if not _in_words(item))))
    return replace(part, content=words, media=tuple(kept)) if gone else part


def _goes(part: Media, over: dict[str, int]) -> bool:
    if over.get(part.type, 0) < 1:
        return False
    over[part.type] -= 1
    return True


def _in_words(part: Media) -> bool:
    return bool(getattr(part, "hearing", None) or getattr(part, "reading", None))


def described(part: Media) -> str:
    """What a model that is not given a part reads instead."""
    match part:
        case Audio(hearing=hearing) if hearing:
            return f'[sound; it says: "{hearing.text}"]' if hearing.text else "[a sound without words]"
        case Image(reading=reading) if reading:
            text = " / ".join(reading.text.splitlines())
            return f'[picture; it says: "{text}"]' if text else "[picture without readable text]"
        case Image():
            return "[a picture that is not shown: only the newest are]"
        case Audio():
            return "[a sound that is not played: only the newest are]"
        case Video(moments=moments):
            return part.in_words if moments else "[a clip that is not shown as such]"
