"""Vectors of what was said, for the optional arm of recall: made as they are needed, kept in the file.

They come with the package `wordllama` and know English mostly. Each recall makes some that are missing, the
oldest first, so that a long history is caught up with in steps that nobody notices.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omni_agent.memory import Scope

from .scoping import OF_PERSONA_SQL

Ids = NDArray[np.int64]
Rows = list[tuple[int, bytes]]

MODEL, DIMENSIONS = "wordllama-256", 256
MOST_AT_ONCE = 256
"""Utterances that get their vector in one recall: about 20 ms."""

LEAST_COSINE = 0.3
"""What is less near is not near."""

_OWN = OF_PERSONA_SQL.format("u")
_KEPT = (
    "SELECT u.id, e.vec FROM utterances u JOIN embeddings e ON e.owner_id = u.id "
    f"WHERE {_OWN} AND u.id > :after AND e.owner_kind = 'utterance' AND e.model = '{MODEL}' ORDER BY u.id"
)
_MISSING = (
    f"SELECT u.id, u.text FROM utterances u WHERE {_OWN} AND u.id > :after ORDER BY u.id LIMIT {MOST_AT_ONCE}"
)
_KEEP = (
    f"INSERT OR IGNORE INTO embeddings SELECT 'utterance', u.id, '{MODEL}', {DIMENSIONS}, ? "
    "FROM utterances u WHERE u.id = ?"
)


@dataclass
class _Table:
    """One scope's vectors, in the order of ids."""

    ids: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, DIMENSIONS), np.float32))

    @property
    def last(self) -> int:
        """The newest utterance that has one."""
        return int(self.ids[-1]) if len(self.ids) else 0

    def add(self, rows: Rows) -> None:
        """Take in further ones."""
        vectors = np.array([np.frombuffer(vector, "<f4") for _, vector in rows], np.float32)
        self.ids = np.concatenate([self.ids, np.array([id_ for id_, _ in rows], np.int64)])
        self.vectors = np.concatenate([self.vectors, vectors])


class Embeddings:
    """Vectors of utterances by scope. Used in the thread of searches only."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str], _Table] = {}
        self._unkept: Rows = []

    def nearest(self, connection: sqlite3.Connection, scope: Scope, words: str, most: int) -> Ids:
        """Ids of the utterances nearest in meaning, the nearest first; none without the package."""
        from omni_agent.grounding.meaning import available, vector

        if not available():
            return np.empty(0, np.int64)
        table = self._tables.setdefault((scope.user, scope.persona), _Table())
        self._follow(connection, scope, table)
        cosines = table.vectors @ vector(words)
        order = np.argsort(-cosines, kind="stable")[:most]
        return table.ids[order[cosines[order] >= LEAST_COSINE]]

    def keep(self, connection: sqlite3.Connection) -> None:
        """Write the new ones, outside of any transaction; while another process writes, another time."""
        rows, self._unkept = self._unkept, []
        if not rows:
            return
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_KEEP, [(vector, id_) for id_, vector in rows])
        except sqlite3.OperationalError:
            self._tables.clear()

    def _follow(self, connection: sqlite3.Connection, scope: Scope, table: _Table) -> None:
        from omni_agent.grounding.meaning import vector

        given = {"user": scope.user, "persona": scope.persona}
        if kept := connection.execute(_KEPT, {**given, "after": table.last}).fetchall():
            table.add(kept)
        missing = connection.execute(_MISSING, {**given, "after": table.last}).fetchall()
        if made := [(id_, vector(text).astype("<f4").tobytes()) for id_, text in missing]:
            table.add(made)
            self._unkept += made
