"""The arguments of a tool as fields: what each may hold, read off its JSON Schema.

Hints that JSON Schema does not know are read where a schema has them: `x-synonyms` (other words for a value,
or for the argument itself), `x-unit` (what a number counts), `x-vocabulary` (names that a text is likely
to be one of), and `x-ground`: false (the model composes the value itself, so it is kept as it is).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from ..messages import JsonObject
from .units import unit_of
from .words import content_stems, stems_of

Kind = Literal[
    "choice", "boolean", "number", "date", "time", "moment", "text", "list", "object", "media", "other"
]

_MOMENTS: dict[str, Kind] = {"date": "date", "time": "time", "date-time": "moment"}
_KINDS: dict[str, Kind] = {
    "integer": "number", "number": "number", "boolean": "boolean", "array": "list", "object": "object",
}  # fmt: skip
_MEASURED_IN = re.compile(r"\b(?:in|of|as|number of)\s+(?:a\s+)?([A-Za-z%°]+(?:\s(?:celsius|fahrenheit))?)")
# What is nested deeper, or refers to itself so often, stays as the model wrote it.
_DEEPEST = 6
_LONGEST_CHAIN = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a field may take, and the phrases that name it, as stems."""

    value: Any
    phrases: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One argument; equal to itself only, so that what was found for it can be kept.

    Attributes:
        name: Its name in the schema.
        kind: What it holds.
        required: It must be there.
        closed: Nothing but its choices is valid.
        choices: What it may be, or is likely to be.
        unit: What a number counts.
        names: Stems that name the argument itself.
        cues: Stems of its name and description.
        item: Of a list, what it holds.
        members: Of an object, its own fields.
        least, most: Limits of a number.
        default: What leaving it out means, as far as the schema says.
    """

    name: str
    kind: Kind
    required: bool
    closed: bool = False
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    names: frozenset[str] = frozenset()
    cues: frozenset[str] = frozenset()
    item: Field | None = None
    members: tuple[Field, ...] = ()
    least: float = float("-inf")
    most: float = float("inf")
    default: Any = None


def fields_of(schema: JsonObject) -> tuple[Field, ...]:
    """The fields of an object's schema, read once for equal schemas."""
    return _read(json.dumps(schema, sort_keys=False))


@lru_cache(maxsize=256)
def _read(schema_json: str) -> tuple[Field, ...]:
    schema = json.loads(schema_json)
    return _members(schema, schema, 0)


def _members(schema: JsonObject, root: JsonObject, depth: int) -> tuple[Field, ...]:
    required = schema.get("required", ())
    properties = schema.get("properties") or {}
    return tuple(
        _field(name, part, root, depth, required=name in required)
        for name, part in properties.items()
        if isinstance(part, dict)
    )


def _field(name: str, schema: JsonObject, root: JsonObject, depth: int, *, required: bool) -> Field:
    schema = _resolved(schema, root)
    kind, values = _kind(schema)
    kind = kind if depth < _DEEPEST else "other"
    synonyms = schema.get("x-synonyms") or {}
    others = synonyms if isinstance(synonyms, list) else _listed(synonyms.get(name, ()))
    return Field(
        name=name,
        kind=kind,
        required=required,
        closed=bool(values),
        choices=_field_choices(name, kind, values or list(schema.get("x-vocabulary") or ()), synonyms),
        unit=_unit(name, schema) if kind == "number" else "",
        names=frozenset(stem for phrase in (name, *others) for stem in content_stems(phrase)),
        cues=frozenset(content_stems(f"{name} {schema.get('description', '')}")),
        item=_field(name, _items(schema), root, depth + 1, required=True) if kind == "list" else None,
        members=_members(schema, root, depth + 1) if kind == "object" else (),
        least=_limit(schema, "minimum", "exclusiveMinimum", float("-inf")),
        most=_limit(schema, "maximum", "exclusiveMaximum", float("inf")),
        default=schema.get("default"),
    )


def _limit(schema: JsonObject, closed: str, opened: str, without: float) -> float:
    limit: Any = schema.get(closed, schema.get(opened, without))
    return float(limit)


def _field_choices(name: str, kind: Kind, values: Sequence[Any], synonyms: Any) -> tuple[Choice, ...]:
    if kind == "boolean":
        return _switch(name, synonyms)
    return _choices(values, synonyms if isinstance(synonyms, dict) else {})


def _resolved(schema: JsonObject, root: JsonObject) -> JsonObject:
    """A schema without the ways of saying "or null" and "see there"."""
    for _ in range(_LONGEST_CHAIN):
        if "$ref" in schema:
            schema = {**_target(schema["$ref"], root), **_without(schema, "$ref")}
            continue
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ()
        some = [one for one in options if isinstance(one, dict) and one.get("type") != "null"]
        if len(some) != 1:
            return schema
        schema = {**some[0], **_without(schema, "anyOf", "oneOf", "allOf")}
    return schema


def _target(reference: Any, root: JsonObject) -> JsonObject:
    target: Any = root
    for step in str(reference).lstrip("#/").split("/"):
        target = target.get(step) if isinstance(target, dict) else None
    return target if isinstance(target, dict) else {}


def _without(schema: JsonObject, *keys: str) -> JsonObject:
    return {key: value for key, value in schema.items() if key not in keys}


def _items(schema: JsonObject) -> JsonObject:
    items = schema.get("items")
    hints: JsonObject = {key: schema[key] for key in ("x-vocabulary", "x-synonyms") if key in schema}
    return {**hints, **items} if isinstance(items, dict) else hints


def _kind(schema: JsonObject) -> tuple[Kind, list[Any]]:
    """What a schema holds, and the values that it is limited to, if it is."""
    if "x-media" in schema:
        return "media", []
    if schema.get("x-ground") is False:
        return "other", []
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    values = [value for value in values if value is not None]
    if values and not all(isinstance(value, bool) for value in values):
        return "choice", values
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), None)
    if kind == "string":
        return _MOMENTS.get(schema.get("format", ""), "text"), []
    return _KINDS.get(str(kind), "other"), []


def _choices(values: Sequence[Any], synonyms: JsonObject) -> tuple[Choice, ...]:
    return tuple(
        Choice(value, _phrases(str(value), *_listed(synonyms.get(str(value), ())))) for value in values
    )


def _switch(name: str, synonyms: Any) -> tuple[Choice, ...]:
    """What turns a boolean on (its name, and the synonyms of true) and off (those of false)."""
    if isinstance(synonyms, list):
        return (Choice(True, _phrases(name, *synonyms)), Choice(False, ()))
    on = (*_listed(synonyms.get("true", ())), *_listed(synonyms.get(name, ())))
    return (
        Choice(True, _phrases(name, *on)),
        Choice(False, _phrases(*_listed(synonyms.get("false", ())))),
    )


def _phrases(*texts: str) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(stems for text in texts if (stems := stems_of(text))))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value]


def _unit(name: str, schema: JsonObject) -> str:
    """What a number counts: by the hint, by the end of its name, or by the first unit in its description."""
    if hint := schema.get("x-unit"):
        return unit_of(str(hint)) or str(hint)
    last = re.split(r"_|(?<=[a-z])(?=[A-Z])", name)[-1]
    if re.search(r"(?:^|_)(?:a|per|each)_[a-z]+$", name):
        return "time"
    described = _MEASURED_IN.findall(str(schema.get("description", "")))
    # "Time" is what is measured, "times" is what is counted.
    named = (unit_of(word) for word in (last, *described) if len(word) > 1 and word.casefold() != "time")
    return next(filter(None, named), "")
