"""What the ears may expect to hear: the vocabulary of the tools in play, and names of the conversation.

Hints bias a transcript and are bounded by the recogniser's prompt, so they are short: of values that share
words ("some milk", "lots of milk") only as many are given as bring every word once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .messages import JsonObject, Message, ToolSpec

MOST_WORDS = 110
_CAPITALISED = r"(?!I['’])[A-ZÀ-ÖØ-Þ][\w'’-]+"
# Not at the start of a sentence, where everything is.
_NAME = re.compile(rf"(?<=[\w,] ){_CAPITALISED}(?: {_CAPITALISED})*")
# Where a schema holds others: as they are or in a list, and by name.
_NESTED = frozenset({"items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf"})
_NAMED = frozenset({"properties", "$defs", "definitions"})
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def hints_of(tools: Iterable[ToolSpec], history: Sequence[Message] = ()) -> tuple[str, ...]:
    """Words that are likely to be said, best first: tools' values, names said before, and tools' names.

    Args:
        tools: What the agent can call.
        history: Earlier messages, oldest first.
    """
    specs = tuple(tools)
    values = [value for spec in specs for value in _values(spec.parameters)]
    names = [name for message in reversed(history) for name in _NAME.findall(message.text)]
    names += [spec.plain_name for spec in specs]
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
    yield from _own_values(schema)
    for key, item in schema.items():
        if key in _NESTED:
            yield from _values(item)
        elif key in _NAMED:
            yield from _values(list(item.values()))


def _own_values(schema: JsonObject) -> Iterator[str]:
    """What one schema names itself: its choices, its vocabulary, and other words for them."""
    for value in (*schema.get("enum", ()), schema.get("const"), *schema.get("x-vocabulary", ())):
        if isinstance(value, str):
            yield value.replace("_", " ")
    synonyms = schema.get("x-synonyms", ())
    for words in synonyms.values() if isinstance(synonyms, dict) else (synonyms,):
        yield from [words] if isinstance(words, str) else words
