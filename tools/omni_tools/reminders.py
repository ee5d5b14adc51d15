"""Tools for reminders: the agent says them when their time has come.

What is to come are the user's alarms; `reminders.db` under the home folder only keeps what each call did, so
that it is done once and can be taken back. The moment comes from `_now()`, which tests replace.
"""

from __future__ import annotations

import math
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from omni_agent.config import home
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext, tool

from .database import transaction
from .moments import later, moments_of, spoken_clock, spoken_date
from .names import closest, folded
from .places import local_now
from .readable import printable

__all__ = ["cancel_reminder", "list_reminders", "remind_me", "remind_me_in"]

_LONGEST = 300
_FARTHEST = timedelta(days=3660)
_MOST = 200
_SHOWN = 10
_KEPT = timedelta(days=30)
_PREFIX = "reminder "
_SPOKEN = "Reminder: "
_Reminder: TypeAlias = tuple[str, datetime, str]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    user TEXT NOT NULL,
    call_key TEXT NOT NULL,
    alarm_key TEXT NOT NULL,
    at REAL NOT NULL,
    text TEXT NOT NULL,
    answer TEXT NOT NULL,
    made_at REAL NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user, call_key, alarm_key)
)"""


def _now() -> datetime:
    """The moment, in the local time zone."""
    return local_now()


def _take_back_setting(context: ToolContext) -> str:
    with _calls() as database:
        done = _done(database, context.user, context.undoes)
        if not done:
            raise ToolError("That set no reminder, or is too long ago to be taken back.")
        if not done[0]["undone"]:
            there = context.alarms.cancel(done[0]["alarm_key"])
            if not there and done[0]["at"] <= _now().timestamp():
                raise ToolError("That reminder was given already.")
            _mark_undone(database, context)
    return "The reminder is taken back."


@tool(effect="write", undo=_take_back_setting, question="Remind you at {time}: '{text}'?")
def remind_me(context: ToolContext, text: str, time: time, date: date | None = None) -> str:
    """Remind the user of something at a time of the clock.

    Args:
        text: What to be reminded of, for example call the dentist.
        time: When.
        date: The day. Leave empty for the next time that the clock shows this.
    """
    return _remind(context, text, lambda now: _moment(date, time, now))


@tool(effect="write", undo=_take_back_setting, question="Remind you in {minutes} minutes: '{text}'?")
def remind_me_in(context: ToolContext, text: str, minutes: float) -> str:
    """Remind the user of something after some minutes.

    Args:
        text: What to be reminded of, for example call the dentist.
        minutes: How many minutes from now.
    """
    if not (math.isfinite(minutes) and 0 < minutes <= _FARTHEST.total_seconds() / 60):
        raise ToolError("Give the minutes from now, more than 0 and at most ten years of them.")
    length = timedelta(minutes=minutes)
    return _remind(context, text, lambda now: later(now, length))


@tool(effect="read")
def list_reminders(context: ToolContext) -> str:
    """Tell which reminders are to come, the next one first."""
    now = _now()
    reminders = _to_come(context)
    if not reminders:
        return "There are no reminders."
    told = "; ".join(f"{_when(at, now)}: {text}" for _, at, text in reminders[:_SHOWN])
    more = f"; and {len(reminders) - _SHOWN} more" if len(reminders) > _SHOWN else ""
    count = f"{len(reminders)} reminder{'s' if len(reminders) != 1 else ''}."
    return f"{count} {told[:1].upper()}{_closed(told[1:] + more)}"


def _take_back_cancelling(context: ToolContext) -> str:
    with _calls() as database:
        done = _done(database, context.user, context.undoes)
        if not done:
            raise ToolError("That cancelled no reminder, or is too long ago to be taken back.")
        if not done[0]["undone"]:
            coming = [row for row in done if row["at"] > _now().timestamp()]
            if not coming:
                raise ToolError("The time of that reminder has passed, so it cannot come any more.")
            for row in coming:
                at = datetime.fromtimestamp(row["at"], UTC)
                context.alarms.set(row["alarm_key"], at, _spoken(row["text"]))
            _mark_undone(database, context)
    return "The reminder is set again." if len(done) == 1 else "The reminders are set again."


@tool(effect="write", undo=_take_back_cancelling, question="Cancel the reminder '{text}'?")
def cancel_reminder(context: ToolContext, text: str) -> str:
    """Cancel a reminder.

    Args:
        text: What it is about, or all.
    """
    now = _now()
    with _calls() as database:
        done = _done(database, context.user, context.idempotency_key)
        if done:
            return str(done[0]["answer"])
        meant = _meant(text, _to_come(context))
        answer = (
            f"The reminder is cancelled: {_when(meant[0][1], now)}, {_closed(meant[0][2])}"
            if len(meant) == 1
            else f"All {len(meant)} reminders are cancelled."
        )
        call = context.idempotency_key or secrets.token_hex(16)
        for key, at, told in meant:
            _note(database, context.user, call, key, at, told, answer)
            context.alarms.cancel(key)
    return answer


def _remind(context: ToolContext, text: str, moment: Callable[[datetime], datetime]) -> str:
    about, now = _text(text), _now()
    call = context.idempotency_key or secrets.token_hex(16)
    with _calls() as database:
        done = _done(database, context.user, call)
        if done:
            return str(done[0]["answer"])
        if len(_to_come(context)) >= _MOST:
            raise ToolError(f"There are {_MOST} reminders already. Cancel some first.")
        at = moment(now)
        answer = f"I will remind you {_when(at, now)}: {_closed(about)}"
        _note(database, context.user, call, _PREFIX + call, at, about, answer)
        context.alarms.set(_PREFIX + call, at, _spoken(about))
    return answer


def _moment(day: date | None, clock: time, now: datetime) -> datetime:
    """The next moment at which the clock shows that time, on that day where one is given.

    Raises:
        ToolError: It is past, more than ten years away, or skipped by the clocks.
    """
    zone, today = now.tzinfo or UTC, now.date()
    moments = moments_of(day, clock, zone) if day else []
    if not day:
        # Today the clocks may skip that time, or have shown it already.
        with suppress(ToolError):
            moments = moments_of(today, clock, zone)
        if not any(at.timestamp() > now.timestamp() for at in moments):
            moments = moments_of(today + timedelta(days=1), clock, zone)
    at = next((at for at in moments if at.timestamp() > now.timestamp()), None)
    if at is None:
        raise ToolError(f"That time is over: it is {spoken_clock(now)} now. Give a later one.")
    if at.timestamp() - now.timestamp() > _FARTHEST.total_seconds():
        raise ToolError("That is more than ten years away. Give a nearer date.")
    return at


def _meant(said: str, reminders: Sequence[_Reminder]) -> Sequence[_Reminder]:
    if not reminders:
        raise ToolError("There are no reminders to cancel.")
    plain = folded(said)
    texts = list(dict.fromkeys(text for _, _, text in reminders))
    found = closest(said, texts)
    if not found and plain in {"all", "all reminders", "every reminder", "everything"}:
        return reminders
    if len(reminders) == 1 and plain in {"", "reminder", "the reminder", "my reminder", "it"}:
        return reminders
    if len(found) != 1:
        several = "could be more than one reminder" if found else "is no reminder"
        named = ", ".join(f"'{text}'" for text in (found or texts)[:_SHOWN])
        raise ToolError(f"'{said.strip()[:60]}' {several}. There are: {named}.")
    # Of two with the same words the next one.
    return [reminder for reminder in reminders if reminder[2] == found[0]][:1]


def _to_come(context: ToolContext) -> list[_Reminder]:
    """Key, local moment and words of the user's reminders, the next one first."""
    zone = _now().tzinfo
    return [
        (alarm.key, alarm.at.astimezone(zone), alarm.text.removeprefix(_SPOKEN).removesuffix("."))
        for alarm in context.alarms.pending()
        if alarm.key.startswith(_PREFIX)
    ]


def _calls() -> AbstractContextManager[sqlite3.Connection]:
    return transaction(home() / "reminders.db", _SCHEMA)


def _done(database: sqlite3.Connection, user: str, call: str) -> list[sqlite3.Row]:
    return database.execute("SELECT * FROM calls WHERE user = ? AND call_key = ?", (user, call)).fetchall()


def _mark_undone(database: sqlite3.Connection, context: ToolContext) -> None:
    database.execute(
        "UPDATE calls SET undone = 1 WHERE user = ? AND call_key = ?", (context.user, context.undoes)
    )


def _note(
    database: sqlite3.Connection, user: str, call: str, key: str, at: datetime, text: str, answer: str
) -> None:
    now = datetime.now(UTC)
    over = (now - _KEPT).timestamp()
    database.execute("DELETE FROM calls WHERE made_at < ? AND at < ?", (over, over))
    database.execute(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        (user, call, key, at.timestamp(), text, answer, now.timestamp()),
    )


def _text(said: str) -> str:
    text = " ".join(printable(said.encode("utf-8", "replace").decode("utf-8")).split()).rstrip(" .")
    if not text:
        raise ToolError("What should the user be reminded of? Say it in a few words.")
    if len(text) > _LONGEST:
        raise ToolError(f"The reminder is too long. Use {_LONGEST} characters at most.")
    return text


def _spoken(about: str) -> str:
    return _SPOKEN + _closed(about)


def _closed(words: str) -> str:
    """The words as a sentence."""
    return words if words.endswith(("!", "?")) else f"{words}."


def _when(at: datetime, now: datetime) -> str:
    return f"{spoken_date(at.date(), now.date())} at {spoken_clock(at)}"
