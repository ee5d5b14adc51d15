"""Tools that keep the time of timers.

A timer is a row in `timers.db` under the home folder, one set for each user, so it outlives the program.
When it runs out the agent says so, by an alarm. The moment comes from `_now()`, which tests replace.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from omni_agent.config import home
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext, tool

from .database import transaction
from .days import spoken_day
from .names import closest, folded, unused
from .places import local_now

__all__ = ["cancel_timer", "list_timers", "set_timer"]

_LONGEST = 99 * 3600
_KEPT = timedelta(days=1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS timers (
    user TEXT NOT NULL,
    label TEXT NOT NULL,
    seconds REAL NOT NULL,
    ends_at REAL NOT NULL,
    call_key TEXT NOT NULL,
    PRIMARY KEY (user, label)
);
CREATE TABLE IF NOT EXISTS cancelled (
    user TEXT NOT NULL,
    label TEXT NOT NULL,
    seconds REAL NOT NULL,
    ends_at REAL NOT NULL,
    call_key TEXT NOT NULL,
    cancelled_by TEXT NOT NULL
)"""


def _now() -> datetime:
    """The moment, in the local time zone."""
    return local_now()


def _take_back(context: ToolContext) -> str:
    with _timers() as database:
        row = _of_call(database, context.user, context.undoes)
        if row is None:
            raise ToolError("The timer is no longer there, so it cannot be taken back.")
        if row["ends_at"] <= _now().timestamp():
            raise ToolError(f"The {_called(row['label'])} ran out already.")
        _remove(context, database, [row["label"]])
    return f"The {_called(row['label'])} is taken back."


@tool(effect="write", undo=_take_back)
def set_timer(
    context: ToolContext, minutes: float = 0, seconds: float = 0, hours: float = 0, label: str = "timer"
) -> str:
    """Set a timer.

    Args:
        minutes: Minutes to run.
        seconds: Seconds to run, on top of the minutes.
        hours: Hours to run, on top of the minutes.
        label: What it is for, in a word or two, for example tea.
    """
    length = _length(hours, minutes, seconds)
    wanted = _label(label)
    now = _now()
    with _timers() as database:
        before = _of_call(database, context.user, context.idempotency_key)
        if before:
            return _set_sentence(before, now)
        over = (now - _KEPT).timestamp()
        database.execute("DELETE FROM timers WHERE user = ? AND ends_at < ?", (context.user, over))
        name = unused(wanted, [row["label"] for row in _of(context.user, database)])
        ends_at = now.timestamp() + length
        _keep(context, database, (name, length, ends_at, context.idempotency_key))
        return _set_sentence({"label": name, "seconds": length, "ends_at": ends_at}, now)


@tool(effect="read")
def list_timers(context: ToolContext) -> str:
    """Tell how much time is left on each timer, and which ran out."""
    now = _now()
    with _timers() as database:
        rows = _of(context.user, database)
    if not rows:
        return "There are no timers."
    return " ".join(_state(row, now) for row in rows)


def _restore(context: ToolContext) -> str:
    now = _now().timestamp()
    with _timers() as database:
        rows = _cancelled_by(database, context.user, context.undoes)
        if not rows:
            raise ToolError("That cancelled no timer, or is taken back already.")
        left = [row for row in rows if row["ends_at"] > now]
        if not left:
            raise ToolError("The timer would have run out by now, so it stays cancelled.")
        taken = [row["label"] for row in _of(context.user, database)]
        for row in left:
            taken.append(name := unused(row["label"], taken))
            _keep(context, database, (name, row["seconds"], row["ends_at"], row["call_key"]))
        _forget(database, context.user, context.undoes)
    return f"Running again: {', '.join(_called(row['label']) for row in left)}."


@tool(effect="write", undo=_restore, question="Cancel the timer '{label}'?")
def cancel_timer(context: ToolContext, label: str) -> str:
    """Cancel a timer.

    Args:
        label: What the timer is for, or all.
    """
    with _timers() as database:
        if before := _cancelled_by(database, context.user, context.idempotency_key):
            return _cancelled_sentence([row["label"] for row in before])
        labels = [row["label"] for row in _of(context.user, database)]
        if not labels:
            raise ToolError("There are no timers to cancel.")
        meant = labels if _unnamed(label) and len(labels) == 1 else closest(_label(label), labels)
        if not meant and label.strip().casefold() in {"all", "all timers", "every timer"}:
            meant = labels
        elif len(meant) != 1:
            several = "could be more than one timer" if meant else "is no timer"
            raise ToolError(f"'{label[:40]}' {several}. The timers are: {', '.join(meant or labels)}.")
        _cancel(context, database, meant)
    return _cancelled_sentence(meant)


def _cancelled_sentence(labels: Sequence[str]) -> str:
    if len(labels) == 1:
        return f"The {_called(labels[0])} is cancelled."
    return f"All timers are cancelled: {', '.join(labels)}."


def _cancelled_by(database: sqlite3.Connection, user: str, call: str) -> list[sqlite3.Row]:
    chosen = (
        "SELECT * FROM cancelled WHERE user = ? AND cancelled_by = ? AND cancelled_by != '' ORDER BY rowid"
    )
    return database.execute(chosen, (user, call)).fetchall()


def _forget(database: sqlite3.Connection, user: str, call: str) -> None:
    database.execute("DELETE FROM cancelled WHERE user = ? AND cancelled_by = ?", (user, call))


def _cancel(context: ToolContext, database: sqlite3.Connection, labels: Sequence[str]) -> None:
    """Take timers away, and keep for a while what they were."""
    over = (_now() - _KEPT).timestamp()
    database.execute("DELETE FROM cancelled WHERE user = ? AND ends_at < ?", (context.user, over))
    for label in labels:
        database.execute(
            "INSERT INTO cancelled SELECT user, label, seconds, ends_at, call_key, ? FROM timers "
            "WHERE user = ? AND label = ?",
            (context.idempotency_key, context.user, label),
        )
    _remove(context, database, labels)


def _timers() -> AbstractContextManager[sqlite3.Connection]:
    return transaction(home() / "timers.db", _SCHEMA)


def _of(user: str, database: sqlite3.Connection) -> list[sqlite3.Row]:
    return database.execute("SELECT * FROM timers WHERE user = ? ORDER BY ends_at, rowid", (user,)).fetchall()


def _of_call(database: sqlite3.Connection, user: str, call: str) -> sqlite3.Row | None:
    """The timer that a call set; calls without a key are not told apart."""
    found: sqlite3.Row | None = database.execute(
        "SELECT * FROM timers WHERE user = ? AND call_key = ? AND call_key != ''", (user, call)
    ).fetchone()
    return found


def _keep(context: ToolContext, database: sqlite3.Connection, timer: tuple[str, float, float, str]) -> None:
    """Let a timer run: its label, seconds, end and the call that set it."""
    label, _, ends_at, _ = timer
    database.execute("INSERT INTO timers VALUES (?, ?, ?, ?, ?)", (context.user, *timer))
    at = datetime.fromtimestamp(ends_at, UTC)
    context.alarms.set(_alarm_key(label), at, f"The {_called(label)} is up.")


def _remove(context: ToolContext, database: sqlite3.Connection, labels: Sequence[str]) -> None:
    for label in labels:
        database.execute("DELETE FROM timers WHERE user = ? AND label = ?", (context.user, label))
        context.alarms.cancel(_alarm_key(label))


def _alarm_key(label: str) -> str:
    return f"timer {label}"


def _length(hours: float, minutes: float, seconds: float) -> float:
    """Length in seconds.

    Raises:
        ToolError: It is not more than 0 and at most 99 hours, or a part of it is negative or no number.
    """
    parts = (hours, minutes, seconds)
    if not all(math.isfinite(part) and part >= 0 for part in parts):
        raise ToolError("A timer's hours, minutes and seconds must be numbers from 0 up.")
    length = hours * 3600 + minutes * 60 + seconds
    if length < 1:
        raise ToolError("How long should the timer run? Give minutes, seconds or hours.")
    if length > _LONGEST:
        raise ToolError("A timer can run for 99 hours at most.")
    return length


def _label(said: str) -> str:
    words = " ".join(said.encode("utf-8", "replace").decode("utf-8").split())
    if len(words) > 40:
        raise ToolError("The label is too long. Use a word or two.")
    shorter = words.casefold().removesuffix(" timer").strip()
    return words[: len(shorter)] if shorter and len(shorter) < len(words) else words or "timer"


def _unnamed(said: str) -> bool:
    return folded(said).removeprefix("the ").removeprefix("my ") in {"", "timer"}


def _called(label: str) -> str:
    """`tea` is the tea timer, `timer 2` is timer 2."""
    return label if label.casefold().startswith("timer") else f"{label} timer"


def _set_sentence(row: sqlite3.Row | dict[str, float | str], now: datetime) -> str:
    until = _clock(float(row["ends_at"]), now)
    return f"The {_called(str(row['label']))} is set for {_spoken(float(row['seconds']))}, until {until}."


def _state(row: sqlite3.Row, now: datetime) -> str:
    left = row["ends_at"] - now.timestamp()
    if left <= 0:
        return f"The {_called(row['label'])} ran out at {_clock(row['ends_at'], now)}, {_spoken(-left)} ago."
    return f"The {_called(row['label'])} has {_spoken(left)} left, until {_clock(row['ends_at'], now)}."


def _clock(moment: float, now: datetime) -> str:
    there = datetime.fromtimestamp(moment, now.tzinfo)
    return f"{there:%H:%M}" + (f" on {spoken_day(there.date())}" if there.date() != now.date() else "")


def _spoken(seconds: float) -> str:
    """A length in words, in whole seconds, from 10 minutes on in whole minutes."""
    whole = round(seconds)
    if whole >= 600 and whole % 60:
        whole = round(whole / 60) * 60
    parts = ((whole // 3600, "hour"), (whole % 3600 // 60, "minute"), (whole % 60, "second"))
    words = [f"{number} {unit}" + ("" if number == 1 else "s") for number, unit in parts if number]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "0 seconds"
