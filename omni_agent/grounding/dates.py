"""Dates and times of arguments that have such a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .earlier import earlier_value
from .evidence import Provenance
from .fields import Field
from .moments import Moment

if TYPE_CHECKING:
    from .frame import Frame


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that say a date or a time."""
    if item.kind not in ("date", "time", "moment") or not isinstance(value, str):
        return frozenset()
    return frozenset(
        index
        for moment in frame.evidence.spoken.moments
        if any(part in value for part in moment.values)
        for index in range(moment.first, moment.last + 1)
    )


def settle(frame: Frame) -> None:
    """Settle dates and times by the words for them."""
    for right in (True, False):
        for item in frame.open("date", "time"):
            _settle(frame, item, right=right)
    for item in frame.open("moment"):
        _settle_both(frame, item)


def _said(frame: Frame, item: Field, kind: str) -> list[Moment]:
    found = [
        m
        for m in frame.evidence.spoken.moments
        if m.kind == kind
        and not m.negated
        and frame.reachable(m.first, item)
    ]
    latest = max((m.draft for m in found), default=0)
    found = [m for m in found if m.draft == latest] if len({m.draft for m in found}) > 1 else found
    return [m for m in found if (m.kind, m.first) not in frame.moments]


def _settle(frame: Frame, item: Field, *, right: bool) -> None:
    value = str(frame.values.get(item.name, ""))
    said = _said(frame, item, item.kind)
    same = [m for m in said if _fits(value, m)]
    same.sort(key=lambda m: not frame.within(m.first))
    others = [m for m in said if frame.within(m.first)]
    if same and (frame.within(same[0].first) or not others):
        if right:
            _settle_by(frame, item, frame.values[item.name], same[0])
        return
    if right:
        return
    inside = [m for m in said if frame.within(m.first)]
    if inside and (value or item.required or _beside(frame, item, inside[0]) or not _rivals(frame, item)):
        moment = inside[0]
        _settle_by(frame, item, _written(moment.values[0], value), moment)
    elif value:
        _keep_earlier(frame, item, value)
    elif frame.evidence.repeats and (earlier := earlier_value(frame, item)) is not None:
        frame.settle(item, earlier, Provenance("earlier", str(earlier)))


def _rivals(frame: Frame, item: Field) -> list[Field]:
    """Other arguments of the kind that have a better claim to a date: those that must be there, or come first."""
    return [f for f in frame.fields if f is not item and f.kind == item.kind and f.name not in frame.found]


def _beside(frame: Frame, item: Field, moment: Moment) -> bool:
    """Whether the argument's name stands close before the date."""
    words = frame.evidence.spoken.words
    return any(words[i].stem in item.names for i in range(max(0, moment.first - 3), moment.first))


def _settle_by(frame: Frame, item: Field, value: str, moment: Moment) -> None:
    frame.settle_by_words(item, value, moment.first, moment.last)
    frame.moments.add((moment.kind, moment.first))


def _fits(value: str, moment: Moment) -> bool:
    return bool(value) and any(
        value == said or value.startswith(f"{said}:") or value.startswith(f"{said}Z")
        for said in moment.values
    )


def _written(said: str, like: str) -> str:
    """A time with seconds where the model wrote seconds."""
    return f"{said}:00" if ":" in said and (not like or like.count(":") == 2) and len(said) == 5 else said


def _settle_both(frame: Frame, item: Field) -> None:
    """A date and a time in one argument."""
    value = str(frame.values.get(item.name, ""))
    days, times = _said(frame, item, "date"), _said(frame, item, "time")
    used = [m for m in (days[:1] + times[:1])]
    if value and any(any(part in value for part in m.values) for m in used):
        day = next(
            (d for m in days for d in m.values if d in value), days[0].values[0] if days else value[:10]
        )
        hour = next(
            (t for m in times for t in m.values if f"T{t}" in value),
            times[0].values[0] if times else value[11:16],
        )
        value = f"{day}T{hour}{value[16:]}"
    elif days and times:
        value = f"{days[0].values[0]}T{times[0].values[0]}:00"
    elif value:
        _keep_earlier(frame, item, value)
        return
    if used and value:
        words = [i for m in used for i in range(m.first, m.last + 1)]
        frame.settle(item, value, frame.evidence.from_words(min(words), max(words)), words)


def _keep_earlier(frame: Frame, item: Field, value: str) -> None:
    for spoken, rests in (
        (frame.evidence.shown, frame.evidence.from_shown(value)),
        (frame.evidence.before, Provenance("earlier", value)),
    ):
        if any(any(part in value for part in m.values) for m in spoken.moments):
            frame.settle(item, value, rests)
            return
    if any(call.arguments.get(item.name) == value for call in frame.evidence.earlier_calls):
        frame.settle(item, value, Provenance("earlier", value))
