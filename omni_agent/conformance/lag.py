"""Who holds up the event loop: a thread that looks at the loop's stack when its beat stays out."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

BEAT = 0.02
HELD_UP = 0.15


class LoopWatch:
    """Watches the running loop of this thread.

    Args:
        entry: Name of the function of ours under which a tool's own code runs on the loop.
        hung: Seconds after which it will not come back.
        told: Called from the watching thread when it does not, with the place.
    """

    def __init__(self, entry: str, hung: float, told: Callable[[str], None]) -> None:
        self._entry, self._hung, self._told = entry, hung, told
        self._home = threading.get_ident()
        self._beat = time.monotonic()
        self._held: dict[str, float] = {}
        threading.Thread(target=self._look, name="conformance-watch", daemon=True).start()

    async def beat(self) -> None:
        """Beat for ever; a task of the loop."""
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(BEAT)

    def take(self) -> dict[str, float]:
        """Places that held the loop up since the last time, with seconds."""
        taken, self._held = self._held, {}
        return taken

    def _look(self) -> None:
        while True:
            time.sleep(BEAT)
            late = time.monotonic() - self._beat
            if late > HELD_UP and (place := self._place()):
                if late > self._hung:
                    self._told(place)
                self._held[place] = max(late, self._held.get(place, 0.0))

    def _place(self) -> str:
        """The first line of the tool's own code on the loop's stack, or empty."""
        frame: FrameType | None = sys._current_frames().get(self._home)
        stack: list[FrameType] = []
        while frame is not None and frame.f_code.co_name != self._entry:
            stack.append(frame)
            frame = frame.f_back
        if frame is None:
            return ""
        own = [
            item
            for item in reversed(stack)
            if item.f_globals.get("__name__", "").partition(".")[0] != "omni_agent"
        ]
        # Below the tool's first line there may be others', which it called.
        return f"{own[0].f_code.co_filename.rpartition('/')[2]}:{own[0].f_lineno}" if own else ""
