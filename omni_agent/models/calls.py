"""What the model writes, piece by piece, as events: words, or calls of tools.

An answer is `say` and words, or `name {arguments}` for each call, a space between them (see `prompt.py`).
The parser is pure and knows no engine. It fails closed: whatever looks like a call but is none, in any of
the forms that models write unasked, is swallowed with the rest of the answer, because words are spoken
aloud.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum

from ..messages import ToolCall
from .base import ModelEvent, TextDelta, ToolCallDelta
from .markup import Gate, JsonText
from .parsing import AnswerParser, new_call_id
from .prompt import SAY

_WORD = re.compile(r"[\w.-]+\s*")
_UNKNOWN_CALL = re.compile(r"[\w.-]+\s*\{")


class _State(Enum):
    START = "_start"
    TEXT = "_text"
    NAME = "_call"
    ARGUMENTS = "_arguments"
    SWALLOW = "_swallow"


class CallParser(AnswerParser):
    """Turns an answer into `TextDelta`, `ToolCallDelta` and `ToolCall`.

    However the answer is cut into pieces, the words, calls and their order are the same.

    Args:
        names: The tools that may be called.
        new_id: Makes the id of each call.
        marked: Words begin with `say`; if not, all of the answer is words.
    """

    def __init__(
        self, names: Iterable[str], new_id: Callable[[], str] = new_call_id, *, marked: bool = True
    ) -> None:
        self._names = tuple(names)
        self._new_id = new_id
        self._state = _State.START if marked else _State.TEXT
        self._gate = Gate(self._names)
        self._index = -1
        self._name = ""
        self._json = JsonText()

    def finish(self) -> list[ModelEvent]:
        """The answer is over: give what was held back, if it is words. An unfinished call is dropped."""
        held, state = self._held, self._state
        self._held, self._state = "", _State.SWALLOW
        if state is _State.START:
            bare = held.strip()
            return [] if bare in (*self._names, SAY.strip()) else _words(self._gate.tail(bare))
        return _words(self._gate.tail(held)) if state is _State.TEXT else []

    def _start(self, events: list[ModelEvent]) -> None:
        """Find out whether the answer speaks or calls."""
        self._held = head = self._held.lstrip()
        opens = self._gate.opens_named(head)
        if opens:
            self._state = _State.NAME
        elif words := head.removeprefix(SAY).lstrip() if head.startswith(SAY) else "":
            self._state, self._held = _State.TEXT, words
        elif opens is False and not SAY.startswith(head) and not _WORD.fullmatch(head):
            unknown = _UNKNOWN_CALL.match(head)
            self._state, self._held = (_State.SWALLOW, "") if unknown else (_State.TEXT, head)

    def _text(self, events: list[ModelEvent]) -> None:
        """Let words through up to the first place that may open a call."""
        words, self._held, opened = self._gate.split(self._held)
        events += _words(words)
        if opened:
            self._state, self._held = _State.SWALLOW, ""

    def _call(self, events: list[ModelEvent]) -> None:
        """Read a call's name up to its arguments."""
        head = self._held.lstrip()
        opened = self._gate.opens_named(head)
        if opened is None:
            return
        name = (
            next((n for n in self._names if re.match(rf"{re.escape(n)}\s*\{{", head)), None)
            if opened
            else None
        )
        if name is None:
            self._state, self._held = _State.SWALLOW, ""
            return
        self._index, self._name, self._json = self._index + 1, name, JsonText()
        self._held = head[head.index("{") :]
        self._state = _State.ARGUMENTS
        events.append(ToolCallDelta(self._index, name, ""))

    def _arguments(self, events: list[ModelEvent]) -> None:
        """Read the JSON object of a call to its last brace."""
        taken = self._json.take(self._held)
        events.append(ToolCallDelta(self._index, self._name, self._held[:taken]))
        self._held = self._held[taken:]
        if not self._json.closed:
            return
        arguments = self._json.value()
        if isinstance(arguments, dict):
            self._state = _State.NAME
            events.append(ToolCall(self._new_id(), self._name, arguments))
        else:
            self._state = _State.SWALLOW


def _words(text: str) -> list[ModelEvent]:
    return [TextDelta(text)] if text else []
