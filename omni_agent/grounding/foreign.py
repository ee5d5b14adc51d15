"""Arguments of calls whose request is in a language that this package does not read: it fails open.

Schemas are mostly English whatever the user speaks, so what the model chose from a schema stands, and so do
dates. Numbers are held against digits and the language's number words, free text against the words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import amounts, elsewhere, texts
from .fields import Field
from .likeness import nearest_name
from .numbers import reads_numbers
from .provenance import Provenance
from .spoken import Spoken

if TYPE_CHECKING:
    from .frame import Frame


def settle(frame: Frame) -> None:
    """Settle all arguments that the model wrote, but for objects; nothing is filled in."""
    for item in frame.fields:
        value = frame.values.get(item.name)
        kind = item.item.kind if item.item else item.kind
        if value is None or kind in ("object", "media"):
            continue
        if item.kind == "list" and kind == "text" and isinstance(value, list):
            _settle_list(frame, item, value)
        elif item.kind == "number" and amounts.is_number(value):
            _settle_number(frame, item, value)
        elif item.kind == "text" and isinstance(value, str):
            _settle_text(frame, item, value)
        else:
            _settle_as_written(frame, item, value)


def _settle_as_written(frame: Frame, item: Field, value: Any) -> None:
    named = next((m for m in frame.mentions(item) if m.value == value), None)
    if named:
        frame.settle_by_words(item, value, named.words)
    else:
        frame.settle_by_meaning(item, value)


def _settle_number(frame: Frame, item: Field, value: float) -> None:
    """A number that was said; what cannot be read (a unit, a language's number words) counts as said.

    An article is the number one in many languages.
    """
    spoken = frame.evidence.spoken
    if words := amounts.words_naming(frame, item, value):
        frame.settle_by_words(item, value, words)
    elif elsewhere.keep(frame, item, value, amounts.saying(item)):
        return
    elif item.unit or not reads_numbers(spoken.language) or (value == 1 and item.required):
        frame.settle_by_meaning(item, value)


def _settle_text(frame: Frame, item: Field, value: str) -> None:
    rests = _source(frame, item, value)
    if rests is not None:
        name = nearest_name(value, item.choices) if item.choices else None
        frame.settle(item, name or value, rests)
    elif item.required:
        frame.settle_by_meaning(item, value)


def _settle_list(frame: Frame, item: Field, values: list[Any]) -> None:
    if item.item and item.item.closed:
        frame.settle_by_meaning(item, values)
        return
    sources = [(value, _source(frame, item, str(value))) for value in values]
    kept = [(value, rests) for value, rests in sources if rests is not None]
    if kept:
        frame.settle(item, [value for value, _ in kept], kept[0][1])
    elif item.required:
        frame.settle_by_meaning(item, values)


def _source(frame: Frame, item: Field, value: str) -> Provenance | None:
    """The words that a text is made of; in scripts without spaces, the characters."""
    spoken = frame.evidence.spoken
    trace = spoken.trace(value)
    if trace.hits and trace.enough:
        return frame.evidence.from_words(min(trace.hits), max(trace.hits))
    if _holds(value, spoken):
        return Provenance("words", value)
    return elsewhere.source(frame, item, value, texts.says)


def _holds(value: str, spoken: Spoken) -> bool:
    return bool(value.strip()) and value.casefold() in spoken.text.casefold()
