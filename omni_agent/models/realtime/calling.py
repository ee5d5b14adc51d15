"""The function calls of one response: written piece by piece, whole, or only told at its end."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import ModelError
from ...messages import JsonObject, ToolCall
from ..base import ModelEvent, ToolCallDelta
from ..parsing import new_call_id
from .profile import Profile


@dataclass(slots=True)
class _Writing:
    """A call that is being written."""

    index: int
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    shown: bool = False
    done: bool = False


class Calls:
    """Gathers calls. It fails closed: what is no call of an offered tool ends the answer.

    Args:
        names: The tools that may be called.
        profile: Of the service.

    Attributes:
        made: The calls, each with the server's id for it.
    """

    def __init__(self, names: Container[str], profile: Profile) -> None:
        self._names = names
        self._profile = profile
        self._writing: dict[str, _Writing] = {}
        self.made: list[tuple[ToolCall, str]] = []

    def begun(self, item: JsonObject) -> Iterator[ModelEvent]:
        """An item was added."""
        writing = self._of(item.get("id"), item.get("call_id"))
        self._named(writing, item)
        yield from self._shown(writing)

    def written(self, event: JsonObject, piece: str) -> Iterator[ModelEvent]:
        """A piece of the arguments."""
        writing = self._of(event.get("item_id"), event.get("call_id"))
        self._named(writing, event)
        waiting = "" if writing.shown else writing.arguments
        writing.arguments += piece
        if writing.name and waiting + piece:
            writing.shown = True
            yield ToolCallDelta(writing.index, writing.name, waiting + piece)

    def whole(self, event: JsonObject) -> Iterator[ModelEvent]:
        """The arguments are done; the call counts when its item is, or the response."""
        writing = self._of(event.get("item_id"), event.get("call_id"))
        self._named(writing, event)
        told = event.get("arguments")
        if not writing.arguments and isinstance(told, str):
            writing.arguments = told
        yield from self._shown(writing)

    def finished(self, item: JsonObject) -> Iterator[ModelEvent]:
        """An item is done: it is a call.

        Raises:
            ModelError: It is of no tool that was offered, or its arguments are no object.
        """
        yield from self.whole({**item, "item_id": item.get("id")})
        writing = self._of(item.get("id"), item.get("call_id"))
        if not writing.done:
            yield self._made(writing)

    def rest(self, output: object) -> Iterator[ModelEvent]:
        """The response is done: what it made, and what it only now tells of."""
        for item in output if isinstance(output, list) else ():
            if isinstance(item, dict) and item.get("type") == "function_call":
                yield from self.finished(item)
        for writing in self._writing.values():
            if not writing.done:
                yield self._made(writing)

    def _of(self, item_id: Any, call_id: Any) -> _Writing:
        name = str(item_id or call_id or "")
        for known, writing in self._writing.items():
            if known == name or (call_id and writing.call_id == call_id):
                return writing
        return self._writing.setdefault(name, _Writing(len(self._writing), call_id=str(call_id or "")))

    def _named(self, writing: _Writing, told: JsonObject) -> None:
        writing.name = writing.name or str(told.get("name") or "")
        writing.call_id = writing.call_id or str(told.get("call_id") or "")

    def _shown(self, writing: _Writing) -> Iterator[ModelEvent]:
        if writing.name and writing.arguments and not writing.shown:
            writing.shown = True
            yield ToolCallDelta(writing.index, writing.name, writing.arguments)

    def _made(self, writing: _Writing) -> ToolCall:
        writing.done = True
        try:
            arguments = json.loads(writing.arguments or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if writing.name not in self._names or not isinstance(arguments, dict):
            wrong = "a tool that it was not given" if isinstance(arguments, dict) else "a tool in no JSON"
            raise ModelError(
                f"{self._profile.title} calls {wrong}", code="call_malformed", remedy="ask again"
            )
        name = writing.call_id or new_call_id()
        made = ToolCall(name, writing.name, arguments)
        self.made.append((made, name))
        return made
