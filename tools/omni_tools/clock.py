"""Tools for the time and the calendar.

Every tool takes the moment from `_now()` of this module; a test replaces that one function.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo

from omni_agent.errors import ToolError
from omni_agent.tool import tool

from .days import find_day, spoken_day
from .places import Place, find_place, local_now

__all__ = ["add_to_date", "convert_time", "current_time", "date_difference"]

_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.h]?([0-5]\d))?(?::[0-5]\d(?:\.\d+)?)?\s*(?:([ap])\.?m?\.?)?(?: ?o['’]?clock)?",
    re.IGNORECASE,
)
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}


def _now() -> datetime:
    """The moment, in the local time zone."""
    return local_now()


@tool(effect="read")
def current_time(place: str = "") -> str:
    """Tell the current time, weekday and date, here or in another place.

    Args:
        place: City, country or time zone, for example Tokyo. Leave empty for here.
    """
    now = _now()
    where = find_place(place, _zone(now))
    there = now.astimezone(where.zone)
    return f"It is {there:%H:%M} on {spoken_day(there.date())} in {where.name}."


@tool(effect="read")
def convert_time(time: str, from_place: str, to_place: str) -> str:
    """Convert a clock time in one place to the time in another place.

    Args:
        time: Clock time such as 15:30 or 3 pm; a date may stand before it, as in 2026-12-24 15:30.
        from_place: City, country or time zone where that time is meant, or here.
        to_place: City, country or time zone to convert to, or here.
    """
    now = _now()
    source, target = find_place(from_place, _zone(now)), find_place(to_place, _zone(now))
    try:
        moments = _moments(time, source, now)
        said = moments[0].astimezone(source.zone)
        there = [moment.astimezone(target.zone) for moment in moments]
    except OverflowError:
        raise ToolError("That is beyond the years 1 to 9999.") from None
    answer, asked = " or ".join(f"{moment:%H:%M}" for moment in there), f"{said:%H:%M}"
    if len(there) > 1:
        asked += ", which comes twice,"
    if there[0].date() == said.date():
        return f"{answer} in {target.name}, when it is {asked} in {source.name} on {spoken_day(said.date())}."
    return (
        f"{answer} on {spoken_day(there[0].date())} in {target.name}, "
        f"when it is {asked} on {spoken_day(said.date())} in {source.name}."
    )


@tool(effect="read")
def date_difference(start: str, end: str) -> str:
    """Count the days, weeks and months from one date to another.

    Args:
        start: First date: YYYY-MM-DD, or words such as today, next friday, 25 December.
        end: Last date, in the same forms.
    """
    from dateutil.relativedelta import relativedelta

    today = _now().date()
    last = find_day(end, today)
    first = find_day(start, today, until=last)
    days = (last - first).days
    if days == 0:
        return f"0 days: both are {spoken_day(first)}."
    gap = relativedelta(max(first, last), min(first, last))
    forms = [_counted(("week", abs(days) // 7), ("day", abs(days) % 7))] if abs(days) >= 7 else []
    if gap.years or gap.months:
        forms.append(_counted(("year", gap.years), ("month", gap.months), ("day", gap.days)))
    same = f", that is {', or '.join(forms)}" if forms else ""
    back = "" if days > 0 else " back"
    return f"{_counted(('day', abs(days)))}{back}: from {spoken_day(first)} to {spoken_day(last)}{same}."


@tool(effect="read")
def add_to_date(date: str = "today", days: int = 0, weeks: int = 0, months: int = 0, years: int = 0) -> str:
    """Tell the weekday and date some time after a date, or before it with negative numbers.

    Args:
        date: Date to start from: YYYY-MM-DD, or words such as today, next friday, 25 December.
        days: Days to add.
        weeks: Weeks to add.
        months: Months to add.
        years: Years to add.
    """
    from dateutil.relativedelta import relativedelta

    first = find_day(date, _now().date())
    steps = (("year", years), ("month", months), ("week", weeks), ("day", days))
    if not any(number for _, number in steps):
        return f"It is {spoken_day(first)}."
    try:
        last = first + relativedelta(years=years, months=months, weeks=weeks, days=days)
    except (OverflowError, ValueError):
        raise ToolError("That is beyond the years 1 to 9999. Add less.") from None
    if all(number <= 0 for _, number in steps):
        back = _counted(*((name, -number) for name, number in steps))
        return f"{spoken_day(last)} is {back} before {spoken_day(first)}."
    return f"{spoken_day(last)} is {_counted(*steps)} after {spoken_day(first)}."


def _zone(now: datetime) -> tzinfo:
    return now.tzinfo or UTC


def _moments(said: str, place: Place, now: datetime) -> list[datetime]:
    """The moments at which a clock in `place` shows that time: two in the hour that comes twice.

    Raises:
        ToolError: It is no clock time, or the clocks skip it on that day.
    """
    words = " ".join(said.split())
    if words.casefold() == "now":
        return [now]
    day, clock = _split(words, now.astimezone(place.zone).date())
    shown = datetime.combine(day, clock)
    early, late = (shown.replace(tzinfo=place.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(place.zone).replace(tzinfo=None) != shown:
        after = early.astimezone(place.zone)
        raise ToolError(
            f"{shown:%H:%M} does not exist on {spoken_day(day)} in {place.name}: the clocks skip it. "
            f"Ask for {after:%H:%M}."
        )
    return [early] if early == late else [early, late]


def _split(words: str, today: date) -> tuple[date, time]:
    """The day (today where none is said) and the clock time of `[DAY[ at]] TIME`."""
    before, _, last = re.sub(r"(?<=\d)T(?=\d)", " ", words).rpartition(" ")
    if last.casefold().rstrip(".") in {"am", "pm", "a.m", "p.m", "o'clock", "o’clock"}:
        before, _, number = before.rpartition(" ")
        last = f"{number} {last}"
    clock = _NAMED.get(last.casefold()) or _clock(last)
    if clock is None:
        raise ToolError(f"'{words[:40]}' is not a clock time. Write it as 15:30.")
    before = re.sub(r"(^|\s)at$", "", before.strip(), flags=re.IGNORECASE)
    return (find_day(before, today) if before else today), clock


def _clock(word: str) -> time | None:
    match = _CLOCK.fullmatch(word.strip())
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 else None


def _counted(*parts: tuple[str, int]) -> str:
    """`("week", 4), ("day", 1)` gives `4 weeks and 1 day`; what is 0 is left out."""
    words = [f"{number} {name}" + ("" if abs(number) == 1 else "s") for name, number in parts if number]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "0 days"
