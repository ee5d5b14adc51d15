"""The dates and times of day in an utterance, as ISO 8601 says them. The words are English.

A day without a year is the first one that is not past; "next Friday" may be either of the coming two, the
nearer one first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from .numbers import Number
from .words import Word

Kind = Literal["date", "time"]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_MONTH = "(" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + "|sept)"
_WEEKDAY = "(" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _WEEKDAYS) + "|tues|thurs)s?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_SPAN = r"(day|week|fortnight|month|year)s?"
_HALF = r"(?: (?:in the |this |at |tomorrow )?(morning|afternoon|evening|night|tonight|am|pm|a m|p m))?"
_HALVES = r"(?:in the |this |at |tomorrow )?(?P<half>morning|afternoon|evening|night|tonight|am|pm|a m|p m)"
# What may follow an hour that is said without "o'clock": not a noun, which it would count.
_CLOSES = (
    r"(?=,|$| (?:on|in|for|tomorrow|today|tonight|and|please|until|till|to|with|then|next|this|sharp|or|by|at|from|"
    r"if|every|daily|onwards|but|so|when|as)\b)"
)
_PAST = frozenset(("had", "did", "was", "were", "went", "ran", "finished", "took", "been", "yesterday", "last"))
_YEARLY = {
    "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "boxing day": (12, 26),
    "new year's eve": (12, 31), "new years eve": (12, 31), "new year's day": (1, 1), "new year": (1, 1),
    "halloween": (10, 31), "valentine's day": (2, 14),
}  # fmt: skip
_RELATIVE = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_NAMED_TIMES = {"noon": 12, "midday": 12, "midnight": 0}
_LATE = frozenset({"afternoon", "evening", "night", "tonight", "pm", "p m"})


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
    for kind, pattern, read in _FORMS:
        for match in pattern.finditer(text):
            first, last = at[match.start()], at[match.end() - 1]
            try:
                values = tuple(dict.fromkeys(read(match, now)))
                values = _before(values, now) if past and read is _weekday else values
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
        parts.append(part.replace("o'clock", "oclock"))
        at += [index] * (len(parts[-1]) + 1)
        index = index + 1 if not number or plain else _end_of(number, words) + 1
    return " ".join(parts), at or [0]


def _pause(between: str) -> bool:
    return any(mark in between for mark in ",.;!?")


def _end_of(number: Number, words: Sequence[Word]) -> int:
    """The last of a number's own words, without its unit."""
    return number.last - (1 if number.unit and number.last > number.first else 0)


def _relative(match: re.Match[str], now: datetime) -> Iterator[str]:
    extra = 1 if match.group(1) and match.group(2) == "tomorrow" else 0
    back = 1 if match.group(1) and match.group(2) == "yesterday" else 0
    yield (now.date() + timedelta(days=_RELATIVE[match.group(2)] + extra - back)).isoformat()


def _in_a_while(match: re.Match[str], now: datetime) -> Iterator[str]:
    count = 1 if match.group(1) in ("a", "an", "one", "next") else int(match.group(1))
    unit = match.group(2)
    step = timedelta(days=14 * count) if unit == "fortnight" else relativedelta(**{f"{unit}s": count})
    yield (now.date() + step).isoformat()


def _weekday(match: re.Match[str], now: datetime) -> Iterator[str]:
    wanted = next(i for i, name in enumerate(_WEEKDAYS) if name.startswith(match.group(2)[:3]))
    ahead = (wanted - now.weekday()) % 7
    if match.group(1) in ("last", "past"):
        yield (now.date() - timedelta(days=(now.weekday() - wanted) % 7 or 7)).isoformat()
        return
    if ahead == 0:
        ahead = 7 if match.group(1) == "next" else 0
    yield (now.date() + timedelta(days=ahead)).isoformat()
    if match.group(1) == "next" or ahead == 0:
        yield (now.date() + timedelta(days=ahead + 7)).isoformat()


def _weekday_next_week(match: re.Match[str], now: datetime) -> Iterator[str]:
    wanted = next(i for i, name in enumerate(_WEEKDAYS) if name.startswith(match.group(1)[:3]))
    yield (now.date() + timedelta(days=7 - now.weekday() + wanted)).isoformat()


def _day_and_month(match: re.Match[str], now: datetime) -> Iterator[str]:
    yield from _dated(int(match.group(1)), match.group(2), match.group(3), now)


def _month_and_day(match: re.Match[str], now: datetime) -> Iterator[str]:
    yield from _dated(int(match.group(2)), match.group(1), match.group(3), now)


def _dated(day: int, month: str, year: str | None, now: datetime) -> Iterator[str]:
    number = next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))
    if year:
        yield date(int(year), number, day).isoformat()
        return
    years = (now.year, now.year + 1, now.year - 1)
    near = sorted((date(year, number, day) for year in years), key=lambda at: abs(at - now.date()))
    coming = next(at for at in sorted(near) if at >= now.date())
    yield coming.isoformat()
    yield near[0].isoformat()


def _end_of_month(match: re.Match[str], now: datetime) -> Iterator[str]:
    yield (now.date() + relativedelta(day=31)).isoformat()


def _yearly(match: re.Match[str], now: datetime) -> Iterator[str]:
    month, day = _YEARLY[match.group(1)]
    this = date(now.year, month, day)
    yield (this if this >= now.date() else this.replace(year=now.year + 1)).isoformat()


def _iso(match: re.Match[str], now: datetime) -> Iterator[str]:
    yield date(int(match.group(1)), int(match.group(2)), int(match.group(3))).isoformat()


def _day_alone(match: re.Match[str], now: datetime) -> Iterator[str]:
    day = now.date().replace(day=int(match.group(1)))
    yield (day if day >= now.date() else day + relativedelta(months=1)).isoformat()


def _named_time(match: re.Match[str], now: datetime) -> Iterator[str]:
    yield time(_NAMED_TIMES[match.group(1)]).isoformat("minutes")


def _clock(match: re.Match[str], now: datetime) -> Iterator[str]:
    groups = match.groupdict()
    yield from _times(
        int(groups["hour"]), int(groups.get("minute") or 0), groups.get("half")
    )


def _past(match: re.Match[str], now: datetime) -> Iterator[str]:
    amount, side, hour = match.group(1), match.group(2), int(match.group(3))
    minutes = {"half": 30, "quarter": 15, "a quarter": 15}.get(amount) or int(amount)
    if side == "to":
        hour, minutes = (hour - 1) or 12, 60 - minutes
    yield from _times(hour, minutes, match.group(4))


def _times(hour: int, minute: int, half: str | None) -> Iterator[str]:
    """The time in the half of the day that was said; in both where none was, the waking one first."""
    if half in _LATE and hour < 12:
        yield time(hour + 12, minute).isoformat("minutes")
    elif half in ("am", "a m", "morning", "night") and hour == 12:
        yield time(0, minute).isoformat("minutes")
    elif half or hour == 0 or hour > 12:
        yield time(hour, minute).isoformat("minutes")
    else:
        other = (hour + 12) % 24
        first, second = (hour, other) if 7 <= hour < 12 or hour == 12 else (other, hour)
        if hour == 12:
            first, second = 12, 0
        yield time(first, minute).isoformat("minutes")
        yield time(second, minute).isoformat("minutes")


_Read = Callable[[re.Match[str], datetime], Iterator[str]]
_YEAR = r"(?:,? (?:of )?(\d{4}))?"
_FORMS: tuple[tuple[Kind, re.Pattern[str], _Read], ...] = tuple(
    (kind, re.compile(rf"\b{pattern}(?![\w:])"), read)
    for kind, pattern, read in (
        ("date", r"(?:(day (?:after|before)) )?(today|tonight|tomorrow|yesterday)", _relative),
        ("date", rf"(?:in )?(a|an|one|\d{{1,3}}) {_SPAN}(?: (?:from (?:now|today)|time))", _in_a_while),
        ("date", rf"in (a|an|one|\d{{1,3}}) {_SPAN}", _in_a_while),
        ("date", r"(next) (week|month|year)", _in_a_while),
        ("date", r"(?:the )?end of (?:the |this )month", _end_of_month),
        ("date", rf"(?:(this|next|coming|last|past) )?{_WEEKDAY}", _weekday),
        ("date", rf"{_WEEKDAY} (?:of )?next week", _weekday_next_week),
        ("date", rf"(?:the )?{_DAY} (?:of )?{_MONTH}{_YEAR}", _day_and_month),
        ("date", rf"{_MONTH} (?:the )?{_DAY}{_YEAR}", _month_and_day),
        ("date", r"(\d{4}) (\d{1,2}) (\d{1,2})", _iso),
        ("date", r"the (\d{1,2})(?:st|nd|rd|th)(?=[ ,]|$)", _day_alone),
        ("date", rf"({'|'.join(_YEARLY)})", _yearly),
        ("time", r"(noon|midday|midnight)", _named_time),
        (
            "time",
            rf"(?P<hour>[012]?\d):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?: ?{_HALVES})?",
            _clock,
        ),
        ("time", rf"(?P<hour>[012]?\d)[. ](?P<minute>[0-5]\d)(?: {_HALVES})", _clock),
        ("time", r"(?P<hour>1?\d) ?(?P<half>am|pm|a m|p m)", _clock),
        ("time", rf"(?P<hour>1?\d) oclock(?: {_HALVES})?", _clock),
        (
            "time",
            rf"(?P<hour>1?\d) {_HALVES}",
            _clock,
        ),
        (
            "time",
            r"(?:at|by|until|till|from|around) (?P<hour>1?\d)(?: (?P<minute>[0-5]\d))?(?: (?P<half>am|pm|a m|p m))?",
            _clock,
        ),
        ("time", rf"(half|a quarter|quarter|\d{{1,2}})(?: minutes?)? (past|to|after) (1?\d){_HALF}", _past),
    )
)
