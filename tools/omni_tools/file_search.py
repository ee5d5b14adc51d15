"""Words looked for in the names and texts of files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext

from .filenames import spoken
from .names import folded
from .plaintext import decoded
from .readable import printable
from .sandbox import Entry, Parts, Sandbox

__all__ = ["FileSearch"]

_MOST_FILES = 5000
_MOST_BYTES = 50_000_000
_LARGEST_PART = 200_000
_LONGEST_S = 5.0


class FileSearch:
    """One look through the files of a sandbox, bounded in time, number and bytes.

    Args:
        sandbox: Where they are.
        words: What to look for, folded as `names.folded` does.
        largest: Bytes of a file that are looked at; 200 000 at most.

    Attributes:
        complete: Whether all files were looked at.
    """

    def __init__(self, sandbox: Sandbox, words: list[str], largest: int) -> None:
        self._sandbox, self._words = sandbox, words
        self._most = min(largest, _LARGEST_PART)
        self.complete = True

    def best(self, context: ToolContext) -> list[str]:
        """A line for each file that has most of the words; those with the words in their names first.

        Raises:
            ToolError: The call was cut off.
        """
        hits = sorted(self._hits(context), key=lambda hit: (-hit[0], -hit[1], hit[2]))
        return [line for count, _, line in hits if count == hits[0][0]]

    def _hits(self, context: ToolContext) -> Iterator[tuple[int, int, str]]:
        """How many of the words each file has, how many its name has, and a line about it."""
        deadline, left = time.monotonic() + _LONGEST_S, _MOST_BYTES
        for seen, entry in enumerate(self._sandbox.walk(_MOST_FILES), 1):
            context.raise_if_cancelled()
            if time.monotonic() > deadline or left <= 0 or seen == _MOST_FILES:
                self.complete = False
                return
            if entry.is_folder:
                continue
            data = self._start(entry.parts)
            left -= len(data)
            if hit := self._hit(entry, self._text(data)):
                yield hit

    def _hit(self, entry: Entry, text: str) -> tuple[int, int, str] | None:
        name = f"{folded(entry.name)} {spoken(entry.name)}"
        inside = folded(text)
        count = sum(word in name or word in inside for word in self._words)
        named = sum(word in name for word in self._words)
        return (count, named, entry.path + self._line(text)) if count else None

    def _line(self, text: str) -> str:
        """The first line with most of the words, short."""
        best, most = "", 0
        for line in text.splitlines():
            plain = folded(line)
            count = sum(word in plain for word in self._words)
            if count > most:
                best, most = " ".join(line.split()), count
        return f": {best if len(best) <= 80 else best[:80].rpartition(' ')[0] + ' …'}" if best else ""

    def _start(self, parts: Parts) -> bytes:
        with suppress(ToolError):
            return self._sandbox.read(parts, self._most)[0]
        return b""

    def _text(self, data: bytes) -> str:
        with suppress(ToolError):
            return printable(decoded(data, whole=len(data) < self._most).text)
        return ""
