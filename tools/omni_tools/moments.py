"""Moments that are given as a date and a time of the clock, and how they are said again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from omni_agent.errors import ToolError

from .days import spoken_day

__all__ = ["later", "moments_of", "spoken_clock", "spoken_date"]

_NAMED = {0: "today", 1: "tomorrow", -1: "yesterday"}


def moments_of(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    """The moments at which a clock in `zone` shows that time: two in the hour that comes twice.

    An offset that comes with the time is not looked at: people say what their clock shows.

    Raises:
        ToolError: The clocks skip that time on that day, or it is beyond the years 1 to 9999.
    """
    shown = datetime.combine(day, clock.replace(tzinfo=None, microsecond=0, fold=0))
    try:
        early, late = (
            shown.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone) for fold in (0, 1)
        )
    except OverflowError:
        raise ToolError("That is beyond the years 1 to 9999.") from None
    if early.replace(tzinfo=None, fold=0) != shown:
        raise ToolError(
            f"{shown:%H:%M} does not exist on {spoken_day(day)}: the clocks skip it. Ask for {early:%H:%M}."
        )
    return [early] if early.astimezone(UTC) == late.astimezone(UTC) else [early, late]


def later(moment: datetime, length: timedelta) -> datetime:
    """So much later by a stopwatch, whatever the clocks do in between.

    Raises:
        ToolError: It is beyond the years 1 to 9999.
    """
    try:
        return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)
    except OverflowError:
        raise ToolError("That is beyond the years 1 to 9999.") from None


def spoken_clock(moment: datetime) -> str:
    """A time of day as it is said: `9`, `9:30`, `15:00`, `midnight`."""
    if moment.minute == 0 and moment.hour <= 12:
        return str(moment.hour) if moment.hour else "midnight"
    return f"{moment.hour}:{moment:%M}"


def spoken_date(day: date, today: date) -> str:
    """`today`, `tomorrow`, `yesterday`, or the whole date: `Friday, 27 November 2026`."""
    return _NAMED.get((day - today) // timedelta(days=1)) or spoken_day(day)
