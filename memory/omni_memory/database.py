"""The database file: opening, upgrading, pragmas and transactions.

This file knows how SQLite is handled and nothing of what is stored. It imports SQLAlchemy (0.2 to 0.5 s), so
`store.py` imports it late and in a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock
from sqlalchemy import URL, Connection, NullPool, StaticPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from omni_agent.errors import MemoryStoreError

from .cipher import Driver
from .failures import explained, reason
from .unbroken import Unbroken

T = TypeVar("T")

HEAD = "0002"
"""Revision of the newest migration, kept here so that opening an up-to-date file needs no Alembic."""

MIGRATIONS = Path(__file__).parent / "migrations"
# SQLite's waiting is not fair: of eight processes that write all the time on a busy machine, one got no turn
# in 5 s. Readers need not wait, and what a writer gives up is lost.
BUSY_SECONDS = 30.0
LOCK_SECONDS = 120.0
CONNECTIONS = 4

# Writers say BEGIN IMMEDIATE (_begin): a transaction that reads first and writes later fails at once with
# "database is locked" when another has written in between, whatever the timeout.
_WRITES = "omni_memory_writes"
# With an isolation level Python would begin transactions on its own.
_CONNECT = {"timeout": BUSY_SECONDS, "isolation_level": None}
_PRAGMAS = (
    "foreign_keys=ON",
    "synchronous=NORMAL",
    "secure_delete=ON",
    f"busy_timeout={int(BUSY_SECONDS * 1000)}",
)
# Alembic's `op` and `context` are globals of the process.
_ALEMBIC = threading.Lock()


class Database:
    """An open `memory.db`, whose schema is this version's. Belongs to the event loop that first uses it.

    Args:
        path: A file that `prepare` has seen to.
        key: Its passphrase, where it is encrypted.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, key: str = "") -> None:
        self.path = path
        self._driver = Driver(path, key)
        self._engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(path)),
            module=self._driver.asynchronous(),
            connect_args=_CONNECT,
            pool_size=CONNECTIONS,
            max_overflow=0,
        )
        event.listen(self._engine.sync_engine, "connect", _configure)
        event.listen(self._engine.sync_engine, "begin", _begin)
        self._writers = self._engine.execution_options(**{_WRITES: True})
        self._writing = asyncio.Lock()
        self._steps = Unbroken()
        self._thread: ThreadPoolExecutor | None = None
        # Not opened before the thread that writes through it first does.
        self._direct = create_engine(
            "sqlite://", creator=self.connect, poolclass=StaticPool, execution_options={_WRITES: True}
        )
        event.listen(self._direct, "begin", _begin)
        self._reader: ThreadPoolExecutor | None = None
        self._lookups = create_engine("sqlite://", creator=self._lenient, poolclass=StaticPool)
        event.listen(self._lookups, "begin", _begin)

    async def uncut(self, step: Coroutine[Any, Any, T]) -> T:
        """Await a step of something that may be cancelled between its steps, but not within one."""
        return await self._steps.run(step)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that sees one state of the file.

        Raises:
            MemoryStoreError: The file cannot be read.
        """
        with explained(self.path):
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction of its own, committed at the end, rolled back on an exception.

        Raises:
            MemoryStoreError: The file cannot be written, or another process kept it for 30 s.
        """
        # Queueing here is fair and wakes at once; SQLite's own waiting is neither.
        async with self._writing:
            with explained(self.path):
                async with self._writers.begin() as connection:
                    yield connection

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction as that of `writing`, as a whole in a thread of its own.

        Each statement through `writing` goes to a thread and back several times, which takes longer than most
        statements do.

        Raises:
            MemoryStoreError: The file cannot be written, or another process kept it for 30 s.
        """
        async with self._writing:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "omni-memory-writes")
            with explained(self.path):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._written, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, which only reads and is soon done, on one state of the file, as a whole in a thread.

        For what every turn waits for: through `reading` it takes five to ten times as long.

        Raises:
            MemoryStoreError: The file cannot be read.
        """
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, "omni-memory-reads")
        with explained(self.path):
            return await asyncio.get_running_loop().run_in_executor(self._reader, self._looked_up, work)

    def _looked_up(self, work: Callable[[Connection], T]) -> T:
        with self._lookups.connect() as connection:
            return work(connection)

    def _lenient(self) -> sqlite3.Connection:
        connection = self.connect()
        connection.text_factory = _text
        return connection

    def _written(self, work: Callable[[Connection], T]) -> T:
        with self._direct.begin() as connection:
            return work(connection)

    def connect(self) -> sqlite3.Connection:
        """A connection of its own outside of any transaction, to be used in a thread and closed there."""
        return connected(self._driver)

    async def close(self) -> None:
        """Close all connections; the last one of all processes folds the write-ahead log into the file."""
        await self._steps.finish()
        threads = ((self._thread, self._direct), (self._reader, self._lookups))
        self._thread = self._reader = None
        with explained(self.path):
            for thread, engine in threads:
                if thread:
                    await asyncio.get_running_loop().run_in_executor(thread, engine.dispose)
                    thread.shutdown(wait=False)
            await self._engine.dispose()


def connected(driver: Driver) -> sqlite3.Connection:
    """A plain connection, set up as those of `Database` are."""
    connection = driver.connect(**_CONNECT)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def prepare(path: Path, key: str = "") -> None:
    """Make the file at `path` a database with this version's tables; blocks.

    Creates what is missing, readable for this user only. A database of an older version is copied to
    `NAME.bak-REVISION` and then upgraded in one transaction. `NAME.lock` keeps other processes out meanwhile.

    Args:
        path: The file.
        key: The passphrase that it has, or gets where it is new.

    Raises:
        MemoryStoreError: The file is damaged, another program's or a newer version's, it or its folder
            cannot be written, the key is wrong, or another process held the lock for two minutes.
    """
    driver = Driver(path, key)
    with explained(path, keyed=bool(key)):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=LOCK_SECONDS):
            _bring_up_to_date(path, driver)


def _bring_up_to_date(path: Path, driver: Driver) -> None:
    if not path.exists():
        path.touch(mode=0o600)
    with closing(driver.connect(timeout=BUSY_SECONDS)) as connection:
        found = _revision(connection, path)
        if found and found != HEAD:
            _check_known(found, path)
            _back_up(connection, _backup_path(path, found), driver)
        # Kept in the file; only here is it sure that no other connection stands in the way.
        connection.execute("PRAGMA journal_mode=WAL")
    if found != HEAD:
        with _ALEMBIC:
            _migrate(path, found, driver)


def _revision(connection: sqlite3.Connection, path: Path) -> str:
    """The schema's revision; empty for a database without tables."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return ""
    if "alembic_version" not in tables:
        raise MemoryStoreError(
            f"{path} is a database of another program, and is left as it is",
            code="memory_foreign",
            remedy="name another file for the memory, or move this one away",
        )
    return ",".join(revision for (revision,) in connection.execute("SELECT version_num FROM alembic_version"))


def _check_known(found: str, path: Path) -> None:
    from alembic.script import ScriptDirectory

    if found not in {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}:
        raise MemoryStoreError(
            f"{path} was written by a newer version (revision {found}; this one knows up to {HEAD})",
            code="memory_newer",
            remedy="upgrade omni-agent-framework, or set OMNI_AGENT_HOME to another folder",
        )


def _backup_path(path: Path, revision: str) -> Path:
    return path.with_name(f"{path.name}.bak-{revision}")


def _back_up(connection: sqlite3.Connection, target: Path, driver: Driver) -> None:
    """Copy the database, what is still in its write-ahead log included; `target` appears only when whole."""
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with closing(driver.connect(unfinished)) as copy:
        connection.backup(copy)
    unfinished.replace(target)


def _migrate(path: Path, found: str, driver: Driver) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # A percent sign would be read as an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver.module,
        creator=lambda: driver.connect(**_CONNECT),
        poolclass=NullPool,
    )
    event.listen(engine, "begin", _begin)
    try:
        with engine.execution_options(**{_WRITES: True}).begin() as connection:
            # A table that is rebuilt leaves its old pages behind, which a later erasure would not reach.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            # Foreign keys are off here, or rebuilding a table would delete what refers to it.
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise CommandError("rows refer to rows that do not exist")
    except (SQLAlchemyError, CommandError) as error:
        raise MemoryStoreError(
            f"{path} could not be upgraded and is unchanged: {reason(error)}",
            code="memory_upgrade_failed",
            remedy=f"a copy is in {_backup_path(path, found).name}; report this" if found else "report this",
        ) from error
    finally:
        engine.dispose()


def _configure(connection: Any, _record: object) -> None:
    """Set up a new connection of the pool (SQLAlchemy's `connect` event)."""
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.driver_connection.text_factory = _text


def _text(data: bytes) -> str:
    """Bytes that are no UTF-8 must cost some letters, not the whole query."""
    return data.decode("utf-8", "replace")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
