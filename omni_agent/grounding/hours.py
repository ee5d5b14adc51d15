"""The ways in which people say a time of day, in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from .days import Read

_HALF = r"(?:in the |this |at |tomorrow )?(?P<half>morning|afternoon|evening|night|tonight|am|pm)"
_HOUR, _MINUTE = r"(?P<hour>[012]?\d)", r"(?P<minute>[0-5]\d)"
# What may follow an hour that is said without "o'clock": not a noun, which it would count.
_CLOSES = (
    r"(?=,|$| (?:on|in|for|tomorrow|today|tonight|and|please|until|till|to|with|then|next|this|sharp|or|by|"
    r"at|from|if|every|daily|onwards|but|so|when|as)\b)"
)
_NAMED_TIMES = {"noon": 12, "midday": 12, "midnight": 0}
_LATE = frozenset({"afternoon", "evening", "night", "tonight", "pm"})


def _named_time(match: re.Match[str], now: datetime) -> Iterator[str]:
    yield time(_NAMED_TIMES[match.group(1)]).isoformat("minutes")


def _clock(match: re.Match[str], now: datetime) -> Iterator[str]:
    groups = match.groupdict()
    yield from _times(int(groups["hour"]), int(groups.get("minute") or 0), groups.get("half"))


def _past(match: re.Match[str], now: datetime) -> Iterator[str]:
    amount, side, hour = match.group(1), match.group(2), int(match.group(3))
    minutes = {"half": 30, "quarter": 15, "a quarter": 15}.get(amount) or int(amount)
    if side == "to":
        hour, minutes = (hour - 1) or 12, 60 - minutes
    yield from _times(hour, minutes, match.group("half"))


def _times(hour: int, minute: int, half: str | None) -> Iterator[str]:
    """The time in the half of the day that was said; in both where none was, the waking one first."""
    if half in _LATE and hour < 12:
        yield time(hour + 12, minute).isoformat("minutes")
    elif half in ("am", "morning", "night") and hour == 12:
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


def _from_now(match: re.Match[str], now: datetime) -> Iterator[str]:
    count = int(match["count"]) if match["count"].isdigit() else 1
    end = now + timedelta(minutes=count * (60 if match["span"] == "hour" else 1))
    yield end.time().isoformat("minutes")


# What is read of a text in which numbers stand as digits.
FORMS: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (re.compile(rf"\b{pattern}(?![\w:])"), read)
    for pattern, read in (
        (r"(noon|midday|midnight)", _named_time),
        (r"for the next (?P<count>an|one|\d{1,3}) (?P<span>hour|minute)s?", _from_now),
        (rf"{_HOUR}:{_MINUTE}(?::[0-5]\d)?(?: ?{_HALF})?", _clock),
        (rf"{_HOUR}[. ]{_MINUTE} {_HALF}", _clock),
        (rf"{_HOUR} ?{_HALF}", _clock),
        (rf"{_HOUR} oclock(?: {_HALF})?", _clock),
        (rf"(?:at|by|until|till|from|around) {_HOUR}(?:[. ]{_MINUTE})?(?:,? {_HALF}|{_CLOSES})", _clock),
        (rf"(half|a quarter|quarter|\d{{1,2}})(?: minutes?)? (past|to|after) (1?\d)(?: {_HALF})?", _past),
    )
)
