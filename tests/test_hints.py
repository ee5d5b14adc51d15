"""What the ears may expect to hear, of schemas and of earlier words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.hints import MOST_WORDS, hints_of
from omni_agent.messages import Message, Text, ToolSpec


def spec(**properties: Any) -> ToolSpec:
    return ToolSpec("act", "Act.", {"type": "object", "properties": properties})


def said(*texts: str) -> list[Message]:
    return [Message("user", (Text(text),)) for text in texts]


@pytest.mark.parametrize(
    ("schema", "hints"),
    [
        ({"enum": ["latte", "flat_white", 3, None]}, ("latte", "flat white")),
        ({"const": "espresso"}, ("espresso",)),
        ({"type": "string", "x-vocabulary": ["Anna Lindqvist"]}, ("Anna Lindqvist",)),
        ({"enum": ["DE"], "x-synonyms": {"DE": ["Germany"]}}, ("DE", "Germany")),
        ({"enum": ["AT"], "x-synonyms": {"AT": "Austria"}}, ("AT", "Austria")),
        ({"type": "boolean", "x-synonyms": ["takeaway"]}, ("takeaway",)),
        ({"type": "array", "items": {"enum": ["oat milk"]}}, ("oat milk",)),
        ({"type": "array", "prefixItems": [{"enum": ["red"]}, {"enum": ["blue"]}]}, ("red", "blue")),
        ({"anyOf": [{"enum": ["hot"]}, {"type": "null"}]}, ("hot",)),
        ({"type": "object", "properties": {"enum": {"enum": ["inner"]}}}, ("inner",)),
        ({"type": "object", "additionalProperties": {"enum": ["other"]}}, ("other",)),
        ({"type": "object", "additionalProperties": False}, ()),
        ({"type": "string", "default": "unsaid", "description": "Unsaid.", "title": "Unsaid"}, ()),
    ],
)
def test_what_a_schema_names_is_expected(schema: dict[str, Any], hints: tuple[str, ...]) -> None:
    assert hints_of([spec(a=schema)]) == (*hints, "act")


def test_definitions_are_read_too() -> None:
    parameters = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/Roast"}},
        "$defs": {"Roast": {"enum": ["dark"]}},
    }
    assert hints_of([ToolSpec("act", "", parameters)]) == ("dark", "act")


def test_values_that_bring_no_new_word_are_left_out() -> None:
    milk = ["milk", "some milk", "lots of milk", "some milk"]
    assert hints_of([spec(a={"enum": milk})]) == ("some milk", "lots of milk", "act")


def test_tools_names_are_expected_as_they_are_said() -> None:
    assert hints_of([ToolSpec(name, "", {}) for name in ("set_timer", "bookTable")]) == (
        "set timer",
        "book Table",
    )


def test_tools_come_first_then_the_latest_names() -> None:
    history = said("ask Anna Lindqvist", "and now Marek, Priya and Jo-Ann")
    assert hints_of([spec(a={"enum": ["tea"]})], history) == (
        "tea", "Marek", "Priya", "Jo-Ann", "Anna Lindqvist", "act",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["Set a timer", "well, I'm here", "and I’ll go", "no names. But this", "HM"])
def test_a_capital_alone_makes_no_name(text: str) -> None:
    assert hints_of([], said(text)) == ()


@pytest.mark.parametrize("name", ["Émile Zola", "O'Brien", "Öz Kaya"])
def test_names_of_many_kinds_are_names(name: str) -> None:
    assert hints_of([], said(f"call {name} now")) == (name,)


words = st.text("abcdefgh", min_size=1, max_size=4)
phrases = st.lists(words, min_size=1, max_size=6).map(" ".join)


@given(st.lists(phrases, max_size=150))
def test_hints_are_bounded_and_of_the_schema(values: list[str]) -> None:
    hints = hints_of([spec(a={"enum": values})])
    assert set(hints) <= {*values, "act"}
    assert len(set(hints)) == len(hints)
    assert len({word for hint in hints for word in re.findall(r"\w+", hint)}) <= MOST_WORDS


@given(st.lists(phrases, max_size=15))
def test_few_values_bring_every_word(values: list[str]) -> None:
    hints = hints_of([spec(a={"enum": values})])
    if len({word for value in values for word in value.split()}) <= MOST_WORDS - 6:
        assert {w for hint in hints for w in hint.split()} == {"act", *(w for v in values for w in v.split())}


def test_the_same_tools_give_the_same_hints_in_the_order_of_the_schema() -> None:
    tools = [spec(b={"enum": ["two"]}, a={"anyOf": [{"enum": ["one"]}]}), spec(c={"const": "three"})]
    assert hints_of(tools) == ("two", "one", "three", "act")
