"""Calls in a server's own field for them, put together from their parts.

It fails closed: arguments that are no JSON object make no call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ...messages import ToolCall
from ..base import ToolCallDelta
from ..parsing import new_call_id
from .piece import CallPiece


@dataclass(slots=True)
class _Begun:
    """A call of which parts have come."""

    id: str
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class CallAssembly:
    """The calls of one answer.

    Args:
        barred: Names that the answer may not call.
        new_id: Makes an id where the server gives none.
        allowed: Whether there is anything to call.
    """

    def __init__(
        self,
        barred: Collection[str] = (),
        new_id: Callable[[], str] = new_call_id,
        *,
        allowed: bool = True,
    ) -> None:
        self._barred = barred
        self._allowed = allowed
        self._new_id = new_id
        self._calls: list[_Begun] = []
        self._at: dict[int, int] = {}

    def __bool__(self) -> bool:
        """Whether a call has begun."""
        return bool(self._calls)

    def feed(self, piece: CallPiece) -> list[ToolCallDelta]:
        """Take the next part of a call."""
        place = self._place(piece)
        call = self._calls[place]
        # Some servers repeat the name with every part, others send it in the first only.
        call.name = call.name or piece.name
        if piece.arguments:
            call.arguments.append(piece.arguments)
        if not self._may(call):
            return []
        return [ToolCallDelta(place, call.name, piece.arguments)]

    def finish(self) -> list[ToolCall]:
        """The calls that are whole."""
        made: list[ToolCall] = []
        for call in self._calls:
            arguments = _object("".join(call.arguments))
            if self._may(call) and arguments is not None:
                made.append(ToolCall(call.id or self._new_id(), call.name, arguments))
        return made

    def _may(self, call: _Begun) -> bool:
        return self._allowed and bool(call.name) and call.name not in self._barred

    def _place(self, piece: CallPiece) -> int:
        """Which call the part belongs to: by index, but another id or a second name at it is a new call."""
        place = self._at.get(piece.index) if piece.index >= 0 else None
        if place is not None:
            call = self._calls[place]
            other_id = bool(piece.id and call.id and piece.id != call.id)
            other_name = bool(piece.name and call.name and piece.name != call.name)
            if not (other_id or other_name):
                call.id = call.id or piece.id
                return place
        self._calls.append(_Begun(piece.id))
        self._at[piece.index] = len(self._calls) - 1
        return len(self._calls) - 1


def _object(text: str) -> dict[str, object] | None:
    """The arguments; a call without any is one with none."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
        # Encoded twice, as some chat templates make models do it.
        value = json.loads(value) if isinstance(value, str) and value.strip() else value
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else {} if value in (None, "") else None
