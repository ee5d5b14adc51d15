"""Answers that clients of a server may ask for again, or go on from, also after it was started anew.

One SQLite file beside the memory, of which each caller sees his own rows only. Where a user wants something
forgotten, all of his answers go: each repeats what was said before it. It is bounded: 30 days, as at
OpenAI (platform.openai.com/docs/guides/conversation-state), and so many answers a caller. Media stay in the
media store; rows refer to them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .ledger import Ledger
from .messages import JsonObject, Message

FILE = "responses.db"

KEPT_SECONDS = 30 * 24 * 3600
MOST = 10_000
LONGEST_CHAIN = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS responses (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    caller TEXT NOT NULL,
    user TEXT NOT NULL,
    previous TEXT,
    created_at INTEGER NOT NULL,
    root TEXT NOT NULL,
    messages TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS responses_of_caller ON responses (caller, number);
CREATE INDEX IF NOT EXISTS responses_of_user ON responses (user);
"""
_CHAIN = """
WITH RECURSIVE chain (id, previous, messages, depth) AS (
    SELECT id, previous, messages, 0 FROM responses WHERE id = :id AND caller = :caller
    UNION ALL
    SELECT earlier.id, earlier.previous, earlier.messages, depth + 1
    FROM responses AS earlier JOIN chain ON earlier.id = chain.previous
    WHERE earlier.caller = :caller AND depth < :most
)
SELECT messages FROM chain ORDER BY depth DESC
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is kept.

    Attributes:
        body: The response.
        root: Id of the response that its conversation began with.
        messages: What it added to its conversation: its input and its answer.
        user: Whose memory it used; empty for nobody's.
    """

    body: JsonObject
    root: str
    messages: tuple[Message, ...]
    user: str = ""


class KeptAnswers:
    """The answers of all callers.

    Args:
        path: The SQLite file; None keeps them in this process.
        most: How many of one caller.

    Every method blocks for a moment and may raise `MemoryStoreError`.
    """

    def __init__(self, path: Path | None = None, most: int = MOST) -> None:
        self._ledger = Ledger(path, _SCHEMA)
        self._most = most

    def put(self, caller: str, kept: Kept) -> None:
        """Keep an answer, in the place of the caller's oldest where there are too many."""
        body = kept.body
        row = (
            body["id"],
            caller,
            kept.user,
            body["previous_response_id"],
            body["created_at"],
            kept.root,
            json.dumps([message.to_json() for message in kept.messages]),
            json.dumps(body),
        )
        columns = "id, caller, user, previous, created_at, root, messages, body"
        with self._ledger.transaction() as database:
            database.execute(f"INSERT INTO responses ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            oldest = "SELECT number FROM responses WHERE caller = ? ORDER BY number DESC LIMIT 1 OFFSET ?"
            database.execute(
                f"DELETE FROM responses WHERE caller = ? AND number <= ({oldest})",
                (caller, caller, self._most),
            )
            database.execute(
                "DELETE FROM responses WHERE created_at < ?", (body["created_at"] - KEPT_SECONDS,)
            )

    def body(self, caller: str, id_: str) -> JsonObject | None:
        """An answer of the caller's; None where there is none of that id."""
        with self._ledger.transaction() as database:
            found = database.execute(
                "SELECT body FROM responses WHERE id = ? AND caller = ?", (id_, caller)
            ).fetchone()
        return json.loads(found["body"]) if found else None

    def conversation(self, caller: str, id_: str) -> tuple[str, Sequence[Message]] | None:
        """The root of the conversation up to an answer of the caller's, and its messages, oldest first; None
        where there is no such answer. It begins after what was deleted of it."""
        with self._ledger.transaction() as database:
            last = database.execute(
                "SELECT root FROM responses WHERE id = ? AND caller = ?", (id_, caller)
            ).fetchone()
            place = {"id": id_, "caller": caller, "most": LONGEST_CHAIN}
            rows = database.execute(_CHAIN, place).fetchall()
        if last is None:
            return None
        return last["root"], [Message.from_json(item) for row in rows for item in json.loads(row["messages"])]

    def delete(self, caller: str, id_: str) -> bool:
        """Forget an answer of the caller's; False where there is none of that id."""
        with self._ledger.transaction() as database:
            found = database.execute("DELETE FROM responses WHERE id = ? AND caller = ?", (id_, caller))
            return found.rowcount > 0

    def erase(self, user: str) -> None:
        """Forget all answers that used a user's memory, to the last byte."""
        if self._ledger.path and not self._ledger.path.exists():
            return
        with self._ledger.transaction() as database:
            gone = database.execute("DELETE FROM responses WHERE user = ?", (user,)).rowcount
        if gone:
            self._ledger.scrub()

    def close(self) -> None:
        """Close the file."""
        self._ledger.close()
