"""Calls as rows of the journal's table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..memory import Scope
from ..messages import Message, ToolCall, ToolResult
from .entry import Entry

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    call_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    user TEXT NOT NULL,
    persona TEXT NOT NULL,
    session TEXT NOT NULL,
    turn TEXT NOT NULL,
    effect TEXT NOT NULL,
    digest TEXT NOT NULL,
    undoable INTEGER NOT NULL,
    planned_at REAL NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '',
    media TEXT NOT NULL DEFAULT '[]',
    told INTEGER NOT NULL DEFAULT 0,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS calls_of_a_session ON calls (user, persona, session, number);
CREATE INDEX IF NOT EXISTS calls_that_run ON calls (owner) WHERE status = 'running';
"""


def insert(database: sqlite3.Connection, entry: Entry) -> None:
    """Enter a call as planned, if it is not known."""
    row = {
        "key": entry.key,
        "call_id": entry.call.id,
        "tool": entry.call.name,
        "arguments": json.dumps(entry.call.arguments),
        "user": entry.scope.user,
        "persona": entry.scope.persona,
        "session": entry.session,
        "turn": entry.turn,
        "effect": entry.effect,
        "digest": entry.digest,
        "undoable": entry.undoable,
        "planned_at": entry.planned_at.timestamp(),
        "status": "planned",
    }
    marks = ", ".join("?" * len(row))
    database.execute(
        f"INSERT OR IGNORE INTO calls ({', '.join(row)}) VALUES ({marks})", tuple(map(_plain, row.values()))
    )


def update(database: sqlite3.Connection, key: str, **values: object) -> None:
    """Change columns of a call."""
    changes = ", ".join(f"{name} = ?" for name in values)
    database.execute(f"UPDATE calls SET {changes} WHERE key = ?", (*map(_plain, values.values()), key))


def _plain(value: object) -> object:
    """Text as UTF-8 can hold it, whatever came in."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def one(database: sqlite3.Connection, where: str, values: Sequence[object]) -> Entry | None:
    """The first call for which a condition holds."""
    row = database.execute(f"SELECT * FROM calls WHERE {where}", values).fetchone()
    return _entry(row) if row else None


def every(database: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Entry]:
    """The calls for which a condition holds, in the order in which they were entered."""
    rows = database.execute(f"SELECT * FROM calls WHERE {where} ORDER BY number", values)
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    result = {
        "call_id": row["call_id"],
        "name": row["tool"],
        "status": "done",
        "content": "",
        "media": json.loads(row["media"]),
        "type": "tool_result",
    }
    (shown,) = Message.from_json({"role": "tool", "parts": [result]}).parts
    assert isinstance(shown, ToolResult)
    return Entry(
        key=row["key"],
        call=ToolCall(row["call_id"], row["tool"], json.loads(row["arguments"])),
        scope=Scope(row["user"], row["persona"]),
        session=row["session"],
        turn=row["turn"],
        effect=row["effect"],
        digest=row["digest"],
        undoable=bool(row["undoable"]),
        planned_at=datetime.fromtimestamp(row["planned_at"], UTC),
        status=row["status"],
        content=row["content"],
        media=shown.media,
        told=bool(row["told"]),
        undone=bool(row["undone"]),
    )
