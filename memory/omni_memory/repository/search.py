"""What recall reads: which rows hold which words, and those rows with what was said around them.

A search looks at the newest rows of each word only, so that its cost has a limit, however long somebody has
been talking. Rows that the index gives are candidates: whose they are is checked when they are read.

Reading and ranking are one piece of work in a thread with a connection of its own: several statements through
the pool would each be handed over to a thread and back, four times.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from omni_agent.memory import Scope

from ..database import Database
from ..failures import explained
from ..predicates import TOLD
from .embeddings import Embeddings
from .finds import NOTHING, Find
from .found import Line, Note, Sizes
from .scoping import KNOWN_TO_SQL, OF_PERSONA_SQL
from .statements import Statements, Vectors

logger = logging.getLogger(__name__)

Ids = NDArray[np.int64]
_NONE = np.empty(0, np.int64)
T = TypeVar("T")

FEW = 3_000
"""Up to so many rows a scope's words are looked up by owner; the list of an owner of more is too long."""

MOST_SUMMARIES = 200
PAUSE = 0.02
"""Seconds between the steps of what is done between searches."""

MOST_NAMES = 20
MOST_ABOUT = 200
"""Facts about somebody that are looked at, the newest."""

_AROUND = 4  # places: two utterances to either side, even where one side said nothing

_OWN, _KNOWN = OF_PERSONA_SQL.format("u"), KNOWN_TO_SQL.format("u")
_SIZES = f"""
SELECT (SELECT count(*) FROM (SELECT 1 FROM utterances u WHERE {_OWN} LIMIT {FEW + 1})),
    (SELECT max(id) FROM utterances),
    (SELECT count(*) FROM (SELECT 1 FROM facts u WHERE {_KNOWN} LIMIT {FEW + 1})),
    (SELECT max(id) FROM facts)
"""
# An index is read newest first and without its rows; joined, it is only as long as the join needs it. Each is
# a statement of its own: those that are alike stay prepared, and to prepare one takes as long as to run it.
_FINDS = {
    kind: f"SELECT group_concat(id) FROM ({statement} LIMIT :most)"
    for kind, statement in {
        "words": "SELECT rowid AS id FROM utterances_fts WHERE utterances_fts MATCH :given "
        "ORDER BY rowid DESC",
        "signs": "SELECT f.rowid AS id FROM utterances_cjk f CROSS JOIN utterances u ON u.id = f.rowid "
        f"WHERE utterances_cjk MATCH :given AND {_OWN} ORDER BY f.rowid DESC",
        "span": f"SELECT u.id FROM utterances u WHERE {_OWN} AND u.at >= :given AND u.at < :until "
        "ORDER BY u.at DESC",
        "fact words": "SELECT rowid AS id FROM facts_fts WHERE facts_fts MATCH :given ORDER BY rowid DESC",
        "fact signs": "SELECT f.rowid AS id FROM facts_cjk f CROSS JOIN facts u ON u.id = f.rowid "
        f"WHERE facts_cjk MATCH :given AND {_KNOWN} ORDER BY f.rowid DESC",
        "fact span": f"SELECT u.id FROM facts u WHERE {_KNOWN} AND u.valid_from >= :given "
        "AND u.valid_from < :until ORDER BY u.id DESC",
    }.items()
}
# CROSS JOIN keeps the planner to this order.
_PLACES = f"""
SELECT u.session, u.place FROM json_each(:ids) AS j CROSS JOIN utterances u ON u.id = j.value WHERE {_OWN}
"""
_LINES = """
SELECT u.id, u.session, u.turn, u.place, u.speaker, u.text, u.at
FROM json_each(:stretches) AS j CROSS JOIN utterances u ON u.user = :user AND u.persona = :persona
    AND u.session = j.value ->> 0 AND u.place BETWEEN j.value ->> 1 AND j.value ->> 2
"""
_THESE = f"""
SELECT u.id, u.session, u.turn, u.place, u.speaker, u.text, u.at
FROM json_each(:ids) AS j CROSS JOIN utterances u ON u.id = j.value WHERE {_OWN}
"""
_NOTES = f"""
SELECT u.id, u.subject, u.text, u.confidence, u.importance, u.valid_from, u.valid_to, u.recorded_at,
    u.superseded_at, u.predicate, u.object
FROM json_each(:ids) AS j CROSS JOIN facts u ON u.id = j.value WHERE {_KNOWN}
"""
_STALE = f"""
SELECT s.session, s.turn
FROM json_each(:turns) AS j CROSS JOIN fact_sources s ON s.user = :user AND s.persona = :persona
    AND s.session = j.value ->> 0 AND s.turn = j.value ->> 1
CROSS JOIN facts u ON u.id = s.fact
WHERE {_KNOWN}
GROUP BY s.session, s.turn HAVING sum(u.superseded_at IS NULL AND u.valid_to IS NULL) = 0
    OR sum(u.predicate = '{TOLD}' AND NOT (u.superseded_at IS NULL AND u.valid_to IS NULL)) > 0
"""
_NAMES = f"""
SELECT a.alias, u.name FROM entities u JOIN entity_aliases a ON a.entity = u.id
WHERE {_KNOWN} AND (a.alias IN (SELECT value FROM json_each(:words))
    OR lower(u.name) IN (SELECT value FROM json_each(:words)))
LIMIT {MOST_NAMES}
"""
# Two halves, each of which the index of owners, subjects and predicates answers: KNOWN_TO_SQL in other words.
_ABOUT = """
SELECT * FROM (SELECT id FROM facts WHERE user = :user AND persona = :persona AND circle = ''
    AND subject IN (SELECT value FROM json_each(:subjects)) {which} ORDER BY id DESC LIMIT {most})
UNION ALL
SELECT * FROM (SELECT id FROM facts WHERE user = :user AND persona = '' AND circle = :circle AND :circle != ''
    AND subject IN (SELECT value FROM json_each(:subjects)) {which} ORDER BY id DESC LIMIT {most})
"""
_OF_PREDICATES = "AND predicate IN (SELECT value FROM json_each(:predicates))"
_SUMMARIES = f"""
SELECT u.id, u.text, u.made_at FROM summaries u WHERE {_OWN} ORDER BY u.id DESC LIMIT {MOST_SUMMARIES}
"""


class Search:
    """Searches in a database, one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._embeddings = Embeddings()
        self._statements = Statements()
        self._idling = False

    async def run(self, scope: Scope, work: Callable[[Look], T]) -> T:
        """Do `work` in the thread of searches, on one state of the file.

        Raises:
            MemoryStoreError: The file cannot be read.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "omni-memory-search")
        with explained(self._database.path):
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, scope, work)

    def afterwards(self, scope: Scope, work: Callable[[Look], bool]) -> None:
        """Do `work` between searches, and again as long as it returns true; it may be left undone."""
        if self._thread and not self._idling:
            self._idling = True
            asyncio.get_running_loop().call_later(PAUSE, self._step, self._thread, scope, work)

    def _step(self, thread: ThreadPoolExecutor, scope: Scope, work: Callable[[Look], bool]) -> None:
        self._idling = False
        if self._thread is not thread:
            return  # closed, perhaps open again with another

        def done(ended: asyncio.Future[bool]) -> None:
            self._idling = False
            if error := None if ended.cancelled() else ended.exception():
                logger.debug("left undone after a search: %s", error)
            elif not ended.cancelled() and ended.result():
                self.afterwards(scope, work)

        self._idling = True
        asyncio.get_running_loop().run_in_executor(thread, self._look, scope, work).add_done_callback(done)

    async def close(self) -> None:
        """Release the connection and the thread; the next search begins anew."""
        thread, self._thread = self._thread, None
        if thread:
            await asyncio.get_running_loop().run_in_executor(thread, self._disconnect)
            thread.shutdown(wait=False)

    def _look(self, scope: Scope, work: Callable[[Look], T]) -> T:
        if self._connection is None:
            self._connection = self._database.connect()
        self._connection.execute("BEGIN")
        try:
            return work(Look(self._connection, scope, self._embeddings, self._statements))
        finally:
            self._connection.execute("ROLLBACK")
            self._embeddings.keep(self._connection)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()


class Look:
    """Searches of one scope in one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, scope: Scope, embeddings: Embeddings, statements: Statements
    ) -> None:
        self._connection = connection
        self._scope = scope
        self._embeddings = embeddings
        self._statements = statements
        self._given = {"user": scope.user, "persona": scope.persona, "circle": scope.circle}

    @cached_property
    def sizes(self) -> Sizes:
        """How much there is to search."""
        own, last, known, last_fact = (value or 0 for value in self._rows(_SIZES)[0])
        few, few_facts = own <= FEW, known <= FEW
        return Sizes(own if few else last, known if few_facts else last_fact, few, few_facts)

    def ids(self, finds: Sequence[Find], most: int) -> list[Ids]:
        """For each find the ids of its newest `most` rows."""
        return [self._found(find, most) for find in finds]

    def _found(self, find: Find, most: int) -> Ids:
        if find is NOTHING or (find.kind.startswith("fact") and not self.sizes.facts):
            return _NONE
        given = {"given": find.given, "until": find.until, "most": most}
        ((listed,),) = self._rows(_FINDS[find.kind], given)
        return np.fromstring(listed, dtype=np.int64, sep=",") if listed else _NONE

    def nearest(self, words: str, most: int) -> Ids:
        """The utterances nearest to these words in meaning, the nearest first."""
        return self._embeddings.nearest(self._connection, self._scope, words, most)

    def stated(self, wanted: NDArray[np.float32], vectors: Vectors, most: int) -> list[tuple[Line, float]]:
        """What the user stated that is nearest to a vector in meaning, with cosines, the nearest first."""
        near = self._statements.nearest(self._rows, self._scope, wanted, vectors, most)
        rows = self._rows(_THESE, {"ids": json.dumps([id_ for id_, _ in near])})
        lines = {line.id: line for line in map(Line._make, rows)}
        if len(lines) < len(near):
            self._statements.drop(self._scope)
        return [(lines[id_], cosine) for id_, cosine in near if id_ in lines]

    def catch_up(self, vectors: Vectors) -> bool:
        """Make some of the vectors that are missing; whether more are."""
        self._statements.catch_up(self._rows, vectors)
        return self._statements.behind

    def lines(self, ids: Ids) -> list[Line]:
        """The utterances of these ids that are this scope's, and two to either side of each, in order."""
        places = sorted(self._rows(_PLACES, {"ids": json.dumps(ids.tolist())}))
        rows = self._rows(_LINES, {"stretches": json.dumps(_stretches(places))}) if places else []
        return list(map(Line._make, rows))

    def notes(self, ids: Ids) -> list[Note]:
        """The facts of these ids that this scope may know."""
        if not len(ids):
            return []
        return [Note(*row) for row in self._rows(_NOTES, {"ids": json.dumps(ids.tolist())})]

    def stale(self, turns: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the turns, by session and id, that say what is no longer so.

        Every fact of them is over, or something in the user's own words: what else they say is a note, too.
        """
        if not self.sizes.facts:
            return set()
        return {(session, turn) for session, turn in self._rows(_STALE, {"turns": json.dumps(sorted(turns))})}

    def names(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Alias and name of the entities that are called by any of these words: "my sister", "Eva"."""
        return [(alias, name) for alias, name in self._rows(_NAMES, {"words": json.dumps(words)})]

    def facts_about(self, subjects: Sequence[str], predicates: Collection[str] = ()) -> Ids:
        """The newest facts about these subjects; with `predicates`, those that tell one of them."""
        if not self.sizes.facts:
            return _NONE
        which = _OF_PREDICATES if predicates else ""
        given = {"subjects": json.dumps(list(subjects)), "predicates": json.dumps(sorted(predicates))}
        rows = self._rows(_ABOUT.format(which=which, most=MOST_ABOUT), given)
        return np.array([id_ for (id_,) in rows], np.int64)

    def summaries(self) -> list[tuple[int, str, str]]:
        """Id, text and moment of making of the newest summaries."""
        return [(id_, words, made_at) for id_, words, made_at in self._rows(_SUMMARIES)]

    def _rows(self, query: str, given: dict[str, Any] | None = None) -> list[Any]:
        parameters = {**self._given, **(given or {})}
        try:
            return self._connection.execute(query, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
            # Bytes that are no UTF-8 must cost some letters, not the whole query; a function for each text
            # would cost all others a millisecond.
            self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
            return self._connection.execute(query, parameters).fetchall()


def _stretches(places: Sequence[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """The session, first and last place of what lies around these, which are in order, each once."""
    stretches: list[tuple[str, int, int]] = []
    for session, place in places:
        first, last = place - _AROUND, place + _AROUND
        if stretches and stretches[-1][0] == session and first <= stretches[-1][2] + 1:
            first = stretches.pop()[1]
        stretches.append((session, first, last))
    return stretches
