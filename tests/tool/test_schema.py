"""Every schema that pydantic makes works for a tool; what would do nothing is refused, with its path."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from omni_agent import Tool, ToolContext
from omni_agent.errors import ToolArgumentError, ToolDefinitionError
from omni_agent.models.grammar import grammar
from omni_agent.tool.formats import KNOWN


async def nothing(arguments: dict[str, Any], context: ToolContext) -> str:
    return ""


def made(value: object, **beside: Any) -> Tool:
    """A tool with one parameter of this schema."""
    schema = {"type": "object", "properties": {"value": value}, "required": ["value"], **beside}
    return Tool.from_schema("t", "T.", schema, nothing)


def fits(tool: Tool, value: object) -> bool:
    try:
        tool.validate({"value": value})
    except ToolArgumentError:
        return False
    return True


TREE = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
CAT = {"type": "object", "properties": {"is": {"const": "cat"}, "lives": {"type": "integer"}}}
DOG = {"type": "object", "properties": {"is": {"const": "dog"}}, "required": ["is"]}

# Each keyword: a schema, what fits it, what does not.
KEYWORDS: list[tuple[Any, list[Any], list[Any]]] = [
    ({"type": "string"}, ["", "a"], [[], {}, True]),
    ({"type": ["integer", "null"]}, [1, None], [1.5, "x"]),
    ({"enum": ["a", 2]}, ["a", 2], ["b", 3]),
    ({"const": {"a": 1}}, [{"a": 1}], [{"a": 2}]),
    ({"anyOf": [{"type": "integer"}, {"type": "array"}]}, [1, []], [{}, "x"]),
    (
        {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "is", "mapping": {"cat": "#/x"}}},
        [{"is": "dog"}, {"is": "cat", "lives": 9}],
        [{"is": "cow"}, {"is": "cat", "lives": "nine"}],
    ),
    ({"allOf": [{"minimum": 1}, {"maximum": 3}], "type": "number"}, [1, 3], [0, 4]),
    ({"not": {"type": "integer"}}, ["x"], [3]),
    ({"if": {"minimum": 5}, "then": {"multipleOf": 5}, "else": {"const": 1}}, [10, 1], [7, 2]),
    ({"$ref": "#/$defs/tree"}, [{"kids": [{"kids": []}]}], [{"kids": [{"kids": [1.5]}]}]),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": []}]),
    ({"patternProperties": {"^x": {"type": "integer"}}}, [{"x": 1, "y": "z"}], [{"xy": []}]),
    ({"propertyNames": {"maxLength": 2}}, [{"ab": 1}], [{"abc": 1}]),
    ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 1}, {}], [{"a": 1}]),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, [{"a": 1, "b": 1}], [{"a": 1}]),
    ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}], [{}, {"a": 1, "b": 1}]),
    ({"prefixItems": [{"type": "integer"}, True], "items": False}, [[1, "x"]], [[[], 1], [1, 2, 3]]),
    ({"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True}, [[1]], [[], [1, 1], [1, 2, 3]]),
    ({"contains": {"const": 1}, "minContains": 2, "maxContains": 2}, [[1, 1]], [[1], [1, 1, 1]]),
    ({"minimum": 1, "maximum": 3}, [1, 3], [0.5, 4]),
    ({"exclusiveMinimum": 1, "exclusiveMaximum": 3}, [2], [1, 3]),
    ({"type": "number", "multipleOf": 0.5}, [1.5], [1.3]),
    ({"minLength": 2, "maxLength": 3}, ["ab"], ["a", "abcd"]),
    ({"pattern": "^a+$"}, ["aa"], ["b"]),
    ({"properties": {"a": {}}, "unevaluatedProperties": False}, [{"a": 1}], [{"b": 1}]),
    ({"prefixItems": [{}], "unevaluatedItems": False}, [[1]], [[1, 2]]),
    (
        {"type": "integer", "title": "T", "description": "d", "default": 1, "examples": [1], "x-unit": "s"}
        | {"deprecated": True, "readOnly": True, "writeOnly": False, "$comment": "c"},
        [1],
        [[]],
    ),
    (True, [1, {}], []),
    (False, [], [1, {}]),
]


@pytest.mark.parametrize(("schema", "good", "bad"), KEYWORDS, ids=lambda item: str(item)[:40])
def test_every_keyword_works(schema: Any, good: list[Any], bad: list[Any]) -> None:
    tool = made(schema, **{"$defs": {"tree": TREE}})
    assert [value for value in good if not fits(tool, value)] == []
    assert [value for value in bad if fits(tool, value)] == []
    assert "root ::=" in grammar((tool.spec,))


FORMATS = [
    ("date", "2025-02-28", "2025-02-30"),
    ("date", "2024-02-29", "20240229"),
    ("time", "10:00", "25:00"),
    ("time", "10:00:30.5Z", "ten"),
    ("date-time", "2025-03-01T10:00:00+02:00", "2025-03-01"),
    ("date-time", "2025-03-01T10:00", "2025-13-01T10:00:00Z"),
    ("duration", "P1DT2H", "P"),
    ("duration", "PT1.5S", "two hours"),
    ("uuid", "5f0c2e4e-9a4b-4c39-9d0f-6f1f0c8ed2b1", "5f0c2e4e"),
    ("uuid4", "5f0c2e4e-9a4b-4c39-9d0f-6f1f0c8ed2b1", "x"),
    ("email", "ada@example.org", "ada at example.org"),
    ("uri", "https://example.org/a?b=c", "example.org"),
    ("uri", "mailto:ada@example.org", "http://"),
    ("uri", "http://[::1]/", "http://[::1"),
    ("uri-reference", "../a", "a b"),
    ("hostname", "example.org", "-x.org"),
    ("ipv4", "10.0.0.1", "10.0.0.256"),
    ("ipv6", "::1", ":::"),
    ("ipv4network", "10.0.0.0/8", "10.0.0.0/99"),
    ("ipvanyaddress", "::1", "x"),
    ("json-pointer", "/a/0", "a"),
    ("regex", "a+", "("),
    ("base64", "aGk=", "a"),
    ("base64url", "a-_-", "*"),
    ("int32", 5, 2**31),
    ("int64", 2**40, 2**63),
]


@pytest.mark.parametrize(("name", "good", "bad"), FORMATS)
def test_formats_are_checked_for_real(name: str, good: object, bad: object) -> None:
    tool = made({"format": name})
    assert fits(tool, good)
    assert not fits(tool, bad)
    assert "root ::=" in grammar((tool.spec,))


@given(st.sampled_from(sorted(KNOWN)), st.text() | st.integers() | st.none() | st.lists(st.text()))
def test_a_format_only_ever_says_yes_or_no(name: str, value: object) -> None:
    assert fits(made({"format": name}), value) in (True, False)


REFUSED: list[tuple[Any, str]] = [
    ({"type": "string", "format": "moon-phase"}, "properties.value.format"),
    ({"type": "string", "pattern": "("}, "properties.value.pattern"),
    ({"type": "string", "pattern": r"\p{L}"}, "properties.value.pattern"),
    ({"pattern": "a{99999999999999999999}"}, "too large"),
    ({"patternProperties": {"[": {}}}, "properties.value.patternProperties"),
    ({"optional": True}, "properties.value.optional"),
    ({"nullable": True}, "properties.value.nullable"),
    ({"items": {"anyOf": [{}, {"kind": "x"}]}}, "properties.value.items.anyOf.1.kind"),
    ({"$ref": "https://example.org/schema.json"}, r"properties.value.\$ref"),
    ({"$ref": "other.json#/a"}, r"properties.value.\$ref"),
    ({"$ref": "#anchor"}, r"properties.value.\$ref"),
    ({"$ref": "#/$defs/missing"}, "leads nowhere"),
    ({"$ref": "#/required"}, "leads nowhere"),
    ({"$ref": "#/properties/value/x-hint", "x-hint": {"type": "string"}}, "leads nowhere"),
    ({"$ref": "#/properties/value"}, "itself"),
    ({"anyOf": [{"$ref": "#/$defs/a"}, {}]}, "itself"),
    ({"$dynamicRef": "#x"}, r"properties.value.\$dynamicRef"),
    ({"$anchor": "x"}, r"properties.value.\$anchor"),
    ({"$id": "https://example.org/x"}, r"properties.value.\$id"),
    ({"type": "nonsense"}, "properties.value.type"),
    ({"minLength": -1}, "properties.value.minLength"),
    ({"items": [{}]}, "properties.value.items"),
    ({"enum": "a"}, "properties.value.enum"),
    ({"enum": ("a",)}, "JSON"),
    ({"default": Ellipsis}, "is not JSON"),
    ({"default": float("nan")}, "is not JSON"),
    ("string", "properties.value"),
]


@pytest.mark.parametrize(("schema", "place"), REFUSED, ids=lambda item: str(item)[:40])
def test_what_is_not_supported_is_refused_with_its_path(schema: Any, place: str) -> None:
    circle = {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}
    beside = {"$defs": circle} if "$defs/a" in str(schema) else {}
    with pytest.raises(ToolDefinitionError, match=place):
        made(schema, **beside)


def test_nesting_has_an_end() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(60):
        schema = {"type": "array", "items": schema}
    assert "root ::=" in grammar((made(schema).spec,))
    for _ in range(60):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ToolDefinitionError, match="deep"):
        made(schema)
    endless: dict[str, Any] = {}
    endless["items"] = endless
    with pytest.raises(ToolDefinitionError, match="not JSON"):
        made(endless)


def test_many_ways_to_the_same_definition_are_examined_once() -> None:
    definitions: dict[str, Any] = {
        f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}, {"$ref": f"#/$defs/d{i + 1}"}]} for i in range(60)
    }
    tool = made({"$ref": "#/$defs/d0"}, **{"$defs": {**definitions, "d60": {"type": "integer"}}})
    assert fits(tool, 1)


def test_a_schema_is_the_tools_own() -> None:
    value = {"type": "integer"}
    tool = made(value)
    value["type"] = "string"
    assert not fits(tool, "x")


@pytest.mark.parametrize(
    ("schema", "given", "meant"),
    [
        ({"type": "integer"}, "3", 3),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "2.5", 2.5),
        ({"type": "boolean"}, "True", True),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", [1, 2]),
        ({"type": "array", "items": {"type": "integer"}}, ["1", 2], [1, 2]),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, '{"a": 1}', {"a": 1}),
        ({"enum": [1, 2]}, "2", 2),
        ({"type": "string"}, 12345, "12345"),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": None}, {}),
        ({"type": "string"}, "3", "3"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "3", "3"),
    ],
)
def test_what_has_one_reading_only_is_mended(schema: Any, given: object, meant: object) -> None:
    arguments = {"value": given}
    assert made(schema).validate(arguments) == {"value": meant}
    assert arguments == {"value": given}


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        ({"type": "integer"}, "3.5"),
        ({"type": "integer"}, "three"),
        ({"type": "number"}, "NaN"),
        ({"type": "number"}, "1e999"),
        ({"type": "integer", "maximum": 2}, "3"),
        ({"type": "integer"}, True),
        ({"type": "integer"}, None),
        ({"type": "string"}, True),
    ],
)
def test_what_is_in_doubt_is_not_mended(schema: Any, given: object) -> None:
    with pytest.raises(ToolArgumentError, match="value"):
        made(schema).validate({"value": given})


def test_errors_are_short_and_say_what_to_mend() -> None:
    tool = made(
        {"anyOf": [{"type": "object", "properties": {"size": {"enum": ["s", "l"]}}}, {"type": "null"}]}
    )
    with pytest.raises(ToolArgumentError, match=r"value\.size: 'm' is not one of \['s', 'l'\]"):
        tool.validate({"value": {"size": "m"}})
    many = made({"type": "array", "items": {"type": "integer"}})
    with pytest.raises(ToolArgumentError) as raised:
        many.validate({"value": ["x" * 5000] * 40})
    assert len(raised.value.message) < 600
    assert "35 more" in raised.value.message


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(anything)
def test_whatever_a_model_writes_validates_or_is_refused(value: object) -> None:
    tool = made({"$ref": "#/$defs/tree"}, **{"$defs": {"tree": TREE}})
    with suppress(ToolArgumentError):
        mended = tool.validate({"value": value})
        assert tool.validate(mended) == mended
        assert Draft202012Validator(tool.spec.parameters).is_valid(mended)
