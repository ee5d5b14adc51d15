"""Choices: enums and known names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import elsewhere, mentions, texts
from .fields import Field
from .likeness import nearest_name
from .loose import by_meaning, nearest_choice, unexplained
from .mentions import Grade, Mention
from .spoken import Spoken
from .words import newest

if TYPE_CHECKING:
    from .frame import Frame

# How alike a misheard word must be to a value that the model did not choose itself.
_SURE = 0.8
# So many words beside the call.
_MUCH = 3


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that name a choice."""
    found = [m for m in frame.mentions(item) if m.value == value] if item.choices else []
    return frozenset(index for mention in found for index in mention.words)


def named(frame: Frame) -> None:
    """Settle the choices whose words were said."""
    fields = [f for f in frame.fields if f.kind in ("choice", "text", "list") and (f.item or f).choices]
    said = _unrefused({item.name: _clear(frame, item, fields) for item in fields}, frame)
    # Those that the model got right take their words first: of two fields with the same choices
    # ("from", "to") each keeps its own.
    for right in (True, False):
        for item in fields:
            if item.name in frame.found:
                continue
            if item.kind != "list":
                _settle_one(frame, item, said[item.name], right=right)
            elif not right:
                _settle_list(frame, item, said[item.name])


def _unrefused(said: dict[str, list[Mention]], frame: Frame) -> dict[str, list[Mention]]:
    """The mentions with a negation on the first one that it reaches only: "don't open the front door"."""
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
    sure = [m for other in fields for m in frame.mentions(other) if m.grade is Grade.NAMED]
    return [
        m
        for m in frame.mentions(item)
        if not any(
            other.overlaps(m.first, m.last)
            and (other.length > m.length or (m.grade is Grade.PART and other.value != m.value))
            for other in sure
        )
    ]


def _settle_one(frame: Frame, item: Field, said: list[Mention], *, right: bool) -> None:
    wished = [m for m in said if not m.negated]
    latest = max((m.draft for m in wished if frame.within(m.first)), default=0)
    free = [m for m in wished if m.draft >= latest and frame.untaken(m.first, m.last)]
    value = frame.values.get(item.name)
    own = [m for m in free if m.value == value and frame.reachable(m.first, item)]
    own.sort(key=lambda m: (frame.within(m.first), m.grade, m.length))
    inside = [m for m in free if frame.within(m.first)]
    if own and (frame.within(own[-1].first) or not inside):
        if right:
            frame.settle_by_words(item, value, own[-1].words)
        return
    if right or (not item.closed and item.name in frame.values and not inside):
        return
    best = _best(frame, item, inside)
    if best is not None:
        frame.settle_by_words(item, best.value, best.words)


def _best(frame: Frame, item: Field, inside: list[Mention]) -> Mention | None:
    """The mention to mend or fill in with: the surest, first, longest. Common words fill nothing in."""
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
    stem = frame.evidence.spoken.forms[mention.first]
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
    inside = [m for m in newest(inside) if frame.untaken(m.first, m.last)]
    values = [v for v in own if any(m.value == v for m in inside)]
    values += [m.value for m in inside]
    values = [v for i, v in enumerate(values) if v not in values[:i]]
    if inside and item.item and item.item.closed:
        frame.settle_by_words(item, values, [index for mention in inside for index in mention.words])


def sounding(frame: Frame) -> None:
    """Settle choices by words that sound like them: the model's own, a required one, or a very like one."""
    fields = [item for item in frame.open("choice", "text") if item.choices]
    words, said = frame.evidence.spoken.words, frame.evidence.said
    for item in sorted(fields, key=lambda item: item.name not in frame.values):
        value = frame.values.get(item.name)
        if isinstance(value, str) and item.kind == "text":
            value = nearest_name(value, item.choices) or value
        alike = mentions.sounding(item, words, frame.free(), value, said)
        mention = next((m for m in alike if _may_be(frame, item, m, value)), None)
        if mention:
            frame.settle_by_words(item, mention.value, mention.words)


def _may_be(frame: Frame, item: Field, mention: Mention, value: Any) -> bool:
    """Whether a like-sounding word may stand for a value: the model's own, a forgotten or a mistaken one."""
    written = item.name in frame.values
    if not written and not texts.quoted(frame).isdisjoint(mention.words):
        return False
    if mention.value == value:
        return True
    if any(f is not item and _same_choices(f, item) for f in frame.fields):
        return False
    long = mention.length > 1 or item.kind == "text"
    return item.required or (long and mention.likeness >= _SURE)


def meant(frame: Frame) -> None:
    """Keep what the model understood though its words were not said, or what was shown or had before."""
    for item in [*frame.open("choice"), *frame.open("list")]:
        value = frame.values.get(item.name)
        if value is None or not (item.item or item).closed or _refused(frame, item, value):
            continue
        if any(not choice.phrases for choice in item.choices):
            # Signs have no words to be traced to.
            frame.settle_by_meaning(item, value)
        elif not _kept_elsewhere(frame, item, value):
            _keep_by_meaning(frame, item, value)


def saying(item: Field) -> elsewhere.Says:
    """What finds the words of a text that name a value of this field."""

    def says(value: Any, spoken: Spoken) -> str:
        named = (m for m in spoken.mentions(item) if m.value == value)
        return next((spoken.said(m.first, m.last) for m in named), "")

    return says


def _kept_elsewhere(frame: Frame, item: Field, value: Any) -> bool:
    """Whether a picture, a result or an earlier turn has a value, or some values of a list."""
    if not isinstance(value, list):
        return elsewhere.keep(frame, item, value, saying(item))
    sources = [(part, elsewhere.source(frame, item, part, saying(item))) for part in value]
    kept = [(part, rests) for part, rests in sources if rests is not None]
    if kept:
        frame.settle(item, [part for part, _ in kept], kept[0][1])
    return bool(kept)


def _keep_by_meaning(frame: Frame, item: Field, value: Any) -> None:
    near = nearest_choice(frame, item, value) if item.choices else None
    if near is not None:
        frame.settle(item, value, by_meaning(frame, near), [near])
    elif not item.required and len(rest := unexplained(frame)) >= _MUCH:
        # So much was said beside the call that the model may have understood it so; once only.
        frame.settle(item, value, by_meaning(frame, rest[0]), rest)


def _refused(frame: Frame, item: Field, value: Any) -> bool:
    """Whether just this value was refused."""
    said = [m for m in frame.mentions(item) if m.value == value and m.grade is Grade.NAMED]
    return bool(said) and all(m.negated for m in said)
