"""Tools for a calendar: an iCalendar file, as Google, Apple, Outlook and most others write it.

Times are said and meant in the zone of the settings, or of this machine. Of an event that repeats, one time
is moved or cancelled and the others stay. The moment comes from `_now()`, which tests replace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from omni_agent.config import home
from omni_agent.errors import ConfigError, ToolError
from omni_agent.tool import ToolContext, tool

from .agenda import in_words, one, several, span_in_words
from .calendar_file import CalendarFile, Change
from .days import find_day
from .event_text import new_event, with_times, without
from .ics import Ics, IcsEvent
from .moments import later, moments_of
from .names import closest, folded
from .occurrences import Found, Occurrence, expanded
from .places import local_now
from .readable import printable

__all__ = ["Calendar"]

_MOST_DAYS = 62
_LONGEST_MINUTES = 7 * 24 * 60
_LONGEST_TITLE = 120
_AHEAD = timedelta(days=400)
_BACK = timedelta(days=366)
_NAMED = 5
_HOUR = timedelta(hours=1)
_SIGNS = re.compile(r"[^\w\s'’-]")
_UNREAD = " Some events are of a kind that could not be worked out."


def _now() -> datetime:
    """The moment, in the local time zone."""
    return local_now()


class Calendar:
    """One calendar, whoever speaks.

    Args:
        file: The iCalendar file, made where it is missing; `calendar.ics` in the agent's home folder where
            it is None.
        zone: The IANA name of the zone in which times are meant, for example Europe/Berlin; empty for this
            machine's.

    Raises:
        ConfigError: There is no such time zone.
    """

    def __init__(self, *, file: Path | None = None, zone: str = "") -> None:
        self._file = CalendarFile(home() / "calendar.ics" if file is None else file.expanduser())
        self._zone = _zone(zone) if zone else None

    @tool(effect="read", untrusted=True)
    def list_events(self, day: str = "", days: int = 1) -> str:
        """Tell what is in the calendar on a day, or on several days.

        Args:
            day: First day: YYYY-MM-DD, or words such as tomorrow, friday, this week. Leave empty for today.
            days: How many days, for example 7.
        """
        today = self._now().date()
        first, last = _span(day, days, today)
        found = self._between(self._file.read(), first, last)
        unread = "" if found.complete else _UNREAD
        if not found.occurrences:
            return f"There is nothing in the calendar {span_in_words(first, last, today)}.{unread}"
        return in_words(found.occurrences, first, today) + unread

    @tool(effect="read", untrusted=True)
    def find_events(self, words: str) -> str:
        """Find events in the calendar by words, and tell when they are.

        Args:
            words: Words of the event, for example dentist.
        """
        wanted = folded(words).split()[:20]
        if not wanted:
            raise ToolError("What should be looked for? Give some words of the event.")
        ics, now = self._file.read(), self._now()
        keys = [key for key, group in ics.groups.items() if any(_has(event, wanted) for event in group)]
        found = expanded(ics, now - _BACK, now + 2 * _BACK, keys=keys)
        unread = "" if found.complete else _UNREAD
        said = " ".join(words.split())[:60]
        near = _nearest(found.occurrences, now)
        if not near:
            return f"No event has the words '{said}'.{unread}"
        return several(near, now.date()) + unread

    def _take_back(self, context: ToolContext) -> str:
        return self._file.take_back(context)

    @tool(effect="write", undo=_take_back, question="Put '{title}' in the calendar, {date} at {time}?")
    def add_event(
        self, context: ToolContext, title: str, date: date, time: time, minutes: int = 60, place: str = ""
    ) -> str:
        """Put an event in the calendar.

        Args:
            title: What it is, for example dentist.
            date: The day.
            time: When it begins.
            minutes: How long it takes.
            place: Where it is. Leave empty if nobody said.
        """
        name, where = _line(title, "title"), _line(place, "place")
        if not name:
            raise ToolError("The event has no title. Say what it is.")
        if not 1 <= minutes <= _LONGEST_MINUTES:
            raise ToolError("An event takes from 1 minute to 7 days. Give its minutes.")
        now = self._now()
        start = moments_of(date, time, now.tzinfo or UTC)[0]
        end = later(start, timedelta(minutes=minutes))

        def make(ics: Ics) -> Change:
            key, text = new_event(name, where, start, end)
            told = one(name, where, start, end, now.date())
            return Change(
                key, text, f"It is in the calendar: {told}.", f"'{name}' is out of the calendar again."
            )

        return self._file.change(context, make)

    @tool(effect="write", undo=_take_back, question="Move '{title}' in the calendar?")
    def move_event(
        self, context: ToolContext, title: str, date: date | None = None, time: time | None = None
    ) -> str:
        """Move the next event of that title to another day or time.

        Args:
            title: The event's title, for example dentist.
            date: Its new day. Leave empty to keep the day.
            time: When it begins then. Leave empty to keep the time.
        """
        if date is None and time is None:
            raise ToolError("Where should the event be moved to? Give a date or a time.")
        now = self._now()

        def make(ics: Ics) -> Change:
            meant = self._meant(ics, title)[0]
            start, end, all_day = _moved(meant, date, time)
            told = one(meant.title, "", start, end, now.date(), all_day=all_day)
            return Change(
                meant.event.key,
                with_times(ics, meant, start, end, all_day=all_day),
                f"It is moved: {told}.",
                f"'{meant.title}' is back at its time.",
            )

        return self._file.change(context, make)

    @tool(effect="write", undo=_take_back, question="Cancel '{title}' in the calendar?")
    def cancel_event(self, context: ToolContext, title: str, date: date | None = None) -> str:
        """Take an event out of the calendar.

        Args:
            title: The event's title, for example dentist.
            date: Its day. Leave empty if there is only one; of several on a day the first is meant.
        """
        today = self._now().date()

        def make(ics: Ics) -> Change:
            meant = self._meant(ics, title, date)
            if len({it.start.date() for it in meant}) > 1:
                raise ToolError(
                    f"There is more than one time of '{meant[0].title}': {several(meant[:3], today)} "
                    "Give the date of the one to cancel."
                )
            it = meant[0]
            told = one(it.title, "", it.start, it.end, today, all_day=it.all_day)
            back = f"'{it.title}' is back in the calendar."
            return Change(it.event.key, without(ics, it), f"It is cancelled: {told}.", back)

        return self._file.change(context, make)

    def _now(self) -> datetime:
        return _now().astimezone(self._zone) if self._zone else _now()

    def _between(self, ics: Ics, first: date, last: date) -> Found:
        zone = self._now().tzinfo
        try:
            start, end = (
                datetime(day.year, day.month, day.day, tzinfo=zone)
                for day in (first, last + timedelta(days=1))
            )
        except OverflowError:
            raise ToolError("That is beyond the years 1 to 9999.") from None
        return expanded(ics, start, end)

    def _meant(self, ics: Ics, title: str, day: date | None = None) -> list[Occurrence]:
        """The times of the event that is meant, the next one first: on that day, or from today on."""
        today = self._now().date()
        first, last = (day, day) if day else (today, today + _AHEAD)
        there = self._between(ics, first, last).occurrences
        titles = list(dict.fromkeys(occurrence.title for occurrence in there if occurrence.title))
        near = closest(_words(title), list(map(_words, titles)))
        meant = [name for name in titles if _words(name) in near]
        if len({folded(name) for name in meant}) == 1:
            return [occurrence for occurrence in there if occurrence.title in meant]
        said, when = f"'{title.strip()[:60]}'", span_in_words(first, last, today) if day else "from today on"
        named = ", ".join(f"'{name}'" for name in (meant or titles)[:_NAMED])
        if meant:
            raise ToolError(f"{said} could be more than one event: {named}. Say which.")
        there_are = f" There are: {named}." if named else ""
        raise ToolError(f"No event {when} is called {said}.{there_are}")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ConfigError(
            f"calendar: there is no time zone '{name}'", remedy="write one like Europe/Berlin"
        ) from None


def _span(said: str, days: int, today: date) -> tuple[date, date]:
    """The first and the last day that are meant.

    Raises:
        ToolError: It names no day, or there are none or too many days.
    """
    words = " ".join(said.casefold().replace("the ", "").split())
    monday = today - timedelta(days=today.weekday())
    spans = {
        "this week": (today, 7 - today.weekday()),
        "week": (today, 7),
        "next week": (monday + timedelta(days=7), 7),
        "weekend": (max(monday + timedelta(days=5), today), 2 if today.weekday() < 6 else 1),
        "next weekend": (monday + timedelta(days=12), 2),
    }
    first, count = spans.get(words.removeprefix("this ") if "weekend" in words else words) or (
        find_day(said, today) if words else today,
        days,
    )
    if not 1 <= count <= _MOST_DAYS:
        raise ToolError(f"Give 1 to {_MOST_DAYS} days.")
    try:
        return first, first + timedelta(days=count - 1)
    except OverflowError:
        raise ToolError("That is beyond the years 1 to 9999.") from None


def _has(event: IcsEvent, words: list[str]) -> bool:
    text = folded(" ".join(event.text(name) for name in (b"SUMMARY", b"LOCATION", b"DESCRIPTION")))
    return all(word in text for word in words)


def _words(title: str) -> str:
    """A title without its commas and the like, which nobody says."""
    return " ".join(_SIGNS.sub(" ", title).split())


def _nearest(occurrences: Sequence[Occurrence], now: datetime) -> list[Occurrence]:
    """Of each event the next time, soonest first; where nothing is to come, the times that were last."""
    to_come, past = dict[str, Occurrence](), dict[str, Occurrence]()
    for occurrence in occurrences:
        if occurrence.end.timestamp() > now.timestamp():
            to_come.setdefault(occurrence.event.key, occurrence)
        else:
            past[occurrence.event.key] = occurrence
    return list(to_come.values()) or sorted(past.values(), key=lambda it: it.order, reverse=True)


def _moved(it: Occurrence, day: date | None, clock: time | None) -> tuple[datetime, datetime, bool]:
    """Start and end at another day or time, as long as before; an hour where it took whole days."""
    zone = it.start.tzinfo or UTC
    day = day or it.start.date()
    try:
        if it.all_day and clock is None:
            start = datetime(day.year, day.month, day.day, tzinfo=zone)
            return start, start + (it.end - it.start), True
        start = moments_of(day, clock or it.start.time(), zone)[0]
        length = _HOUR if it.all_day else it.end.astimezone(UTC) - it.start.astimezone(UTC)
        return start, later(start, length), False
    except OverflowError:
        raise ToolError("That is beyond the years 1 to 9999.") from None


def _line(said: str, what: str) -> str:
    """What was said as one line, which cannot begin another one in the file."""
    line = " ".join(printable(said.encode("utf-8", "replace").decode("utf-8")).split())
    if len(line) > _LONGEST_TITLE:
        raise ToolError(f"The {what} is too long. Use {_LONGEST_TITLE} characters at most.")
    return line
