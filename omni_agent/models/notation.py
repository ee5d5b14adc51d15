"""A tool as the embedded model reads it: two lines of TypeScript's notation."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..messages import JsonObject, ToolSpec

# Control tokens of chat templates, and the frame of tool results: nobody but the prompt may write them.
CONTROL = re.compile(r"<(?=\||/?tool_)")


def signature(spec: ToolSpec) -> str:
    """A tool in two lines: what it does, and its name with its arguments, required ones first."""
    described = [
        f"{name}: {_line(schema['description'])}"
        for name, schema in _properties(spec.parameters).items()
        if isinstance(schema, dict) and schema.get("description")
    ]
    about = f" ({' '.join(described)})" if described else ""
    return f"# {_line(spec.description)}{about}\n{spec.name} {_shape(spec.parameters, spec.parameters, 4)}"


def _line(text: object) -> str:
    return CONTROL.sub("< ", " ".join(str(text).split()))


def _properties(schema: JsonObject) -> JsonObject:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _shape(schema: object, root: JsonObject, depth: int) -> str:
    """A schema in TypeScript's notation, without its descriptions."""
    if not isinstance(schema, dict) or depth == 0:
        return "any"
    if "$ref" in schema:
        return _shape(resolved(schema, root), root, depth - 1)
    if isinstance(schema.get("enum"), list):
        return " | ".join(map(dumps, schema["enum"]))
    for only in ("x-media", "const"):
        if only in schema:
            return dumps(schema[only])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(_shape(item, root, depth - 1) for item in options)
    kind = schema.get("type", "object" if "properties" in schema else "any")
    if kind == "array":
        item = _shape(schema.get("items"), root, depth - 1)
        return f"({item})[]" if " " in item and not item.startswith("{") else f"{item}[]"
    if kind == "object":
        return _members(schema, root, depth)
    return " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind)


def _members(schema: JsonObject, root: JsonObject, depth: int) -> str:
    required = schema.get("required", ())
    named = sorted(_properties(schema).items(), key=lambda item: item[0] not in required)
    members = (
        f"{dumps(name)}{'' if name in required else '?'}: {_shape(value, root, depth - 1)}"
        for name, value in named
    )
    return "{" + ", ".join(members) + "}"


def resolved(schema: JsonObject, root: JsonObject) -> object:
    """What a local reference (`#/...`) points to; true, that is anything, where it leads nowhere."""
    node: object = root
    for step in str(schema["$ref"]).removeprefix("#").split("/")[1:]:
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node if isinstance(node, dict) and node != schema else True


def dumps(value: object) -> str:
    """A JSON value as it stands in prompts, grammars and answers."""
    return json.dumps(value, ensure_ascii=False)
