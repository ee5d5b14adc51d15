"""The ways in which people say a date, in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

Read = Callable[["re.Match[str]", datetime], Iterator[str]]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_MONTH = "(" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + "|sept)"
_WEEKDAY = "(" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _WEEKDAYS) + "|tues|thurs)s?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_SPAN = r"(day|week|fortnight|month|year)s?"
_YEARLY = {
    "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "boxing day": (12, 26),
    "new year's eve": (12, 31), "new years eve": (12, 31), "new year's day": (1, 1), "new year": (1, 1),
    "halloween": (10, 31), "valentine's day": (2, 14),
}  # fmt: skip
_STEPS = {
    "day": relativedelta(days=1), "week": relativedelta(weeks=1), "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1), "year": relativedelta(years=1),
}  # fmt: skip
_RELATIVE = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_YEAR = r"(?:,? (?:of )?(\d{4}))?"


def _relative(match: re.Match[str], now: datetime) -> Iterator[str]:
    extra = 1 if match.group(1) and match.group(2) == "tomorrow" else 0
    back = 1 if match.group(1) and match.group(2) == "yesterday" else 0
    yield (now.date() + timedelta(days=_RELATIVE[match.group(2)] + extra - back)).isoformat()


def _in_a_while(match: re.Match[str], now: datetime) -> Iterator[str]:
    count = 1 if match.group(1) in ("a", "an", "one", "next") else int(match.group(1))
    unit = match.group(2)
    yield (now.date() + count * _STEPS[unit]).isoformat()


def weekday(match: re.Match[str], now: datetime) -> Iterator[str]:
    """A day of the week, the coming one first."""
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


# What is read of a text in which numbers stand as digits.
FORMS: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (re.compile(rf"\b{pattern}(?![\w:])"), read)
    for pattern, read in (
        (r"(?:(day (?:after|before)) )?(today|tonight|tomorrow|yesterday)", _relative),
        (rf"(?:in )?(a|an|one|\d{{1,3}}) {_SPAN}(?: (?:from (?:now|today)|time))", _in_a_while),
        (rf"in (a|an|one|\d{{1,3}}) {_SPAN}", _in_a_while),
        (r"(next) (week|month|year)", _in_a_while),
        (r"(?:the )?end of (?:the |this )month", _end_of_month),
        (rf"(?:(this|next|coming|last|past) )?{_WEEKDAY}", weekday),
        (rf"{_WEEKDAY} (?:of )?next week", _weekday_next_week),
        (rf"(?:the )?{_DAY} (?:of )?{_MONTH}{_YEAR}", _day_and_month),
        (rf"{_MONTH} (?:the )?{_DAY}{_YEAR}", _month_and_day),
        (r"(\d{4}) (\d{1,2}) (\d{1,2})", _iso),
        (r"the (\d{1,2})(?:st|nd|rd|th)(?=[ ,]|$)", _day_alone),
        (rf"({'|'.join(_YEARLY)})", _yearly),
    )
)
