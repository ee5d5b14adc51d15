"""When the events of a calendar take place, those that repeat included.

Rules are worked out by `recurring-ical-events`. A rule that a file brings along may be made to keep a
computer busy for years, so what comes more often than a few times a day is left out, and so is all that
is not worked out within some seconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import prod
from typing import Any

from .ics import Ics, IcsEvent

__all__ = ["Found", "Occurrence", "expanded"]

_SECONDS = 5.0
_MOST = 20_000
_SLACK = timedelta(days=2)
_FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
_LONGEST_RULE = 500
_MOST_RULES = 8
_MOST_A_DAY = 8
_MOST_ZONE_RULES = 200
_SOURCE = "X-OMNI-SOURCE"
_TIMING = (
    b"UID", b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID", b"SEQUENCE",
    b"STATUS",
)  # fmt: skip
_RULE_PARTS = frozenset(
    {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYHOUR", "BYMINUTE", "BYSECOND", "BYDAY", "BYMONTHDAY",
     "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"}
)  # fmt: skip
_ZONE_RULE = re.compile(
    rb"^RRULE:(?=[^\r\n]*\bFREQ=YEARLY\b)(?:(?:FREQ=YEARLY|INTERVAL=1|WKST=..|(?:UNTIL|COUNT)=[0-9TZ]+"
    rb"|BY(?:DAY|MONTH|MONTHDAY|HOUR|MINUTE|SECOND)=[-+0-9A-Z,]{1,40})(?:;|\r?$))+$",
    re.MULTILINE,
)
_FOLD = re.compile(rb"\r?\n[ \t]")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event at one time.

    Attributes:
        event: What it comes from in the file: the event itself, or the exception that holds this time.
        title: One line; empty where there is none.
        place: One line; empty where there is none.
        start: In the zone that was asked for; midnight where it takes whole days.
        end: When it is over.
        all_day: Whether it takes whole days.
        repeats: Whether it is one of several.
        written: Its start as the file has it: a date, or a moment in the event's own zone, or in none.
    """

    event: IcsEvent
    title: str
    place: str
    start: datetime
    end: datetime
    all_day: bool
    repeats: bool
    written: date

    @property
    def order(self) -> tuple[float, str]:
        """What it is sorted by."""
        return self.start.timestamp(), self.title


@dataclass(frozen=True, slots=True)
class Found:
    """Occurrences in order; `complete` is False where some events could not be worked out."""

    occurrences: Sequence[Occurrence]
    complete: bool


def expanded(ics: Ics, start: datetime, end: datetime, *, keys: Collection[str] | None = None) -> Found:
    """What takes place between two moments, also in part.

    Args:
        ics: The file.
        start: In the zone in which times without one are meant, and in which the answer is.
        end: In the same zone.
        keys: Only the events of these keys.
    """
    deadline = time.monotonic() + _SECONDS
    found, complete = list[Occurrence](), True
    first, last = _shifted(start, -_SLACK), _shifted(end, _SLACK)
    for key in ics.groups if keys is None else keys:
        group = ics.groups[key]
        if not any(_may_touch(event, first, last) for event in group):
            continue
        if time.monotonic() > deadline or len(found) > _MOST:
            complete = False
            break
        if not all(map(_tame, group)):
            complete = False
            continue
        try:
            found += _of_group(ics, group, start, end)
        except Exception:
            # The library has no error of its own for odd values; one odd event must not hide the others.
            complete = False
    return Found(sorted(found, key=lambda occurrence: occurrence.order), complete)


def _of_group(ics: Ics, group: list[IcsEvent], start: datetime, end: datetime) -> Iterator[Occurrence]:
    import icalendar
    import recurring_ical_events  # type: ignore[import-untyped]

    zones = [zone.raw for zone in ics.zones if _named_in(zone, group) and _tame_zone(zone)]
    # Only what is about time: whatever else is odd in an event is not this library's matter.
    tagged = [
        (b"BEGIN:VEVENT", b"%s:%d" % (_SOURCE.encode(), index), *_timing(event), b"END:VEVENT", b"")
        for index, event in enumerate(group)
    ]
    text = [b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", *zones, *(b"\r\n".join(lines) for lines in tagged)]
    calendar = icalendar.Calendar.from_ical(b"".join([*text, b"END:VCALENDAR\r\n"]))
    around = _shifted(start, -_SLACK), _shifted(end, _SLACK)
    repeats = any(event.repeats for event in group)
    for component in recurring_ical_events.of(calendar, components=["VEVENT"]).between(*around):
        if str(component.get("STATUS", "")).upper() == "CANCELLED":
            continue
        event = group[int(str(component[_SOURCE]))]
        occurrence = _occurrence(component, event, repeats, start.tzinfo or UTC)
        if _overlaps(occurrence, start, end):
            yield occurrence


def _occurrence(component: Mapping[str, Any], event: IcsEvent, repeats: bool, zone: tzinfo) -> Occurrence:
    begins, ends = component["DTSTART"].dt, component["DTEND"].dt
    return Occurrence(
        event,
        event.text(b"SUMMARY"),
        event.text(b"LOCATION"),
        _local(begins, zone),
        _local(ends, zone),
        not isinstance(begins, datetime),
        repeats,
        begins,
    )


def _local(moment: date, zone: tzinfo) -> datetime:
    """A whole day begins at midnight, and a moment without a zone is meant, wherever the user is."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    there = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    # By way of UTC, which has no times that the clocks skip.
    return there.astimezone(UTC).astimezone(zone)


def _overlaps(occurrence: Occurrence, start: datetime, end: datetime) -> bool:
    begins, ends = occurrence.start.timestamp(), occurrence.end.timestamp()
    return begins < end.timestamp() and (ends > start.timestamp() or begins >= start.timestamp())


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment


def _may_touch(event: IcsEvent, start: datetime, end: datetime) -> bool:
    """Whether it may take place in that time; in doubt it may."""
    begins, ends = _day(event, b"DTSTART"), _day(event, b"DTEND")
    if begins is None:
        return True
    if begins > end.date():
        return False
    if event.repeats or event.value(b"DURATION"):
        return True
    return (ends or begins) >= start.date()


def _day(event: IcsEvent, name: bytes) -> date | None:
    found = event.value(name)
    try:
        return datetime.strptime(found[1][:8].decode("ascii"), "%Y%m%d").date() if found else None
    except ValueError:
        return None


def _timing(event: IcsEvent) -> list[bytes]:
    return [line for name in _TIMING for line in event.lines(name)]


def _tame(event: IcsEvent) -> bool:
    """Whether its rules are of a kind that is worked out in a few seconds at most.

    Those of every hour, minute and second are not: no calendar for people makes them.
    """
    rules = event.values(b"RRULE")
    return len(rules) <= _MOST_RULES and all(_tame_rule(rule.decode("ascii", "replace")) for rule in rules)


def _tame_rule(rule: str) -> bool:
    parts = [part.partition("=") for part in rule.upper().strip().split(";") if part]
    said = {name: value for name, _, value in parts}
    often = prod(len(said.get(name, "").split(",")) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    every = said.get("INTERVAL", "1")
    return (
        len(rule) <= _LONGEST_RULE
        and len(said) == len(parts)
        and _RULE_PARTS.issuperset(said)
        and said.get("FREQ") in _FREQUENCIES
        and often <= _MOST_A_DAY
        and every.isdecimal()
        and int(every) > 0
    )


def _tame_zone(zone: IcsEvent) -> bool:
    """Whether all rules by which a time zone changes its clocks are yearly ones."""
    text = _FOLD.sub(b"", zone.raw).upper()
    return text.count(b"RRULE") == len(_ZONE_RULE.findall(text)) <= _MOST_ZONE_RULES


def _named_in(zone: IcsEvent, group: list[IcsEvent]) -> bool:
    name = zone.value(b"TZID")
    return name is not None and any(name[1] in event.own for event in group)
