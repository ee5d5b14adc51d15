"""Arguments made of schemas fit them, and are such as a person might give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.conformance.examples import NoExample, examples
from omni_agent.tool.formats import KNOWN
from omni_agent.tool.schema import compiled

BOUNDS = st.tuples(st.integers(-1000, 1000), st.integers(2, 500))
FINE = st.sampled_from([None, 1, 5])


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    low, span = draw(BOUNDS)
    part: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    if draw(st.booleans()):
        part[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        part[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + span
    step = draw(FINE)
    # Room for at least two steps, or there may be no such number.
    return part if step is None or span < 3 * step else {**part, "multipleOf": step}


@st.composite
def texts(draw: st.DrawFn) -> dict[str, Any]:
    least = draw(st.integers(0, 40))
    part: dict[str, Any] = {"type": "string", "minLength": least}
    return part if draw(st.booleans()) else {**part, "maxLength": least + draw(st.integers(0, 40))}


CHOICES = st.lists(st.text(max_size=8) | st.integers(), min_size=1, unique=True).map(
    lambda all_: {"enum": all_}
)
SCALARS = numbers() | texts() | CHOICES | st.just({"type": "boolean"}) | st.just({"type": "null"})
ANY = (
    SCALARS
    | SCALARS.map(lambda part: {"type": "array", "items": part, "minItems": 2})
    | SCALARS.map(lambda part: {"anyOf": [part, {"type": "null"}]})
    | SCALARS.map(lambda part: {"allOf": [part]})
    | SCALARS.map(lambda part: {"type": "object", "properties": {"a": part}, "required": ["a"]})
)


@given(st.dictionaries(st.sampled_from(["name", "path", "city", "n", "when"]), ANY, max_size=4), st.data())
def test_what_is_made_fits(properties: dict[str, Any], data: st.DataObject) -> None:
    required = data.draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    made = examples(schema)
    assert 1 <= len(made) <= 3
    assert made == examples(schema)
    for arguments in made:
        assert not list(compiled(schema).iter_errors(arguments))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_format_has_an_example(name: str) -> None:
    kind = "integer" if name in {"int32", "int64"} else "number" if name in {"float", "double"} else "string"
    schema = {"type": "object", "properties": {"x": {"type": kind, "format": name}}, "required": ["x"]}
    assert not list(compiled(schema).iter_errors(examples(schema)[0]))


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("plant", {"type": "string", "description": "Which plant, for example 'sweet pea'."}, "sweet pea"),
        ("sides", {"type": "integer", "description": "How many, for example 20."}, 20),
        ("when", {"type": "string", "description": "A moment, such as tomorrow or Friday."}, "tomorrow"),
        ("home_city", {"type": "string"}, "Berlin"),
        ("label", {"type": "string"}, "example"),
        (
            "herb",
            {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "For example 'dill'."},
            "dill",
        ),
        ("label", {"type": "string", "examples": ["egg"], "default": "pan"}, "egg"),
        ("label", {"type": "string", "default": "pan"}, "pan"),
        ("code", {"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}$"}, "AB12"),
        ("share", {"type": "number", "maximum": 0.9, "minimum": 0.1}, 0.5),
        ("unit", {"const": "m"}, "m"),
        ("picture", {"type": "string", "x-media": "image"}, "media"),
    ],
)
def test_what_a_person_might_give(name: str, part: dict[str, Any], value: object) -> None:
    (made, *_) = examples({"type": "object", "properties": {name: part}, "required": [name]})
    assert made == {name: value}


def test_the_authors_own_examples_come_first() -> None:
    given = [{"a": 1}, {"a": 2}]
    assert examples({"type": "object", "properties": {"a": {"type": "integer"}}, "examples": given}) == given


def test_references_are_followed_as_far_as_makes_sense() -> None:
    node = {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/Node"}}}
    schema = {
        "type": "object",
        "properties": {"n": {"$ref": "#/$defs/Name"}},
        "$defs": {"Name": {"enum": ["x"]}},
    }
    assert examples(schema)[0] == {"n": "x"}
    circle = {"type": "object", "properties": {"n": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}}
    assert examples(circle) == [{}]
    with pytest.raises(NoExample):
        examples({**circle, "required": ["n"]})
    assert examples({"type": "object"}) == [{}]


def test_what_has_no_example_is_said() -> None:
    part = {"type": "string", "pattern": "^q{7}$"}
    with pytest.raises(NoExample, match="code"):
        examples({"type": "object", "properties": {"code": part}, "required": ["code"]})
    assert examples({"type": "object", "properties": {"code": part}}) == [{}]
