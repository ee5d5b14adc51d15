"""Where a turn that waits for an approval is kept, in a file beside memory.

Memory holds the truth; a checkpoint only makes a waiting turn resumable, so finished ones are removed.
The settings are measured: as shipped the saver costs 8 to 40 ms a turn, with `synchronous=NORMAL` and
`durability="exit"` about 2 ms.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .config import home
from .errors import MemoryStoreError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


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

        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            async with aiosqlite.connect(self.path) as connection:
                await connection.execute("PRAGMA busy_timeout=5000")
                saver = AsyncSqliteSaver(connection)
                await saver.setup()
                await connection.execute("PRAGMA synchronous=NORMAL")
                yield saver
        except (OSError, sqlite3.Error) as error:
            raise MemoryStoreError(
                f"cannot use {self.path}: {error}",
                remedy="free space or move the file away; it holds only pending approvals",
            ) from None
