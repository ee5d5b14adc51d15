"""Choices: enums, known names and switches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import mentions, texts
from .earlier import earlier_value, from_earlier
from .evidence import Provenance
from .fields import Field
from .loose import NEAR, by_meaning, nearest, nearest_choice, unexplained
from .mentions import Grade, Mention, mentions_of
from .words import FUNCTION_WORDS, content_stems

if TYPE_CHECKING:
    from .frame import Frame

# How alike a misheard word must be to a value that the model did not choose itself.
_SURE = 0.8
_MUCH = 3
_NEAR_A_SWITCH = 0.32


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that name a choice."""
    found = [m for m in frame.mentions(item) if m.value == value] if item.choices else []
    return frozenset(i for m in found for i in range(m.first, m.last + 1))


def named(frame: Frame) -> None:
    """Settle the choices whose words were said."""
    fields = [
        item
        for item in frame.fields
        if item.kind != "boolean" and (item.choices or (item.item and item.item.choices))
    ]
    said = _unrefused({item.name: _clear(frame, item, fields) for item in fields}, frame)
    # Those that the model got right take their words first: of two fields with the same choices
    # ("from", "to") each keeps its own.
    for right in (True, False):
        for item in fields:
            if item.name in frame.found:
                continue
            if item.kind == "list":
                if not right:
                    _settle_list(frame, item, said[item.name])
            elif item.kind in ("choice", "text"):
                _settle_one(frame, item, said[item.name], right=right)


def _unrefused(said: dict[str, list[Mention]], frame: Frame) -> dict[str, list[Mention]]:
    """The mentions with a negation on the first one that it reaches only: "don't cool the living room"."""
    words = frame.evidence.spoken.words
    refused = [(name, m) for name, found in said.items() for m in found if m.negated]

    def shielded(name: str, mention: Mention) -> bool:
        return any(
            other != name and m.last < mention.first and all(w.negated for w in words[m.last : mention.first])
            for other, m in refused
        )

    return {
        name: [replace(m, negated=m.negated and not shielded(name, m)) for m in found]
        for name, found in said.items()
    }


def _clear(frame: Frame, item: Field, fields: list[Field]) -> list[Mention]:
    """A field's mentions that no longer mention of any field contains."""
    others = [m for other in fields for m in frame.mentions(other.item or other)]
    sure = [m for m in others if m.grade is Grade.NAMED]
    return [
        m
        for m in frame.mentions(item.item or item)
        if not any(
            other.overlaps(m.first, m.last)
            and (other.length > m.length or (m.grade is Grade.PART and other.value != m.value))
            for other in sure
        )
    ]


def _settle_one(frame: Frame, item: Field, said: list[Mention], *, right: bool) -> None:
    wished = [m for m in said if not m.negated]
    latest = max((m.draft for m in wished if frame.within(m.first)), default=0)
    free = [m for m in wished if m.draft >= latest and not frame.taken & set(range(m.first, m.last + 1))]
    value = frame.values.get(item.name)
    own = [m for m in free if m.value == value and frame.reachable(m.first, item)]
    own.sort(key=lambda m: (frame.within(m.first), m.grade, m.length))
    inside = [m for m in free if frame.within(m.first)]
    if own and (frame.within(own[-1].first) or not inside):
        if right:
            frame.settle_by_words(item, value, own[-1].first, own[-1].last)
        return
    if right or (not item.closed and item.name in frame.values and not inside):
        return
    best = _best(frame, item, inside)
    if best is not None:
        frame.settle_by_words(item, best.value, best.first, best.last)


def _best(frame: Frame, item: Field, inside: list[Mention]) -> Mention | None:
    """The mention to mend or fill in with: the surest, longest, last. Parts of a name fill nothing in alone."""
    if item.name not in frame.values:
        quoted = texts.quoted(frame)
        inside = [m for m in inside if m.first not in quoted]
        rivals = [f for f in frame.fields if f is not item and f.choices and _same_choices(f, item)]
        if rivals:
            return None
        inside = [m for m in inside if m.grade is Grade.NAMED or _sets_apart(frame, m)]
    return max(inside, key=lambda m: (m.grade, -m.first, m.length), default=None)


def _sets_apart(frame: Frame, mention: Mention) -> bool:
    """A part of a name that carries a meaning and belongs to no other field."""
    stem = frame.forms[mention.first]
    return sum(stem in f.cues for f in frame.fields) == 0 and len(stem) > 3


def _same_choices(one: Field, other: Field) -> bool:
    return {repr(c.value) for c in one.choices} == {repr(c.value) for c in other.choices}


def _settle_list(frame: Frame, item: Field, said: list[Mention]) -> None:
    """Of a list of choices: those that were said, the model's own order first."""
    model = frame.values.get(item.name)
    own = model if isinstance(model, list) else []
    inside = [
        m
        for m in said
        if not m.negated
        and m.grade is Grade.NAMED
        and (frame.within(m.first) or (m.value in own and frame.reachable(m.first, item)))
    ]
    latest = max((m.draft for m in inside), default=0)
    if frame.evidence.spoken.words and any(m.draft < latest for m in inside):
        inside = [m for m in inside if m.draft == latest]
    inside = [m for m in inside if not frame.taken & set(range(m.first, m.last + 1))]
    values = [v for v in own if any(m.value == v for m in inside)]
    values += [m.value for m in inside if m.value not in values]
    values = [v for i, v in enumerate(values) if v not in values[:i]]
    if inside and item.item and item.item.closed:
        words = [i for m in inside for i in range(m.first, m.last + 1)]
        frame.settle(item, values, frame.evidence.from_words(min(words), max(words)), words)


def switched(frame: Frame) -> None:
    """Settle booleans: on where their name or a word for it was said, off where it was said under a negation."""
    for item in frame.open("boolean"):
        value = frame.values.get(item.name)
        said = [m for m in frame.mentions(item) if m.grade is Grade.NAMED and _concerns(frame, item, m.first)]
        hits = [m for m in said if not frame.taken & set(range(m.first, m.last + 1))] or _by_a_word(frame, item)
        if hits:
            last = max(hits, key=lambda m: (m.draft, m.first))
            frame.settle_by_words(item, last.value is not last.negated, last.first, last.last)
            continue
        if value and _from_pictures(frame, item, value):
            continue
        telling = " ".join(sorted(name for name in item.names if name not in FUNCTION_WORDS))
        near = nearest(frame, telling, _NEAR_A_SWITCH) if value else None
        if near is not None:
            frame.settle(item, value, by_meaning(frame, near), [near])
        elif value is not None and item.required:
            frame.settle(item, value, Provenance("meaning", frame.evidence.said))


def _by_a_word(frame: Frame, item: Field) -> list[Mention]:
    """Mentions of a switch by one word of its name that no other argument and not the tool goes by."""
    words = frame.evidence.spoken.words
    others = set(content_stems(frame.name)) | {s for f in frame.fields if f is not item for s in f.names}
    telling = item.names - others
    return [
        Mention(True, i, i, Grade.PART, word.negated, word.draft)
        for i, word in enumerate(words)
        if word.content and word.stem in telling and _concerns(frame, item, i)
        and (item.name in frame.values or len(item.names) == 1)
    ]


def _concerns(frame: Frame, item: Field, index: int) -> bool:
    return frame.within(index) or (item.name in frame.values and frame.reachable(index, item))


def sounding(frame: Frame) -> None:
    """Settle choices by words that sound like them: the model's own, a required one, or a very like one."""
    fields = [item for item in frame.open("choice", "text") if item.choices]
    quoted = texts.quoted(frame)
    for item in sorted(fields, key=lambda item: item.name not in frame.values):
        value = frame.values.get(item.name)
        if isinstance(value, str) and item.kind == "text":
            value = mentions.nearest_name(value, item.choices) or value
        rivals = any(f is not item and _same_choices(f, item) for f in frame.fields)
        words, said = frame.evidence.spoken.words, frame.evidence.said
        for mention in mentions.sounding(item, words, frame.free(), value, said):
            if item.name not in frame.values and any(i in quoted for i in range(mention.first, mention.last + 1)):
                continue
            known = mention.value == value
            filled = not rivals and (mention.length > 1 or item.kind == "text") and mention.likeness >= _SURE
            if known or (item.name not in frame.values and filled) or (item.required and not rivals):
                frame.settle_by_words(item, mention.value, mention.first, mention.last)
                break


def meant(frame: Frame) -> None:
    """Keep what the model understood though its words were not said, or what an earlier turn had; drop the rest."""
    for item in [*frame.open("choice"), *frame.open("list")]:
        value = frame.values.get(item.name)
        if item.kind == "list" and not (item.item and item.item.closed):
            continue
        if value is None:
            _fill_from_earlier(frame, item)
            continue
        if any(not choice.phrases for choice in item.choices):
            # Signs have no words to be traced to.
            frame.settle(item, value, Provenance("meaning", frame.evidence.said))
            continue
        if _negated_value(frame, item, value) or _from_pictures(frame, item, value):
            continue
        if from_earlier(frame, item, value):
            continue
        near = nearest_choice(frame, item, value) if item.choices else None
        if near is not None:
            frame.settle(item, value, by_meaning(frame, near), [near])
        elif not item.required and len(rest := unexplained(frame)) >= _MUCH:
            # So much was said beside the call that the model may have understood it so; once only.
            frame.settle(item, value, by_meaning(frame, rest[0]), rest)


def _fill_from_earlier(frame: Frame, item: Field) -> None:
    if frame.evidence.repeats and not frame.path and (value := earlier_value(frame, item)) is not None:
        frame.settle(item, value, Provenance("earlier", str(value)))


def _negated_value(frame: Frame, item: Field, value: Any) -> bool:
    """Whether just this value was refused."""
    said = [m for m in frame.mentions(item.item or item) if m.value == value and m.grade is Grade.NAMED]
    return bool(said) and all(m.negated for m in said)


def _from_pictures(frame: Frame, item: Field, value: Any) -> bool:
    shown = frame.evidence.shown
    if not shown.text:
        return False
    forms = mentions.comparable(shown.words, shown.numbers)
    printed = mentions_of(item.item or item, shown.words, forms)
    if isinstance(value, list) and (kept := [v for v in value if any(m.value == v for m in printed)]):
        frame.settle(item, kept, frame.evidence.from_shown(", ".join(map(str, kept))))
        return True
    for mention in printed:
        if mention.value == value:
            frame.settle(item, value, frame.evidence.from_shown(shown.said(mention.first, mention.last)))
            return True
    return False


