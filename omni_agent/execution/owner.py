"""Whether the process that began a call still lives.

Each journal holds a lock on a file of its own name; the system lets go of it however the process ends.
"""

from __future__ import annotations

import threading
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout


class Owner:
    """Holds a lock for as long as it lives.

    Args:
        folder: Where the lock files are; None where no other process can see the journal.
    """

    def __init__(self, folder: Path | None) -> None:
        self.token = uuid4().hex
        self._folder = folder
        self._lock: FileLock | None = None
        self._appearing = threading.Lock()

    def appear(self) -> None:
        """Take the lock, before the first entry names this owner."""
        with self._appearing:
            if self._folder and self._lock is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = FileLock(self._path(self.token), thread_local=False)
                self._lock.acquire(blocking=False)

    def lives(self, token: str) -> bool:
        """Whether the owner of that token, this one or another, is still there."""
        if token == self.token:
            return True
        if self._folder is None or not self._path(token).exists():
            return False
        probe = FileLock(self._path(token), thread_local=False)
        try:
            probe.acquire(blocking=False)
        except Timeout:
            return True
        probe.release()
        self._path(token).unlink(missing_ok=True)
        return False

    def leave(self) -> None:
        """Let go of the lock; what still runs in this owner's name is given up."""
        if self._lock:
            self._lock.release()
            self._path(self.token).unlink(missing_ok=True)
            self._lock = None
            self.token = uuid4().hex

    def _path(self, token: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{token}.lock"
