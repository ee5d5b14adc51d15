"""Telling whether a part's files are what the catalogue says, without hashing gigabytes at each start.

Beside a part's folder lies a stamp: size, time of change and digest of each file when it was last hashed. A
file whose size and time are still those is taken to have still that digest; any other is hashed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .catalog import ModelFile, Part


@dataclass(frozen=True, slots=True)
class Problem:
    """A file of a part that is not there, or not what it should be."""

    part: str
    path: str
    kind: Literal["missing", "damaged"]

    def __str__(self) -> str:
        return f"{self.part}/{self.path} is {self.kind}"


@dataclass(frozen=True, slots=True)
class _Seal:
    bytes: int
    mtime_ns: int
    sha256: str


class Stamp:
    """The stamp of one part.

    Args:
        part: Which part.
        folder: Where its files are.
        path: Where the stamp is.
    """

    def __init__(self, part: Part, folder: Path, path: Path) -> None:
        self._part = part
        self._folder = folder
        self._path = path
        self._seals = _read(path)

    def problems(self, *, thorough: bool = False) -> list[Problem]:
        """Look at every file; hash those that the stamp does not vouch for, or all if `thorough`."""
        before = dict(self._seals)
        found = [
            Problem(self._part.name, file.path, kind)
            for file in self._part.files
            if (kind := self._kind(file, thorough)) is not None
        ]
        if self._seals != before:
            self._write()
        return found

    def seal(self, file: ModelFile) -> None:
        """Note that `file` has just been written with its digest."""
        stat = (self._folder / file.path).stat()
        self._seals[file.path] = _Seal(stat.st_size, stat.st_mtime_ns, file.sha256)
        self._write()

    def _kind(self, file: ModelFile, thorough: bool) -> Literal["missing", "damaged"] | None:
        try:
            with (self._folder / file.path).open("rb") as opened:
                stat = os.fstat(opened.fileno())
                if stat.st_size != file.bytes:
                    return "damaged"
                seal = self._seals.get(file.path)
                if (
                    thorough
                    or seal is None
                    or (seal.bytes, seal.mtime_ns) != (stat.st_size, stat.st_mtime_ns)
                ):
                    digest = hashlib.file_digest(opened, "sha256").hexdigest()
                    seal = self._seals[file.path] = _Seal(stat.st_size, stat.st_mtime_ns, digest)
        except FileNotFoundError:
            return "missing"
        except OSError:
            return "damaged"
        return None if seal.sha256 == file.sha256 else "damaged"

    def _write(self) -> None:
        # Without a stamp the next look only takes longer, so a cache that cannot be written is no error.
        with contextlib.suppress(OSError):
            text = json.dumps({path: [s.bytes, s.mtime_ns, s.sha256] for path, s in self._seals.items()})
            draft = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex[:8]}")
            try:
                draft.write_text(text, encoding="utf-8")
                draft.replace(self._path)
            finally:
                draft.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, _Seal]:
    """The seals in the file; none where it is missing or broken, for they can be had again by hashing."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: _Seal(int(size), int(mtime_ns), str(sha256))
            for name, (size, mtime_ns, sha256) in table.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
