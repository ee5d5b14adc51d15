"""Numbers: what was counted, in the argument's own unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from . import texts
from .earlier import earlier_value
from .evidence import Provenance
from .fields import Field
from .numbers import Number
from .units import converted
from .words import content_stems

if TYPE_CHECKING:
    from .frame import Frame

_MOST = frozenset(("full", "fully", "max", "maximum", "maximal", "highest"))
_USUAL = frozenset(("normal", "default", "standard", "regular", "usual", "normally"))
_LEAST = frozenset(("min", "minimum", "minimal", "lowest", "mute", "silent", "zero", "nothing"))


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that say a number."""
    if item.kind != "number" or not _is_number(value):
        return frozenset()
    return frozenset(
        index
        for number in frame.evidence.spoken.numbers
        if _same(_as(number, item), value)
        for index in range(number.first, number.last + 1)
    )


def settle(frame: Frame) -> None:
    """Settle the numbers: keep those that were said, mend those that were said otherwise, fill in the sure ones."""
    open_fields = frame.open("number")
    for step in (_keep, _keep_sign, _mend, _fill_beside, _fill, _fill, _keep_elsewhere):
        for item in open_fields:
            if item.name not in frame.found:
                step(frame, item)


def _keep(frame: Frame, item: Field) -> None:
    value = frame.values.get(item.name)
    if not _is_number(value):
        return
    said = [
        n
        for n in _candidates(frame, item, loose=True)
        if (_same(_as(n, item), value) or _other(n, item, value) or _share(n, item, value))
        and (n.exact or item.required or _counts(frame, item, n))
    ]
    said.sort(key=lambda n: (frame.within(n.first), n.exact, _beside(frame, item, n), -n.first))
    if not said:
        return
    best = said[-1]
    if not frame.within(best.first):
        # What belongs to another call gives way to a number of this one.
        inside = [n for n in _candidates(frame, item) if not _anothers(frame, item, n)]
        inside = [n for n in inside if n.value not in frame.claimed]
        inside = [n for n in inside if n.exact] or [n for n in inside if not n.unit and _counts(frame, item, n)]
        if len(inside) == 1:
            frame.settle_by_words(item, _typed(_as(inside[0], item), item), inside[0].first, inside[0].last)
        if inside:
            return
    later = [
        n
        for n in _candidates(frame, item)
        if n.draft > best.draft and n.exact and _alike(n.unit, best.unit) and not _anothers(frame, item, n)
        and not (n.unit and not best.unit and any(f is not item and f.kind == "number" and f.unit and _alike(f.unit, n.unit) for f in frame.fields))
    ]
    if later:
        best, value = later[-1], _as(later[-1], item)
    frame.settle_by_words(item, _typed(value, item), best.first, best.last)


def _mend(frame: Frame, item: Field) -> None:
    if not _is_number(frame.values.get(item.name)):
        return
    fitting = [n for n in _candidates(frame, item) if n.exact and not _anothers(frame, item, n)]
    sure = [n for n in fitting if _unit_fits(n, item) or _beside(frame, item, n)]
    if not sure and (item.required or _only(frame, item)):
        sure = [n for n in fitting if not n.unit or not item.unit]
    latest = max((n.draft for n in sure), default=0)
    sure = [n for n in sure if n.draft == latest]
    if len({_as(n, item) for n in sure}) == 1:
        frame.settle_by_words(item, _typed(_as(sure[-1], item), item), sure[-1].first, sure[-1].last)


def _only(frame: Frame, item: Field) -> bool:
    """The one argument of its object that holds a number."""
    return sum(f.kind == "number" for f in frame.fields) == 1


def _fill_beside(frame: Frame, item: Field) -> None:
    """Fill in the one number that stands beside the argument's name."""
    if item.name not in frame.values:
        near = [n for n in _candidates(frame, item) if n.exact and not _anothers(frame, item, n)]
        near = [n for n in near if _beside(frame, item, n)]
        if len({_as(n, item) for n in near}) == 1:
            frame.settle_by_words(item, _typed(_as(near[0], item), item), near[0].first, near[0].last)


def _counts(frame: Frame, item: Field, number: Number) -> bool:
    """Whether an article or "twice" counts this optional argument: what follows it names the argument."""
    words = frame.evidence.spoken.words
    if words[number.first].form not in ("a", "an", "one", "next", "past", "last"):
        return True
    following = [w for w in words[number.first + 1 : number.first + 4] if w.content][:1]
    own = {stem for value in frame.values.values() if isinstance(value, str) for stem in content_stems(value)}
    return bool(number.unit) or any(word.stem in own for word in following)


def _alike(unit: str, other: str) -> bool:
    return not unit or not other or unit == other or converted(1, unit, other) is not None


def _fill(frame: Frame, item: Field) -> None:
    if item.name in frame.values:
        return
    fitting = [n for n in _candidates(frame, item) if n.exact and not _anothers(frame, item, n)]
    rivals = [f for f in frame.open("number") if f is not item and f.unit == item.unit]
    sure = [n for n in fitting if (_unit_fits(n, item) and not rivals) or (frame.path and _only(frame, item))]
    if len({_as(n, item) for n in sure}) == 1:
        frame.settle_by_words(item, _typed(_as(sure[0], item), item), sure[0].first, sure[0].last)
    elif frame.evidence.repeats and not frame.path and (value := earlier_value(frame, item)) is not None:
        frame.settle(item, value, Provenance("earlier", str(value)))


def _keep_sign(frame: Frame, item: Field) -> None:
    """Keep a number whose sign was said in words ("a loss of 500"), or that rounds what was said."""
    value = frame.values.get(item.name)
    if _is_number(value):
        for number in _candidates(frame, item, loose=True):
            if _same(number.value, -value):
                frame.settle_by_words(item, value, number.first, number.last)
                return


def _keep_elsewhere(frame: Frame, item: Field) -> None:
    """Keep a number by a picture or an earlier turn."""
    value = frame.values.get(item.name)
    if not _is_number(value):
        return
    if any(_same(n.value, value) for n in frame.evidence.shown.numbers):
        frame.settle(item, value, frame.evidence.from_shown(str(value)))
    elif _at_an_end(frame, item, value):
        frame.settle(item, value, Provenance("words", frame.evidence.said))
    elif frame.evidence.refers_back or item.required:
        before = [n.value for n in frame.evidence.before.numbers]
        calls = [call.arguments.get(item.name) for call in frame.evidence.earlier_calls]
        if any(_is_number(n) and _same(n, value) for n in [*before, *calls]):
            frame.settle(item, value, Provenance("earlier", str(value)))


def _at_an_end(frame: Frame, item: Field, value: float) -> bool:
    """Whether "full" or "minimum" was said and the value is that end of the range, or "normal" and the default."""
    said = {word.form for i, word in enumerate(frame.evidence.spoken.words) if frame.reachable(i, item)}
    return (
        (value == item.default and bool(said & _USUAL))
        or (value == item.most and bool(said & _MOST)) or (value == item.least and bool(said & _LEAST))
    )


def _candidates(frame: Frame, item: Field, *, loose: bool = False) -> list[Number]:
    """The numbers that may be this field's."""
    quoted = texts.quoted(frame)
    return [
        n
        for n in frame.evidence.spoken.numbers
        if not n.negated
        and (frame.reachable(n.first, item) if loose else frame.within(n.first))
        and (not frame.taken & set(range(n.first, _end(n) + 1)) or ":" in frame.evidence.spoken.words[n.first].text)
        and ((value := _as(n, item)) is None or item.least <= value <= item.most)
        and (loose or n.first not in quoted)
        and (loose or value is not None)
    ]


def _other(number: Number, item: Field, value: float) -> bool:
    """The number said with a unit of another kind than the schema speaks of: the number itself counts."""
    return _as(number, item) is None and _same(number.value, value)


def _end(number: Number) -> int:
    return number.last - (1 if number.unit and number.last > number.first else 0)


def _as(number: Number, item: Field) -> float | None:
    """A number in the field's unit; None where it counts something else."""
    if number.unit and item.unit:
        return converted(number.value, number.unit, item.unit)
    return number.value


def _share(number: Number, item: Field, value: float) -> bool:
    """A percentage written as a share of one."""
    return number.unit == "percent" and item.unit != "percent" and _same(number.value / 100, value)


def _unit_fits(number: Number, item: Field) -> bool:
    return bool(number.unit and item.unit)


def _anothers(frame: Frame, item: Field, number: Number) -> bool:
    """Whether the model gave this very number to another field."""
    return any(
        f is not item
        and f.kind == "number"
        and _is_number(frame.values.get(f.name))
        and (_same(_as(number, f), frame.values[f.name]) or _share(number, f, frame.values[f.name]))
        for f in frame.fields
    )


def _beside(frame: Frame, item: Field, number: Number) -> bool:
    """Whether the field's name stands close before the number or right after it, without a pause between."""
    words, said = frame.evidence.spoken.words, frame.evidence.said
    for index in range(number.first - 1, max(-1, number.first - 5), -1):
        if _parted(said[words[index].end : words[index + 1].start]) or words[index].text[0].isdigit():
            break
        if words[index].content and words[index].stem in item.names:
            return True
    for index in range(number.last + 1, min(len(words), number.last + 3)):
        if _parted(said[words[index - 1].end : words[index].start]) or words[index].form == "and":
            break
        if words[index].content and words[index].stem in item.names:
            return True
    return False


def _parted(between: str) -> bool:
    return any(mark in between for mark in ",.;!?")


def _typed(value: float | None, item: Field) -> Any:
    assert value is not None
    return int(value) if float(value).is_integer() and (item.integer or isinstance(value, float)) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-15)
