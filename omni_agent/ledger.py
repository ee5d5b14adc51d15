"""A small SQLite file of the framework's own, used from any thread and by several processes at once."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import MemoryStoreError

if TYPE_CHECKING:
    import sqlite3

_WAIT = 10.0


class Ledger:
    """One connection, opened when it is first needed; each transaction has the file to itself.

    Args:
        path: The file; None keeps everything in this process.
        schema: Statements `CREATE ... IF NOT EXISTS`.

    Every method blocks for as long as the disk does: call it from a thread.
    """

    def __init__(self, path: Path | None, schema: str) -> None:
        self.path = path
        self._schema = schema
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._release: weakref.finalize[[], Ledger] | None = None

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction, committed at the end and undone on an error.

        Args:
            durable: It also survives a power cut, which costs a wait for the disk; without, it survives the
                end of the process.

        Raises:
            MemoryStoreError: The file cannot be read or written.
        """
        import sqlite3

        try:
            with self._lock:
                connection = self._opened()
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise MemoryStoreError(
                f"cannot use {self.path}: {error}", remedy="free space, or see who may write there"
            ) from None

    def scrub(self) -> None:
        """Write the file anew, so that nothing is left in it of rows that were deleted.

        What other processes are reading at this moment stays until they close the file.

        Raises:
            MemoryStoreError: The file cannot be written.
        """
        import sqlite3

        try:
            with self._lock:
                connection = self._opened()
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except (sqlite3.Error, OSError) as error:
            raise MemoryStoreError(
                f"cannot use {self.path}: {error}", remedy="close what uses it, and try again"
            ) from None

    @property
    def opened(self) -> bool:
        """Whether the file has been needed since it was last closed."""
        return self._connection is not None

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            if self._release:
                self._release()
            self._connection = self._release = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
            self._release = weakref.finalize(self, self._connection.close)
        return self._connection

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        if self.path:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
        connection = sqlite3.connect(
            self.path or ":memory:", timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        try:
            # The change to WAL does not wait for others; whoever comes first makes it for all.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.executescript(f"BEGIN IMMEDIATE; {self._schema}; COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection
