"""Who brought which media to a server, also after it was started anew.

One SQLite file beside the memory. It holds digests and the names of keys, nothing of the media themselves; a
row goes with the media that it is about, and the oldest make room where there are too many.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .ledger import Ledger

FILE = "belongings.db"
MOST = 100_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS owners (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT NOT NULL,
    owner TEXT NOT NULL,
    UNIQUE (ref, owner)
);
CREATE INDEX IF NOT EXISTS owners_by_owner ON owners (owner);
"""


class KeptOwners:
    """The owners of all media.

    Args:
        path: The SQLite file; None keeps them in this process.
        most: How many rows; one is a medium of one owner.

    Every method blocks for a moment and may raise `MemoryStoreError`.
    """

    def __init__(self, path: Path | None = None, most: int = MOST) -> None:
        self._ledger = Ledger(path, _SCHEMA)
        self._most = most

    def note(self, ref: str, owner: str) -> None:
        """An owner has brought, or was given, what a reference stands for."""
        with self._ledger.transaction() as database:
            database.execute("INSERT OR REPLACE INTO owners (ref, owner) VALUES (?, ?)", (ref, owner))
            oldest = "SELECT number FROM owners ORDER BY number DESC LIMIT 1 OFFSET ?"
            database.execute(f"DELETE FROM owners WHERE number <= ({oldest})", (self._most,))

    def owns(self, ref: str, owner: str) -> bool:
        """Whether it is among an owner's."""
        with self._ledger.transaction() as database:
            found = database.execute("SELECT 1 FROM owners WHERE ref = ? AND owner = ?", (ref, owner))
            return found.fetchone() is not None

    def erase(self, refs: Iterable[str], owner: str = "") -> None:
        """Forget, to the last byte, whose these media were, and all of an owner's where one is named."""
        if self._ledger.path and not self._ledger.path.exists():
            return
        with self._ledger.transaction() as database:
            before = database.total_changes
            database.executemany("DELETE FROM owners WHERE ref = ?", [(ref,) for ref in refs])
            database.execute("DELETE FROM owners WHERE owner = ? AND owner != ''", (owner,))
            gone = database.total_changes - before
        if gone:
            self._ledger.scrub()

    def close(self) -> None:
        """Close the file."""
        self._ledger.close()
