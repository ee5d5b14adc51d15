"""What SQLite and the system say when the file cannot be used, as `MemoryStoreError` with a way out."""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from omni_agent.errors import MemoryStoreError

_DAMAGED = (
    "memory_corrupt",
    "is damaged or not a database, and is left as it is",
    "restore a copy, try `sqlite3 FILE .recover`, or move it away to begin with an empty memory; "
    "if it is encrypted, set OMNI_AGENT_MEMORY_KEY",
)
_BUSY = ("memory_busy", "is in use by another program", "close that program or try again")
_CLOSED = ("memory_unwritable", "cannot be opened for writing", "check the rights on the file and its folder")
_KEY = (
    "memory_key_wrong",
    "cannot be read with this key",
    "set OMNI_AGENT_MEMORY_KEY to the one it was made with; a file without one is moved by export and import",
)
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
def explained(path: Path, *, keyed: bool = False) -> Iterator[None]:
    """Turn what SQLite and the system say about `path` into `MemoryStoreError`.

    Args:
        path: The file.
        keyed: It is opened with a passphrase: a file that is no database then has another one, or none.
    """
    try:
        yield
    except Timeout as error:
        raise MemoryStoreError(
            f"another process is still upgrading {path}",
            code="memory_busy",
            remedy="wait for it and try again",
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise _named(error, path, keyed=keyed) from error
    except driver_errors() as error:
        raise _named(error, path, keyed=keyed) from error


def driver_errors() -> tuple[type[Exception], ...]:
    """What SQLite raises, and SQLCipher where it is in use."""
    sqlcipher = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.Error, sqlcipher.Error) if sqlcipher else (sqlite3.Error,)


def busy(error: Exception) -> bool:
    """Whether SQLite could not have the file because another program uses it."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _named(error: Exception, path: Path, *, keyed: bool) -> MemoryStoreError:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, OSError):
        code, what, remedy = _SYSTEM_CAUSES.get(cause.errno or 0, _OTHER)
    else:
        # The low byte is the kind; the rest says which kind of that kind (https://sqlite.org/rescode.html).
        kind = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        code, what, remedy = _CAUSES.get(kind, _OTHER)
        if keyed and kind == sqlite3.SQLITE_NOTADB:
            code, what, remedy = _KEY
    return MemoryStoreError(f"the memory {path} {what}: {reason(error)}", code=code, remedy=remedy)


def reason(error: Exception) -> str:
    """The cause in one line, without the statement and its values, which SQLAlchemy would show."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return " ".join(str(cause).split()) or type(cause).__name__
