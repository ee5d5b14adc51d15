"""Where a turn that waits for an approval is kept, in a file beside memory.

Memory holds the truth; a checkpoint only makes a waiting turn resumable, so of a finished one nothing is
written (`saver.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from .config import home
from .errors import MemoryStoreError

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from .graph import TurnGraph


class Checkpoints:
    """Opens the checkpoint file for one turn at a time; holds nothing in between.

    Args:
        path: The SQLite file; by default `checkpoints.db` in `OMNI_AGENT_HOME`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "checkpoints.db"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BaseCheckpointSaver[str]]:
        """A saver for LangGraph.

        Raises:
            MemoryStoreError: The file cannot be opened or is no database.
        """
        import sqlite3

        from .saver import Saver

        try:
            kept = await asyncio.to_thread(self._threads) if self.path.exists() else ()
            saver = Saver(self._connect, kept)
            try:
                yield saver
            finally:
                await saver.close()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None

    def sessions(self, user: str, persona: str) -> list[str]:
        """The sessions in which a turn was left unfinished: it waits, or was cut off. Blocks.

        Raises:
            MemoryStoreError: The file cannot be read.
        """
        begins = thread_of(user, persona, "")
        found = self._threads()
        return sorted(thread.removeprefix(begins) for thread in found if thread.startswith(begins))

    async def _connect(self) -> aiosqlite.Connection:
        import aiosqlite

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.touch(mode=0o600)
        connection = await aiosqlite.connect(self.path)
        try:
            # A turn that asked to forget something must leave no trace of it.
            for pragma in ("busy_timeout=5000", "synchronous=NORMAL", "secure_delete=ON"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()
            raise
        return connection

    def _threads(self) -> set[str]:
        """The threads that have something in the file."""
        with self._plain() as connection:
            tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'")
            found = tables.fetchone() and connection.execute("SELECT DISTINCT thread_id FROM checkpoints")
            return {thread for (thread,) in found} if found else set()

    def erase(self, user: str, persona: str, session: str | None) -> None:
        """Forget the turn that waits in a session, or in all of them (None); see `scrub`. Blocks.

        Raises:
            MemoryStoreError: The file cannot be written.
        """
        thread = thread_of(user, persona, session or "")
        begins = "substr(thread_id, 1, length(:thread)) = :thread"
        where = begins if session is None else "thread_id = :thread"
        with self._plain() as connection:
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE name IN ('checkpoints', 'writes')"
            )
            for (table,) in tables.fetchall():
                connection.execute(f"DELETE FROM {table} WHERE {where}", {"thread": thread})

    def scrub(self) -> None:
        """Take every byte of what was forgotten, or came to its end, out of the file. Blocks.

        Raises:
            MemoryStoreError: The file cannot be written.
        """
        with self._plain() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _plain(self) -> Iterator[sqlite3.Connection]:
        """The file as it is; an empty one where there is none, which is not made for this."""
        import sqlite3

        path = self.path if self.path.exists() else ":memory:"
        try:
            with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> MemoryStoreError:
        return MemoryStoreError(
            f"cannot use {self.path}: {error}",
            remedy="free space or move the file away; it holds only pending approvals",
        )


def thread_of(user: str, persona: str, session: str) -> str:
    """LangGraph's name for a session; no two have the same, whatever is in their names."""
    return f"{_apart(user)}/{_apart(persona)}/{session}"


def config_of(user: str, persona: str, session: str) -> RunnableConfig:
    """What tells LangGraph which session it runs."""
    return {"configurable": {"thread_id": thread_of(user, persona, session)}}


def resumable(graph: TurnGraph, saver: BaseCheckpointSaver[str]) -> TurnGraph:
    """The graph with a saver. LangGraph's own `copy` checks the whole graph once more."""
    with_saver = copy(graph)
    with_saver.checkpointer = saver
    return with_saver


def _apart(name: str) -> str:
    return name.replace("%", "%25").replace("/", "%2F")
