"""From a function to something a model can call."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from omni_agent import Tool, Toolbox, ToolContext, tool
from omni_agent.errors import ToolArgumentError, ToolDefinitionError, ToolNotFound
from omni_agent.tool import as_text
from tests.tool.running import context

pytestmark = pytest.mark.anyio


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Address(BaseModel):
    street: str
    number: int = 1


@tool
async def order(
    drink: Literal["tea", "coffee"],
    size: Size = Size.SMALL,
    to: Address | None = None,
    shots: Annotated[int, Field(ge=1, le=3)] = 1,
    extras: list[str] | None = None,
) -> Any:
    """Order a drink.

    More words that a model need not read.

    Args:
        drink: What to drink.
        size: How large.
        to: Where it goes.
        shots: How strong.
        extras: What else.
    """
    return drink, size, to, shots, extras


def test_schema_comes_from_signature_and_docstring() -> None:
    schema = order.spec.parameters
    assert order.name == "order"
    assert order.spec.description.startswith("Order a drink.")
    assert schema["required"] == ["drink"]
    assert schema["properties"]["drink"] == {
        "enum": ["tea", "coffee"],
        "type": "string",
        "description": "What to drink.",
    }
    assert schema["properties"]["size"]["enum"] == ["small", "large"]
    assert schema["properties"]["to"]["anyOf"][0]["properties"]["street"] == {"type": "string"}
    assert "$defs" not in schema
    assert "$ref" not in str(schema)
    assert schema["additionalProperties"] is False


async def test_arguments_arrive_in_the_functions_own_types() -> None:
    arguments = order.validate({"drink": "tea", "size": "large", "to": {"street": "Elm"}, "shots": 2})
    assert await order.run(arguments, context()) == ("tea", Size.LARGE, Address(street="Elm"), 2, None)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({}, "'drink' is a required property"),
        ({"drink": "wine"}, "drink"),
        ({"drink": "tea", "shots": 9}, "shots"),
        ({"drink": "tea", "sugar": 1}, "sugar"),
        ({"drink": "tea", "to": {"number": 3}}, "to"),
        ("tea", "arguments"),
    ],
)
def test_wrong_arguments_name_their_place(arguments: object, place: str) -> None:
    with pytest.raises(ToolArgumentError, match=place):
        order.validate(arguments)


async def test_a_plain_function_runs_in_a_thread_of_its_own() -> None:
    import threading

    @tool(name="where", description="Says where it runs.", effect="read")
    def where() -> str:
        return threading.current_thread().name

    assert where.effect == "read"
    assert await where.run({}, context()) != threading.main_thread().name


def test_what_cannot_be_a_tool_says_why() -> None:
    def undescribed(x: int) -> int:
        return x

    def untyped(x) -> None:  # type: ignore[no-untyped-def]
        """Do."""

    def spread(*xs: int) -> None:
        """Do."""

    class Odd:
        pass

    def odd(x: Odd) -> None:
        """Do."""

    for function, why in (
        (undescribed, "no description"),
        (untyped, "has no type"),
        (spread, "by name"),
        (odd, "tool 'odd'"),
    ):
        with pytest.raises(ToolDefinitionError, match=why):
            tool(function)


def test_schemas_by_hand_are_checked() -> None:
    async def run(arguments: dict[str, Any], context: ToolContext) -> str:
        return ""

    good = {"type": "object", "properties": {}}
    assert Tool.from_schema("fine", "Fine.", good, run).name == "fine"
    for name, schema, timeout in (
        ("not a name", good, 1),
        ("x", {"type": "nonsense"}, 1),
        ("x", {"type": "string"}, 1),
        ("x", good, 0),
    ):
        with pytest.raises(ToolDefinitionError):
            Tool.from_schema(name, "d", schema, run, timeout=timeout)


def test_a_toolbox_finds_by_name() -> None:
    box = Toolbox([order])
    assert box["order"] is order
    assert [item.name for item in box] == ["order"]
    assert len(box) == 1
    with pytest.raises(ToolNotFound, match="there are: order"):
        box["fly"]
    with pytest.raises(ToolDefinitionError, match="two tools"):
        Toolbox([order, order])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(json_values)
def test_any_result_becomes_text(value: object) -> None:
    assert isinstance(as_text(value), str)


def test_results_keep_their_shape() -> None:
    assert as_text("hello") == "hello"
    assert as_text({"a": [1, True, None]}) == '{"a":[1,true,null]}'
    assert as_text(Address(street="Elm")) == '{"street":"Elm","number":1}'
    assert "object at" in as_text(object())
