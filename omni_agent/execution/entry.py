"""One call in the journal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from ..memory import Scope
from ..messages import Media, ResultStatus, ToolCall, ToolResult

# `planned`: waits for a yes. `approved`: has it. `running`: may have taken effect. The others are ends.
Status = Literal["planned", "approved", "running", "done", "failed", "cancelled", "denied", "unknown"]

_NOT_KNOWN = "It was cut off while it ran; whether it took effect is not known. Do not simply repeat it."
_RUNNING = "It still runs; its result will be told when it is there."


@dataclass(frozen=True, slots=True)
class Entry:
    """A call, and what became of it.

    Attributes:
        key: The call's idempotency key.
        call: The call, with the arguments that the tool gets.
        scope: Whose it is.
        session, turn: Where it was made.
        effect: The tool's.
        digest: Digest of the tool's name and the arguments: what an approval is bound to.
        status: How far it is.
        content, media: What the tool gave, whole.
        told: The result is in a reply that came to its end.
        undone: It was taken back.
        planned_at: When it was entered.
        undoable: The tool can take it back.
    """

    key: str
    call: ToolCall
    scope: Scope
    session: str
    turn: str
    effect: str
    digest: str
    planned_at: datetime
    undoable: bool = False
    status: Status = "planned"
    content: str = ""
    media: tuple[Media, ...] = ()
    told: bool = False
    undone: bool = False

    @property
    def ended(self) -> bool:
        """Nothing more will become of it."""
        return self.status not in ("planned", "approved", "running")

    def result(self) -> ToolResult:
        """What the model is told of it."""
        waits = self.status in ("planned", "approved")
        status = cast(ResultStatus, "cancelled" if waits else self.status)
        told = {"unknown": self.content or _NOT_KNOWN, "running": _RUNNING}.get(status, self.content)
        return ToolResult(self.call.id, self.call.name, status, told, self.media)


def digest(call: ToolCall) -> str:
    """What two calls share that ask for the same thing, whatever the order of their arguments."""
    asked = json.dumps([call.name, call.arguments], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def idempotency_key(scope: Scope, session: str, turn: str, call: ToolCall) -> str:
    """The same for every attempt at a call, and for no other call."""
    place = json.dumps([scope.user, scope.persona, session, turn, call.id])
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()
