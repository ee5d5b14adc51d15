"""The database file: connections, pragmas and transactions.

This file knows how SQLite is handled and nothing of what is stored. It imports SQLAlchemy (0.2 to 0.5 s), so
`store.py` imports it late and in a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from omni_agent.unbroken import Unbroken

from .cipher import Driver
from .failures import explained

T = TypeVar("T")

# SQLite's waiting is not fair: of eight processes that write all the time on a busy machine, one got no turn
# in 5 s. Readers need not wait, and what a writer gives up is lost.
BUSY_SECONDS = 30.0
CONNECTIONS = 4

# Writers say BEGIN IMMEDIATE (_begin): a transaction that reads first and writes later fails at once with
# "database is locked" when another has written in between, whatever the timeout.
_WRITES = "omni_memory_writes"
# With an isolation level Python would begin transactions on its own.
CONNECT = {"timeout": BUSY_SECONDS, "isolation_level": None}
_PRAGMAS = (
    "foreign_keys=ON",
    "synchronous=NORMAL",
    "secure_delete=ON",
    f"busy_timeout={int(BUSY_SECONDS * 1000)}",
)


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
            connect_args=CONNECT,
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
        self._direct = immediate(create_engine("sqlite://", creator=self.connect, poolclass=StaticPool))
        self._reader: ThreadPoolExecutor | None = None
        self._lookups = create_engine("sqlite://", creator=self._lenient, poolclass=StaticPool)
        event.listen(self._lookups, "begin", _begin)

    async def uncut(self, step: Coroutine[Any, Any, T]) -> T:
        """Await a step of something that may be cancelled between its steps, but not within one."""
        return await self._steps.run(step)

    async def settled(self) -> None:
        """Wait for steps whose callers have gone."""
        await self._steps.finish()

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
        await self.settled()
        threads = ((self._thread, self._direct), (self._reader, self._lookups))
        self._thread = self._reader = None
        with explained(self.path):
            for thread, engine in threads:
                if thread:
                    await asyncio.get_running_loop().run_in_executor(thread, engine.dispose)
                    thread.shutdown(wait=False)
            await self._engine.dispose()


def immediate(engine: Engine) -> Engine:
    """The engine with transactions that write from their beginning."""
    event.listen(engine, "begin", _begin)
    return engine.execution_options(**{_WRITES: True})


def connected(driver: Driver) -> sqlite3.Connection:
    """A plain connection, set up as those of `Database` are."""
    connection = driver.connect(**CONNECT)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


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
