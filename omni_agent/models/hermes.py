"""Answers of models that write ``<tool_call>{"name": …, "arguments": {…}}</tool_call>`` among their words.

That is the form of Nous Hermes' and Qwen's chat templates. Models bend it: several calls in a pair of tags,
a list of them, a tag that is never closed, arguments as a string, fences in place of the tags or within
them, and thoughts in front. The parser is pure and knows no engine. It fails closed: words are spoken aloud,
so a call, right or wrong, is never among them, and markup that cannot be read ends both words and calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from ..messages import JsonObject, ToolCall
from .base import ModelEvent, TextDelta, ToolCallDelta
from .markup import BRACES, FENCES, KEYS, MARKUP, TAGS, Gate, JsonText, opens, without_space
from .parsing import AnswerParser, new_call_id

# Any object is held back until it is whole: the key that tells a call from other JSON may be its last.
_JSON = tuple(f"{fence}{brace}{quote}" for fence in FENCES for brace in BRACES for quote in ('"', '\\"'))
# A key of a call is none of the words even where its object was torn apart.
_TORN = (*KEYS, *(f"{key[:-2]}\\{key[-2:]}" for key in KEYS))
_PAIR = ("<tool_call>", "</tool_call>")
_THOUGHT = ("<think>", "</think>")
_OPENED = re.compile(r"(?P<fence>```\s*\w*\s*)?<\s*tool_call\s*>")
_CLOSED = re.compile(r"<\s*/\s*tool_call\s*>")
_THINK = re.compile(r"<\s*think\s*>")
_THOUGHT_OVER = re.compile(r"<\s*/\s*think\s*>")
_FENCE = re.compile(r"```\s*\w*\s*")
_SPACE = " \t\r\n"
_LEFT_OVER = f"{_SPACE},}}]"
_NAMES = ("name", "tool", "tool_name", "function")
_ARGUMENTS = ("arguments", "parameters")


class _State(Enum):
    AFTER = "_after"
    TEXT = "_text"
    THOUGHT = "_thought"
    PAIR = "_pair"
    VALUE = "_value"
    SWALLOW = "_swallow"


class HermesParser(AnswerParser):
    """Turns an answer in the Hermes form into `TextDelta`, `ToolCallDelta` and `ToolCall`.

    However the answer is cut into pieces, the words, calls and their order are the same. A call is given
    when its last brace is read; one of an unknown tool, or whose arguments are no object, is dropped. Outside
    of the tags an object is a call only if it has arguments. White space in front of the first word and
    after a call or a thought is dropped.

    Args:
        names: The tools that may be called.
        new_id: Makes the id of each call.
        thinking: The prompt ends with ``<think>``, so that the answer begins within a thought.

    Attributes:
        called: Markup of a call was read, whether it became a call or not.
    """

    def __init__(
        self, names: Iterable[str], new_id: Callable[[], str] = new_call_id, *, thinking: bool = False
    ) -> None:
        self._names = frozenset(names)
        self._new_id = new_id
        self._gate = Gate(self._names, (*MARKUP, *_JSON, *_THOUGHT, *_TORN))
        self._state = _State.THOUGHT if thinking else _State.AFTER
        self._left_over = _SPACE
        self._fence = ""
        self._prefix = ""
        self._in_pair = False
        self._json = JsonText()
        self._index = 0
        self.called = False

    @property
    def certain(self) -> bool:
        """Whether all that was read is decided: nothing is held back that may be a call or a thought."""
        return not self._held and self._state in {_State.AFTER, _State.TEXT}

    def finish(self) -> list[ModelEvent]:
        """The answer is over: give what was held back, if it is words. An unfinished call is dropped."""
        words = self._gate.tail(self._held) if self._state is _State.TEXT else ""
        self._state, self._held = _State.SWALLOW, ""
        return [TextDelta(words)] if words else []

    def _after(self, events: list[ModelEvent]) -> None:
        """Drop what is left over of a call: white space, surplus brackets, the end of its fence."""
        self._held = self._held.lstrip(self._left_over)
        if self._fence and self._held.startswith("```"):
            self._fence, self._held = "", self._held[3:]
        elif self._held and not (self._fence and "```".startswith(self._held)):
            self._state = _State.TEXT
            self._gate.new_line()

    def _text(self, events: list[ModelEvent]) -> None:
        """Let words through up to the first place that may open a call."""
        words, self._held, opened = self._gate.split(self._held)
        if words:
            self._fence = ""
            events.append(TextDelta(words))
        if opened:
            self._open()

    def _open(self) -> None:
        """Find out which markup this is; stay where more has to be read for that."""
        held = self._held
        if found := _OPENED.match(held):
            self.called = True
            self._state, self._held, self._fence = _State.PAIR, held[found.end() :], found["fence"] or ""
        elif found := _THINK.match(held):
            self._state, self._held = _State.THOUGHT, held[found.end() :]
        elif found := _CLOSED.match(held) or _THOUGHT_OVER.match(held):
            self._leave(held[found.end() :], _SPACE)
        elif opens(without_space(held), _JSON):
            place = re.search(r"[{\[]", held)
            start = place.start() if place else 0
            self._read(held[start:], in_pair=False)
            self._prefix = held[:start]
            self._fence = self._prefix or self._fence
        elif opens(without_space(_FENCE.sub("", held, count=1)), _PAIR) is not None:
            self.called = True
            self._state, self._held = _State.SWALLOW, ""

    def _leave(self, rest: str, left_over: str) -> None:
        self._state, self._held, self._left_over = _State.AFTER, rest, left_over

    def _read(self, rest: str, *, in_pair: bool) -> None:
        self._state, self._held = _State.VALUE, rest
        self._json, self._in_pair = JsonText(), in_pair

    def _thought(self, events: list[ModelEvent]) -> None:
        """Swallow a thought."""
        if found := _THOUGHT_OVER.search(self._held):
            self._leave(self._held[found.end() :], _SPACE)
            return
        tag = self._held[max(0, self._held.rfind("<")) :]
        self._held = tag if opens(without_space(tag), ("</think>",)) is None else ""

    def _pair(self, events: list[ModelEvent]) -> None:
        """Read on within the tags, up to the next object or list."""
        held = self._held = self._held.lstrip(_LEFT_OVER)
        bare = without_space(held)
        if held.startswith(("{", "[")):
            self._read(held, in_pair=True)
        elif found := _OPENED.match(held):
            self._held = held[found.end() :]
        elif found := _CLOSED.match(held):
            self._leave(held[found.end() :], _SPACE)
        elif (found := _FENCE.match(held)) and found.end() < len(held):
            self._held = held[found.end() :]
        elif held and not found and not "```".startswith(held) and opens(bare, _PAIR) is not None:
            self._state, self._held = _State.SWALLOW, ""

    def _value(self, events: list[ModelEvent]) -> None:
        """Read JSON to its last bracket: calls, or, outside of the tags, perhaps a part of the words."""
        taken = self._json.take(self._held)
        self._held = self._held[taken:]
        if not self._json.closed:
            return
        value = _decoded(self._json, strict=not self._in_pair)
        if value is None:
            self.called = True
            self._state, self._held = _State.SWALLOW, ""
        elif self._in_pair:
            self._state = _State.PAIR
            self._give(value, events)
        elif _harmless(self._json.text, value):
            self._state, self._fence = _State.TEXT, ""
            events.append(TextDelta(f"{self._prefix}{self._json.text}"))
        else:
            self.called = True
            self._leave(self._held, _LEFT_OVER)
            self._give(value, events)

    def _give(self, value: object, events: list[ModelEvent]) -> None:
        """The calls of the value, each as it is, but for those that nothing can run."""
        for name, arguments in _calls(value, bare=not self._in_pair):
            if name in self._names and arguments is not None:
                text = json.dumps(arguments, ensure_ascii=False)
                events.append(ToolCallDelta(self._index, name, text))
                events.append(ToolCall(self._new_id(), name, arguments))
                self._index += 1


def _decoded(text: JsonText, *, strict: bool) -> object:
    """The value; models also double the braces that they saw in a template."""
    value = text.value(strict=strict)
    if value is None and re.match(r"\{\s*\{", text.text):
        inner = JsonText()
        inner.take(text.text[1:-1].strip())
        return inner.value(strict=strict)
    return value


def _harmless(text: str, value: object) -> bool:
    """Whether JSON among the words has nothing of a call in it, however it is spelled."""
    try:
        spellings = without_space(text), without_space(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return False
    return not any(mark in spelling for spelling in spellings for mark in (*KEYS, *TAGS, *_THOUGHT))


def _calls(value: object, *, bare: bool) -> Iterator[tuple[str, JsonObject | None]]:
    """The calls in a value: an object, a list of them, or either in the frames of other formats."""
    for item in value if isinstance(value, list) else [value]:
        framed = item.get("tool_calls") if isinstance(item, dict) else None
        for call in framed if isinstance(framed, list) else [item]:
            inner = call.get("function", call) if isinstance(call, dict) else None
            inner = inner if isinstance(inner, dict) else call
            if isinstance(inner, dict) and (not bare or any(key in inner for key in _ARGUMENTS)):
                name = next((inner[key] for key in _NAMES if isinstance(inner.get(key), str)), "")
                yield name, _arguments(next((inner[key] for key in _ARGUMENTS if key in inner), None))


def _arguments(given: object) -> JsonObject | None:
    """The arguments as an object, from an object, its JSON text, or nothing; None for anything else."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    if isinstance(given, str):
        text = JsonText()
        text.take(given.strip())
        given = text.value(strict=False)
    return given if isinstance(given, dict) else None
