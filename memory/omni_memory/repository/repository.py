"""All that is asked of the database, by what it is about. Each call may raise `MemoryStoreError`."""

from __future__ import annotations

from ..database import Database
from .conversations import Conversations
from .facts import Facts
from .jobs import Jobs
from .profiles import Profiles
from .search import Search
from .summaries import Summaries


class Repository:
    """An open database.

    Args:
        database: Belongs to the repository from now on.

    Attributes:
        conversations: Sessions and turns.
        facts: What is known.
        profiles: What a persona always has before it about a user.
        summaries: Long conversations in short.
        jobs: Work that is left to do.
        search: What recall reads.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.conversations = Conversations(database)
        self.facts = Facts(database)
        self.profiles = Profiles(database)
        self.summaries = Summaries(database)
        self.jobs = Jobs(database)
        self.search = Search(database)

    async def close(self) -> None:
        """Release the database."""
        await self.search.close()
        await self.database.close()
