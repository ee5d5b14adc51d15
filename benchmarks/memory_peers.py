"""What recall is compared with: FTS5 as it comes, and LangGraph's store with the vectors of `wordllama`.

Both are given each utterance with the name of its speaker before it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from langgraph.store.memory import InMemoryStore

from omni_agent.grounding.meaning import vector

from .locomo import Conversation, Utterance


class Fts5:
    """One table of utterances with the porter stemmer; the words of a question joined by OR, BM25's order."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:")
        self.database.execute(
            "CREATE VIRTUAL TABLE said USING fts5("
            "text, id UNINDEXED, talk UNINDEXED, tokenize='porter unicode61')"
        )

    async def fill(self, conversation: Conversation) -> None:
        """Write the utterances of a conversation."""
        self.database.executemany(
            "INSERT INTO said VALUES (?, ?, ?)",
            [(_told(one), one.id, _name(conversation)) for one in conversation.utterances],
        )

    async def find(self, conversation: Conversation, query: str, most: int) -> list[str]:
        """Ids of what is found, best first."""
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", query))
        found = self.database.execute(
            "SELECT id FROM said WHERE said MATCH ? AND talk = ? ORDER BY rank LIMIT ?",
            (words, _name(conversation), most),
        )
        return [id_ for (id_,) in found]

    async def close(self) -> None:
        """Forget all."""
        self.database.close()


class LangGraphStore:
    """LangGraph's own store, searched by vectors.

    `AsyncSqliteStore(index=...)` needs sqlite-vec, which Pythons without `load_extension` cannot load;
    `InMemoryStore` ranks by the same cosine and has no file to read.
    """

    def __init__(self) -> None:
        self.store = InMemoryStore(index={"dims": 256, "embed": _embed, "fields": ["text"]})

    async def fill(self, conversation: Conversation) -> None:
        """Write the utterances of a conversation."""
        for one in conversation.utterances:
            await self.store.aput((_name(conversation),), one.id, {"text": _told(one)})

    async def find(self, conversation: Conversation, query: str, most: int) -> list[str]:
        """Ids of what is found, best first."""
        found = await self.store.asearch((_name(conversation),), query=query, limit=most)
        return [item.key for item in found]

    async def close(self) -> None:
        """Nothing to free."""


def _told(utterance: Utterance) -> str:
    return f"{utterance.speaker}: {utterance.text}"


def _embed(texts: Sequence[str]) -> list[list[float]]:
    return [vector(text).tolist() for text in texts]


def _name(conversation: Conversation) -> str:
    return f"{conversation.user} and {conversation.persona}"
