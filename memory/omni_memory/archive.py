"""What lies in the user's hands: `omni_agent.memory.Archive` over the store's file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from omni_agent.clock import Clock
from omni_agent.memory import Block, Contents, Forgotten, Restored, Retention, Scope
from omni_agent.memory.document import Document
from omni_agent.messages import JsonObject

from .repository.rows import check_names, read_moment, written

if TYPE_CHECKING:
    from .repository.repository import Repository

T = TypeVar("T")


class Uncut(Protocol):
    """Runs work on the open file to its end, also where the caller is cancelled."""

    def __call__(self, work: Callable[[Repository], Awaitable[T]], /) -> Awaitable[T]: ...


class SqliteArchive:
    """Control over a memory file. Every call may raise `MemoryStoreError`.

    Args:
        uncut: The store's way to its file.
        clock: Tells how old things are.
    """

    def __init__(self, uncut: Uncut, clock: Clock) -> None:
        self._uncut = uncut
        self._clock = clock

    async def scopes(self, user: str) -> list[Scope]:
        """The personas that keep something of a user, each with its circle."""
        check_names(user)

        async def work(repository: Repository) -> list[Scope]:
            from .repository.exporting import scopes

            async with repository.database.reading() as connection:
                return await scopes(connection, user)

        return await self._uncut(work)

    async def contents(self, scope: Scope) -> Contents:
        """How much is kept, and where."""
        _check(scope)

        async def work(repository: Repository) -> Contents:
            from .repository.exporting import blocks, counts

            async with repository.database.reading() as connection:
                found = await counts(connection, scope)
                rows = await blocks(connection, scope)
            own = tuple(Block(row["label"], row["text"], read_moment(row["updated_at"])) for row in rows)
            path = repository.database.path
            size = await asyncio.to_thread(_size, path)
            return Contents(**found, blocks=own, path=path, bytes=size)

        return await self._uncut(work)

    async def export(self, scope: Scope) -> JsonObject:
        """All that is kept but the vectors, which can be made again, as one document."""
        _check(scope)

        async def work(repository: Repository) -> JsonObject:
            from .repository.exporting import read_document

            async with repository.database.reading() as connection:
                document = await read_document(connection, scope)
            return await asyncio.to_thread(document.to_json)

        return await self._uncut(work)

    async def restore(self, scope: Scope, document: JsonObject) -> Restored:
        """Add what an exported document holds; what is there already stays as it is. All of it or nothing."""
        _check(scope)
        parsed = await asyncio.to_thread(Document.parse, document)
        now = written(self._clock.now())

        async def work(repository: Repository) -> Restored:
            from .repository.importing import write_document

            async with repository.database.writing() as connection:
                return await write_document(connection, scope, parsed, now)

        return await self._uncut(work)

    async def preview(self, scope: Scope, what: str = "", *, session: str = "") -> Forgotten:
        """What `forget` would remove."""
        from .erasure import preview

        _check(scope, session)
        return await self._uncut(lambda repository: preview(repository, scope, what, session=session))

    async def forget(self, scope: Scope, what: str = "", *, session: str = "") -> Forgotten:
        """Erase what is known about `what`, or one session, or where neither is given, all of this scope."""
        from .erasure import forget

        _check(scope, session)
        now = self._clock.now()
        return await self._uncut(lambda repository: forget(repository, scope, what, session=session, now=now))

    async def retain(self, retention: Retention) -> Forgotten:
        """Erase what is older than it may be, of all users; does so at most once a day."""
        from .retention import retain

        now = self._clock.now()
        return await self._uncut(lambda repository: retain(repository, retention, now))


def _check(scope: Scope, session: str = "") -> None:
    check_names(scope.user, scope.persona, scope.circle, session)


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
