"""Forgetting everywhere: in memory, and in the files beside it that hold traces of the same conversations.

| file             | what goes                                                                        |
|------------------|----------------------------------------------------------------------------------|
| `memory.db`      | facts, turns, summaries, vectors, index entries: see the memory's own `forget`   |
| `media/`         | sounds and pictures that nothing refers to any more                              |
| `checkpoints.db` | turns that wait for a yes, of the conversations that lost something              |
| `journal.db`     | arguments and results of the calls of those conversations                        |
| `alarms.db`      | the user's alarms, where everything is forgotten                                 |
| `responses.db`   | answers of a server that used the user's memory                                  |
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .alarms import Alarms
from .checkpoints import Checkpoints
from .config import home
from .errors import MemoryStoreError
from .execution import Journal
from .kept_answers import FILE, KeptAnswers
from .media import MediaStore
from .memory import Archive, Archived, Forgotten, MemoryStore, Scope
from .unbroken import Unbroken

if TYPE_CHECKING:
    from .state import Parts

T = TypeVar("T")
_under_way = Unbroken()


@dataclass(frozen=True, slots=True)
class Places:
    """Where traces of conversations are kept."""

    memory: MemoryStore
    media: MediaStore
    journal: Journal
    alarms: Alarms
    checkpoints: Checkpoints
    answers: KeptAnswers

    @classmethod
    def of(cls, parts: Parts) -> Places:
        """Those that an agent uses."""
        answers = KeptAnswers(home() / FILE)
        return cls(parts.memory, parts.media, parts.executor.journal, parts.alarms, Checkpoints(), answers)

    @classmethod
    def at_home(cls, memory: MemoryStore) -> Places:
        """Those in `OMNI_AGENT_HOME`, without an agent."""
        folder = home()
        journal, alarms = Journal(folder / "journal.db"), Alarms(folder / "alarms.db")
        answers = KeptAnswers(folder / FILE)
        return cls(memory, MediaStore(), journal, alarms, Checkpoints(), answers)

    @property
    def archive(self) -> Archive:
        """Control over the memory.

        Raises:
            MemoryStoreError: It offers none.
        """
        if not isinstance(self.memory, Archived):
            raise MemoryStoreError(
                f"{type(self.memory).__name__} cannot be looked into, exported or erased from here",
                code="memory_uncontrolled",
                remedy="use the memory `sqlite`",
            )
        return self.memory.archive

    async def close(self) -> None:
        """Close the files."""
        self.alarms.close()
        await asyncio.to_thread(self.journal.close)
        await self.memory.close()


async def forget(parts: Parts | Places, scope: Scope, what: str = "", *, session: str = "") -> Forgotten:
    """Erase what is known about `what`, or one session, or where neither is given, all that there is.

    Args:
        parts: The agent's.
        scope: Whose.
        what: Words that name it: "my dentist".
        session: A conversation, instead of words.

    Raises:
        MemoryStoreError: Something cannot be written, or the memory cannot forget.
    """
    places = parts if isinstance(parts, Places) else Places.of(parts)
    return await whole(_forget(places, scope, what, session))


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Do work to its end, also where the caller is cancelled: half an erasure leaves files behind that nobody
    knows of any more."""
    return await _under_way.run(work)


async def _forget(places: Places, scope: Scope, what: str, session: str) -> Forgotten:
    gone = await places.archive.forget(scope, what, session=session)
    if everything := not (what or session):
        await asyncio.to_thread(places.alarms.erase, scope.user)
    elif session:
        gone = replace(gone, sessions=tuple({*gone.sessions, (scope.persona, session)}))
    await asyncio.to_thread(_erase_beside, places, scope, gone, everything=everything)
    return gone


def _erase_beside(places: Places, scope: Scope, gone: Forgotten, *, everything: bool) -> None:
    for ref in gone.media:
        places.media.delete(ref)
    whose: list[tuple[str, str, str | None]] = [
        (scope.user, persona, session) for persona, session in gone.sessions
    ]
    if everything:
        whose.append((scope.user, scope.persona, None))
    for user, persona, session in whose:
        places.checkpoints.erase(user, persona, session)
        places.journal.erase(user, persona, session)
    if whose:
        places.checkpoints.scrub()
        places.journal.scrub()
        places.answers.erase(scope.user)
