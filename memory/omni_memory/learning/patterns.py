"""The tables of rules in the files beside this one, and how they are spelled out.

In a pattern a word in angle brackets stands for another pattern. Line ends inside a pattern mean nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from .rules import Rule
from .sincerity import Tells

WORD = r"(?:[^\s,;:!?()]|[,:.](?=\w))+"
"""A word of a value: no mark after it, or the value would go on behind a comma."""

_PART = re.compile(r"<([A-Z_]+)>")


@cache
def table(code: str) -> dict[str, Any]:
    """What the file of a language holds, its patterns without line ends."""
    text = (files("omni_memory.learning") / f"{code}.toml").read_text(encoding="utf-8")
    joined: dict[str, Any] = _joined(tomllib.loads(text))
    return joined


def rules(code: str, section: str, parts: Mapping[str, str]) -> tuple[Rule, ...]:
    """The rules of a section: each a pattern, a predicate, how its value is read, and options.

    Args:
        code: The language.
        section: `bare` or `rules`.
        parts: What the words in angle brackets stand for.
    """
    return tuple(
        Rule(re.compile(spelled(pattern, parts), re.IGNORECASE), predicate, sort, **_options(options))
        for pattern, predicate, sort, *options in table(code)[section]
    )


def tells(code: str) -> Tells:
    """What gives away a language's sentences that state nothing."""
    patterns = table(code)["tells"]
    return Tells(**{name: re.compile(pattern, re.IGNORECASE) for name, pattern in patterns.items()})


def spelled(pattern: str, parts: Mapping[str, str]) -> str:
    """A pattern with its parts in place, which may have parts themselves."""
    while _PART.search(pattern):
        pattern = _PART.sub(lambda found: parts[found[1]], pattern)
    return pattern


def _options(given: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value
        for options in given
        for name, value in options.items()
    }


def _joined(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\n", "")
    if isinstance(value, list):
        return [_joined(item) for item in value]
    return {name: _joined(item) for name, item in value.items()} if isinstance(value, dict) else value
