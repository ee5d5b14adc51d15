"""A conversation as a row of entries, which is how a server's is compared with ours.

Two entries with one key are the same thing said. What a server holds is not sent again, so keys must not
change when a message is read anew: what was heard in a sound is no part of its key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...messages import Media, Message, Part, Text, ToolCall, ToolResult

Kind: TypeAlias = Literal["user", "reply", "call", "result"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One contribution.

    Attributes:
        kind: Whose it is.
        key: What makes it the same as another one of its kind.
        parts: What it holds: the user's parts, or one text, call or result.
    """

    kind: Kind
    key: str
    parts: tuple[Part, ...]


def entries(messages: Iterable[Message]) -> tuple[Entry, ...]:
    """The messages as entries, oldest first; what has nothing in it is left out."""
    return tuple(entry for message in messages for entry in _entries(message))


def reply(text: str) -> Entry:
    """What the model said."""
    return Entry("reply", spoken_key(text), (Text(text),))


def call(made: ToolCall) -> Entry:
    """A call that the model made; whatever id it has, it is the same one."""
    key = json.dumps([made.name, made.arguments], sort_keys=True, ensure_ascii=False)
    return Entry("call", key, (made,))


def spoken_key(text: str) -> str:
    """Words without what is not heard: case, spaces and signs. Text that is only signs stands for itself."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()) or text.strip()


def _entries(message: Message) -> Iterator[Entry]:
    if message.role == "user":
        if message.parts:
            yield Entry("user", json.dumps([_key(part) for part in message.parts]), message.parts)
        return
    if words := message.text.strip():
        yield reply(words)
    for part in message.parts:
        if isinstance(part, ToolCall):
            yield call(part)
        elif isinstance(part, ToolResult):
            yield Entry("result", _result_key(part), (part,))


def _key(part: Part) -> list[str]:
    if isinstance(part, Media):
        return [part.type, part.ref]
    return [part.type, part.text if isinstance(part, Text) else ""]


def _result_key(result: ToolResult) -> str:
    shown = [part.ref for part in result.media]
    return json.dumps([result.name, result.status, result.content, shown], ensure_ascii=False)
