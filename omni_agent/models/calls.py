"""What the model writes, piece by piece, as events: words, or calls of tools.

An answer is `say` and words, or `name {arguments}` for each call, a space between them (see `prompt.py`).
The parser is pure and knows no engine. It fails closed: whatever looks like a call but is none, in any of
the forms that models write unasked, is swallowed with the rest of the answer, because words are spoken
aloud.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from enum import Enum, auto
from itertools import product
from uuid import uuid4

from ..messages import ToolCall
from .base import ModelEvent, TextDelta, ToolCallDelta
from .prompt import SAY

# Openings of calls, without white space: as tags, and as JSON, bare, in a list, doubly braced or fenced.
_TAGS = ("<tool_call", "</tool_call", "<tool_response", "</tool_response", "<tools>", "<function", "<|")
_KEYS = ("name", "arguments", "parameters", "tool", "tool_name", "tool_calls", "function", "function_call")
_FENCES = ("", "```", "```json", "```tool_call", "```python", "```xml")
_JSON = tuple(
    f'{fence}{brace}"{key}":'
    for fence, brace, key in product(_FENCES, ("{", "[{", "{{", "[{{", "[[{"), _KEYS)
)
_MARKUP = (*_TAGS, *(f"{fence}{tag}" for fence in _FENCES[1:] for tag in _TAGS), *_JSON)
_SUSPECT = re.compile(r"[<{\[`]|(?<=\n)")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[\w.-]+\s*")
_UNKNOWN_CALL = re.compile(r"[\w.-]+\s*\{")


def new_call_id() -> str:
    """A fresh id of a call."""
    return f"call_{uuid4().hex}"


class _State(Enum):
    START = auto()
    TEXT = auto()
    NAME = auto()
    ARGUMENTS = auto()
    SWALLOW = auto()


class CallParser:
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
        self._held = ""
        self._line_start = True
        self._call = _Call(-1, "")

    def feed(self, piece: str) -> list[ModelEvent]:
        """Take the next piece of the answer, give what is now certain."""
        events: list[ModelEvent] = []
        self._held += piece
        before = None
        while self._held and before != (self._state, self._held):
            before = (self._state, self._held)
            _STEPS[self._state](self, events)
        return events

    def finish(self) -> list[ModelEvent]:
        """The answer is over: give what was held back, if it is words. An unfinished call is dropped."""
        held, state = self._held, self._state
        self._held, self._state = "", _State.SWALLOW
        bare = _SPACE.sub("", held)
        if state is _State.START:
            return [] if bare in (*self._names, SAY.strip()) else _words(held.strip(), bare)
        return _words(held, bare) if state is _State.TEXT else []

    def _start(self, events: list[ModelEvent]) -> None:
        """Find out whether the answer speaks or calls."""
        self._held = head = self._held.lstrip()
        opens = self._opens_call(head)
        if opens:
            self._state = _State.NAME
        elif words := head.removeprefix(SAY).lstrip() if head.startswith(SAY) else "":
            self._state, self._held = _State.TEXT, words
        elif opens is False and not SAY.startswith(head) and not _WORD.fullmatch(head):
            unknown = _UNKNOWN_CALL.match(head)
            self._state, self._held = (_State.SWALLOW, "") if unknown else (_State.TEXT, head)

    def _opens_call(self, line: str) -> bool | None:
        """Whether a line is the beginning of a call; None while it may become one."""
        bare = _SPACE.sub("", line)
        openings = tuple(f"{name}{bracket}" for name in self._names for bracket in "{([")
        return True if bare.startswith(openings) and openings else _may(bare, openings)

    def _text(self, events: list[ModelEvent]) -> None:
        """Let words through up to the first place that may open a call."""
        while self._held:
            verdict = self._suspicion()
            if verdict:
                self._state, self._held = _State.SWALLOW, ""
            if verdict is not False:
                return
            found = _SUSPECT.search(self._held, 1)
            self._emit(found.start() if found else len(self._held), events)

    def _suspicion(self) -> bool | None:
        """Whether what is held opens a call; None while it may."""
        named = self._opens_call(self._held) if self._line_start and self._names else False
        if named or self._held[0] not in "<{[`":
            return named
        bare = _SPACE.sub("", self._held)
        return True if bare.startswith(_MARKUP) else _may(bare, _MARKUP)

    def _emit(self, length: int, events: list[ModelEvent]) -> None:
        self._line_start = self._held[length - 1] == "\n"
        events.append(TextDelta(self._held[:length]))
        self._held = self._held[length:]

    def _name(self, events: list[ModelEvent]) -> None:
        """Read a call's name up to its arguments."""
        head = self._held.lstrip()
        opened = self._opens_call(head)
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
        self._call = _Call(self._call.index + 1, name)
        self._held = head[head.index("{") :]
        self._state = _State.ARGUMENTS
        events.append(ToolCallDelta(self._call.index, name, ""))

    def _arguments(self, events: list[ModelEvent]) -> None:
        """Read the JSON object of a call to its last brace."""
        taken = self._call.take(self._held)
        events.append(ToolCallDelta(self._call.index, self._call.name, self._held[:taken]))
        self._held = self._held[taken:]
        if not self._call.closed:
            return
        arguments = self._call.arguments()
        self._state = _State.SWALLOW if arguments is None else _State.NAME
        if arguments is not None:
            events.append(ToolCall(self._new_id(), self._call.name, arguments))

    def _swallow(self, events: list[ModelEvent]) -> None:
        self._held = ""


def _may(bare: str, openings: tuple[str, ...]) -> bool | None:
    """None where `bare` may become one of the openings, else False."""
    return None if any(opening.startswith(bare) for opening in openings) else False


def _words(held: str, bare: str) -> list[ModelEvent]:
    """The held tail of the words, unless a call had begun in it."""
    begun = len(bare.strip("`")) > 1 and bare[0] in "<{[`"
    return [TextDelta(held)] if held and not begun else []


class _Call:
    """A call that is being read: where its JSON object ends."""

    def __init__(self, index: int, name: str) -> None:
        self.index = index
        self.name = name
        self.closed = False
        self._json = ""
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def take(self, text: str) -> int:
        """How many characters of `text` belong to the object."""
        for index, character in enumerate(text):
            self._step(character)
            if self._depth == 0 and not self._quoted:
                self.closed = True
                self._json += text[: index + 1]
                return index + 1
        self._json += text
        return len(text)

    def _step(self, character: str) -> None:
        if self._quoted:
            self._quoted = self._escaped or character != '"'
            self._escaped = character == "\\" and not self._escaped
        elif character == '"':
            self._quoted = True
        elif character in "{[":
            self._depth += 1
        elif character in "}]":
            self._depth -= 1

    def arguments(self) -> dict[str, object] | None:
        """The object, or None where it is no JSON."""
        try:
            value = json.loads(self._json)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


_STEPS: dict[_State, Callable[[CallParser, list[ModelEvent]], None]] = {
    _State.START: CallParser._start,
    _State.TEXT: CallParser._text,
    _State.NAME: CallParser._name,
    _State.ARGUMENTS: CallParser._arguments,
    _State.SWALLOW: CallParser._swallow,
}
