"""The memory as an agent uses it: opens late, survives cancelling, closes cleanly.

What is asked of the file is in `repository/`. SQLAlchemy takes up to half a second to import, so that is
left to the first call, and to a thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from omni_agent import config
from omni_agent.clock import Clock, SystemClock
from omni_agent.memory import (
    Brief,
    Correction,
    Fact,
    Forgotten,
    InView,
    Origin,
    Recollection,
    Scope,
    SessionSummary,
    TurnRecord,
    Window,
)
from omni_agent.unbroken import Unbroken

from .archive import SqliteArchive
from .cipher import KEY
from .repository.rows import check_names

if TYPE_CHECKING:
    from omni_agent.models.base import OmniModel

    from .repository.repository import Repository

T = TypeVar("T")


class SqliteMemory:
    """Conversations and what is known from them in one SQLite file, which several processes may use at once.

    The file is created or upgraded at the first call; after `close` the next call opens it again. A call
    that is cancelled leaves its work to finish by itself, so that a turn is written whole or not at all.
    One event loop at a time may use a store.

    What is written comes back the same, but for what text cannot hold: surrogate pairs become the letter
    they stand for, a lone surrogate or NUL becomes U+FFFD, a float that is not finite its name (`"NaN"`).

    Args:
        path: The file; `memory.db` in `config.home()` if not given.
        clock: Tells what "yesterday" is.
        key: Passphrase of a file that is encrypted (extra `encryption`); by default what
            `OMNI_AGENT_MEMORY_KEY` holds, and empty for a file that is not.
        vectors: Whether recall looks for what is near in meaning too, where the package `wordllama` is
            installed (extra `local`); English mostly. By default only among what the user stated of himself,
            where words find too little.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        clock: Clock | None = None,
        key: str | None = None,
        vectors: bool | None = None,
    ) -> None:
        self.path = (path or config.home() / "memory.db").absolute()
        self._clock = clock or SystemClock()
        self._vectors = vectors
        self._key = os.environ.get(KEY, "") if key is None else key
        self._repository: Repository | None = None
        self._opened_in: asyncio.AbstractEventLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()
        self._calls = Unbroken()
        self._held: dict[tuple[Scope, str], int] = {}
        self._upcoming: dict[tuple[Scope, str], int] = {}

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> list[TurnRecord]:
        """The session's last `limit` turns, oldest first.

        A turn that cannot be read any more is left out, and a warning logged.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona, session)
        return await self._uncut(lambda repository: repository.conversations.history(scope, session, limit))

    async def recall(
        self, scope: Scope, query: str, *, limit: int = 8, seen: InView | None = None
    ) -> list[Recollection]:
        """What was said and is known that fits `query`, best first: facts, utterances and summaries.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona, scope.circle)
        now = self._clock.now()

        async def found(repository: Repository) -> list[Recollection]:
            from .recall import recall

            return await recall(
                repository, scope, query, limit=limit, seen=seen, now=now, vectors=self._vectors
            )

        return await self._uncut(found)

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
        await self._uncut(lambda repository: repository.conversations.commit(scope, turn))

    async def sessions(self, scope: Scope, *, limit: int = 50) -> list[SessionSummary]:
        """The latest conversations, the one with the latest turn first.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona)
        return await self._uncut(lambda repository: repository.conversations.sessions(scope, limit))

    async def window(self, scope: Scope, session: str) -> Window:
        """The conversation so far: its summary, and every turn that the summary does not cover.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona, session)
        held = self._held.get((scope, session))
        return await self._uncut(lambda repository: repository.summaries.window(scope, session, held=held))

    async def upcoming(self, scope: Scope, session: str) -> Window:
        """The conversation as `window` gives it after `move`: what has been summed up meanwhile is left out.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona, session)

        async def seen(repository: Repository) -> Window:
            folded = await repository.summaries.folded(scope, session)
            self._upcoming[scope, session] = folded
            return await repository.summaries.window(scope, session, held=folded)

        return await self._uncut(seen)

    def move(self, scope: Scope, session: str) -> None:
        """Let `window` begin where `upcoming` did last, and stay there until this is called again.

        A model reads a moved window anew, which takes long: until it has, the old one serves.
        """
        if (folded := self._upcoming.pop((scope, session), None)) is not None:
            self._held[scope, session] = folded

    async def brief(self, scope: Scope, at: datetime) -> Brief:
        """What is known of the user and of what this persona is to the user, as of `at`.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        from .brief import brief

        check_names(scope.user, scope.persona, scope.circle)
        return await self._uncut(lambda repository: brief(repository, scope, at))

    async def facts(
        self, scope: Scope, *, about: str = "", past: bool = False, limit: int = 50
    ) -> list[Fact]:
        """What is known, the most important first; with `about`, what fits these words best.

        Raises:
            MemoryStoreError: The database cannot be read, or a name is not valid Unicode.
        """
        check_names(scope.user, scope.persona, scope.circle)
        return await self._uncut(
            lambda repository: repository.facts.known(scope, about=about, past=past, limit=limit)
        )

    async def remember(self, scope: Scope, said: str, origin: Origin) -> list[Fact]:
        """Note what the user wants to be remembered, as one fact or several, with the turn as their source.

        Raises:
            MemoryStoreError: The database cannot be written, or a name is not valid Unicode.
        """
        from .learning import remember

        check_names(scope.user, scope.persona, scope.circle, origin.session, origin.turn)
        return await self._uncut(lambda repository: remember(repository, scope, said, origin))

    async def correct(self, scope: Scope, said: str, told: str, origin: Origin) -> Correction:
        """Put right what the user says is wrong; `told` is what the agent had said before.

        Raises:
            MemoryStoreError: The database cannot be written, or a name is not valid Unicode.
        """
        from .learning import correct

        check_names(scope.user, scope.persona, scope.circle, origin.session, origin.turn)
        return await self._uncut(lambda repository: correct(repository, scope, said, told, origin))

    async def unlearn(self, scope: Scope, session: str, turn: str, origin: Origin) -> list[Fact]:
        """Take back what the turn `turn` taught, and what else did not; what it replaced counts again.

        Raises:
            MemoryStoreError: The database cannot be written, or a name is not valid Unicode.
        """
        from .unlearning import unlearn

        check_names(scope.user, scope.persona, scope.circle, session, turn, origin.session, origin.turn)
        now = self._clock.now()
        return await self._uncut(
            lambda repository: unlearn(repository, scope, session, turn, origin, now=now)
        )

    async def forget(self, scope: Scope, what: str = "") -> Forgotten:
        """Erase what is known about `what`, or all of this scope, from every byte of the file.

        Raises:
            MemoryStoreError: The database cannot be written, or a name is not valid Unicode.
        """
        from .erasure import forget

        check_names(scope.user, scope.persona, scope.circle)
        now = self._clock.now()
        return await self._uncut(lambda repository: forget(repository, scope, what, now=now))

    async def study(self, model: OmniModel | None) -> bool:
        """Do one piece of the work that turns left behind; false where none is left.

        Without a model that is what rules can do, which takes milliseconds.

        Cancelling it stops the model, and the work is done another time.

        Raises:
            MemoryStoreError: The database cannot be used.
        """
        from .learning import study

        self._follow_loop()
        return await study(await self._calls.run(self._open()), model, now=self._clock.now())

    @property
    def archive(self) -> SqliteArchive:
        """What the user may look into, take along, bring back and have erased."""
        return SqliteArchive(self._uncut, self._clock)

    async def close(self) -> None:
        """Finish what is under way and release the file.

        Raises:
            MemoryStoreError: The database cannot be closed.
        """
        self._follow_loop()
        await self._calls.finish()
        repository, self._repository = self._repository, None
        if repository:
            await self._calls.run(repository.close())

    async def _uncut(self, work: Callable[[Repository], Awaitable[T]]) -> T:
        async def opened_and_done() -> T:
            return await work(await self._open())

        self._follow_loop()
        return await self._calls.run(opened_and_done())

    async def _open(self) -> Repository:
        async with self._opening:
            if self._repository and self._opened_in is not self._loop:
                stale, self._repository = self._repository, None
                await stale.close()
            if self._repository is None:
                self._repository = await asyncio.to_thread(_opened, self.path, self._key)
                self._opened_in = self._loop
            return self._repository

    def _follow_loop(self) -> None:
        """Begin afresh in another event loop, as the next `asyncio.run`: a lock belongs to one."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._opening, self._calls = loop, asyncio.Lock(), Unbroken()


def _opened(path: Path, key: str) -> Repository:
    from .database import Database
    from .recall import recall  # noqa: F401 - in this thread, not in the loop at the first question
    from .repository.repository import Repository
    from .scrubbing import finish
    from .upgrading import prepare

    prepare(path, key)
    database = Database(path, key)
    finish(database)
    return Repository(database)
