"""Which JSON Schemas a tool may have: draft 2020-12 as far as it is really checked, refused where it is not.

A schema is examined once, when its tool is made, so that no call ever meets a keyword that does nothing. What
is let in: all keywords of the draft but those that change what a reference means (`$id` below the root,
anchors, dynamic references), the formats in `formats.KNOWN`, OpenAPI's `discriminator` (pydantic writes it;
a hint beside `oneOf`), and hints of anybody's that begin with `x-`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from ..errors import ToolDefinitionError
from ..messages import JsonObject
from .formats import KNOWN, format_checker

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

DEEPEST = 100

ONE = frozenset(
    {"additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else"}
    | {"unevaluatedProperties", "unevaluatedItems", "contentSchema"}
)
LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
PLAIN = frozenset(
    {"$ref", "$schema", "$comment", "type", "enum", "const", "required", "dependentRequired", "pattern"}
    | {"format", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "minimum", "maximum"}
    | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minProperties"}
    | {"maxProperties", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}
    | {"contentMediaType", "contentEncoding", "discriminator"}
)
# Keywords whose schemas judge the very same value: a circle through these alone never ends.
_IN_PLACE = ("not", "if", "then", "else"), ("allOf", "anyOf", "oneOf")


def examined(tool: str, schema: JsonObject) -> JsonObject:
    """A copy of the schema, which nobody else holds, if a tool may have it.

    Raises:
        ToolDefinitionError: It is no JSON Schema of an object, or it uses what is not supported; the message
            names the path, such as `properties.when.format`.
    """
    from jsonschema import Draft202012Validator, SchemaError

    root = _copied(tool, schema)
    try:
        Draft202012Validator.check_schema(root)
    except SchemaError as error:
        raise _refusal(
            tool, tuple(error.absolute_path), f"not a JSON Schema: {error.message[:200]}"
        ) from None
    except RecursionError:
        raise _refusal(tool, (), f"is nested more than {DEEPEST} deep") from None
    except OverflowError as error:
        raise _refusal(tool, (), f"has a regular expression that is too large: {error}") from None
    try:
        nodes, ending = list(_nodes((), root)), set[int]()
        places = {id(node) for _, node in nodes}
        for path, node in nodes:
            _check(path, node)
            if "$ref" in node:
                _must_lead((*path, "$ref"), node["$ref"], root, places)
            _must_end(path, node, root, (), ending)
    except _Unsupported as error:
        raise _refusal(tool, error.path, error.why) from None
    if root.get("type") != "object":
        raise ToolDefinitionError(f"tool '{tool}': its schema must be of type object")
    return root


def compiled(schema: JsonObject) -> Validator:
    """The validator of an examined schema."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema, format_checker=format_checker())


def pointed_at(reference: str, root: object) -> object:
    """What a local reference (`#`, `#/$defs/Name`) leads to; None where it leads nowhere."""
    node = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict) and key in node:
            node = node[key]
        else:
            return None
    return node


class _Unsupported(Exception):
    def __init__(self, path: tuple[object, ...], why: str) -> None:
        super().__init__(why)
        self.path, self.why = path, why


def _refusal(tool: str, path: tuple[object, ...], why: str) -> ToolDefinitionError:
    place = ".".join(map(str, path)) or "its schema"
    return ToolDefinitionError(
        f"tool '{tool}': {place}: {why}", remedy="docs/tools.md lists what a schema may use"
    )


def _copied(tool: str, schema: object) -> JsonObject:
    try:
        copy = json.loads(json.dumps(schema, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _refusal(tool, (), f"is not JSON: {error}") from None
    if not isinstance(schema, dict) or copy != schema:
        raise _refusal(tool, (), "is not a JSON object of strings, numbers, lists and objects")
    return cast(JsonObject, copy)


def _nodes(path: tuple[object, ...], node: object) -> Iterator[tuple[tuple[object, ...], JsonObject]]:
    """Every schema in a schema that says something, with the path to it."""
    if len(path) > DEEPEST:
        raise _Unsupported(path[:6], f"is nested more than {DEEPEST} deep")
    if not isinstance(node, dict):
        return
    yield path, node
    for key, value in node.items():
        if key in ONE:
            yield from _nodes((*path, key), value)
        elif key in LISTS or key in MAPS:
            for name, item in enumerate(value) if isinstance(value, list) else value.items():
                yield from _nodes((*path, key, name), item)


def _check(path: tuple[object, ...], node: JsonObject) -> None:
    for key, value in node.items():
        here = (*path, key)
        if key == "$id" and not path:
            continue
        if key not in ONE | LISTS | MAPS | PLAIN and not key.startswith("x-"):
            raise _Unsupported(here, "is not supported; a hint's name begins with x-")
        if key == "format" and value not in KNOWN:
            raise _Unsupported(here, f"the format '{value}' is not known")


def _must_lead(path: tuple[object, ...], reference: str, root: JsonObject, places: set[int]) -> None:
    if reference != "#" and not reference.startswith("#/"):
        raise _Unsupported(path, f"only references within the schema (#/…) are supported, not '{reference}'")
    target = pointed_at(reference, root)
    # What is no schema's place, such as a hint, was not examined.
    if not isinstance(target, bool) and id(target) not in places:
        raise _Unsupported(path, f"'{reference}' leads nowhere")


def _must_end(
    path: tuple[object, ...], node: object, root: JsonObject, above: tuple[int, ...], ending: set[int]
) -> None:
    """Refuse a schema that would have to be checked before itself, on the same value."""
    if not isinstance(node, dict) or id(node) in ending:
        return
    if id(node) in above:
        raise _Unsupported(path, "refers to itself without going any deeper")
    for item in _on_the_same_value(node, root):
        _must_end(path, item, root, (*above, id(node)), ending)
    ending.add(id(node))


def _on_the_same_value(node: JsonObject, root: JsonObject) -> Iterator[object]:
    ones, lists = _IN_PLACE
    yield from (node[key] for key in ones if key in node)
    yield from (item for key in lists for item in node.get(key, ()))
    yield from cast("dict[str, Any]", node.get("dependentSchemas", {})).values()
    if "$ref" in node:
        yield pointed_at(node["$ref"], root)
