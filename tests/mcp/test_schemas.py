"""Strangers' schemas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.mcp.schemas import acceptable
from omni_agent.tool.schema import compiled

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "required", "format", "$ref", "anyOf", "not", "pattern", "x"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["a", "b"]), ANY), ANY)
def test_whatever_comes_is_made_acceptable(properties: dict[str, Any], required: Any) -> None:
    schema = acceptable("t", {"properties": properties, "required": required})
    assert schema["type"] == "object"
    list(compiled(schema).iter_errors({}))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"type": "string", "format": "rfc9999"}, {"type": "string"}),
        ({"type": "string", "example": "x"}, {"type": "string"}),
        ({"type": "string", "pattern": "(?<a>b)"}, {"type": "string"}),
        ({"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^a"}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"items": [{"type": "string"}]}, {"prefixItems": [{"type": "string"}]}),
        ({"$ref": "https://example.com/schema"}, {}),
        ({"anyOf": [{"format": "odd"}, {"type": "null"}]}, {"anyOf": [{}, {"type": "null"}]}),
        ({"properties": {"format": {"type": "string"}}}, {"properties": {"format": {"type": "string"}}}),
    ],
)
def test_only_what_cannot_be_checked_is_left_out(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    assert acceptable("t", {"type": "object", "properties": {"a": theirs}})["properties"]["a"] == ours


def test_references_within_the_schema_stay() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Tree"}},
        "$defs": {"Tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}},
    }
    assert acceptable("t", schema) == schema


def test_a_schema_that_goes_round_in_circles_becomes_an_outline() -> None:
    schema = {"properties": {"a": {"$ref": "#/properties/a"}, "b": {"type": "integer"}}, "required": ["b"]}
    assert acceptable("t", schema) == {
        "type": "object",
        "properties": {"a": {}, "b": {"type": "integer"}},
        "required": ["b"],
    }
