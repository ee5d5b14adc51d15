"""Dates and times of arguments that have such a format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import elsewhere
from .fields import Field
from .moments import Moment
from .spoken import Spoken
from .words import newest

if TYPE_CHECKING:
    from .frame import Frame

# How far before a date its argument's name may stand, in words.
_BEFORE = 3


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that say a date or a time."""
    if item.kind not in ("date", "time", "moment") or not isinstance(value, str):
        return frozenset()
    said = (moment for moment in frame.evidence.spoken.moments if moment.among(value))
    return frozenset(index for moment in said for index in moment.words)


def settle(frame: Frame) -> None:
    """Settle dates and times by the words for them; those that the model got right come first."""
    for right in (True, False):
        for item in frame.open("date", "time"):
            _settle(frame, item, right=right)
    for item in frame.open("moment"):
        _settle_both(frame, item)


def _said(frame: Frame, item: Field, kind: str) -> list[Moment]:
    found = [
        m
        for m in frame.evidence.spoken.moments
        if m.kind == kind and not m.negated and frame.reachable(m.first, item)
    ]
    return [m for m in newest(found) if (m.kind, m.first) not in frame.moments]


def _settle(frame: Frame, item: Field, *, right: bool) -> None:
    value = str(frame.values.get(item.name) or "")
    said = _said(frame, item, item.kind)
    inside = [m for m in said if frame.within(m.first)]
    same = sorted((m for m in said if _fits(value, m)), key=lambda m: not frame.within(m.first))
    if same and (frame.within(same[0].first) or not inside):
        if right:
            _settle_by(frame, item, value, same[0])
    elif right:
        return
    elif inside and (value or item.required or _beside(frame, item, inside[0]) or not _rivals(frame, item)):
        _settle_by(frame, item, _written(inside[0].values[0], value), inside[0])
    elif value:
        elsewhere.keep(frame, item, value, _says)


def _rivals(frame: Frame, item: Field) -> list[Field]:
    """Other arguments of the kind that may have a claim to a date."""
    return [f for f in frame.fields if f is not item and f.kind == item.kind and f.name not in frame.found]


def _beside(frame: Frame, item: Field, moment: Moment) -> bool:
    """Whether the argument's name stands close before the date."""
    words = frame.evidence.spoken.words
    return any(word.stem in item.names for word in words[max(0, moment.first - _BEFORE) : moment.first])


def _settle_by(frame: Frame, item: Field, value: str, moment: Moment) -> None:
    frame.settle_by_words(item, value, moment.words)
    frame.moments.add((moment.kind, moment.first))


def _fits(value: str, moment: Moment) -> bool:
    return any(value == said or value.startswith((f"{said}:", f"{said}Z")) for said in moment.values)


def _written(said: str, like: str) -> str:
    """A time with seconds where the model wrote seconds."""
    return f"{said}:00" if ":" in said and (not like or like.count(":") == 2) and len(said) == 5 else said


def _settle_both(frame: Frame, item: Field) -> None:
    """A date and a time in one argument."""
    value = str(frame.values.get(item.name) or "")
    days, times = _said(frame, item, "date"), _said(frame, item, "time")
    used = days[:1] + times[:1]
    if value and any(moment.among(value) for moment in used):
        value = (
            f"{_part(value, days, '{}', value[:10])}T{_part(value, times, 'T{}', value[11:16])}{value[16:]}"
        )
    elif days and times:
        value = f"{days[0].values[0]}T{times[0].values[0]}:00"
    elif value:
        elsewhere.keep(frame, item, value, _says)
        return
    if used and value:
        frame.settle_by_words(item, value, [index for moment in used for index in moment.words])


def _part(value: str, moments: Sequence[Moment], form: str, written: str) -> str:
    """The day or the hour of a moment: as written where it was said, else as said, else as written."""
    said = (text for moment in moments for text in moment.values if form.format(text) in value)
    return next(said, moments[0].values[0] if moments else written)


def _says(value: Any, spoken: Spoken) -> str:
    return str(value) if any(moment.among(str(value)) for moment in spoken.moments) else ""
