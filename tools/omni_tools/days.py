"""From the words for a day to a date.

Absolute dates are read by `dateutil`; what it would have to guess (a day without a month, 01/02 in either
order) is refused with a sentence that says how to write it. Relative words are English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeAlias

from omni_agent.errors import ToolError

__all__ = ["find_day", "spoken_day"]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_OFFSETS = {
    "today": 0, "now": 0, "tonight": 0, "this evening": 0, "tomorrow": 1, "day after tomorrow": 2,
    "yesterday": -1, "day before yesterday": -2,
}  # fmt: skip
_YEARLY = {
    "christmas": (12, 25), "christmas day": (12, 25), "christmas eve": (12, 24), "boxing day": (12, 26),
    "new year": (1, 1), "new years": (1, 1), "new years day": (1, 1), "new years eve": (12, 31),
    "halloween": (10, 31), "valentines day": (2, 14),
}  # fmt: skip
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fourteen": 14, "twenty": 20, "thirty": 30,
}  # fmt: skip
_Yearly: TypeAlias = Callable[[int], date | None]
_UNIT = r"(day|week|fortnight|month|year)s?"


def spoken_day(day: date) -> str:
    """A date as it is said, the weekday first: `Sunday, 22 November 2026`."""
    return f"{_WEEKDAYS[day.weekday()].capitalize()}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def find_day(said: str, today: date, *, until: date | None = None) -> date:
    """The date that somebody means.

    A day without a year (`25 December`, `friday`) is the first one that is not past; with `until` it is the
    last one that is not later than `until`. `next friday` is the first Friday after today.

    Args:
        said: ISO 8601, a written date, or words such as `tomorrow`, `next friday`, `in 3 weeks`.
        today: The day on which it is said.
        until: The other end of a span that starts on this day.

    Raises:
        ToolError: It names no date, more than one, or one outside the years 1 to 9999.
    """
    words = _plain(said)
    try:
        found = _relative(words, today, until) or _iso(words)
        if found:
            return found
        yearly = _yearly(words) or _written(words, said)
        return yearly if isinstance(yearly, date) else _occurrence(yearly, today, until)
    except (OverflowError, ValueError):
        problem = f"'{said[:40]}' is not a date of the years 1 to 9999."
    except ToolError as error:
        problem = error.message
    raise ToolError(f"{problem} Write it as YYYY-MM-DD; today is {today.isoformat()}.")


def _plain(said: str) -> str:
    words = re.sub(r"[,'’]", " ", said[:80].casefold()).replace(" s ", "s ")
    words = re.sub(r"\b(the|of|on)\b", " ", words)
    return " ".join(words.split())


def _relative(words: str, today: date, until: date | None) -> date | None:
    if words in _OFFSETS:
        return today + timedelta(days=_OFFSETS[words])
    weekday = re.fullmatch(rf"(next |this |coming |last )?({'|'.join(_WEEKDAYS)})( next week)?", words)
    if weekday and not (weekday[1] and weekday[3]):
        which = "next week" if weekday[3] else (weekday[1] or "").strip()
        return _weekday(which, _WEEKDAYS.index(weekday[2]), today, until)
    turn = re.fullmatch(rf"(next|last) {_UNIT}", words)
    if turn:
        return _moved(today, 1 if turn[1] == "next" else -1, turn[2])
    span = re.fullmatch(rf"(in )?(\w+) {_UNIT}( ago| from now| from today| later)?", words)
    if span and bool(span[1]) != bool(span[4]):
        count = _NUMBERS.get(span[2]) or (int(span[2]) if re.fullmatch(r"[0-9]{1,7}", span[2]) else None)
        if count is not None:
            return _moved(today, -count if span[4] == " ago" else count, span[3])
    return None


def _weekday(which: str, weekday: int, today: date, until: date | None) -> date:
    if which == "next week":
        return today + timedelta(days=7 - today.weekday() + weekday)
    if which == "last":
        return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    if which in {"next", "coming"}:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if until:
        return until - timedelta(days=(until.weekday() - weekday) % 7)
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _moved(day: date, count: int, unit: str) -> date:
    from dateutil.relativedelta import relativedelta

    days = {"day": 1, "week": 7, "fortnight": 14}
    if unit in days:
        return day + timedelta(days=count * days[unit])
    return day + (relativedelta(months=count) if unit == "month" else relativedelta(years=count))


def _iso(words: str) -> date | None:
    """A date with its year first. `dateutil` is not asked: it may take day and month the other way round."""
    numbers = re.fullmatch(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)", words)
    if numbers:
        return date(*(int(number) for number in numbers.groups()))
    if not re.match(r"\d{4}-?(\d\d|w)", words):
        return None
    return datetime.fromisoformat(words.upper().replace(" ", "T").replace("Z", "")).date()


def _yearly(words: str) -> _Yearly | None:
    if words in {"easter", "easter sunday"}:
        from dateutil.easter import easter

        return easter
    return _on(*_YEARLY[words]) if words in _YEARLY else None


def _written(words: str, said: str) -> date | _Yearly:
    """A whole date, or a day of the year where the year is left open.

    What the text leaves open is what changes with the default that the parser fills in.
    """
    one, other = _parsed(words, said, datetime(2000, 1, 1)), _parsed(words, said, datetime(2004, 3, 2))
    if (one.month, one.day) != (other.month, other.day):
        raise ToolError(f"'{said[:40]}' does not say which day and month.")
    return one if one.year == other.year else _on(one.month, one.day)


def _parsed(words: str, said: str, default: datetime) -> date:
    from dateutil import parser

    try:
        month_first, day_first = (
            parser.parse(words, default=default, dayfirst=order, ignoretz=True).date()
            for order in (False, True)
        )
    except Exception:
        # Odd text does not always end in the parser's own error; whichever it is, the text is at fault.
        raise ToolError(f"'{said[:40]}' is not a date.") from None
    if month_first == day_first or "." in words:
        return day_first
    ways = " or ".join(f"{read.day} {_MONTHS[read.month - 1]}" for read in (month_first, day_first))
    raise ToolError(f"'{said[:40]}' could be {ways}.")


def _on(month: int, day: int) -> _Yearly:
    def of(year: int) -> date | None:
        try:
            return date(year, month, day)
        except ValueError:
            # 29 February of a year without one.
            return None

    return of


def _occurrence(yearly: _Yearly, today: date, until: date | None) -> date:
    """The first from `today` on, or the last up to `until`; a 29 February is up to eight years away."""
    start = until.year - 8 if until else today.year
    days = [day for day in map(yearly, range(max(start, 1), min(start + 9, 10_000))) if day]
    return max(day for day in days if day <= until) if until else min(day for day in days if day >= today)
