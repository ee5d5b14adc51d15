"""A home of its own for the tools that are checked, and what stands in it at a moment."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

MOST_ROWS = 20_000
_SQLITE = b"SQLite format 3\x00"
_BESIDE = ("-wal", "-shm", "-journal")

# A thing that is there: ("file", path, digest), ("row", path, table, values, number), ("alarm", key, …), or
# ("empty", path), which is a lock or a file that is only just begun: it comes and goes as it likes.
Thing = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Folders for one plugin.

    Attributes:
        root: Holds all of them.
    """

    root: Path

    @property
    def work(self) -> Path:
        """The working folder."""
        return self.root / "work"

    @property
    def watched(self) -> tuple[Path, ...]:
        """Where a change counts; the cache and the folder for temporary files are free."""
        return self.work, self.root / "home", self.root / "state"

    @property
    def free(self) -> tuple[Path, ...]:
        """Where anything may be written."""
        return self.root / "cache", self.root / "tmp"

    def make(self, files: Mapping[str, str]) -> None:
        """Make the folders, and files with these texts in the working folder."""
        for folder in (*self.watched, *self.free):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in {"example.txt": "One line of an example.\n", **files}.items():
            path = (self.work / name).resolve()
            if not path.is_relative_to(self.work.resolve()):
                raise ValueError(f"{name} is outside of the working folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process that lives here."""
        kept = {
            name: value for name, value in inherited.items() if not name.startswith(("OMNI_AGENT", "XDG_"))
        }
        home, cache, temporary = self.root / "home", self.root / "cache", self.root / "tmp"
        return kept | {
            "HOME": str(home),
            "USERPROFILE": str(home),
            "APPDATA": str(home / "appdata"),
            "LOCALAPPDATA": str(home / "appdata"),
            "OMNI_AGENT_HOME": str(self.root / "state"),
            "OMNI_AGENT_CACHE": str(cache),
            "OMNI_AGENT_OFFLINE": "1",
            "XDG_CACHE_HOME": str(cache),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "TMPDIR": str(temporary),
            "TEMP": str(temporary),
            "TMP": str(temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNDEFAULTENCODING": "1",
        }

    def things(self) -> frozenset[Thing]:
        """What stands in the watched folders: files, and rows of SQLite files."""
        found: set[Thing] = set()
        for folder in self.watched:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.name.endswith(_BESIDE):
                    found |= _in_file(path, str(path.relative_to(self.root)))
        return frozenset(found)

    def sizes(self) -> Counter[str]:
        """Bytes of the files and rows of the tables, by name."""
        found = Counter[str]()
        for kind, name, *rest in self.things():
            if kind == "row":
                found[f"{name}:{rest[0]}"] += 1
            elif kind == "file":
                found[name] = (self.root / name).stat().st_size
        return found


def _in_file(path: Path, name: str) -> set[Thing]:
    try:
        data = path.read_bytes()
    except OSError:
        return set()
    if data.startswith(_SQLITE):
        try:
            return _rows(path, name)
        except sqlite3.Error:
            pass
    return {("file", name, hashlib.sha256(data).hexdigest()) if data else ("empty", name)}


def _rows(path: Path, name: str) -> set[Thing]:
    found: set[Thing] = set()
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as database:
        tables = database.execute(
            "SELECT name FROM pragma_table_list "
            "WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()
        for (table,) in tables:
            quoted = '"' + table.replace('"', '""') + '"'
            rows = Counter(map(repr, database.execute(f"SELECT * FROM {quoted} LIMIT {MOST_ROWS}")))
            # Two equal rows are two things.
            found |= {("row", name, table, row, str(i)) for row, count in rows.items() for i in range(count)}
    return found


def substance(things: frozenset[Thing]) -> frozenset[Thing]:
    """The things but empty files."""
    return frozenset(thing for thing in things if thing[0] != "empty")


def named(things: frozenset[Thing]) -> str:
    """Where they are, in a few words."""
    places = sorted({f"{thing[1]}:{thing[2]}" if thing[0] == "row" else thing[1] for thing in things})
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(places[:3]) + more


def lost(before: frozenset[Thing], after: frozenset[Thing]) -> str:
    """The files that are gone and the tables that have fewer rows, in a few words, or empty."""
    files = {thing[1] for thing in before if thing[0] == "file"} - {thing[1] for thing in after}
    counts = {
        key: _count(before, key) - _count(after, key) for key in {t[:3] for t in before if t[0] == "row"}
    }
    tables = {f"a row of {key[1]}:{key[2]}" for key, fewer in counts.items() if fewer > 0}
    return ", ".join(sorted(files | tables)[:3])


def _count(things: frozenset[Thing], key: Thing) -> int:
    return sum(thing[:3] == key for thing in things)


def inside(path: str | os.PathLike[str], folders: tuple[Path, ...]) -> bool:
    """Whether a path lies in one of the folders."""
    real = os.path.realpath(path)
    return any(real == (at := os.path.realpath(folder)) or real.startswith(at + os.sep) for folder in folders)
