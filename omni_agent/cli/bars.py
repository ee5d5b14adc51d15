"""A pull's progress as bars on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


class Bars:
    """A bar for each part, while entered."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, part: str, total: int) -> None:
        """Show a bar of `total` bytes."""
        self._tasks[part] = self._bars.add_task(part, total=total)

    def at(self, part: str, done: int) -> None:
        """Move the bar to `done` bytes."""
        self._bars.update(self._tasks[part], completed=done)

    def say(self, part: str, message: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(f"{part}: {message}", markup=False)

    def end(self, part: str) -> None:
        """Stop the bar's clock."""
        self._bars.stop_task(self._tasks[part])
