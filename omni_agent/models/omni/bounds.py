"""A JSON Schema made finite: whatever fits the result fits the schema, and comes to an end.

A model that has lost its way writes one string, list or number to its last token, and the answer is no JSON
then. So what a schema leaves open gets a limit: those of the grammars of the embedded model (`grammar.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..grammar import MOST_CHARACTERS, MOST_ITEMS

if TYPE_CHECKING:
    from ...messages import JsonObject

_LOOSE = 3
"""How deep a value may nest of which the schema says nothing."""
_LARGEST = 10**12
_FINEST = 1e-9
_KEY = "^.{1,64}$"
_WHOLE = ("const", "enum", "$ref")
_LISTS = ("anyOf", "oneOf", "allOf")
_MAPS = ("$defs", "definitions")


def bounded(schema: JsonObject) -> JsonObject:
    """The schema with a limit to all that it leaves open.

    Objects that name their properties have no others, unless they are combined with another schema. Numbers
    have at most nine decimals and lie within ±10¹². A schema that refers to itself may still nest on and on.
    """
    made: JsonObject = _node(schema, combined=False)
    return made


def _node(schema: object, *, combined: bool) -> Any:
    if schema is False:
        return False
    if not isinstance(schema, Mapping) or not schema:
        return _loose(_LOOSE)
    if "x-media" in schema:
        # A model reads no references: it names the kind, and what was shown is handed over.
        return {"const": schema["x-media"]}
    node = dict(schema)
    for key in _MAPS:
        if isinstance(node.get(key), Mapping):
            node[key] = {name: _node(item, combined=False) for name, item in node[key].items()}
    combines = [key for key in _LISTS if isinstance(node.get(key), list)]
    # Each of schemas that hold together must leave room for what the others name.
    together = combined or "allOf" in combines or bool(combines and "properties" in node)
    for key in combines:
        node[key] = [_node(item, combined=together) for item in node[key]]
    if any(key in node for key in _WHOLE):
        return node
    return _typed(node, combined=together, alone=not combines)


def _typed(node: dict[str, Any], *, combined: bool, alone: bool) -> dict[str, Any]:
    """With limits for each type that a value may have; any value where the schema, `alone`, names none."""
    kinds = _kinds(node)
    if not kinds:
        return {**node, **_loose(_LOOSE)} if alone else node
    if "type" not in node and len(kinds) == 1:
        node["type"] = kinds[0]
    if "string" in kinds:
        _limit_string(node)
    if "number" in kinds or "integer" in kinds:
        _limit_number(node, whole="number" not in kinds)
    if "array" in kinds:
        _limit_array(node)
    if "object" in kinds:
        _limit_object(node, combined=combined)
    return node


def _kinds(node: Mapping[str, Any]) -> tuple[str, ...]:
    kind = node.get("type")
    if kind is None:
        return ("object",) if "properties" in node else ("array",) if "items" in node else ()
    return tuple(map(str, kind)) if isinstance(kind, list) else (str(kind),)


def _limit_string(node: dict[str, Any]) -> None:
    if "maxLength" not in node and node.get("format") not in ("date", "time", "date-time", "uuid", "ipv4"):
        node["maxLength"] = max(MOST_CHARACTERS, _number(node.get("minLength")))


def _limit_number(node: dict[str, Any], *, whole: bool) -> None:
    lower = [node[key] for key in ("minimum", "exclusiveMinimum") if key in node]
    upper = [node[key] for key in ("maximum", "exclusiveMaximum") if key in node]
    if not lower and all(value > -_LARGEST for value in upper):
        node["minimum"] = -_LARGEST
    if not upper and all(value < _LARGEST for value in lower):
        node["maximum"] = _LARGEST
    if not whole and "multipleOf" not in node:
        node["multipleOf"] = _FINEST


def _limit_array(node: dict[str, Any]) -> None:
    if isinstance(node.get("prefixItems"), list):
        node["prefixItems"] = [_node(item, combined=False) for item in node["prefixItems"]]
        node.setdefault("items", False)
    node["items"] = _node(node.get("items", True), combined=False)
    node.setdefault("maxItems", max(MOST_ITEMS, _number(node.get("minItems"))))


def _limit_object(node: dict[str, Any], *, combined: bool) -> None:
    properties = dict(node.get("properties") or {})
    if not combined:
        properties.update((name, True) for name in node.get("required", ()) if name not in properties)
    if properties:
        node["properties"] = {name: _node(value, combined=False) for name, value in properties.items()}
        if not combined:
            node["additionalProperties"] = False
        return
    extra = node.get("additionalProperties", True)
    if not combined and "patternProperties" not in node and extra is not False:
        value = _node(extra, combined=False)
        node["patternProperties"], node["additionalProperties"] = {_KEY: value}, False
        node.setdefault("maxProperties", max(MOST_ITEMS, _number(node.get("minProperties"))))


def _loose(depth: int) -> dict[str, Any]:
    """Any JSON, nested at most so deep."""
    options: list[dict[str, Any]] = [
        {"type": "string", "maxLength": MOST_CHARACTERS},
        {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST, "multipleOf": _FINEST},
        {"type": "boolean"},
        {"type": "null"},
    ]
    if depth:
        inner = _loose(depth - 1)
        options += [
            {"type": "array", "items": inner, "maxItems": MOST_ITEMS},
            {
                "type": "object",
                "patternProperties": {_KEY: inner},
                "additionalProperties": False,
                "maxProperties": MOST_ITEMS,
            },
        ]
    return {"anyOf": options}


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
