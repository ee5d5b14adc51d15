"""Schemas of strangers' tools, made such that a tool may have them: what cannot be checked is left out.

The server checks its arguments again, so that a looser schema costs a mended call at most.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import ToolDefinitionError
from ..messages import JsonObject
from ..tool.formats import KNOWN
from ..tool.schema import DEEPEST, LISTS, MAPS, ONE, PLAIN, examined
from .naming import shortened

LONGEST_DESCRIPTION = 160


def acceptable(tool: str, schema: JsonObject) -> JsonObject:
    """The schema, or as much of it as a tool may have.

    Raises:
        ToolDefinitionError: Nothing of use is left.
    """
    whole = _pruned(schema, DEEPEST)
    whole["type"] = "object"
    whole.setdefault("properties", {})
    try:
        return examined(tool, whole)
    except ToolDefinitionError:
        return examined(tool, _outline(tool, whole))


def _pruned(node: JsonObject, depth: int) -> JsonObject:
    """A schema without keywords that are not supported, in the words of draft 2020-12."""
    kept: JsonObject = {}
    if depth:
        for key, value in _modern(node).items():
            if key in ONE | LISTS | MAPS:
                kept[key] = _below(value, depth - 1, named=key in MAPS)
            elif (key in PLAIN or key.startswith("x-")) and _is_usable(key, value):
                kept[key] = value
    if isinstance(kept.get("description"), str):
        kept["description"] = shortened(kept["description"], LONGEST_DESCRIPTION)
    return kept


def _below(value: Any, depth: int, *, named: bool) -> Any:
    if isinstance(value, list):
        return [_below(item, depth, named=False) for item in value]
    if not isinstance(value, dict):
        return value
    if named:
        return {name: _below(item, depth, named=False) for name, item in value.items()}
    return _pruned(value, depth)


def _modern(node: JsonObject) -> JsonObject:
    """What older drafts and OpenAPI write, as the draft of today does."""
    made = dict(node)
    if isinstance(made.get("items"), list):
        made["prefixItems"] = made.pop("items")
        if "additionalItems" in made:
            made["items"] = made["additionalItems"]
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if made.get(exclusive) is True and limit in made:
            made[exclusive] = made.pop(limit)
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _is_usable(key: str, value: object) -> bool:
    match key:
        case "format":
            return isinstance(value, str) and value in KNOWN
        case "$ref":
            return isinstance(value, str) and (value == "#" or value.startswith("#/"))
        case "pattern":
            return isinstance(value, str) and _compiles(value)
        case "exclusiveMinimum" | "exclusiveMaximum":
            return not isinstance(value, bool)
        case "required":
            return isinstance(value, list)
        case "$schema":
            return False
        case _:
            return True


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        # JavaScript's expressions know things that Python's do not.
        return False
    return True


def _outline(tool: str, schema: JsonObject) -> JsonObject:
    """Names and types only; an argument whose own schema cannot be had takes anything."""
    properties = schema["properties"] if isinstance(schema["properties"], dict) else {}
    required = schema.get("required", ())
    return {
        "type": "object",
        "properties": {name: _plain(tool, value) for name, value in properties.items()},
        "required": list(dict.fromkeys(name for name in required if isinstance(name, str))),
    }


def _plain(tool: str, value: Any) -> JsonObject:
    value = value if isinstance(value, dict) else {}
    words = {key: value[key] for key in ("type", "enum", "description") if key in value}
    for candidate in (value, words):
        try:
            examined(tool, {"type": "object", "properties": {"value": candidate}})
        except ToolDefinitionError:
            continue
        return candidate
    return {}
