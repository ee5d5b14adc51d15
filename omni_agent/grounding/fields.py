"""The arguments of a tool as fields: what each may hold, read off its JSON Schema.

Three hints that JSON Schema does not know are read where a schema has them: `x-synonyms` (other words for a
value, or for the argument itself), `x-unit` (what a number counts) and `x-vocabulary` (names that a text is
likely to be one of).
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

Kind = Literal["choice", "boolean", "number", "date", "time", "moment", "text", "list", "object", "other"]

_MOMENTS: dict[str, Kind] = {"date": "date", "time": "time", "date-time": "moment"}
_UNIT_WORD = re.compile(r"[A-Za-z%°$€£]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a field may take, and the phrases that name it, as stems."""

    value: Any
    phrases: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One argument.

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
        integer, least, most: Limits of a number.
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
    integer: bool = False
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
    schema = _resolved(schema, root, depth)
    about = f"{name} {schema.get('description', '')}"
    kind, values = _kind(schema)
    vocabulary = schema.get("x-vocabulary") or ()
    synonyms = schema.get("x-synonyms") or {}
    others = synonyms if isinstance(synonyms, list) else synonyms.get(name, ())
    return Field(
        name=name,
        kind=kind if depth < 6 else "other",
        required=required,
        closed=bool(values),
        choices=_switch(name, schema) if kind == "boolean" else _choices(
            values or list(vocabulary), synonyms if isinstance(synonyms, dict) else {}
        ),
        unit=_unit(name, schema) if kind == "number" else "",
        names=frozenset(stem for phrase in (name, *others) for stem in content_stems(phrase)),
        cues=frozenset(content_stems(about)),
        item=_field(name, _items(schema), root, depth + 1, required=True) if kind == "list" else None,
        members=_members(schema, root, depth + 1) if kind == "object" and depth < 6 else (),
        integer=schema.get("type") == "integer",
        least=schema.get("minimum", schema.get("exclusiveMinimum", float("-inf"))),
        most=schema.get("maximum", schema.get("exclusiveMaximum", float("inf"))),
        default=schema.get("default"),
    )


def _resolved(schema: JsonObject, root: JsonObject, depth: int) -> JsonObject:
    """A schema without the ways of saying "or null" and "see there"."""
    for _ in range(8):
        if "$ref" in schema:
            target: Any = root
            for step in str(schema["$ref"]).lstrip("#/").split("/"):
                target = target.get(step, {}) if isinstance(target, dict) else {}
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
            continue
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        some = [
            option for option in options or () if isinstance(option, dict) and option.get("type") != "null"
        ]
        if len(some) != 1:
            return schema
        schema = {**some[0], **{k: v for k, v in schema.items() if k not in ("anyOf", "oneOf", "allOf")}}
    return schema


def _items(schema: JsonObject) -> JsonObject:
    items = schema.get("items")
    hints = {key: schema[key] for key in ("x-vocabulary", "x-synonyms") if key in schema}
    return {**hints, **items} if isinstance(items, dict) else hints


def _kind(schema: JsonObject) -> tuple[Kind, list[Any]]:
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    values = [value for value in values if value is not None]
    if values and not all(isinstance(value, bool) for value in values):
        return "choice", values
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), None)
    if kind == "string":
        return _MOMENTS.get(schema.get("format", ""), "text"), []
    kinds: dict[Any, Kind] = {
        "integer": "number", "number": "number", "boolean": "boolean", "array": "list", "object": "object",
    }  # fmt: skip
    return kinds.get(kind, "other"), []


def _choices(values: Sequence[Any], synonyms: JsonObject) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            value,
            tuple(
                dict.fromkeys(
                    stems
                    for phrase in (str(value), *_listed(synonyms.get(str(value), ())))
                    if (stems := stems_of(phrase))
                )
            ),
        )
        for value in values
    )


def _switch(name: str, schema: JsonObject) -> tuple[Choice, ...]:
    """What turns a boolean on (its name, and the synonyms of true) and off (those of false)."""
    synonyms = schema.get("x-synonyms") or {}
    on = synonyms if isinstance(synonyms, list) else [*_listed(synonyms.get("true", ())), *_listed(synonyms.get(name, ()))]
    off = [] if isinstance(synonyms, list) else _listed(synonyms.get("false", ()))
    return (
        Choice(True, tuple(dict.fromkeys(map(stems_of, (name, *on))))),
        Choice(False, tuple(dict.fromkeys(map(stems_of, off)))),
    )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value]


def _unit(name: str, schema: JsonObject) -> str:
    """What a number counts: by the hint, by the end of its name, or by the first unit in its description."""
    if hint := schema.get("x-unit"):
        return unit_of(str(hint)) or str(hint)
    last = re.split(r"_|(?<=[a-z])(?=[A-Z])", name)[-1]
    if re.search(r"(?:^|_)(?:a|per|each)_[a-z]+$", name):
        return "time"
    if len(last) > 1 and (unit := unit_of(last)):
        return unit
    described = str(schema.get("description", ""))
    match = re.search(
        r"\b(?:in|of|as|number of)\s+(?:a\s+)?([A-Za-z%°]+(?:\s(?:celsius|fahrenheit))?)", described
    )
    return unit_of(match.group(1)) if match and len(match.group(1)) > 1 else ""
