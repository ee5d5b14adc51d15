"""Alarms: what the agent is to say to a user at a later moment, also after the program was started anew.

Tools set them through `ToolContext.alarms`; `Agent.notices` raises them when they are due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .ledger import Ledger

_SCHEMA = """
CREATE TABLE IF NOT EXISTS alarms (
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    at REAL NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (user, key)
);
"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Words for a user at a moment; `key` is the tool's own name for it."""

    key: str
    at: datetime
    text: str


class Alarms:
    """The alarms of all users.

    Args:
        path: The SQLite file; None keeps them in this process.

    Every method blocks for a moment and may raise `MemoryStoreError`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._ledger = Ledger(path, _SCHEMA)

    def set(self, user: str, alarm: Alarm) -> None:
        """Keep an alarm, in place of the user's alarm of the same key."""
        row = (user, alarm.key, alarm.at.timestamp(), alarm.text)
        with self._ledger.transaction(durable=True) as database:
            database.execute("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?)", row)

    def cancel(self, user: str, key: str) -> bool:
        """Forget an alarm; False where there is none of that key."""
        with self._ledger.transaction() as database:
            found = database.execute("DELETE FROM alarms WHERE user = ? AND key = ?", (user, key))
            return found.rowcount > 0

    def pending(self, user: str) -> list[Alarm]:
        """The user's alarms, the next one first."""
        with self._ledger.transaction() as database:
            rows = database.execute("SELECT * FROM alarms WHERE user = ? ORDER BY at, rowid", (user,))
            return [_alarm(row) for row in rows]

    def take_due(self, user: str, now: datetime) -> list[Alarm]:
        """The user's alarms whose moment has come, in order; each is given once, to one process."""
        with self._ledger.transaction(durable=True) as database:
            due = (user, now.timestamp())
            rows = database.execute("SELECT * FROM alarms WHERE user = ? AND at <= ? ORDER BY at", due)
            found = [_alarm(row) for row in rows]
            if found:
                database.execute("DELETE FROM alarms WHERE user = ? AND at <= ?", due)
            return found

    def erase(self, user: str) -> None:
        """Forget all of the user's alarms, and every byte of them."""
        with self._ledger.transaction() as database:
            found = database.execute("DELETE FROM alarms WHERE user = ?", (user,)).rowcount
        if found:
            self._ledger.scrub()

    def close(self) -> None:
        """Close the file."""
        self._ledger.close()


class ToolAlarms:
    """Alarms as a tool sees them: one user's. Every method blocks for a moment: use it in a plain `def`."""

    def __init__(self, alarms: Alarms | None = None, user: str = "") -> None:
        self._alarms = alarms or Alarms()
        self._user = user

    def set(self, key: str, at: datetime, text: str) -> None:
        """Have the agent say `text` at a moment, which has its time zone; the same key replaces.

        Raises:
            ValueError: `at` has no time zone.
            MemoryStoreError: It cannot be kept.
        """
        if at.tzinfo is None:
            raise ValueError("an alarm's moment needs a time zone")
        self._alarms.set(self._user, Alarm(key, at, text))

    def cancel(self, key: str) -> bool:
        """Forget the alarm; False where there is none of that key.

        Raises:
            MemoryStoreError: Alarms cannot be read or written.
        """
        return self._alarms.cancel(self._user, key)

    def pending(self) -> list[Alarm]:
        """What is still to come, the next one first.

        Raises:
            MemoryStoreError: Alarms cannot be read.
        """
        return self._alarms.pending(self._user)


def _alarm(row: dict[str, str]) -> Alarm:
    return Alarm(row["key"], datetime.fromtimestamp(float(row["at"]), UTC), row["text"])
