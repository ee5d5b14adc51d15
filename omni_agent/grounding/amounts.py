"""Numbers: what was counted, in the argument's own unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from . import elsewhere, texts
from .fields import Field
from .likeness import likeness
from .numbers import Number
from .provenance import Provenance
from .spoken import Spoken
from .units import converted
from .words import content_stems, newest, paused

if TYPE_CHECKING:
    from .frame import Frame

_MOST = frozenset(("full", "fully", "max", "maximum", "maximal", "highest"))
_USUAL = frozenset(("normal", "default", "standard", "regular", "usual", "normally"))
_LEAST = frozenset(("min", "minimum", "minimal", "lowest", "zero", "nothing"))
_COUNTING_WORDS = frozenset(("a", "an", "one", "next", "past", "last"))
# How far from a number its argument's name may stand, before it and after it, in words.
_BEFORE, _AFTER = 4, 2
# How alike a misheard name must be to what the model wrote.
_ALIKE = 0.7


def words_naming(frame: Frame, item: Field, value: Any) -> frozenset[int]:
    """Indexes of the words that say a number."""
    if item.kind != "number" or not is_number(value):
        return frozenset()
    said = (n for n in frame.evidence.spoken.numbers if _same(_as(n, item), value))
    return frozenset(index for number in said for index in number.words)


def settle(frame: Frame) -> None:
    """Settle the numbers: keep those that were said, mend the others, fill in the sure ones.

    Filling goes twice over the arguments: what one of them takes leaves another no choice.
    """
    open_fields = frame.open("number")
    for step in (_keep, _keep_sign, _mend, _fill_beside, _fill, _fill, _keep_elsewhere):
        for item in open_fields:
            if item.name not in frame.found:
                step(frame, item)


def saying(item: Field) -> elsewhere.Says:
    """What tells whether a text says a number of this field."""

    def says(value: Any, spoken: Spoken) -> str:
        said = any(_same(n.value, value) or _says(n, item, value) for n in spoken.numbers)
        return str(value) if said else ""

    return says


def _keep(frame: Frame, item: Field) -> None:
    """Keep a number that was said, unless it belongs to another call or was corrected."""
    value = frame.values.get(item.name)
    if not is_number(value) or (best := _said(frame, item, value)) is None:
        return
    if not frame.within(best.first) and (own := _own(frame, item)):
        # What belongs to another call gives way to a number of this one.
        if len(own) == 1:
            _settle(frame, item, own[0])
        return
    later = [n for n in _exact(frame, item) if n.draft > best.draft and _replaces(frame, item, n, best)]
    if later:
        _settle(frame, item, later[-1])
    else:
        frame.settle_by_words(item, _typed(value), best.words)


def _said(frame: Frame, item: Field, value: float) -> Number | None:
    """Where a number was said: in the own part rather than elsewhere, as a number rather than an article."""
    said = [
        n
        for n in _candidates(frame, item, loose=True)
        if _says(n, item, value)
        and (n.exact or item.required or _counts(frame, n))
        and not _measures_another(frame, item, n)
    ]
    said.sort(key=lambda n: (frame.within(n.first), n.exact, _beside(frame, item, n), -n.first))
    return said[-1] if said else None


def _own(frame: Frame, item: Field) -> Sequence[Number]:
    """The numbers of the own part that no other argument and no other call has."""
    own = [n for n in _candidates(frame, item) if not _anothers(frame, item, n)]
    own = [n for n in own if n.value not in frame.part.claimed]
    return [n for n in own if n.exact] or [n for n in own if not n.unit and _counts(frame, n)]


def _replaces(frame: Frame, item: Field, number: Number, earlier: Number) -> bool:
    """Whether a number corrects an earlier one: it counts the same, and not what another argument counts."""
    if not _alike(number.unit, earlier.unit):
        return False
    return bool(earlier.unit) or not _measures_another(frame, item, number)


def _measures_another(frame: Frame, item: Field, number: Number) -> bool:
    """Whether a number has a unit that another argument is measured in, and this one in none."""
    if not number.unit or item.unit:
        return False
    others = (f for f in frame.fields if f is not item and f.kind == "number" and f.unit)
    return any(_alike(f.unit, number.unit) for f in others)


def _keep_sign(frame: Frame, item: Field) -> None:
    """Keep a number whose sign was said in words: "a loss of 500"."""
    value = frame.values.get(item.name)
    if is_number(value):
        for number in _candidates(frame, item, loose=True):
            if _same(number.value, -value):
                frame.settle_by_words(item, value, number.words)
                return


def _mend(frame: Frame, item: Field) -> None:
    """Replace a number that was not said by the one that was, where there is no doubt which."""
    if not is_number(frame.values.get(item.name)):
        return
    fitting = _exact(frame, item)
    sure = [n for n in fitting if _unit_fits(n, item) or _beside(frame, item, n)]
    if not sure and (item.required or _only(frame)):
        sure = [n for n in fitting if not n.unit or not item.unit]
    _settle_if_one(frame, item, newest(sure))


def _fill_beside(frame: Frame, item: Field) -> None:
    """Fill in the one number that stands beside the argument's name."""
    if item.name not in frame.values:
        _settle_if_one(frame, item, [n for n in _standing(frame, item) if _beside(frame, item, n)])


def _fill(frame: Frame, item: Field) -> None:
    """Fill in the one number whose unit, or whose place in an object, leaves no other argument for it."""
    if item.name in frame.values:
        return
    rivals = [f for f in frame.open("number") if f is not item and f.unit == item.unit]
    alone = bool(frame.path) and _only(frame)
    fitting = _standing(frame, item)
    _settle_if_one(frame, item, [n for n in fitting if alone or (_unit_fits(n, item) and not rivals)])


def _keep_elsewhere(frame: Frame, item: Field) -> None:
    """Keep a number by "full" or "minimum", a picture or an earlier turn."""
    value = frame.values.get(item.name)
    if not is_number(value) or elsewhere.keep(frame, item, value, saying(item)):
        return
    if _at_an_end(frame, item, value):
        frame.settle(item, value, Provenance("words", frame.evidence.said))


def _at_an_end(frame: Frame, item: Field, value: float) -> bool:
    """Whether "full" or "minimum" was said for that end of the range, or "normal" for the default."""
    said = {word.form for i, word in enumerate(frame.evidence.spoken.words) if frame.reachable(i, item)}
    ends = ((item.default, _USUAL), (item.most, _MOST), (item.least, _LEAST))
    return any(value == end and not said.isdisjoint(words) for end, words in ends)


def _settle_if_one(frame: Frame, item: Field, numbers: Sequence[Number]) -> None:
    """Settle by numbers that all say the same."""
    if len({_as(n, item) for n in numbers}) == 1:
        _settle(frame, item, numbers[-1])


def _settle(frame: Frame, item: Field, number: Number) -> None:
    value = _as(number, item)
    if value is not None:
        frame.settle_by_words(item, _typed(value), number.words)


def _exact(frame: Frame, item: Field) -> list[Number]:
    """The numbers that were said as such and that no other argument has."""
    return [n for n in _candidates(frame, item) if n.exact and not _anothers(frame, item, n)]


def _standing(frame: Frame, item: Field) -> list[Number]:
    """Of those, the ones that no later number of the same kind corrects."""
    numbers = frame.evidence.spoken.numbers

    def corrected(one: Number) -> bool:
        later = (n for n in numbers if n.draft > one.draft and n.unit and one.unit)
        return any(_alike(n.unit, one.unit) for n in later)

    return [number for number in _exact(frame, item) if not corrected(number)]


def _candidates(frame: Frame, item: Field, *, loose: bool = False) -> list[Number]:
    """The numbers that may be this field's; with `loose`, those too that only the model can have meant."""
    quoted = frozenset[int]() if loose else texts.quoted(frame)
    words = frame.evidence.spoken.words

    def fits(number: Number) -> bool:
        value = _as(number, item)
        if value is not None and not item.least <= value <= item.most:
            return False
        if not loose and (value is None or number.first in quoted):
            return False
        # An hour and its minutes are told by the same word.
        return frame.untaken(number.first, number.own_last) or ":" in words[number.first].text

    return [
        n
        for n in frame.evidence.spoken.numbers
        if not n.negated and (frame.reachable(n.first, item) if loose else frame.within(n.first)) and fits(n)
    ]


def _says(number: Number, item: Field, value: float) -> bool:
    """Whether a number says a value: in the field's unit, as a share of one, or in a unit of another kind."""
    mine = _as(number, item)
    return _same(number.value if mine is None else mine, value) or _share(number, item, value)


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


def _alike(unit: str, other: str) -> bool:
    return not unit or not other or converted(1, unit, other) is not None


def _only(frame: Frame) -> bool:
    """Whether one argument of the object holds a number."""
    return sum(f.kind == "number" for f in frame.fields) == 1


def _counts(frame: Frame, number: Number) -> bool:
    """Whether an article or "next" counts an argument: before a unit, or a word of what it counts."""
    words = frame.evidence.spoken.words
    if words[number.first].form not in _COUNTING_WORDS:
        return True
    following = [word for word in words[number.first + 1 : number.first + 4] if word.content]
    written = [value for value in frame.values.values() if isinstance(value, str)]
    own = {stem for value in written for stem in content_stems(value)}
    if number.unit or any(word.stem in own for word in following[:1]):
        return True
    # A name that was misheard may have fallen in two.
    heard = ["".join(word.form for word in following[:count]) for count in (1, 2) if following]
    names = ["".join(value.casefold().split()) for value in written]
    return any(likeness(one, name) >= _ALIKE for one in heard for name in names)


def _anothers(frame: Frame, item: Field, number: Number) -> bool:
    """Whether the model gave this very number to another field."""
    return any(
        f is not item
        and f.kind == "number"
        and is_number(value := frame.values.get(f.name))
        and (_same(_as(number, f), value) or _share(number, f, value))
        for f in frame.fields
    )


def _beside(frame: Frame, item: Field, number: Number) -> bool:
    """Whether the field's name stands close before the number or right after it, without a pause between."""
    words, said = frame.evidence.spoken.words, frame.evidence.said
    for index in range(number.first - 1, max(-1, number.first - _BEFORE - 1), -1):
        if paused(said[words[index].end : words[index + 1].start]) or words[index].text[0].isdecimal():
            break
        if words[index].content and words[index].stem in item.names:
            return True
    for index in range(number.last + 1, min(len(words), number.last + _AFTER + 1)):
        if paused(said[words[index - 1].end : words[index].start]) or words[index].form == "and":
            break
        if words[index].content and words[index].stem in item.names:
            return True
    return False


def _typed(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-15)
