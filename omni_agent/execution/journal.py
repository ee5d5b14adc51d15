"""The journal: every call with its arguments' digest, its effect, how far it is and what it gave.

It is written before a tool runs and after, so that no retry, interruption, second process or sudden end of
this one runs a call twice, and none that ran is forgotten. A call that was running when its process ended
has failed where it only reads; where it writes, nobody knows, and it is `unknown` from then on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..ledger import Ledger
from ..memory import Scope
from ..messages import Message, ToolResult
from .entry import Entry, Status
from .owner import Owner
from .rows import SCHEMA, every, insert, one, update

if TYPE_CHECKING:
    import sqlite3

KEPT = timedelta(days=30)
LONGEST_KEPT = 1_000_000
_OF_SESSION = "user = ? AND persona = ? AND session = ?"
_BEGUN = "('running', 'done', 'unknown')"
_SETTLED = "('running', 'done', 'unknown', 'failed', 'denied')"


class Journal:
    """The calls of all agents and users that share a file.

    Args:
        path: The SQLite file; None keeps it in this process.

    Every method blocks for as long as the disk does, and may raise `MemoryStoreError`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._ledger = Ledger(path, SCHEMA)
        self._owner = Owner(path.with_name(f"{path.name}.owners") if path else None)

    def plan(self, entries: Sequence[Entry]) -> None:
        """Enter calls that wait for a yes; those that are known stay as they are."""
        with self._ledger.transaction() as database:
            for entry in entries:
                insert(database, entry)

    def decide(self, key: str, digest: str, *, yes: bool) -> bool:
        """Enter the answer for a call that waits; True if it is approved now.

        A yes counts only for the arguments whose digest it names.
        """
        with self._ledger.transaction(durable=True) as database:
            waiting = one(database, "key = ?", (key,))
            if waiting is None or waiting.status != "planned":
                return waiting is not None and waiting.status == "approved"
            approved = yes and waiting.digest == digest
            update(database, key, status="approved" if approved else "denied")
            return approved

    def claim(self, entry: Entry, *, repeats: bool = False) -> tuple[Entry, bool]:
        """Take a call on, if it is to run: its entry, and whether the caller has to run it now.

        Where it is not to run, the entry is the one that stands for it: this call's own, begun before, or
        that of the same call a moment ago (`repeats` looks for none). What is irreversible runs only where
        its own entry is approved.
        """
        self._owner.appear()
        with self._ledger.transaction(durable=entry.effect != "read") as database:
            mine = self._now(database, one(database, "key = ?", (entry.key,)))
            if mine and not _may_begin(mine):
                return mine, False
            approved = mine is not None and mine.status == "approved"
            if (entry.effect == "irreversible" and not approved) or (mine and mine.digest != entry.digest):
                return replace(entry, status="denied", content="Nobody has said yes to this."), False
            if not repeats and (twin := self._twin(database, entry, approved=approved)):
                update(database, entry.key, status="cancelled")
                return twin, False
            insert(database, entry)
            update(database, entry.key, status="running", owner=self._owner.token)
            return replace(entry, status="running"), True

    def settle(self, key: str, result: ToolResult) -> None:
        """Enter what became of a call that ran."""
        media = Message("tool", (result,)).to_json()["parts"][0]["media"]
        with self._ledger.transaction(durable=True) as database:
            kept = {"content": result.content[:LONGEST_KEPT], "media": json.dumps(media)}
            update(database, key, status=result.status, owner="", **kept)

    def twin(self, entry: Entry) -> Entry | None:
        """The same call made a moment ago, that a second one would repeat: in this turn, or in an earlier one
        whose results were never told."""
        with self._ledger.transaction() as database:
            return self._twin(database, entry)

    def entries(self, keys: Iterable[str]) -> dict[str, Entry]:
        """What is known of calls, by their keys."""
        with self._ledger.transaction() as database:
            found = (self._now(database, one(database, "key = ?", (key,))) for key in keys)
            return {entry.key: entry for entry in found if entry}

    def untold(self, scope: Scope, session: str) -> list[Entry]:
        """Calls of a session that were begun and whose result no finished reply could tell, oldest first."""
        begun = "status IN ('running', 'done', 'failed', 'unknown') AND NOT told"
        with self._ledger.transaction() as database:
            found = every(database, f"{_OF_SESSION} AND {begun}", (scope.user, scope.persona, session))
            now = (self._now(database, entry) for entry in found)
            return [entry for entry in now if entry and entry.status != "cancelled"]

    def tell(self, keys: Iterable[str]) -> None:
        """Note that the user knows what became of calls."""
        with self._ledger.transaction() as database:
            for key in keys:
                update(database, key, told=1)

    def last_written(self, scope: Scope, session: str, *, but: str) -> list[Entry]:
        """What the newest turn that changed anything did and nobody took back, the newest call first.

        Calls of the tool `but` do not count.
        """
        changed = "effect != 'read' AND status = 'done' AND NOT undone AND tool != ?"
        place = (scope.user, scope.persona, session, but)
        with self._ledger.transaction() as database:
            found = every(database, f"{_OF_SESSION} AND {changed}", place)
            return [entry for entry in reversed(found) if entry.turn == found[-1].turn]

    def undone(self, key: str) -> None:
        """Note that a call was taken back."""
        with self._ledger.transaction(durable=True) as database:
            update(database, key, undone=1)

    def last_longer(self, scope: Scope, session: str, characters: int) -> Entry | None:
        """The session's newest result that is longer than so much."""
        longer = "status = 'done' AND length(content) > ? ORDER BY number DESC LIMIT 1"
        with self._ledger.transaction() as database:
            return one(
                database, f"{_OF_SESSION} AND {longer}", (scope.user, scope.persona, session, characters)
            )

    def last_without_arguments(self, scope: Scope, session: str, prefix: str) -> Entry | None:
        """The session's newest call that was done without arguments, of a tool whose name begins so."""
        bare = "status = 'done' AND arguments = '{}' AND substr(tool, 1, ?) = ? ORDER BY number DESC LIMIT 1"
        place = (scope.user, scope.persona, session, len(prefix), prefix)
        with self._ledger.transaction() as database:
            return one(database, f"{_OF_SESSION} AND {bare}", place)

    def erase(self, user: str, persona: str, session: str | None) -> None:
        """Forget the calls of a session, or of all (None); see `scrub`. Of one that runs only the arguments:
        it must not run twice."""
        whose, values = (
            "user = ? AND persona = ? AND session = coalesce(?, session)",
            (user, persona, session),
        )
        with self._ledger.transaction() as database:
            database.execute(f"DELETE FROM calls WHERE status != 'running' AND {whose}", values)
            database.execute(f"UPDATE calls SET arguments = '{{}}' WHERE {whose}", values)

    def erase_older(self, age: timedelta) -> None:
        """Forget the calls of all users that are older; see `scrub`."""
        with self._ledger.transaction() as database:
            _forget_older(database, age)

    def scrub(self) -> None:
        """Take every byte of the calls that were forgotten out of the file."""
        self._ledger.scrub()

    def close(self) -> None:
        """Give up what still runs, let go of the file and forget what is old."""
        if self._ledger.opened:
            with self._ledger.transaction() as database:
                _forget_older(database, KEPT)
            self._ledger.close()
        self._owner.leave()

    def _now(self, database: sqlite3.Connection, entry: Entry | None) -> Entry | None:
        """The entry as it is now: a running call whose process is gone has come to its end."""
        if entry is None or entry.status != "running":
            return entry
        (owner,) = database.execute("SELECT owner FROM calls WHERE key = ?", (entry.key,)).fetchone()
        if self._owner.lives(owner):
            return entry
        status: Status = "cancelled" if entry.effect == "read" else "unknown"
        update(database, entry.key, status=status, owner="")
        return replace(entry, status=status)

    def _twin(self, database: sqlite3.Connection, entry: Entry, *, approved: bool = False) -> Entry | None:
        """See `twin`. For a call that the user has said yes to, only what this turn has begun counts.

        Of earlier turns only the newest that changed anything counts: on, off and on again are three calls.
        """
        session = (entry.scope.user, entry.scope.persona, entry.session)
        same = f"{_OF_SESSION} AND digest = ? AND key != ? AND status IN "
        here = f"{same} {_BEGUN if approved else _SETTLED} AND turn = ?"
        found = every(database, here, (*session, entry.digest, entry.key, entry.turn))
        if not found and not approved and entry.effect != "read":
            newest = f"SELECT turn FROM calls WHERE {_OF_SESSION} AND effect != 'read' AND turn != ?"
            newest += f" AND status IN {_BEGUN} ORDER BY number DESC LIMIT 1"
            untold = f"{same} {_BEGUN} AND NOT told AND turn = ({newest})"
            found = every(database, untold, (*session, entry.digest, entry.key, *session, entry.turn))
        now = (self._now(database, twin) for twin in reversed(found))
        return next((twin for twin in now if twin and twin.status != "cancelled"), None)


def _forget_older(database: sqlite3.Connection, age: timedelta) -> None:
    since = (datetime.now(UTC) - age).timestamp()
    database.execute("DELETE FROM calls WHERE planned_at < ? AND status != 'running'", (since,))


def _may_begin(mine: Entry) -> bool:
    """Approved, or of a kind that may be run again."""
    return mine.status == "approved" or (mine.status == "cancelled" and mine.effect == "read")
