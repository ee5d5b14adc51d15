"""What is older than it may be is erased like anything that is to be forgotten, for all users at once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from omni_agent.memory import Forgotten, Retention

from .repository.ageing import erase_older, last_run
from .repository.repository import Repository
from .scrubbing import scrub

EVERY = timedelta(days=1)
"""How often it is looked whether something is too old."""


async def retain(repository: Repository, retention: Retention, now: datetime) -> Forgotten:
    """Erase what is older than it may be, unless that was done within the last day.

    Args:
        repository: The open file.
        retention: How long things are kept.
        now: The moment that they are kept until.

    Raises:
        MemoryStoreError: The file cannot be written.
    """
    async with repository.database.reading() as connection:
        last = await last_run(connection)
    if not retention or (last and now - last < EVERY):
        return Forgotten()
    async with repository.database.writing() as connection:
        gone = await erase_older(connection, retention, now)
    if gone != Forgotten():
        await asyncio.to_thread(scrub, repository.database)
    return gone
