"""How the file is opened: as it is, or through SQLCipher with a key.

The key is a passphrase, as SQLCipher's own shell takes it. SQLCipher would derive the real key from it for
each connection, a quarter of a second of work each time; here that is done once
(PBKDF2-HMAC-SHA512, 256,000 rounds, the salt in the file's first 16 bytes:
https://www.zetetic.net/sqlcipher/sqlcipher-api/#key).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from omni_agent.errors import MemoryStoreError

KEY = "OMNI_AGENT_MEMORY_KEY"
"""Environment variable with the passphrase of the memory."""

_ROUNDS, _KEY_BYTES, _SALT_BYTES = 256_000, 32, 16


class Driver:
    """Opens connections to one file.

    Args:
        path: The file.
        key: Its passphrase; empty for a file that anybody can read. It appears in no message and no log.

    Raises:
        MemoryStoreError: There is a key, and SQLCipher is not installed.
    """

    def __init__(self, path: Path, key: str = "") -> None:
        self._path = path
        self._key = key
        self._raw = ""
        self.module: Any = _sqlcipher() if key else sqlite3

    def connect(self, path: object = None, **options: Any) -> sqlite3.Connection:
        """A connection to the file, or to another one that is to have the same key; blocks.

        Args:
            path: Instead of this driver's file.
            options: As those of `sqlite3.connect`.
        """
        connection = self.module.connect(str(path or self._path), **options)
        if self._key:
            self._raw = self._raw or self._derived()
            connection.execute(f"PRAGMA key = \"x'{self._raw}'\"")
        return cast(sqlite3.Connection, connection)

    def asynchronous(self) -> Any:
        """The same as a module for SQLAlchemy's asynchronous engine."""
        import aiosqlite
        from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi

        def connect(path: str, **options: Any) -> aiosqlite.Connection:
            return aiosqlite.Connection(lambda: self.connect(path, **options), iter_chunk_size=64)

        names = vars(aiosqlite) | (vars(self.module) if self._key else {})
        plain = {name: value for name, value in names.items() if not name.startswith("__")}
        connections = {"connect": connect, "Connection": aiosqlite.Connection}
        version = {"__version__": aiosqlite.__version__}
        module = SimpleNamespace(**(plain | connections | version))
        return AsyncAdapt_aiosqlite_dbapi(cast(Any, module), self.module)

    def _derived(self) -> str:
        """Key and salt in the form in which SQLCipher takes them without deriving anything."""
        try:
            with self._path.open("rb") as file:
                salt = file.read(_SALT_BYTES)
        except OSError:
            salt = b""
        if len(salt) < _SALT_BYTES:
            salt = os.urandom(_SALT_BYTES)
        return _raw_key(self._key, salt)


@lru_cache(maxsize=4)
def _raw_key(passphrase: str, salt: bytes) -> str:
    key = hashlib.pbkdf2_hmac("sha512", passphrase.encode(), salt, _ROUNDS, _KEY_BYTES)
    return (key + salt).hex()


def _sqlcipher() -> Any:
    try:
        import sqlcipher3.dbapi2 as sqlcipher
    except ImportError:
        raise MemoryStoreError(
            f"{KEY} is set, but SQLCipher is not installed",
            code="memory_cipher_missing",
            remedy="pip install 'omni-agent-framework[encryption]'",
        ) from None
    return sqlcipher
