"""Tools that keep notes.

A note is a row in `notes.db` under the home folder; nobody sees the notes of another user.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from omni_agent.config import home
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext, tool

from .database import transaction
from .names import closest, folded, unused

__all__ = ["add_note", "delete_note", "find_notes", "read_note"]

_LONGEST = 20_000
_LONGEST_TITLE = 80
_SHOWN = 5
_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    text TEXT NOT NULL,
    searched TEXT NOT NULL,
    written_at TEXT NOT NULL,
    call_key TEXT NOT NULL,
    UNIQUE (user, title_key)
)"""


def _take_back(context: ToolContext) -> str:
    with _notes() as database:
        call = (context.user, context.undoes)
        note = _one(database, "user = ? AND call_key = ? AND call_key != ''", call)
        if note is None:
            raise ToolError("The note is no longer there, so it cannot be taken back.")
        database.execute("DELETE FROM notes WHERE id = ?", (note["id"],))
    return f"The note '{note['title']}' is taken back."


@tool(effect="write", undo=_take_back)
def add_note(context: ToolContext, text: str, title: str = "") -> str:
    """Write a note and keep it.

    Args:
        text: What to write down.
        title: A short title. Leave empty to use the first words.
    """
    text = _whole(text).strip()
    if not text:
        raise ToolError("The note is empty. Say what to write down.")
    if len(text) > _LONGEST:
        raise ToolError(f"The note is too long: {len(text)} characters, of {_LONGEST} at most.")
    wanted = _title(_whole(title), text)
    with _notes() as database:
        before = _one(database, "user = ? AND call_key = ?", (context.user, context.idempotency_key))
        if before and context.idempotency_key:
            return _noted(before["title"])
        name = unused(wanted, _titles(database, context.user))
        row = (
            context.user,
            name,
            folded(name),
            text,
            folded(f"{name} {text}"),
            datetime.now(UTC).isoformat(),
        )
        database.execute(
            "INSERT INTO notes (user, title, title_key, text, searched, written_at, call_key) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*row, context.idempotency_key),
        )
    return _noted(name)


@tool(effect="read")
def find_notes(context: ToolContext, query: str = "") -> str:
    """List the notes, newest first, or only those with certain words.

    Args:
        query: Words to look for. Leave empty for all notes.
    """
    words = folded(_whole(query)).split()[:20]
    with _notes() as database:
        rows = _matching(database, context.user, words)
    if not rows:
        return f"No note has the words '{query.strip()[:60]}'." if words else "There are no notes."
    shown = "; ".join(f"{row['title']}: {_short(row['text'])}" for row in rows[:_SHOWN])
    more = f"; and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"{len(rows)} note{'s' if len(rows) != 1 else ''}. {shown}{more}."


@tool(effect="read")
def read_note(context: ToolContext, title: str) -> str:
    """Read one note in full.

    Args:
        title: The note's title.
    """
    with _notes() as database:
        titles = _titles(database, context.user)
        meant = closest(title, titles)
        if len(meant) != 1:
            raise ToolError(_not_one(title, meant, titles))
        note = _one(database, "user = ? AND title_key = ?", (context.user, folded(meant[0])))
    return f"{meant[0]}: {note['text']}" if note else ""


@tool(effect="irreversible", question="Delete the note '{title}'?")
def delete_note(context: ToolContext, title: str) -> str:
    """Delete one note for good.

    Args:
        title: The note's exact title.
    """
    with _notes() as database:
        titles = _titles(database, context.user)
        exact = [known for known in titles if folded(known) == folded(title)]
        if not exact:
            # The user says yes to the title that was given, so a similar one may only be proposed.
            raise ToolError(_not_one(title, closest(title, titles), titles))
        database.execute("DELETE FROM notes WHERE user = ? AND title_key = ?", (context.user, folded(title)))
    return f"The note '{exact[0]}' is deleted."


def _notes() -> AbstractContextManager[sqlite3.Connection]:
    return transaction(home() / "notes.db", _SCHEMA)


def _titles(database: sqlite3.Connection, user: str) -> list[str]:
    rows = database.execute("SELECT title FROM notes WHERE user = ? ORDER BY id DESC", (user,))
    return [row["title"] for row in rows]


def _one(database: sqlite3.Connection, where: str, values: Sequence[str]) -> sqlite3.Row | None:
    found: sqlite3.Row | None = database.execute(f"SELECT * FROM notes WHERE {where}", values).fetchone()
    return found


def _matching(database: sqlite3.Connection, user: str, words: Sequence[str]) -> list[sqlite3.Row]:
    """Notes with all of the words, newest first; where there are none, those with most of them."""
    hits = " + ".join(["(searched LIKE ? ESCAPE '\\')"] * len(words)) or "1"
    rows = database.execute(
        f"SELECT *, {hits} AS hits FROM notes WHERE user = ? ORDER BY hits DESC, id DESC",
        (*(f"%{_quoted(word)}%" for word in words), user),
    ).fetchall()
    best = rows[0]["hits"] if rows else 0
    return [row for row in rows if row["hits"] == best > 0]


def _quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _not_one(title: str, meant: Sequence[str], titles: Sequence[str]) -> str:
    said = f"'{title.strip()[:60]}'"
    if not titles:
        return "There are no notes."
    if not meant:
        return f"No note is called {said}. There are: {', '.join(titles[:_SHOWN])}."
    if len(meant) == 1:
        return f"No note is called {said}. Did you mean '{meant[0]}'?"
    return f"{said} could be more than one note: {', '.join(meant[:_SHOWN])}. Say which."


def _noted(title: str) -> str:
    return f"The note '{title}' is written."


def _title(said: str, text: str) -> str:
    """The title that was given, or up to five words of the note's first line."""
    given = " ".join(said.split())[:_LONGEST_TITLE].strip()
    words = " ".join(text.splitlines()[0].split()[:5])
    start = words if len(words) <= 40 else words[:40].rpartition(" ")[0] or words[:40]
    return next((title for title in (given, start.strip(" .,;:")) if folded(title)), "note")


def _whole(said: str) -> str:
    """A text without halves of signs, which the database cannot keep."""
    return said.encode("utf-8", "replace").decode("utf-8")


def _short(text: str) -> str:
    """The start of a note, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:80].rpartition(" ")[0] + " …"
