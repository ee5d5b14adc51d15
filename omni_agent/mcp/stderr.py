"""What a server's process says on its standard error: kept, bounded, and off the terminal."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from .naming import one_line

log = logging.getLogger(__name__)

KEPT = 8_000


class Stderr:
    """The last words of a process.

    Args:
        name: The server's, for the log.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept = b""

    @property
    def last_line(self) -> str:
        """The last line that says anything, or empty."""
        lines = self._kept.decode("utf-8", "replace").splitlines()
        return next((one_line(line) for line in reversed(lines) if line.strip()), "")

    @contextmanager
    def pipe(self) -> Iterator[TextIO]:
        """A pipe for the process to write to; this end of it may be closed once the process has it."""
        reading, writing = os.pipe()
        # A thread, since only some event loops can read a pipe of this kind.
        threading.Thread(target=self._drain, args=(reading,), name="omni-agent-mcp", daemon=True).start()
        with open(writing, "w", encoding="utf-8") as file:
            yield file

    def _drain(self, reading: int) -> None:
        with open(reading, "rb", buffering=0) as file:
            while chunk := file.read(KEPT):
                self._kept = (self._kept + chunk)[-KEPT:]
                if log.isEnabledFor(logging.DEBUG):
                    log.debug("%s: %s", self._name, chunk.decode("utf-8", "replace").rstrip())
