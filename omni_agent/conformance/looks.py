"""What can be told of a tool by looking at it: its name, description, schema and declared timeout."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from typing import Any

from ..messages import JsonObject
from ..tool import Tool
from ..tool.schema import compiled
from .report import Finding

# A small model reads all of this in every prompt.
LONGEST_NAME = 40
LONGEST_DESCRIPTION = 120
LONGEST_PARAMETER = 110
MOST_PARAMETERS = 6
MOST_CHOICES = 40
LARGEST_SCHEMA = 2000
MOST_SECONDS = 600

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z])")
_PARAMETERS = re.compile(r"\b(Args|Arguments|Parameters|Returns|Raises):|:param |^-{3,}|>>> ")
_SCALAR = {"string", "number", "integer", "boolean", "null"}
_OF_TEXT = {"int32", "int64", "float", "double", "decimal"}


def looked_at(plugin: str, tool: Tool, others: Collection[str]) -> list[Finding]:
    """The findings that need no call.

    Args:
        plugin: For the findings.
        tool: The tool.
        others: Names that other tools have.
    """
    found = {
        "names": _names(tool, others),
        "docstring": _docstring(tool),
        "schema": _schema(tool.spec.parameters),
        "timeout": _timeout(tool),
    }
    made = []
    for check, problems in found.items():
        wrong = list(problems)
        if not wrong:
            made.append(Finding(plugin, tool.name, check, "ok"))
            continue
        reasons, remedies = zip(*wrong, strict=True)
        remedy = "; ".join(dict.fromkeys(remedies))
        made.append(Finding(plugin, tool.name, check, "failed", "; ".join(reasons[:5]), remedy))
    return made


Problem = tuple[str, str]


def _names(tool: Tool, others: Collection[str]) -> Iterator[Problem]:
    if not _SNAKE.fullmatch(tool.name):
        yield f"'{tool.name}' is not snake_case", "name it by what it does: water_garden"
    if len(tool.name) > LONGEST_NAME:
        yield f"the name has {len(tool.name)} characters, of {LONGEST_NAME} at most", "shorten it"
    if tool.name in others:
        yield f"another tool is called '{tool.name}' too", "name it after what it is about"
    for name in tool.spec.parameters.get("properties", {}):
        if not _SNAKE.fullmatch(name):
            yield f"parameter '{name}' is not snake_case", "name it as a person would say it"


def _docstring(tool: Tool) -> Iterator[Problem]:
    text = tool.spec.description
    if _PARAMETERS.search(text):
        yield "the description holds the list of parameters", "put a blank line above Args:"
        return
    if len(text) > LONGEST_DESCRIPTION:
        yield (
            f"the description has {len(text)} characters, of {LONGEST_DESCRIPTION} at most",
            "say what it does in one sentence; put the rest into a second paragraph, which no model reads",
        )
    if len(text.split()) < 3:
        yield f"the description '{text}' says too little", "say what it does in a sentence"
    elif text[-1] not in ".!?":
        yield "the description is no sentence", "end it with a full stop"
    if len(_SENTENCE_END.findall(text)) > 1:
        yield "the description has more than two sentences", "say what it does in one or two"


def _schema(schema: JsonObject) -> Iterator[Problem]:
    properties = schema.get("properties", {})
    if len(properties) > MOST_PARAMETERS:
        yield (
            f"it has {len(properties)} parameters, of {MOST_PARAMETERS} at most",
            "make two tools of it, or leave out what is seldom said",
        )
    if (size := len(json.dumps(schema, ensure_ascii=False))) > LARGEST_SCHEMA:
        yield f"its schema has {size} characters, of {LARGEST_SCHEMA} at most", "shorten it"
    if missing := sorted(set(schema.get("required", ())) - set(properties)):
        yield f"{', '.join(missing)} is required, but not described", "add it to the properties"
    for name, part in properties.items():
        for problem, remedy in _parameter(part if isinstance(part, dict) else {}):
            yield f"{name}: {problem}", remedy
        if isinstance(part, dict) and "$ref" not in part:
            yield from ((f"{name}: {why}", remedy) for why, remedy in _values(part, schema))


def _parameter(part: JsonObject) -> Iterator[Problem]:
    described = part.get("description", "")
    if not described:
        yield "is not described", "add a line for it under Args:"
    elif len(described) > LONGEST_PARAMETER:
        yield f"its description has {len(described)} characters, of {LONGEST_PARAMETER} at most", "shorten it"
    if not _plain(part):
        yield "is no plain value, nor a list of such", "take text, a number or a truth value"
    if len(part.get("enum", ())) > MOST_CHOICES:
        yield (
            f"has {len(part['enum'])} choices, of {MOST_CHOICES} at most",
            "take text, and say what is known",
        )
    kinds = part.get("type", "string")
    is_text = "string" in kinds
    if (shape := part.get("format")) and is_text == (shape in _OF_TEXT) and shape != "decimal":
        yield f"the format '{shape}' does not go with the type {kinds}", "correct the type"
    if _is_impossible(part):
        yield "no value is within its bounds", "correct the bounds"


def _is_impossible(part: JsonObject) -> bool:
    low = max(part.get("minimum", -math.inf), part.get("exclusiveMinimum", -math.inf))
    high = min(part.get("maximum", math.inf), part.get("exclusiveMaximum", math.inf))
    sizes = (("minLength", "maxLength"), ("minItems", "maxItems"))
    return (
        low > high
        or (low == high and low in (part.get("exclusiveMinimum"), part.get("exclusiveMaximum")))
        or any(part.get(least, 0) > part.get(most, math.inf) for least, most in sizes)
        or part.get("enum") == []
    )


def _plain(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    if "enum" in part or "const" in part:
        return all(not isinstance(item, dict | list) for item in part.get("enum", [part.get("const")]))
    for choice in ("anyOf", "oneOf"):
        if choice in part:
            return all(_plain(item) for item in part[choice])
    kinds = part.get("type", ())
    if kinds == "array":
        items = part.get("items")
        return isinstance(items, dict) and items.get("type") != "array" and _plain(items)
    return bool(kinds) and set([kinds] if isinstance(kinds, str) else kinds) <= _SCALAR


def _values(part: JsonObject, schema: JsonObject) -> Iterator[Problem]:
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    validator = compiled({**part, **definitions})
    if "default" in part and not validator.is_valid(part["default"]):
        yield (
            f"its default {part['default']!r:.40} does not fit its type",
            "write str | None, or another default",
        )
    for example in part.get("examples", ()):
        if not validator.is_valid(example):
            yield f"its example {example!r:.40} does not fit it", "correct the example"
    bare = compiled({"type": part["type"]}) if "enum" in part and "type" in part else None
    for choice in part.get("enum", ()):
        if bare and not bare.is_valid(choice):
            yield f"its choice {choice!r:.40} is not of its type", "correct the type"


def _timeout(tool: Tool) -> Iterator[Problem]:
    if not math.isfinite(tool.timeout):
        yield "its timeout is endless", "give the seconds after which nobody waits any more"
    elif tool.timeout > MOST_SECONDS:
        yield (
            f"its timeout is {tool.timeout:g} seconds, of {MOST_SECONDS} at most",
            "start the work, return at once, and tell of it by context.alarms or another tool",
        )
