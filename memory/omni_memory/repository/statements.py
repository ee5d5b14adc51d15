"""What the user has stated, by meaning: fills in where a question and its answer share no word.

Vectors of the newest statements of a scope are made in small steps after the first question that wants them,
the newest first, and kept in memory only: they come with the package `wordllama`, know English mostly, and
cost 0.05 ms each. Before they are loaded, which takes a third of a second, nothing is near.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_agent.memory import Scope

from .scoping import OF_PERSONA_SQL

MOST_STATEMENTS = 5_000
"""Of each scope, the newest."""

STEP = 32
"""Utterances that get their vector in one step: 1 to 2 ms."""

DIMENSIONS = 256

_MOST_SCOPES = 8
_NEWEST = "9999"
_OWN = f"{OF_PERSONA_SQL.format('u')} AND u.speaker = 'user'"
_LAST = "SELECT coalesce(max(id), 0) FROM utterances"
# What comes in later has higher numbers, whenever it was said; the index of owners would sort all of theirs.
_LATER = f"""
SELECT u.id, u.at, u.text FROM utterances u NOT INDEXED WHERE u.id > :last AND {_OWN}
ORDER BY u.id LIMIT {STEP}
"""
_EARLIER = f"""
SELECT u.id, u.at, u.text FROM utterances u WHERE {_OWN} AND (u.at, u.id) < (:at, :id) AND u.id <= :newest
ORDER BY u.at DESC, u.id DESC LIMIT {STEP}
"""

Rows = Sequence[tuple[int, str, str]]
Query = Callable[[str, dict[str, Any]], Rows]
Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""Vectors of length 1 of texts, a row each; of a text that states nothing, zeros."""


@dataclass
class _Table:
    """One scope's vectors.

    Attributes:
        ids, vectors: Row by row.
        last: Number of the newest utterance there was when it was looked for newer ones.
        newest: That number at the beginning.
        reached: Moment and number of the earliest that was taken in.
        whole: Nothing earlier is missing.
    """

    newest: int
    last: int
    ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, DIMENSIONS), np.float32))
    reached: tuple[str, int] = (_NEWEST, 0)
    whole: bool = False


class Statements:
    """Vectors of statements by scope. Used in the thread of searches only."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str], _Table] = {}
        self._behind: set[tuple[str, str]] = set()

    @property
    def behind(self) -> bool:
        """Some are still to be made."""
        return bool(self._behind)

    def nearest(
        self, query: Query, scope: Scope, wanted: NDArray[np.float32], vectors: Vectors, most: int
    ) -> list[tuple[int, float]]:
        """Numbers and cosines of the statements nearest in meaning, the nearest first."""
        table = self._table(query, scope)
        self._follow(query, scope, table, vectors, back=not len(table.ids))
        # Not by BLAS, whose threads wait for each other where a model computes: 12 ms instead of 0.3.
        cosines = np.einsum("ij,j->i", table.vectors, wanted)
        order = np.argsort(-cosines, kind="stable")[:most]
        return list(zip(table.ids[order].tolist(), cosines[order].tolist(), strict=True))

    def catch_up(self, query: Query, vectors: Vectors) -> None:
        """Make some that are missing."""
        for user, persona in sorted(self._behind)[:1]:
            scope = Scope(user, persona)
            self._follow(query, scope, self._table(query, scope), vectors, back=True)

    def drop(self, scope: Scope) -> None:
        """Begin anew with a scope in which something was erased."""
        self._tables.pop((scope.user, scope.persona), None)
        self._behind.discard((scope.user, scope.persona))

    def _table(self, query: Query, scope: Scope) -> _Table:
        key = scope.user, scope.persona
        if key not in self._tables:
            for oldest in list(self._tables)[: len(self._tables) - _MOST_SCOPES + 1]:
                self.drop(Scope(*oldest))
            last = int(query(_LAST, {})[0][0])
            self._tables[key] = _Table(last, last)
        return self._tables[key]

    def _follow(self, query: Query, scope: Scope, table: _Table, vectors: Vectors, *, back: bool) -> None:
        key = scope.user, scope.persona
        later = query(_LATER, {"user": scope.user, "persona": scope.persona, "last": table.last})
        if later:
            table.last = later[-1][0]
            _add(table, later, vectors)
        if back and not table.whole and len(later) < STEP:
            self._go_back(query, scope, table, vectors)
        if table.whole and len(later) < STEP:
            self._behind.discard(key)
        else:
            self._behind.add(key)

    def _go_back(self, query: Query, scope: Scope, table: _Table, vectors: Vectors) -> None:
        at, id_ = table.reached
        given = {"user": scope.user, "persona": scope.persona, "at": at, "id": id_, "newest": table.newest}
        earlier = query(_EARLIER, given)
        if earlier:
            table.reached = earlier[-1][1], earlier[-1][0]
            _add(table, earlier, vectors)
        table.whole = len(earlier) < STEP or len(table.ids) >= MOST_STATEMENTS


def _add(table: _Table, rows: Rows, vectors: Vectors) -> None:
    made = vectors([text for _, _, text in rows])
    stating = made.any(axis=1)
    ids = np.concatenate([table.ids, np.array([id_ for id_, _, _ in rows], np.int64)[stating]])
    both = np.concatenate([table.vectors, made[stating]])
    kept = np.argsort(ids)[-MOST_STATEMENTS:] if len(ids) > MOST_STATEMENTS + STEP else slice(None)
    table.ids, table.vectors = ids[kept], both[kept]
