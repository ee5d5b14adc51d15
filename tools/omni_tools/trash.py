"""What files were before: kept in a folder of the sandbox that its tools cannot open.

Every change of a call is a record there, with what the call replaced or moved away beside it, so that the
call is done once, and can be taken back by another process. A change happens by one `rename`: after a crash,
whether that was done tells whether the call was.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext

from .filenames import TRASH, checked
from .sandbox import Parts, Sandbox, must_be_file, open_file, spoken_errors

__all__ = ["Trash", "call_id"]

_KEPT_S = 30 * 24 * 3600
_MOST_CALLS = 1000
_MOST_BYTES = 1_000_000_000
# What was moved away just now can be taken back, however large it is.
_SPARED_S = 3600
_WAIT_S = 10.0
_LOOK_S = 0.02
_LARGEST_RECORD = 100_000
_LARGEST_COPY = 100_000_000
_OURS = re.compile(r"([0-9a-f]{32})\.(?:json|kept|new|part)")


@dataclass(frozen=True, slots=True)
class _Record:
    """What a call did.

    Attributes:
        what: Whether it wrote a file or moved it here.
        parts: The file.
        told: What it answered.
        kept: Whether there was a file before, which is kept here.
        made: How many folders it made for the file.
        size: Bytes that it wrote.
        digest: SHA-256 of them, in hex.
        undone: What taking it back answered; empty while it stands.
    """

    what: Literal["write", "move"]
    parts: Parts
    told: str
    kept: bool
    made: int = 0
    size: int = 0
    digest: str = ""
    undone: str = ""


_RECORDS = TypeAdapter(_Record)


def call_id(user: str, key: str) -> str:
    """What a call's record is named by; a name of its own where the call has no key."""
    return hashlib.sha256(f"{user}\0{key}".encode()).hexdigest()[:32] if key else secrets.token_hex(16)


class Trash:
    """The kept files of a sandbox, for one who has them to himself."""

    def __init__(self, sandbox: Sandbox, folder: int) -> None:
        self._sandbox, self._folder = sandbox, folder

    @classmethod
    @contextmanager
    def locked(cls, sandbox: Sandbox, context: ToolContext) -> Iterator[Trash]:
        """The trash; no other thread or process changes files by it meanwhile.

        Raises:
            ToolError: It cannot be opened, or others keep it for longer than 10 seconds.
        """
        with sandbox.folder(make=True) as root, spoken_errors(TRASH):
            with suppress(FileExistsError):
                os.mkdir(TRASH, 0o700, dir_fd=root)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            folder = os.open(TRASH, flags, dir_fd=root)
            try:
                _lock(folder, context)
                yield cls(sandbox, folder)
            finally:
                # The lock goes with the descriptor.
                os.close(folder)

    def answer(self, call: str) -> str | None:
        """What a call answered that was done before; None where it was not."""
        record = self._record(call)
        done = record and (record.undone or self._done(call, record))
        return record.told if record and done else None

    def write(self, call: str, parts: Parts, data: bytes, told: str) -> None:
        """Write a file at once, and keep what was there."""
        missing = sum(not self._sandbox.kind(parts[:depth]) for depth in range(1, len(parts)))
        with self._sandbox.folder(parts[:-1], make=True) as folder, spoken_errors("/".join(parts)):
            self._forget(call)
            mode = self._keep(call, folder, parts[-1])
            digest = hashlib.sha256(data).hexdigest()
            record = _Record("write", parts, told, mode is not None, missing, len(data), digest)
            # Before the record: a record without the new file beside it is of a call that was done.
            self._put(f"{call}.new", data, mode)
            self._save(call, record)
            os.rename(f"{call}.new", parts[-1], src_dir_fd=self._folder, dst_dir_fd=folder)
            os.fsync(folder)
        self._purge()

    def move(self, call: str, parts: Parts, told: str) -> None:
        """Move a file here."""
        with self._sandbox.folder(parts[:-1]) as folder, spoken_errors("/".join(parts)):
            self._forget(call)
            self._save(call, _Record("move", parts, told, kept=True))
            os.rename(parts[-1], f"{call}.kept", src_dir_fd=folder, dst_dir_fd=self._folder)
            os.fsync(folder)
        self._purge()

    def take_back(self, call: str) -> str:
        """Put things as they were before a call.

        Raises:
            ToolError: It is not known, not done, or what it wrote has changed since.
        """
        record = self._record(call)
        if record is None or not (record.undone or self._done(call, record)):
            raise ToolError("What that call changed is not kept any more, so it cannot be taken back.")
        if record.undone:
            return record.undone
        told = self._written_back(call, record) if record.what == "write" else self._moved_back(call, record)
        with spoken_errors(TRASH):
            self._save(call, replace(record, undone=told))
        return told

    def _written_back(self, call: str, record: _Record) -> str:
        path, name, kept = "/".join(record.parts), record.parts[-1], f"{call}.kept"
        with self._sandbox.folder(record.parts[:-1]) as folder, spoken_errors(path):
            if self._has(kept) == record.kept:
                data, size = open_file(folder, name, record.size + 1)
                if size != record.size or hashlib.sha256(data).hexdigest() != record.digest:
                    raise ToolError(
                        f"The file '{path}' was changed after that. Undo the later change first, or leave it."
                    )
                if record.kept:
                    os.rename(kept, name, src_dir_fd=self._folder, dst_dir_fd=folder)
                else:
                    os.rename(name, kept, src_dir_fd=folder, dst_dir_fd=self._folder)
        if record.kept:
            return f"The file '{path}' is as it was before."
        self._unmake(record)
        return f"The file '{path}' is gone again."

    def _moved_back(self, call: str, record: _Record) -> str:
        path, name = "/".join(record.parts), record.parts[-1]
        with self._sandbox.folder(record.parts[:-1], make=True) as folder, spoken_errors(path):
            if self._sandbox.kind(record.parts):
                raise ToolError(
                    f"There is a new file '{path}' by now. Move that away first, then undo again."
                )
            os.rename(f"{call}.kept", name, src_dir_fd=self._folder, dst_dir_fd=folder)
        return f"The file '{path}' is back."

    def _unmake(self, record: _Record) -> None:
        """Remove the folders that a call made, as far as nothing else is in them."""
        folders = record.parts[:-1]
        for depth in range(len(folders), len(folders) - record.made, -1):
            with suppress(OSError, ToolError), self._sandbox.folder(folders[: depth - 1]) as above:
                os.rmdir(folders[depth - 1], dir_fd=above)

    def _keep(self, call: str, folder: int, name: str) -> int | None:
        """Keep what is there under a second name; gives its mode, or None where there is nothing."""
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not found.st_mode & stat.S_IWUSR:
            raise ToolError(f"The file '{name}' is write-protected. Choose another name.")
        must_be_file(found, name)
        try:
            os.link(name, f"{call}.kept", src_dir_fd=folder, dst_dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            # Some disks, such as memory cards, know one name for a file only.
            data, size = open_file(folder, name, _LARGEST_COPY)
            if size > len(data):
                raise ToolError(f"The file '{name}' is too large to be replaced here.") from None
            self._put(f"{call}.kept", data, found.st_mode)
        return found.st_mode

    def _put(self, name: str, data: bytes, mode: int | None = None) -> None:
        """Write a file here, down to the disk."""
        self._remove(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with open(os.open(name, flags, 0o666, dir_fd=self._folder), "wb") as file:
                file.write(data)
                if mode is not None:
                    os.fchmod(file.fileno(), mode & 0o777)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            self._remove(name)
            raise

    def _save(self, call: str, record: _Record) -> None:
        self._put(f"{call}.part", _RECORDS.dump_json(record), 0o600)
        os.rename(f"{call}.part", f"{call}.json", src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def _record(self, call: str) -> _Record | None:
        """The record of a call, if there is one that can be used."""
        try:
            data, _ = open_file(self._folder, f"{call}.json", _LARGEST_RECORD)
            record = _RECORDS.validate_json(data)
            checked(record.parts, hidden=True)
        except (OSError, ValidationError, ToolError):
            return None
        return record if record.parts else None

    def _done(self, call: str, record: _Record) -> bool:
        return self._has(f"{call}.kept") if record.what == "move" else not self._has(f"{call}.new")

    def _has(self, name: str) -> bool:
        try:
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _forget(self, call: str) -> None:
        """Remove what is kept of a call: the record last, since it says what the rest is."""
        for ending in ("new", "part", "kept", "json"):
            self._remove(f"{call}.{ending}")

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)

    def _purge(self) -> None:
        """Forget the oldest calls, where there are too many or they are too old or too large."""
        changed, size = dict[str, float](), dict[str, int]()
        with suppress(OSError), os.scandir(self._folder) as there:
            for item in there:
                if match := _OURS.fullmatch(item.name):
                    found = item.stat(follow_symlinks=False)
                    if item.name.endswith(".json"):
                        changed[match[1]] = found.st_mtime
                    changed.setdefault(match[1], found.st_ctime)
                    size[match[1]] = size.get(match[1], 0) + found.st_blocks * 512
        total, now = sum(size.values()), time.time()
        for rank, call in enumerate(sorted(changed, key=changed.__getitem__)):
            age = now - changed[call]
            many = len(changed) - rank > _MOST_CALLS or total > _MOST_BYTES
            if age < _SPARED_S or not (many or age > _KEPT_S):
                return
            with suppress(OSError):
                self._forget(call)
            total -= size[call]


def _lock(folder: int, context: ToolContext) -> None:
    """Have a folder to oneself, for as long as the descriptor is open."""
    import fcntl

    deadline = time.monotonic() + _WAIT_S
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        context.cancellation.wait(_LOOK_S)
        context.raise_if_cancelled()
        if time.monotonic() > deadline:
            raise ToolError("The files are in use by another program. Try again in a moment.")
