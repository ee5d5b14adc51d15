"""Forgetting: what is about something, or all of it, is taken out of the file to the last byte.

`repository/erasing.py` finds and deletes the rows, `scrubbing.py` the bytes that rows leave behind.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Forgotten, Scope

from .repository.erasing import Doomed, Kind, describe, erase, find_all, find_session, find_words
from .repository.repository import Repository
from .repository.rows import written
from .scrubbing import scrub


async def forget(
    repository: Repository, scope: Scope, what: str = "", *, session: str = "", now: datetime
) -> Forgotten:
    """Erase what `what` is about, a session, or, where neither is given, all that this scope holds.

    Args:
        repository: The open file.
        scope: Whose memory. Of a circle's facts, those go too that fit `what`, or that rest on nothing else.
        what: Words that name it: "my dentist".
        session: Instead of words.
        now: For the log.

    Raises:
        MemoryStoreError: The file cannot be written.
    """
    async with repository.database.writing() as connection:
        doomed = await _found(connection, scope, what, session)
        if not doomed and (what or session):
            return Forgotten()
        kind: Kind = "words" if what else "session" if session else "all"
        gone = await erase(connection, doomed, kind, written(now))
    await asyncio.to_thread(scrub, repository.database)
    return gone


async def preview(repository: Repository, scope: Scope, what: str = "", *, session: str = "") -> Forgotten:
    """What `forget` would erase; of `media`, those that others use would stay.

    Raises:
        MemoryStoreError: The file cannot be read.
    """
    async with repository.database.reading() as connection:
        return await describe(connection, await _found(connection, scope, what, session))


async def _found(connection: AsyncConnection, scope: Scope, what: str, session: str) -> Doomed:
    if what:
        return await find_words(connection, scope, what)
    return await (find_session(connection, scope, session) if session else find_all(connection, scope))
