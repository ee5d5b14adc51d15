"""The dates and times of day in an utterance, as ISO 8601 says them. The words are English.

A day without a year is the first one that is not past; "next Friday" may be either of the coming two, the
nearer one first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from . import days, hours
from .numbers import PERIODS, Number
from .words import Word, paused

Kind = Literal["date", "time"]

_HALF_OF_DAY = re.compile(r"([ap])\.m\.?")

_FORMS: tuple[tuple[Kind, re.Pattern[str], days.Read], ...] = (
    *(("date", pattern, read) for pattern, read in days.FORMS),
    *(("time", pattern, read) for pattern, read in hours.FORMS),
)
_PAST = frozenset(
    ("had", "did", "was", "were", "went", "ran", "finished", "took", "been", "yesterday", "last")
)


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

    @property
    def words(self) -> range:
        """The indexes of its words."""
        return range(self.first, self.last + 1)

    def among(self, text: str) -> bool:
        """Whether a text holds one of its values."""
        return any(value in text for value in self.values)


def moments_of(
    words: Sequence[Word], numbers: Sequence[Number], now: datetime, said: str
) -> tuple[Moment, ...]:
    """The dates and times of an utterance, in order; of overlapping ones the longest."""
    text, at = _digits_for_words(words, numbers, said)
    past = any(word.form in _PAST for word in words)
    found: list[Moment] = []
    for kind, pattern, read in _FORMS:
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
    spelled = {number.first: number for number in numbers if _in_digits(number, words[number.first])}
    parts, at, index = [], [], 0
    while index < len(words):
        number = spelled.get(index)
        plain = words[index].text[0].isdecimal()
        part = words[index].form if not number or plain else str(int(number.value))
        part += "th" if number and number.ordinal else ""
        last = index if not number or plain else number.own_last
        part += "," if last + 1 < len(words) and paused(said[words[last].end : words[last + 1].start]) else ""
        parts.append(_HALF_OF_DAY.sub(r"\1m", part.replace("o'clock", "oclock")))
        at += [index] * (len(parts[-1]) + 1)
        index = index + 1 if not number or plain else number.own_last + 1
    return " ".join(parts), at or [0]


def _in_digits(number: Number, word: Word) -> bool:
    """Whether a number is written in digits: a whole one that is not the "next" of "next week"."""
    said = (number.exact and word.form not in PERIODS) or word.form == "one"
    return said and float(number.value).is_integer()
