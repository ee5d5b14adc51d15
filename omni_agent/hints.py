"""What the ears may expect to hear: the vocabulary of the tools in play, and names of the conversation.

Hints bias a transcript and are bounded by the recogniser's prompt, so they are short: of values that share
words ("some milk", "lots of milk") only as many are given as bring every word once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .messages import Message, ToolSpec

MOST_WORDS = 110
_NAME = re.compile(r"(?<=[\w,] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def hints_of(tools: Iterable[ToolSpec], history: Sequence[Message] = ()) -> tuple[str, ...]:
    """Words and phrases that are likely to be said, best first: tools' values, then names said before.

    Args:
        tools: What the agent can call.
        history: Earlier messages, oldest first.
    """
    specs = tuple(tools)
    values = [value for spec in specs for value in _values(spec.parameters)]
    names = [name for message in reversed(history) for name in _NAME.findall(message.text)]
    kept: list[str] = []
    known: set[str] = set()
    # The longer of two phrases brings the words of both.
    for phrase in [*sorted(dict.fromkeys(values), key=lambda value: -len(value.split())), *names]:
        words = [word.casefold() for word in _WORD.findall(phrase)]
        if len(known) + len(words) <= MOST_WORDS and not known.issuperset(words):
            kept.append(phrase)
            known.update(words)
    order = [*values, *names]
    return tuple(sorted(kept, key=order.index))


def _values(schema: Any) -> Iterator[str]:
    """The strings that a schema names as values, wherever they stand in it."""
    if isinstance(schema, list):
        for item in schema:
            yield from _values(item)
    if not isinstance(schema, dict):
        return
    for key in ("enum", "x-vocabulary"):
        yield from (item.replace("_", " ") for item in schema.get(key, ()) if isinstance(item, str))
    if isinstance(schema.get("const"), str):
        yield schema["const"]
    for words in schema["x-synonyms"].values() if isinstance(schema.get("x-synonyms"), dict) else ():
        yield from [words] if isinstance(words, str) else words
    for key, item in schema.items():
        if key == "properties":
            for inner in item.values():
                yield from _values(inner)
        elif key in ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties", "$defs"):
            yield from _values(list(item.values()) if key == "$defs" else item)
