"""The dates and times of day in an utterance, as ISO 8601 says them. The words are English.

A day without a year is the first one that is not past; "next Friday" may be either of the coming two, the
nearer one first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from . import days, hours
from .numbers import Number
from .words import Word

Kind = Literal["date", "time"]

_PAST = frozenset(("had", "did", "was", "were", "went", "ran", "finished", "took", "been", "yesterday", "last"))


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time of day that was said.

    Attributes:
        kind: `date` or `time`.
        values: What it may be, in ISO 8601, the likeliest first.
        first, last: Indexes of its words.
        negated: It stands under a negation.
        draft: How many corrections came before it.
    """

    kind: Kind
    values: tuple[str, ...]
    first: int
    last: int
    negated: bool
    draft: int


def moments_of(
    words: Sequence[Word], numbers: Sequence[Number], now: datetime, said: str
) -> tuple[Moment, ...]:
    """The dates and times of an utterance, in order; of overlapping ones the longest."""
    text, at = _digits_for_words(words, numbers, said)
    past = any(word.form in _PAST for word in words)
    found: list[Moment] = []
    forms = [*(("date", *form) for form in days.FORMS), *(("time", *form) for form in hours.FORMS)]
    for kind, pattern, read in forms:
        for match in pattern.finditer(text):
            first, last = at[match.start()], at[match.end() - 1]
            try:
                values = tuple(dict.fromkeys(read(match, now)))
                values = _before(values, now) if past and read is days.weekday else values
            except (ValueError, OverflowError):
                continue
            if values:
                refused = first > 0 and words[first - 1].form == "not"
                found.append(Moment(kind, values, first, last, refused, words[first].draft))
    found.sort(key=lambda moment: (moment.first - moment.last, moment.first))
    kept: list[Moment] = []
    for moment in found:
        if not any(other.kind == moment.kind and _overlap(moment, other) for other in kept):
            kept.append(moment)
    return tuple(sorted(kept, key=lambda moment: moment.first))


def _overlap(one: Moment, other: Moment) -> bool:
    return one.first <= other.last and other.first <= one.last


def _before(values: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    """The same weekday before today, for what is told as past."""
    day = date.fromisoformat(values[0])
    return (day if day < now.date() else day - timedelta(days=7)).isoformat(), *values


def _digits_for_words(words: Sequence[Word], numbers: Sequence[Number], said: str) -> tuple[str, list[int]]:
    """The words with numbers in digits, and for each character the index of its word."""
    spelled = {
        n.first: n
        for n in numbers
        if (n.exact or words[n.first].form == "one") and float(n.value).is_integer()
    }
    parts, at, index = [], [], 0
    while index < len(words):
        number = spelled.get(index)
        plain = words[index].text[0].isdigit()
        part = words[index].form if not number or plain else str(int(number.value))
        part += "th" if number and number.ordinal else ""
        last = index if not number or plain else _end_of(number, words)
        part += "," if last + 1 < len(words) and _pause(said[words[last].end : words[last + 1].start]) else ""
        parts.append(part.replace("o'clock", "oclock").replace("a.m.", "am").replace("p.m.", "pm").replace("a.m", "am").replace("p.m", "pm"))
        at += [index] * (len(parts[-1]) + 1)
        index = index + 1 if not number or plain else _end_of(number, words) + 1
    return " ".join(parts), at or [0]


def _pause(between: str) -> bool:
    return any(mark in between for mark in ",.;!?")


def _end_of(number: Number, words: Sequence[Word]) -> int:
    """The last of a number's own words, without its unit."""
    return number.last - (1 if number.unit and number.last > number.first else 0)
