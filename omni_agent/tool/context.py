"""What a running tool may know of its turn, and how it learns that it should stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..alarms import ToolAlarms
from ..errors import ToolError
from ..memory import MemoryStore, Recollection, Scope, TransientMemory, TurnRecord

if TYPE_CHECKING:
    from ..media import MediaStore


class Cancellation:
    """A flag that is raised once, from any thread, and stays up."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def requested(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Block this thread for so long, or until the work should stop; True if it should."""
        return self._event.wait(seconds)


@dataclass(frozen=True, slots=True)
class ToolMemory:
    """Memory as a tool sees it: one user's, with one persona; no other can be reached from here."""

    store: MemoryStore = field(default_factory=TransientMemory, repr=False)
    scope: Scope = field(default_factory=lambda: Scope("", ""))
    session: str = ""

    async def recall(self, query: str, *, limit: int = 8) -> list[Recollection]:
        """What is worth knowing for `query`, best first.

        Raises:
            MemoryStoreError: Memory cannot be read.
        """
        return await self.store.recall(self.scope, query, limit=limit)

    async def history(self, *, limit: int = 40) -> list[TurnRecord]:
        """The last turns of this conversation, oldest first; the turn that runs is not among them.

        Raises:
            MemoryStoreError: Memory cannot be read.
        """
        return await self.store.history(self.scope, self.session, limit=limit)


def _store() -> MediaStore:
    from ..media import MediaStore

    return MediaStore()


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool may know of its turn; a parameter of this type is injected.

    Attributes:
        user: Who speaks.
        session: The conversation.
        turn: The turn.
        call_id: This call.
        idempotency_key: The same for every attempt at this call: pass it on to services that take one.
        undoes: In an `undo`, the idempotency key of the call that it takes back; empty elsewhere.
        report: Tells the user how far the tool is, from any thread; shown as `ToolProgress`.
        memory: What is remembered of this user.
        media: Where sounds, pictures and clips are kept.
        alarms: What the agent is to say to this user at a later moment.
        cancellation: Raised when the call is cut off or its time is over.
    """

    user: str
    session: str
    turn: str
    call_id: str
    idempotency_key: str
    report: Callable[[str], None]
    memory: ToolMemory = field(default_factory=ToolMemory)
    media: MediaStore = field(default_factory=_store, repr=False)
    alarms: ToolAlarms = field(default_factory=ToolAlarms, repr=False)
    undoes: str = ""
    cancellation: Cancellation = field(default_factory=Cancellation, repr=False)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more: a thread cannot be stopped, so let it look here."""
        return self.cancellation.requested

    def raise_if_cancelled(self) -> None:
        """Leave the tool if nobody waits for its result any more.

        Raises:
            ToolError: Nobody does; code `tool_cancelled`.
        """
        if self.cancelled:
            raise ToolError("the call was cut off", code="tool_cancelled")
