"""The file of a calendar: read whole, replaced whole, and what each call changed in it.

Changes are rows in `calendar_changes.db` under the home folder, written before the file is replaced: a call
that is tried again finds there what it did or was about to do, and so does its undo.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from omni_agent.config import home
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext

from .database import transaction
from .ics import Ics, parsed

__all__ = ["CalendarFile", "Change"]

_LARGEST = 64_000_000
_WAIT = 10.0
_KEPT = timedelta(days=30)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (
    user TEXT NOT NULL,
    call_key TEXT NOT NULL,
    file TEXT NOT NULL,
    event_key TEXT NOT NULL,
    next_key TEXT NOT NULL,
    before BLOB NOT NULL,
    after BLOB NOT NULL,
    answer TEXT NOT NULL,
    taken_back TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0,
    changed_at REAL NOT NULL,
    PRIMARY KEY (user, call_key, file)
)"""


@dataclass(frozen=True, slots=True)
class Change:
    """What a call does to one event, with its exceptions where it repeats.

    Attributes:
        key: The event's.
        after: Its text from now on; empty where it goes.
        answer: What the call says.
        taken_back: What its undo says.
    """

    key: str
    after: bytes
    answer: str
    taken_back: str


class CalendarFile:
    """One file, for several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Ics:
        """What is in the file; a file that is not there has no events.

        Raises:
            ToolError: It cannot be read, or is no whole calendar.
        """
        return parsed(self._bytes())

    def change(self, context: ToolContext, make: Callable[[Ics], Change]) -> str:
        """Do a call's change once, however often the call is tried; gives its answer.

        Raises:
            ToolError: The file cannot be read or written, or `make` refuses.
        """
        with self._locked():
            data = self._bytes()
            ics = parsed(data)
            call = context.idempotency_key or secrets.token_hex(16)
            done = self._change_of(context.user, call)
            if done:
                if not done["undone"] and ics.raw(done["event_key"]) == done["before"]:
                    self._write(ics.replaced(done["event_key"], done["after"]), data)
                return str(done["answer"])
            made = make(ics)
            made = replace(made, after=ics.fitted(made.after))
            self._note(context.user, call, made, ics)
            try:
                self._write(ics.replaced(made.key, made.after), data)
            except ToolError:
                self._forget(context.user, call)
                raise
        return made.answer

    def take_back(self, context: ToolContext) -> str:
        """Make the event as it was before the call that the context names; gives what to say.

        Raises:
            ToolError: It was changed again since, or the call changed nothing.
        """
        with self._locked():
            done = self._change_of(context.user, context.undoes)
            if not done:
                raise ToolError("That changed nothing in the calendar, or is too long ago to be taken back.")
            if done["undone"]:
                return str(done["taken_back"])
            data = self._bytes()
            ics = parsed(data)
            # After a crash the file may already be as it was, or may never have been changed.
            if ics.raw(done["event_key"]) != done["before"]:
                if ics.raw(done["event_key"]) != done["after"]:
                    raise ToolError("The event was changed again since, so it is left as it is.")
                back = ics.replaced(done["event_key"], done["before"], above=done["next_key"])
                self._write(back, data)
            with self._changes() as database:
                database.execute(
                    "UPDATE changes SET undone = 1 WHERE user = ? AND call_key = ? AND file = ?",
                    (context.user, context.undoes, self._name),
                )
        return str(done["taken_back"])

    @property
    def _name(self) -> str:
        return str(self._path.absolute())

    def _changes(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(home() / "calendar_changes.db", _SCHEMA)

    def _change_of(self, user: str, call: str) -> sqlite3.Row | None:
        with self._changes() as database:
            found: sqlite3.Row | None = database.execute(
                "SELECT * FROM changes WHERE user = ? AND call_key = ? AND file = ?", (user, call, self._name)
            ).fetchone()
        return found

    def _note(self, user: str, call: str, made: Change, ics: Ics) -> None:
        now = datetime.now(UTC)
        with self._changes() as database:
            database.execute("DELETE FROM changes WHERE changed_at < ?", ((now - _KEPT).timestamp(),))
            database.execute(
                "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
                (user, call, self._name, made.key, ics.next_key(made.key), ics.raw(made.key), made.after,
                 made.answer, made.taken_back, now.timestamp()),
            )  # fmt: skip

    def _forget(self, user: str, call: str) -> None:
        with self._changes() as database:
            database.execute(
                "DELETE FROM changes WHERE user = ? AND call_key = ? AND file = ?", (user, call, self._name)
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        path = self._path.resolve()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT)
            lock.acquire()
        except Timeout:
            raise ToolError("The calendar is being changed by another program. Try again.") from None
        except (OSError, NotImplementedError) as error:
            raise self._refusal("changed", error) from None
        try:
            yield
        finally:
            lock.release()

    def _bytes(self) -> bytes:
        try:
            if not self._path.exists():
                return b""
            if not self._path.is_file():
                raise ToolError(f"{self._path.name} is not a file, so there is no calendar.")
            with self._path.open("rb") as file:
                data = file.read(_LARGEST + 1)
        except OSError as error:
            raise self._refusal("read", error) from None
        if len(data) > _LARGEST:
            raise ToolError(f"The calendar is too large: more than {_LARGEST // 1_000_000} megabytes.")
        return data

    def _write(self, data: bytes, before: bytes) -> None:
        """Replace the file, unless another program has changed it since it was read.

        Raises:
            ToolError: It may not be written, or was changed; it is then as it was.
        """
        parsed(data)
        if len(data) > _LARGEST:
            raise ToolError(f"The calendar is full: {_LARGEST // 1_000_000} megabytes is the most.")
        path = self._path.resolve()
        try:
            mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
            # A file in a folder that may be written could be replaced all the same: its owner says no.
            if not mode & 0o222 or (path.exists() and not os.access(path, os.W_OK)):
                raise ToolError("The calendar may be read only, so nothing was changed.")
            _replace(path, data, mode, lambda: self._bytes() == before)
        except OSError as error:
            raise self._refusal("changed", error) from None

    def _refusal(self, done: str, error: Exception) -> ToolError:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return ToolError(
            f"The calendar's file cannot be {done}: {why.lower()}.", remedy=f"look at {self._path}"
        )


def _replace(path: Path, data: bytes, mode: int, unchanged: Callable[[], bool]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        if not unchanged():
            raise ToolError("Another program changed the calendar just now. Try again.")
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
