"""How a pull tells what it is doing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of a pull from the thread that runs it, part after part. Sizes are bytes of model files."""

    def begin(self, part: str, total: int) -> None:
        """`total` bytes of `part` are about to be fetched."""
        ...

    def at(self, part: str, done: int) -> None:
        """`done` of them are here; less than before where a source proved to be wrong."""
        ...

    def say(self, part: str, message: str) -> None:
        """Something that a person may want to know: a wait, a retry, a source that was refused."""
        ...

    def end(self, part: str) -> None:
        """All files of `part` are in place."""
        ...


class Silence:
    """Tells nobody."""

    def begin(self, part: str, total: int) -> None:
        pass

    def at(self, part: str, done: int) -> None:
        pass

    def say(self, part: str, message: str) -> None:
        pass

    def end(self, part: str) -> None:
        pass
