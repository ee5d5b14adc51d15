"""The numbers in an utterance, written or in words, with what stands beside them as their unit.

Number words are read by `text2num` (English, French, Spanish, Portuguese, German, Italian, Dutch); what it
leaves out ("half an hour", "a dozen", "twice") is added here, in English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from .units import converted, unit_of
from .words import Word, is_english, paused

_SPOKEN_LANGUAGES = frozenset({"en", "fr", "es", "pt", "de", "it", "nl"})
_PRONOUNS = frozenset({"one"})
# What stands for one before a unit of time: "next week".
PERIODS = frozenset({"next", "past", "last", "coming"})
_GROUPS = {"dozen": 12, "couple": 2, "pair": 2, "score": 20}
_PARTS = {"half": 0.5, "halve": 0.5, "quarter": 0.25, "quarters": 0.25, "third": 1 / 3, "thirds": 1 / 3}
_TIMES = {"once": 1, "twice": 2, "thrice": 3, "daily": 1, "single": 1, "double": 2, "triple": 3}
_ARTICLES = frozenset({"a", "an", "one"})
_POWERS = {"k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9, "hundred": 1e2, "grand": 1e3}
_PRICED = {"m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "k": 1e3}
_NONE = frozenset({"nothing", "nil", "nought", "rest", "standstill", "scratch"})
_NEGATIVE = frozenset({"minus", "negative"})
_CURRENCY = re.compile(r"[$€£¥₹]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was said.

    Attributes:
        value: Its value.
        unit: What stands beside it, if that is a unit (`minute`, `kg`, `USD`, `percent`); else empty.
        first, last: Indexes of its words, the unit's included.
        negated: It stands under a negation.
        draft: How many corrections came before it.
        exact: It was said as a number; false for "a", "single" and the like, which support but never fill.
        ordinal: It was said as a rank: "third".
    """

    value: float
    unit: str
    first: int
    last: int
    negated: bool = False
    draft: int = 0
    exact: bool = True
    ordinal: bool = False

    @property
    def words(self) -> range:
        """The indexes of its words."""
        return range(self.first, self.last + 1)

    @property
    def own_last(self) -> int:
        """Index of the last of the number's own words, without a unit that follows them."""
        return self.last - (1 if self.unit and self.last > self.first else 0)


def numbers_of(words: Sequence[Word], utterance: str, language: str = "en") -> tuple[Number, ...]:
    """The numbers of an utterance, in order."""
    found = _digits(words, utterance)
    if reads_numbers(language):
        taken = {index for number in found for index in range(number.first, number.last + 1)}
        found += [n for n in _spelled(words, language or "en") if not taken & set(range(n.first, n.last + 1))]
    if is_english(language):
        found = _combined(words, found, utterance)
        found += _loose(words, found)
    marked = (
        replace(number, negated=_refused(words, number.first), draft=words[number.first].draft)
        for number in sorted(found, key=lambda number: number.first)
    )
    return _summed(_apart([_with_unit(number, words, utterance) for number in marked], words), words)


def reads_numbers(language: str) -> bool:
    """Whether the number words of a language are known (ISO 639-1; empty counts as English)."""
    return language in ("", *_SPOKEN_LANGUAGES)


def _apart(numbers: Sequence[Number], words: Sequence[Word]) -> tuple[Number, ...]:
    """The numbers without articles that belong to another: "twice a day", "half an hour"."""
    kept: list[Number] = []
    for number in numbers:
        before = kept[-1] if kept else None
        if before and number.first <= before.last and ":" not in words[number.first].text:
            continue
        if before and before.last == number.first - 1 and words[number.first].form in _ARTICLES - {"one"}:
            continue
        kept.append(number)
    return tuple(kept)


def _summed(numbers: Sequence[Number], words: Sequence[Word]) -> tuple[Number, ...]:
    """Two numbers that are one: "two hours and five minutes", "5 ft 10 in"; in the second one's unit."""
    summed: list[Number] = []
    for number in numbers:
        before = summed[-1] if summed else None
        between = [w.form for w in words[before.last + 1 : number.first]] if before else []
        units = (before.unit, number.unit) if before else ("", "")
        whole = converted(before.value, *units) if before and all(units) and units[0] != units[1] else None
        if before and whole is not None and whole > number.value and between in ([], ["and"]):
            summed[-1] = replace(number, value=whole + number.value, first=before.first, exact=True)
        else:
            summed.append(number)
    return tuple(summed)


def _refused(words: Sequence[Word], index: int) -> bool:
    """ "Not 5" refuses a number; "not more than 5" names one."""
    return (
        words[index].negated and index > 0 and words[index - 1].form in ("not", "never", "without", "isn't")
    )


def _digits(words: Sequence[Word], utterance: str) -> list[Number]:
    found = []
    for index, word in enumerate(words):
        text = word.text
        before = utterance[: word.start][-1:]
        if re.fullmatch(r"\d+:\d\d", text):
            found += _clock_parts(text, index, words)
        if not text[0].isdecimal() or ":" in text or before == "^" or before.isalpha():
            continue
        before = utterance[max(0, word.start - 2) : word.start]
        negative = before.endswith(("-", "−")) and not before[:-1].strip().isalnum()
        value = _value(text)
        found.append(Number(-value if negative else value, "", index, index))
    return found


def _clock_parts(text: str, index: int, words: Sequence[Word]) -> list[Number]:
    """The hour, on either clock, and the minute of a time: they support arguments and fill none in."""
    hour, minute = map(int, text.split(":"))
    late = _form(words, index + 1) in ("pm", "p.m", "p.m.") and hour < 12
    hours = (hour, hour + 12) if late else (hour,)
    return [Number(float(value), "", index, index, exact=False) for value in (*hours, minute)]


def _value(text: str) -> float:
    plain = re.sub(r"(?:st|nd|rd|th)$", "", text.replace(",", ""))
    mantissa, _, exponent = plain.casefold().partition("e")
    whole, _, rest = mantissa.partition(".")
    return float(f"{whole}.{rest.replace('.', '') or 0}e{exponent or 0}")


class _Token:
    """A word with the methods that `text2num` calls on it."""

    def __init__(self, word: str) -> None:
        self._word = word

    def text(self) -> str:
        return self._word

    def text_lowercase(self) -> str:
        return self._word

    def nt_separated(self, previous: object) -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return False


def _spelled(words: Sequence[Word], language: str) -> list[Number]:
    from text_to_num import find_numbers

    tokens = [_Token(word.form) for word in words]
    return [
        Number(
            float(found.value),
            "",
            found.start,
            found.end - 1,
            exact=words[found.start].form not in _PRONOUNS,
            ordinal=found.is_ordinal,
        )
        for found in find_numbers(tokens, language, threshold=0.0)
        if words[found.start].form != "ones"
    ]


def _power(words: Sequence[Word], last: int, utterance: str) -> float:
    """The power of ten that follows digits: "10 thousand", "5k", "$1.2M"; 0 where none does."""
    if not words[last].text[-1].isdecimal():
        return 0
    priced = _CURRENCY.search(utterance[max(0, words[last].start - 1) : words[last].start])
    text = words[last + 1].text
    return _POWERS.get(text, 0) or (_PRICED.get(text.casefold(), 0) if priced else 0)


def _combined(words: Sequence[Word], found: list[Number], utterance: str) -> list[Number]:
    """Numbers joined with what belongs to them: "two and a half", "3 quarters", "minus 5", "10 thousand"."""
    combined: list[Number] = []
    for number in found:
        first, last, value = number.first, number.last, number.value
        if combined and value == 100 and combined[-1].last == first - 1 and 10 < combined[-1].value < 100:
            # "Fifteen hundred".
            before = combined.pop()
            combined.append(replace(before, value=before.value * 100, last=last))
            continue
        after = [word.form for word in words[last + 1 : last + 4]]
        if after[:3] == ["and", "a", "half"] or after[:2] == ["and", "half"]:
            value, last = value + 0.5, last + len(after[: after.index("half") + 1])
            if power := _POWERS.get(_form(words, last + 1), 0):
                value, last = value * power, last + 1
        elif after[:1] and after[0] in _GROUPS:
            value, last = value * _GROUPS[after[0]], last + 1
        elif after[:1] and (power := _power(words, last, utterance)):
            value, last = value * power, last + 1
        elif after[:1] == ["quarters"]:
            value, last = value / 4, last + 1
        if first and words[first - 1].form in _NEGATIVE:
            value, first = -abs(value), first - 1
        exact = number.exact or value != number.value
        combined.append(replace(number, value=value, first=first, last=last, exact=exact))
    return combined


def _loose(words: Sequence[Word], found: Sequence[Number]) -> list[Number]:
    """Numbers that are not said as such: "half an hour", "a couple of", "twice", "a" parcel."""
    taken = {index for number in found for index in range(number.first, number.last + 1)}
    extra: list[Number] = []
    for index, word in enumerate(words):
        form = word.form
        if index in taken:
            continue
        if form in _PARTS and _form(words, index + 1) in ("a", "an") and _form(words, index + 2) in _GROUPS:
            taken |= {index + 1, index + 2}
            whole = _PARTS[form] * _GROUPS[words[index + 2].form]
            extra.append(Number(whole, "", index, index + 2))
        elif form in _GROUPS:
            extra.append(Number(_GROUPS[form], "", index, index))
        elif form in _PARTS:
            extra.append(Number(float(Fraction(_PARTS[form]).limit_denominator(12)), "", index, index))
        elif form in _NONE and index and words[index - 1].form in ("from", "at", "a"):
            extra.append(Number(0, "", index, index, exact=False))
        elif form in _TIMES:
            extra.append(Number(_TIMES[form], "", index, index, exact=False))
        elif (form in _ARTICLES and not (index and words[index - 1].form in _PARTS)) or (
            form in PERIODS and unit_of(_form(words, index + 1))
        ):
            extra.append(Number(1, "", index, index, exact=False))
    return extra


def _and_a_part(number: Number, words: Sequence[Word]) -> Number:
    """ "A minute and a half", "an hour and a quarter"."""
    after = [word.form for word in words[number.last + 1 : number.last + 4]]
    if words[number.first].form in _TIMES:
        return replace(number, exact=False)
    if after[:2] == ["and", "a"] and len(after) == 3 and after[2] in _PARTS:
        return replace(number, value=number.value + _PARTS[after[2]], last=number.last + 3, exact=True)
    return number


def _form(words: Sequence[Word], index: int) -> str:
    return words[index].form if index < len(words) else ""


def _with_unit(number: Number, words: Sequence[Word], utterance: str) -> Number:
    """The number with the unit that follows it ("half an hour", "10 °C", "5%") or precedes it ("$5")."""
    end = words[number.last].end
    if number.first and _CURRENCY.fullmatch(words[number.first - 1].text):
        return replace(number, unit=unit_of(words[number.first - 1].text))
    if re.match(r"\s?%", utterance[end:]):
        return replace(number, unit="percent")
    if re.match(r"in\b", utterance[end:]):
        # Glued to the digits it is no preposition: "5ft 10in".
        return replace(number, unit="inch", last=number.last + 1)
    index = number.last + 1
    while (
        index < len(words)
        and words[index].form in {"a", "an", "of", "more", "full"}
        and index < number.last + 3
    ):
        index += 1
    phrases = [" ".join(word.form for word in words[index : index + length]) for length in (2, 1)]
    for length, phrase in zip((2, 1), phrases, strict=True):
        unit = unit_of(phrase) if index + length <= len(words) else ""
        # A rate ("4 m/s") counts neither.
        if unit and utterance[words[index + length - 1].end :][:1] in ("/", "^", "²", "³"):
            return number
        if unit and not paused(utterance[end : words[index].start]):
            exact = number.exact or number.value == 1
            return _and_a_part(replace(number, unit=unit, last=index + length - 1, exact=exact), words)
    return number
