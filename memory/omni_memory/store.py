"""The memory as an agent uses it: opens late, survives cancelling, closes cleanly.

What is asked of the file is in `conversations.py`. SQLAlchemy takes up to half a second to import, so that is
left to the first call, and to a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omni_agent import config
from omni_agent.memory import Recollection, Scope, SessionSummary, TurnRecord

from .rows import check_names

if TYPE_CHECKING:
    from .conversations import Conversations

T = TypeVar("T")

logger = logging.getLogger(__name__)


class SqliteMemory:
    """Conversations in one SQLite file, which several processes may use at once.

    The file is created or upgraded at the first call; after `close` the next call opens it again. A call
    that is cancelled leaves its work to finish by itself, so that a turn is written whole or not at all.
    One event loop at a time may use a store.

    What is written comes back the same, but for what text cannot hold: surrogate pairs become the letter
    they stand for, a lone surrogate or NUL becomes U+FFFD, a float that is not finite its name (`"NaN"`).

    Args:
        path: The file; `memory.db` in `config.home()` if not given.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or config.home() / "memory.db").absolute()
        self._conversations: Conversations | None = None
        self._opened_in: asyncio.AbstractEventLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> list[TurnRecord]:
        """The session's last `limit` turns, oldest first.

        A turn that cannot be read any more is left out, and a warning logged.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona, session)
        return await self._uncut(lambda conversations: conversations.history(scope, session, limit))

    async def recall(self, scope: Scope, query: str, *, limit: int = 8) -> list[Recollection]:
        """Nothing yet: this version keeps conversations and does not search them, so the list is empty."""
        return []

    async def commit(self, scope: Scope, turn: TurnRecord) -> None:
        """Write a turn as the session's last; one of the same id in that session is replaced in its place.

        When this returns the turn survives the end of the process, by whatever cause. After a power cut
        of the machine the last turns may be missing, but the file is sound
        (`synchronous=NORMAL`, https://sqlite.org/pragma.html#pragma_synchronous).

        Raises:
            MemoryStoreError: The database cannot be written, a name is not valid Unicode, a time has no
                zone, or a message holds what JSON cannot.
        """
        check_names(scope.user, scope.persona, turn.session, turn.id)
        await self._uncut(lambda conversations: conversations.commit(scope, turn))

    async def sessions(self, scope: Scope, *, limit: int = 50) -> list[SessionSummary]:
        """The latest conversations, the one with the latest turn first.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona)
        return await self._uncut(lambda conversations: conversations.sessions(scope, limit))

    async def close(self) -> None:
        """Finish what is under way and release the file.

        Raises:
            MemoryStoreError: The database cannot be closed.
        """
        self._follow_loop()
        while self._running:
            await asyncio.wait(self._running)
        conversations, self._conversations = self._conversations, None
        if conversations:
            await self._owned(conversations.close())

    async def _uncut(self, work: Callable[[Conversations], Awaitable[T]]) -> T:
        async def opened_and_done() -> T:
            return await work(await self._open())

        self._follow_loop()
        return await self._owned(opened_and_done())

    async def _owned(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`, which goes on if the caller is cancelled: a cut would leak its connection."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_report)
            raise

    async def _open(self) -> Conversations:
        async with self._opening:
            if self._conversations and self._opened_in is not self._loop:
                stale, self._conversations = self._conversations, None
                await stale.close()
            if self._conversations is None:
                self._conversations = await asyncio.to_thread(_opened, self.path)
                self._opened_in = self._loop
            return self._conversations

    def _follow_loop(self) -> None:
        """Begin afresh in another event loop, as the next `asyncio.run`: a lock belongs to one."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._opening, self._running = loop, asyncio.Lock(), set()


def _opened(path: Path) -> Conversations:
    from .conversations import Conversations
    from .database import Database, prepare

    prepare(path)
    return Conversations(Database(path))


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.warning("a memory call failed after its caller had gone: %s", error)
