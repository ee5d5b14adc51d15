"""Pydantic's JSON Schemas made short: definitions put where they are used, generated titles left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from ..errors import ToolDefinitionError
from ..messages import JsonObject

DEEPEST = 60
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_VALUES = frozenset({"default", "const", "enum", "examples", "required", "dependentRequired"})


def shortened(schema: JsonObject) -> JsonObject:
    """The same schema, shorter: prompts get shorter by it, and readers need no references.

    A definition that refers to itself stays in `$defs`, because it cannot be written out.

    Raises:
        ToolDefinitionError: Its types are nested more than `DEEPEST` deep.
    """
    definitions: dict[str, JsonObject] = schema.get("$defs", {})
    recursive = _recursive(definitions)
    walk = _Walk({name: body for name, body in definitions.items() if name not in recursive})
    rest = {key: value for key, value in schema.items() if key != "$defs"}
    made = {"type": "object", "properties": {}, "additionalProperties": False} | walk.schema(rest, 0)
    if recursive:
        made["$defs"] = {name: walk.schema(definitions[name], 0) for name in sorted(recursive)}
    return cast(JsonObject, made)


@dataclass(frozen=True)
class _Walk:
    inlined: dict[str, JsonObject]

    def schema(self, node: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise ToolDefinitionError("a parameter's type is nested too deep", remedy="use a flat type")
        if isinstance(node, list):
            return [self.schema(item, depth + 1) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node and (target := self.inlined.get(_named(node))) is not None:
            beside = {key: value for key, value in node.items() if key != "$ref"}
            return self.schema({**target, **beside}, depth + 1)
        kept = ((key, value) for key, value in node.items() if key != "title")
        return {key: self._keyword(key, value, depth + 1) for key, value in kept}

    def _keyword(self, key: str, value: Any, depth: int) -> Any:
        if key in _VALUES:
            return value
        if key in _NAMED:
            return {name: self.schema(item, depth) for name, item in value.items()}
        if key == "discriminator":
            # Its mapping names definitions that are no longer there; each option's const says the same.
            return {"propertyName": value["propertyName"]}
        return self.schema(value, depth)


def _named(node: JsonObject) -> str:
    return str(node["$ref"]).rsplit("/", 1)[-1]


def _recursive(definitions: dict[str, JsonObject]) -> set[str]:
    """Names of the definitions that lead back to themselves."""
    leads = {name: set(_references(body)) for name, body in definitions.items()}
    for _ in definitions:
        for reached in leads.values():
            reached |= {further for name in reached for further in leads[name]}
    return {name for name, reached in leads.items() if name in reached}


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield _named(node)
        for key, value in node.items():
            if key not in _VALUES:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
