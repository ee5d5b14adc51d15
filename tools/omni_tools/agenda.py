"""How events are said: `Tomorrow: at 9 dentist, until 10, Main Street; all day Anna's birthday.`"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from .moments import spoken_clock, spoken_date
from .occurrences import Occurrence

__all__ = ["in_words", "one", "several", "span_in_words"]

_MOST = 25
_SHOWN = 5
_LONGEST = 100


def in_words(occurrences: Sequence[Occurrence], first: date, today: date) -> str:
    """What takes place from a day on, day by day; what began before stands on the first."""
    days: dict[date, list[str]] = {}
    for occurrence in occurrences[:_MOST]:
        day = max(occurrence.start.date(), first)
        days.setdefault(day, []).append(_in_day(occurrence, day, today))
    told = " ".join(
        f"{_capital(spoken_date(day, today))}: {'; '.join(parts)}." for day, parts in sorted(days.items())
    )
    more = len(occurrences) - _MOST
    return told + (f" And {more} more after that." if more > 0 else "")


def several(occurrences: Sequence[Occurrence], today: date) -> str:
    """Single events, each with its day."""
    told = [
        one(item.title, item.place, item.start, item.end, today, all_day=item.all_day)
        for item in occurrences[:_SHOWN]
    ]
    more = f" And {len(occurrences) - _SHOWN} more." if len(occurrences) > _SHOWN else ""
    return f"{'; '.join(told)}.{more}"


def one(title: str, place: str, start: datetime, end: datetime, today: date, *, all_day: bool = False) -> str:
    """`dentist, tomorrow at 9, until 10, Main Street`."""
    when = spoken_date(start.date(), today)
    when += " all day" if all_day else f" at {spoken_clock(start)}"
    parts = (
        _short(title) or "untitled",
        when,
        _until(start, end, start.date(), today, all_day),
        _short(place),
    )
    return ", ".join(part for part in parts if part)


def span_in_words(first: date, last: date, today: date) -> str:
    """`tomorrow`, `on Friday, 27 November 2026`, or `from today until Friday, 27 November 2026`."""
    if first == last:
        said = spoken_date(first, today)
        return said if said.islower() else f"on {said}"
    return f"from {spoken_date(first, today)} until {spoken_date(last, today)}"


def _in_day(item: Occurrence, day: date, today: date) -> str:
    title = _short(item.title) or "untitled"
    until = _until(item.start, item.end, day, today, item.all_day)
    whole = item.all_day or (item.start.date() < day < item.end.date())
    if whole:
        title = f"all day {title}"
    elif item.start.date() >= day:
        title = f"at {spoken_clock(item.start)} {title}"
    return ", ".join(part for part in (title, until, _short(item.place)) if part)


def _until(start: datetime, end: datetime, day: date, today: date, all_day: bool) -> str:
    """When it is over, as seen from one of its days; empty where that is the same day or moment."""
    if all_day:
        last = end.date() - timedelta(days=1)
        return f"until {spoken_date(last, today)}" if last > day else ""
    if end.timestamp() <= start.timestamp():
        return ""
    if end.date() == day or (end.date() == day + timedelta(days=1) and end.hour == end.minute == 0):
        return f"until {spoken_clock(end)}"
    return f"until {spoken_date(end.date(), today)} at {spoken_clock(end)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(" ")[0] + " …"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
