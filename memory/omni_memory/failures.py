"""What SQLite and the system say when the file cannot be used, as `MemoryStoreError` with a way out."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from omni_agent.errors import MemoryStoreError

_DAMAGED = (
    "memory_corrupt",
    "is damaged or not a database, and is left as it is",
    "restore a copy, try `sqlite3 FILE .recover`, or move it away to begin with an empty memory",
)
_BUSY = ("memory_busy", "is in use by another program", "close that program or try again")
_CLOSED = ("memory_unwritable", "cannot be opened for writing", "check the rights on the file and its folder")
_FULL = ("memory_full", "cannot grow", "free some space on the disk; what was written before is safe")
_OTHER = ("memory_error", "cannot be used", "check the disk and the file")
_CAUSES = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_FULL: _FULL,
}
_SYSTEM_CAUSES = {
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
    errno.ENOTDIR: _CLOSED,
    errno.EISDIR: _CLOSED,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about `path` into `MemoryStoreError`."""
    try:
        yield
    except Timeout as error:
        raise MemoryStoreError(
            f"another process is still upgrading {path}",
            code="memory_busy",
            remedy="wait for it and try again",
        ) from error
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _named(error, path) from error


def _named(error: Exception, path: Path) -> MemoryStoreError:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, OSError):
        code, what, remedy = _SYSTEM_CAUSES.get(cause.errno or 0, _OTHER)
    else:
        # The low byte is the kind; the rest says which kind of that kind (https://sqlite.org/rescode.html).
        code, what, remedy = _CAUSES.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF, _OTHER)
    return MemoryStoreError(f"the memory {path} {what}: {reason(error)}", code=code, remedy=remedy)


def reason(error: Exception) -> str:
    """The cause in one line, without the statement and its values, which SQLAlchemy would show."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return " ".join(str(cause).split()) or type(cause).__name__
