"""Taking the bytes of what was erased out of the file: a row that is deleted leaves its words behind.

Full-text search keeps them in its index until that is written anew, SQLite in pages that it does not use at
the moment, the write-ahead log in its older pages, and a copy that an upgrade made in all of it.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing

from .database import Database
from .failures import busy, driver_errors, explained

PATIENCE = 10.0
"""Seconds for which other programs that use the file are waited for."""

_PAUSE = 0.05
logger = logging.getLogger(__name__)


def scrub(database: Database, *, patience: float = PATIENCE) -> bool:
    """Write the file anew without what was erased, and delete the copies of it; blocks.

    False, and a warning in the log, where another program did not let go of what it was reading: then the
    next erasure, or whoever opens the file next, sees to it.

    Args:
        database: The open file.
        patience: Seconds to wait for other programs.

    Raises:
        MemoryStoreError: The file cannot be written.
    """
    path = database.path
    for copy in path.parent.glob(f"{path.name}.bak-*"):
        copy.unlink(missing_ok=True)
    end = time.monotonic() + patience
    with explained(path), closing(database.connect()) as connection:
        while True:
            try:
                if _scrubbed(connection):
                    return True
            except driver_errors() as error:
                if not busy(error):
                    raise
            if time.monotonic() > end:
                logger.warning("%s is in use: what was erased may still be read in its bytes", path)
                return False
            time.sleep(_PAUSE)


def finish(database: Database) -> None:
    """Scrub, if the process that erased something ended before it could; blocks.

    Raises:
        MemoryStoreError: The file cannot be read or written.
    """
    with explained(database.path), closing(database.connect()) as connection:
        (unscrubbed,) = connection.execute("PRAGMA user_version").fetchone()
    if unscrubbed:
        scrub(database, patience=0.0)


def _scrubbed(connection: sqlite3.Connection) -> bool:
    (seen,) = connection.execute("PRAGMA user_version").fetchone()
    indexes = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
    )
    for (name,) in indexes.fetchall():
        connection.execute(f'INSERT INTO "{name}" ("{name}") VALUES (\'optimize\')')
    # Secure deletion alone leaves old copies of rows in pages whose rows were moved about.
    connection.execute("VACUUM")
    (blocked, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if blocked:
        return False
    connection.execute("BEGIN IMMEDIATE")
    (now,) = connection.execute("PRAGMA user_version").fetchone()
    if now == seen:
        connection.execute("PRAGMA user_version = 0")
    connection.execute("COMMIT")
    return True
