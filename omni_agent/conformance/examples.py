"""Arguments made of a schema: always the same ones, and such as a person might give."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..messages import JsonObject
from ..tool.schema import pointed_at

DEEPEST = 6
# Stands for a picture or sound, which the caller hands over.
MEDIA = "media"

_FORMATS = {
    "date": "2030-05-17",
    "time": "10:00:00",
    "date-time": "2030-05-17T10:00:00+00:00",
    "duration": "PT10M",
    "email": "ada@example.org",
    "idn-email": "ada@example.org",
    "name-email": "Ada <ada@example.org>",
    "uri": "https://example.org/",
    "uri-reference": "/page",
    "multi-host-uri": "https://example.org/",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "ipv4network": "192.0.2.0/24",
    "ipv6network": "2001:db8::/32",
    "ipv4interface": "192.0.2.1/24",
    "ipv6interface": "2001:db8::1/32",
    "ipvanyaddress": "192.0.2.1",
    "ipvanynetwork": "192.0.2.0/24",
    "ipvanyinterface": "192.0.2.1/24",
    "json-pointer": "/a",
    "regex": "a+",
    "json-string": "{}",
    "decimal": "2.5",
    "color": "red",
}
_UUID = "123e4567-e89b-42d3-a456-426614174000"

# What a text is likely to be, by a word in its parameter's name.
_NAMED = (
    ("path", "example.txt"),
    ("file", "example.txt"),
    ("url", "https://example.org/"),
    ("email", "ada@example.org"),
    ("language", "German"),
    ("city", "Berlin"),
    ("place", "Berlin"),
    ("location", "Berlin"),
    ("zone", "Europe/Berlin"),
    ("date", "2030-05-17"),
    ("day", "2030-05-17"),
    ("time", "10:00"),
    ("expression", "2 + 2"),
    ("formula", "2 + 2"),
    ("color", "red"),
    ("colour", "red"),
    ("currency", "EUR"),
)
# Tried one after the other where a text must match a pattern.
_SHAPES = (
    "example",
    "a",
    "1",
    "10",
    "A1",
    "AB",
    "ABC",
    "AB12",
    "a-b",
    "2030-05-17",
    "10:00",
    "+491234567",
    "#fff",
)
_SAID = re.compile(r"(?:for example|such as|e\.g\.|for instance|like)[:,]?\s+", re.IGNORECASE)
_QUOTED = re.compile(r"^[\"'“‘]([^\"'”’]+)[\"'”’]")
_BOUND = {"examples", "enum", "const", "format", "pattern", "maxLength", "x-media"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class NoExample(Exception):
    """Nothing that fits can be made; the author has to give some."""


def examples(schema: JsonObject) -> list[JsonObject]:
    """Up to three different sets of arguments: all of them, the required ones, and other choices.

    `examples`, `const`, `enum`, `default`, bounds, formats and what a description gives as an example
    are honoured, in this order.

    Raises:
        NoExample: A required parameter has a pattern or type for which none is known.
    """
    whole = [dict(item) for item in schema.get("examples", ()) if isinstance(item, dict)]
    if whole:
        return whole[:3]
    properties, required = schema.get("properties", {}), set(schema.get("required", ()))
    full: JsonObject = {}
    for name, part in properties.items():
        try:
            full[name] = value_for(name, part, schema)
        except NoExample:
            if name in required:
                raise
    least = {name: value for name, value in full.items() if name in required}
    other = {name: _other(properties[name], value) for name, value in full.items()}
    made: list[JsonObject] = []
    for item in (full, least, other):
        if item not in made:
            made.append(item)
    return made


def said(schemas: Iterable[JsonObject]) -> dict[str, Any]:
    """What some parameters give as an example, by name: others of that name are likely to mean the same."""
    known: dict[str, Any] = {}
    for schema in schemas:
        for name, part in schema.get("properties", {}).items():
            if isinstance(part, dict) and (
                value := next(iter(part.get("examples", ())), None) or _said(part)
            ):
                known.setdefault(name, value)
    return known


def meant(schema: JsonObject, known: Mapping[str, Any]) -> JsonObject:
    """The schema, with what is known of texts that give no example of their own."""
    properties: JsonObject = dict(schema.get("properties", {}))
    for name, part in properties.items():
        free = isinstance(part, dict) and part.get("type") == "string" and not _BOUND & set(part)
        if free and name in known and isinstance(known[name], str) and not _said(part):
            properties[name] = {**part, "examples": [known[name]]}
    return {**schema, "properties": properties}


def value_for(name: str, part: Any, root: JsonObject, depth: int = 0) -> Any:
    """A value for one parameter.

    Raises:
        NoExample: None is known.
    """
    if part is True or part == {}:
        return "example"
    if not isinstance(part, dict) or depth > DEEPEST:
        raise NoExample(name)
    if "$ref" in part:
        return value_for(name, pointed_at(part["$ref"], root), root, depth + 1)
    for given in _given(part):
        return given
    for choice in ("anyOf", "oneOf"):
        if choice in part:
            # What is said of all the options is true of each.
            shared = {key: part[key] for key in ("description", "default") if part.get(key) is not None}
            options = [{**shared, **item} if isinstance(item, dict) else item for item in part[choice]]
            return _one_of(name, options, root, depth)
    if "allOf" in part:
        merged = {key: item for piece in part["allOf"] for key, item in _resolved(piece, root).items()}
        return value_for(name, merged, root, depth + 1)
    return _by_kind(name, part, root, depth)


def _given(part: JsonObject) -> Iterator[Any]:
    yield from part.get("examples", ())
    if "const" in part:
        yield part["const"]
    yield from (item for item in part.get("enum", ()) if item is not None)


def _one_of(name: str, options: list[Any], root: JsonObject, depth: int) -> Any:
    for option in options:
        if isinstance(option, dict) and option.get("type") != "null":
            try:
                return value_for(name, option, root, depth + 1)
            except NoExample:
                continue
    if any(isinstance(option, dict) and option.get("type") == "null" for option in options):
        return None
    raise NoExample(name)


def _resolved(part: Any, root: JsonObject) -> JsonObject:
    target = pointed_at(part["$ref"], root) if isinstance(part, dict) and "$ref" in part else part
    return target if isinstance(target, dict) else {}


def _by_kind(name: str, part: JsonObject, root: JsonObject, depth: int) -> Any:
    kind = part.get("type", "string")
    kind = next((item for item in kind if item != "null"), "null") if isinstance(kind, list) else kind
    match kind:
        case "boolean":
            return True
        case "integer" | "number":
            return _number(part, whole=kind == "integer")
        case "array":
            item = value_for(name, part.get("items", True), root, depth + 1)
            return [item] * max(1, part.get("minItems", 1))
        case "object":
            inner = part.get("properties", {}).items()
            return {key: value_for(key, item, root, depth + 1) for key, item in inner}
        case "null":
            return None
        case _:
            return _text(name, part)


def _number(part: JsonObject, *, whole: bool) -> float | int:
    step = part.get("multipleOf", 1 if whole else 0.5)
    low = part.get("minimum", part.get("exclusiveMinimum"))
    high = part.get("maximum", part.get("exclusiveMaximum"))
    wanted = _said_number(part) or part.get("default") or 5
    if low is not None and (wanted < low or wanted == part.get("exclusiveMinimum")):
        wanted = (
            (math.floor(low / step) + 1) * step
            if low != part.get("minimum")
            else math.ceil(low / step) * step
        )
    if high is not None and (wanted > high or wanted == part.get("exclusiveMaximum")):
        wanted = math.floor(high / step) * step
        wanted -= step if wanted == part.get("exclusiveMaximum") else 0
    if "multipleOf" in part:
        wanted = round(wanted / step) * step
    return int(wanted) if whole or float(wanted).is_integer() else float(wanted)


def _text(name: str, part: JsonObject) -> str:
    if "x-media" in part:
        return MEDIA
    shape = str(part.get("format", ""))
    wanted = (
        _UUID
        if shape.startswith("uuid")
        else _FORMATS.get(shape) or _said(part) or _by_name(name, str(part.get("description", "")))
    )
    if not shape and isinstance(part.get("default"), str) and part["default"]:
        wanted = _said(part) or part["default"]
    if "pattern" in part:
        wanted = _matching(name, part["pattern"], wanted)
    least = part.get("minLength", 0)
    wanted = wanted if len(wanted) >= least else (wanted + " " + "example " * least)[:least].replace(" ", "e")
    return wanted[: part["maxLength"]] if "maxLength" in part else wanted


def _matching(name: str, pattern: str, wanted: str) -> str:
    for text in (wanted, *_SHAPES):
        if re.search(pattern, text):
            return text
    raise NoExample(name)


def _by_name(name: str, described: str) -> str:
    for words in (name.casefold().split("_"), re.findall(r"\w+", described.casefold())):
        for word, value in _NAMED:
            if word in words:
                return value
    return "example"


def _said(part: JsonObject) -> str:
    """What the description gives as an example: "The city, for example 'Paris'."."""
    described = str(part.get("description", ""))
    found = _SAID.search(described)
    if not found:
        return ""
    rest = described[found.end() :].strip()
    quoted = _QUOTED.match(rest)
    return quoted[1] if quoted else re.split(r"[;,.](?:\s|$)|\s(?:or|and)\s|[()]", rest)[0].strip()


def _said_number(part: JsonObject) -> float | None:
    found = _NUMBER.match(_said(part))
    return float(found[0]) if found else None


def _other(part: Any, value: Any) -> Any:
    """Another value where there is a choice of a few."""
    if not isinstance(part, dict):
        return value
    if isinstance(value, bool):
        return not value
    known: list[Any] = part.get("examples") or part.get("enum") or []
    choices = [item for item in known if item not in (value, None)]
    return choices[0] if choices else value
