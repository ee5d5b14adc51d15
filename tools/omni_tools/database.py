"""A small SQLite file that several processes may use at once.

The standard library's `sqlite3` is enough here: a tool's plain function runs in a thread, opens the file,
does one transaction and closes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from omni_agent.errors import ToolError

__all__ = ["transaction"]

_WAIT = 10.0


@contextmanager
def transaction(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """One transaction that has the file to itself, committed at the end, undone on an error.

    Args:
        path: The file; made, with its folder, where it is missing.
        schema: One or more statements `CREATE ... IF NOT EXISTS`.

    Raises:
        ToolError: The file cannot be read or written, or others keep it for longer than 10 seconds.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            # The change to WAL does not wait for others; whoever comes first does it for all.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in schema.split(";"):
                    connection.execute(statement)
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise ToolError(f"The file {path.name} cannot be used: {error}.", remedy=f"look at {path}") from None
