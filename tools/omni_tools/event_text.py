"""The lines of events that are new, take place at another time, or no longer do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime

from omni_agent.errors import ToolError

from .ics import Ics, IcsEvent
from .occurrences import Occurrence

__all__ = ["new_event", "with_times", "without"]

_TIMES = frozenset({b"DTSTART", b"DTEND", b"DURATION", b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE"})
_SERIES = frozenset({b"RRULE", b"RDATE", b"EXDATE", b"EXRULE"})


def new_event(title: str, place: str, start: datetime, end: datetime) -> tuple[str, bytes]:
    """The key and the lines of an event; its times in UTC, which no reader can mistake."""
    from icalendar import Event

    key = str(uuid.uuid4())
    event = Event()
    event.add("uid", key)
    event.add("dtstamp", datetime.now(UTC).replace(microsecond=0))
    event.add("dtstart", start.astimezone(UTC))
    event.add("dtend", end.astimezone(UTC))
    event.add("summary", title)
    if place:
        event.add("location", place)
    return key, event.to_ical()


def with_times(ics: Ics, it: Occurrence, start: datetime, end: datetime, *, all_day: bool) -> bytes:
    """The lines of an event and its exceptions, with one of its times moved.

    Args:
        ics: The file that it is in.
        it: The time that is moved; of an event that repeats, only this one is.
        start: When it begins from now on.
        end: When it is over.
        all_day: Whether it takes whole days from now on.

    Raises:
        ToolError: It is of a part of a series that was changed as a whole.
    """
    _refuse_range(it)
    times = [*_times(it, start, end, all_day=all_day), *_edition(it.event)]
    if not it.repeats or it.event.value(b"RECURRENCE-ID"):
        return _group(ics, it, it.event.edited(_TIMES, times))
    exception = [b"RECURRENCE-ID" + _written(it), *times]
    return ics.raw(it.event.key) + it.event.edited(_TIMES | _SERIES, exception)


def without(ics: Ics, it: Occurrence) -> bytes:
    """The lines of an event and its exceptions, without one of its times; empty if it had no other.

    Raises:
        ToolError: It is of a part of a series that was changed as a whole.
    """
    _refuse_range(it)
    exception = it.event.value(b"RECURRENCE-ID")
    if not exception:
        if not it.repeats:
            return _group(ics, it, b"")
        return _group(ics, it, it.event.edited((), [b"EXDATE" + _written(it)]))
    left = [event for event in ics.groups[it.event.key] if event is not it.event]
    gone = b"EXDATE%s:%s" % exception
    return b"".join(event.edited((), [gone]) if event.repeats else event.raw for event in left)


def _refuse_range(it: Occurrence) -> None:
    """An exception may stand for all later times too, and none of them could be changed alone."""
    exception = it.event.value(b"RECURRENCE-ID")
    if exception and b"RANGE" in exception[0].upper():
        raise ToolError(f"'{it.title}' can only be changed in the program that its series was made with.")


def _group(ics: Ics, it: Occurrence, raw: bytes) -> bytes:
    return b"".join(raw if event is it.event else event.raw for event in ics.groups[it.event.key])


def _written(it: Occurrence) -> bytes:
    """Parameters and value of a time of a series, in the form of the series' own start."""
    parameters, value = it.event.value(b"DTSTART") or (b"", b"")
    return parameters + b":" + _value(it.written, utc=value.rstrip().upper().endswith(b"Z"))


def _times(it: Occurrence, start: datetime, end: datetime, *, all_day: bool) -> Iterator[bytes]:
    """DTSTART and DTEND in the event's own zone, where it has one; a time without a zone stays one."""
    if all_day:
        yield b"DTSTART;VALUE=DATE:" + _value(start.date())
        yield b"DTEND;VALUE=DATE:" + _value(end.date())
        return
    parameters, value = it.event.value(b"DTSTART") or (b"", b"Z")
    utc = it.all_day or value.rstrip().upper().endswith(b"Z")
    form = b"" if utc else parameters
    moments = [start, end] if end.timestamp() > start.timestamp() else [start]
    for name, moment in zip((b"DTSTART", b"DTEND"), moments, strict=False):
        own = it.written.tzinfo if isinstance(it.written, datetime) else None
        yield name + form + b":" + _value(moment.astimezone(own) if own else moment, utc=utc)


def _value(moment: date, *, utc: bool = False) -> bytes:
    if not isinstance(moment, datetime):
        return f"{moment:%Y%m%d}".encode()
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}".encode() if utc else f"{moment:%Y%m%dT%H%M%S}".encode()


def _edition(event: IcsEvent) -> list[bytes]:
    """What tells other calendars that this is the newer one of two editions of an event."""
    now = _value(datetime.now(UTC), utc=True)
    sequence = event.value(b"SEQUENCE")
    number = int(sequence[1]) + 1 if sequence and sequence[1].strip().isdigit() else 1
    return [b"DTSTAMP:" + now, b"LAST-MODIFIED:" + now, b"SEQUENCE:%d" % number]
