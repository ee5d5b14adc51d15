"""Where words end and a call may begin, for every parser of answers.

Openings are compared without white space, because models break lines anywhere. Whatever may become an
opening is held back until it is decided.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import product

FENCES = ("", "```", "```json", "```tool_call", "```python", "```xml")
BRACES = ("{", "[{", "{{", "[{{", "[[{")
TAGS = ("<tool_call", "</tool_call", "<tool_response", "</tool_response", "<tools>", "<function", "<|")
_KEYS = ("name", "arguments", "parameters", "tool", "tool_name", "tool_calls", "function", "function_call")
KEYS = tuple(f"{quote}{key}{quote}:" for quote in ('"', "'") for key in _KEYS)
# Openings of calls: as tags, and as JSON, bare, in a list, doubly braced or fenced.
MARKUP = (
    *(f"{fence}{tag}" for fence, tag in product(FENCES, TAGS)),
    *(f"{fence}{brace}{key}" for fence, brace, key in product(FENCES, BRACES, KEYS)),
)
_SPACE = re.compile(r"\s+")


def without_space(text: str) -> str:
    """`text` without any white space, the form in which openings are compared."""
    return _SPACE.sub("", text)


def opens(bare: str, openings: tuple[str, ...]) -> bool | None:
    """Whether `bare` begins with one of the openings; None while it may become one."""
    if openings and bare.startswith(openings):
        return True
    return None if any(opening.startswith(bare) for opening in openings) else False


class Gate:
    """Lets words through up to the first place that may open a call.

    Args:
        names: The tools; a line that begins with one of them and a bracket is a call.
        markup: The other openings, without white space.
    """

    def __init__(self, names: Iterable[str], markup: tuple[str, ...] = MARKUP) -> None:
        self._calls = tuple(f"{name}{bracket}" for name in names for bracket in "{([")
        self._markup = markup
        self._first = "".join(sorted({opening[0] for opening in markup}))
        self._suspect = re.compile(rf"[{re.escape(self._first)}]|(?<=\n)")
        self._line_start = True

    def split(self, held: str) -> tuple[str, str, bool]:
        """What of `held` is words, the rest, and whether the rest opens a call."""
        place = 0
        while place < len(held):
            verdict = self._opens(held[place:])
            if verdict is not False:
                return held[:place], held[place:], bool(verdict)
            found = self._suspect.search(held, place + 1)
            place = found.start() if found else len(held)
            self._line_start = held[place - 1] == "\n"
        return held, "", False

    def tail(self, held: str) -> str:
        """What was held back when the answer ended: words, unless a call had begun in it."""
        bare = without_space(held)
        begun = len(bare.strip("`")) > 1 and bare[0] in "<{[`"
        return "" if begun else held

    def opens_named(self, line: str) -> bool | None:
        """Whether a line begins a call by a tool's name; None while it may become one."""
        return opens(without_space(line), self._calls)

    def new_line(self) -> None:
        """What comes next begins a line, as after a call."""
        self._line_start = True

    def _opens(self, rest: str) -> bool | None:
        named = self.opens_named(rest) if self._line_start else False
        if named is not False or rest[0] not in self._first:
            return named
        return opens(without_space(rest), self._markup)


class JsonText:
    """The text of one JSON object or list, read until its last bracket."""

    def __init__(self) -> None:
        self.text = ""
        self.closed = False
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def take(self, text: str) -> int:
        """How many characters of `text` belong to the value, which begins with a bracket."""
        for index, character in enumerate(text):
            self._step(character)
            if self._depth == 0 and not self._quoted:
                self.closed = True
                self.text += text[: index + 1]
                return index + 1
        self.text += text
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

    def value(self, *, strict: bool = True) -> object:
        """The value, or None where it is no JSON; if not strict, line breaks within strings are let pass."""
        try:
            value: object = json.loads(self.text, strict=strict, parse_constant=_refused)
        except (ValueError, RecursionError):
            return None
        return value


def _refused(constant: str) -> object:
    """NaN and infinities are no JSON, though Python reads them."""
    raise ValueError(constant)
