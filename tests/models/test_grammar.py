"""A grammar admits what fits the schemas, and nothing else that looks like a call."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from omni_agent.messages import Audio, Hearing, Message, Text, ToolSpec
from omni_agent.models.base import Request
from omni_agent.models.grammar import grammar, grammar_of, heard

_TOKEN = re.compile(
    r'(?P<literal>"(?:\\.|[^"\\])*")|(?P<class>\[(?:\\.|[^\]\\])*\])|(?P<name>[a-z][a-z0-9-]*)|(?P<sign>[()|?*]|\{\d+(?:,\d+)?\})|\s+'
)


def as_regex(gbnf: str) -> re.Pattern[str]:
    """The grammar as a regular expression: it does not recurse, so it has one."""
    rules = dict(line.split(" ::= ", 1) for line in gbnf.splitlines() if line)
    made: dict[str, str] = {}

    def rule(name: str) -> str:
        if name not in made:
            made[name] = f"(?:{body(rules[name])})"
        return made[name]

    def body(text: str) -> str:
        out, place = [], 0
        while place < len(text):
            token = _TOKEN.match(text, place)
            assert token, f"not GBNF: {text[place:]}"
            place = token.end()
            if literal := token["literal"]:
                out.append("(?:" + re.escape(json.loads(literal)) + ")")
            else:
                out.append(rule(token["name"]) if token["name"] else token["class"] or token["sign"] or "")
        return "".join(out)

    return re.compile(rule("root"), re.S)


def admits(schema: dict[str, Any], arguments: object) -> bool:
    text = f"act {json.dumps(arguments, ensure_ascii=False)}"
    return bool(as_regex(grammar((ToolSpec("act", "", schema),))).fullmatch(text))


def an_object(required: list[str] | None = None, **properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required or [],
        "additionalProperties": False,
    }


SCALARS: list[tuple[dict[str, Any], st.SearchStrategy[Any]]] = [
    ({"type": "string"}, st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)),
    ({"type": "integer"}, st.integers(-(10**9), 10**9)),
    ({"type": "number"}, st.integers(-(10**6), 10**6) | st.integers(-(10**6), 10**6).map(lambda n: n / 8)),
    ({"type": "boolean"}, st.booleans()),
    ({"enum": ["a b", 'c"d', 3, None]}, st.sampled_from(["a b", 'c"d', 3, None])),
    ({"const": "only"}, st.just("only")),
    (
        {"type": "string", "format": "date"},
        st.dates(min_value=__import__("datetime").date(1000, 1, 1)).map(str),
    ),
]


@st.composite
def schema_and_value(draw: st.DrawFn, depth: int = 2) -> tuple[dict[str, Any], Any]:
    """A schema and a value that fits it, spelt in the schema's order, required members first."""
    kind = draw(st.sampled_from(["scalar", "array", "object", "either"] if depth else ["scalar"]))
    if kind == "scalar":
        schema, values = draw(st.sampled_from(SCALARS))
        return schema, draw(values)
    if kind == "array":
        schema, value = draw(schema_and_value(depth - 1))
        return {"type": "array", "items": schema}, [value] * draw(st.integers(0, 4))
    if kind == "either":
        first, value = draw(schema_and_value(depth - 1))
        return {"anyOf": [{"type": "null"}, first]}, draw(st.sampled_from([None, value]))
    return draw(object_and_value(depth - 1))


@st.composite
def object_and_value(draw: st.DrawFn, depth: int = 2) -> tuple[dict[str, Any], dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(["a", "b_c", "d-e", "é", 'q"']), unique=True, max_size=4))
    members = {name: draw(schema_and_value(depth)) for name in names}
    required = [name for name in names if draw(st.booleans())]
    given_ = required + [name for name in names if name not in required and draw(st.booleans())]
    schema = an_object(required, **{name: member[0] for name, member in members.items()})
    return schema, {name: members[name][1] for name in given_}


@given(object_and_value())
def test_what_fits_the_schema_can_be_written(made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, value = made
    Draft202012Validator(schema).validate(value)
    assert admits(schema, value)


@given(object_and_value(), object_and_value())
def test_what_the_grammar_admits_fits_the_schema(
    made: tuple[dict[str, Any], dict[str, Any]], other: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    schema, value = made[0], other[1]
    if admits(schema, value):
        Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (an_object(["a"], a={"type": "integer"}), {}),
        (an_object(a={"type": "integer"}), {"a": 1.5}),
        (an_object(a={"type": "integer"}), {"b": 1}),
        (an_object(a={"enum": ["x", "y"]}), {"a": "z"}),
        (an_object(a={"type": "string"}), {"a": "x" * 401}),
        (an_object(a={"type": "string", "maxLength": 3}), {"a": "four"}),
        (an_object(a={"type": "string", "minLength": 1}), {"a": ""}),
        (an_object(a={"type": "array", "items": {"type": "integer"}, "maxItems": 2}), {"a": [1, 2, 3]}),
        (an_object(a={"type": "array", "items": {"type": "integer"}, "minItems": 2}), {"a": [1]}),
        (an_object(a={"type": "array", "items": {"type": "integer"}}), {"a": ["1"]}),
        (an_object(a={"type": "string", "format": "date"}), {"a": "tomorrow"}),
        (an_object(), {"a": 1}),
    ],
)
def test_what_does_not_fit_cannot_be_written(schema: dict[str, Any], arguments: object) -> None:
    assert not admits(schema, arguments)


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (an_object(a={"type": "string", "pattern": "^(?=x)[a-z]+$"}), {"a": "xyz"}),
        (an_object(a={"type": "string", "format": "hostname"}), {"a": "example.org"}),
        (an_object(a={"not": {"type": "null"}}), {"a": {"deep": [1, "two"]}}),
        (an_object(a={"allOf": [{"type": "integer"}, {"minimum": 3}]}), {"a": 4}),
        (an_object(a={"type": ["string", "null"]}), {"a": None}),
        (
            an_object(a={"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}),
            {"a": [1, "x"]},
        ),
        (an_object(a={"type": "object", "additionalProperties": {"type": "number"}}), {"a": {"k": 1.5}}),
        (an_object(a={"$ref": "#/nowhere"}), {"a": [True]}),
        (an_object(["a"], b={"type": "integer"}), {"a": "named but not described"}),
        (an_object(a={}), {"a": "anything"}),
        ({"type": "object"}, {"free": ["form"]}),
        (an_object(a={"type": "number"}), {"a": 1.6e-19}),
        (
            {
                **an_object(a={"$ref": "#/$defs/node"}),
                "$defs": {"node": an_object(next={"$ref": "#/$defs/node"})},
            },
            {"a": {"next": {"next": {}}}},
        ),
    ],
)
def test_schemas_beyond_the_grammar_are_met_loosely(schema: dict[str, Any], arguments: object) -> None:
    assert admits(schema, arguments)


PAIR = (ToolSpec("one", "", an_object(a={"type": "integer"})), ToolSpec("two", "", an_object()))


@pytest.mark.parametrize(
    "answer", ['one {"a": 1}', "two {}", 'one {}\ntwo {}\none {"a": -2}', "say Grüezi! 你好, 3 < 4."]
)
def test_an_answer_speaks_or_makes_calls(answer: str) -> None:
    assert as_regex(grammar(PAIR)).fullmatch(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Hello",
        "say ",
        'say {"a": 1}',
        "say [1]",
        "say ```json",
        "say <tool_call>",
        "three {}",
        "one",
        "one {} say hi",
        "say so <tool_call>",
        "say so <|im_end|>",
        'one  {"a": 1}',
        'one {"a":1}',
        "\n".join(["two {}"] * 9),
        "",
    ],
)
def test_nothing_else_is_an_answer(answer: str) -> None:
    assert not as_regex(grammar(PAIR)).fullmatch(answer)


def test_without_tools_an_answer_only_speaks() -> None:
    words = as_regex(grammar(()))
    assert words.fullmatch("say All done.")
    assert not words.fullmatch("two {}")


def test_the_same_tools_give_the_same_grammar_whatever_object_they_are() -> None:
    assert grammar(PAIR) is grammar(tuple(ToolSpec(s.name, "other words", dict(s.parameters)) for s in PAIR))


PAINT = ToolSpec(
    "paint",
    "Paint a thing.",
    an_object(
        ["thing"],
        thing={"enum": ["door", "garden door", "fence"]},
        colour={"anyOf": [{"enum": ["red", "dark red", "blue"]}, {"type": "null"}]},
        coats={"enum": ["one coat", "two coats"]},
        finish={"enum": ["matt", "red lacquer"]},
        note={"type": "string"},
    ),
)


def choices(words: str) -> dict[str, Any]:
    (spec,) = heard((PAINT,), words)
    return {name: schema.get("enum") for name, schema in spec.parameters["properties"].items()}


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("the DOOR in red, please", {"thing": ["door"], "colour": ["red"], "note": None}),
        ("the garden door", {"thing": ["garden door"], "note": None}),
        ("a door and the garden door", {"thing": ["door", "garden door"], "note": None}),
        ("dark red lacquer", {"thing": ["door", "garden door", "fence"], "colour": ["dark red"]}
         | {"finish": ["red lacquer"], "note": None}),
        ("the fence, 2 coats", {"thing": ["fence"], "coats": ["two coats"], "note": None}),
    ],
)  # fmt: skip
def test_a_choice_that_was_not_named_cannot_be_made(words: str, left: dict[str, Any]) -> None:
    assert choices(words) == left


def test_where_no_choice_was_named_all_can_be_made() -> None:
    assert heard((PAINT, *PAIR), "das Tor, in Rot") == (PAINT, *PAIR)
    assert heard((PAINT,), "") == (PAINT,)


def asks(*messages: Message, **fields: Any) -> str:
    return grammar_of(Request("", messages, (PAINT,), **fields))


def test_what_was_said_in_the_last_turns_or_recalled_counts() -> None:
    earlier, now = Message("user", (Text("the fence"),)), Message("user", (Text("red"),))
    filler = Message("user", (Text("hm"),))
    assert "fence" in asks(earlier, now)
    assert "two coats" not in asks(earlier, now)
    assert "red" not in asks(now, filler, filler, filler, earlier)
    assert "blue" in asks(earlier, context="Likes blue.")


@pytest.mark.parametrize("fields", [{"language": "de"}, {}])
def test_what_is_not_english_narrows_nothing(fields: dict[str, str]) -> None:
    heard_as = "en" if fields else "de"
    message = Message("user", (Audio("media://1", hearing=Hearing("fence, rot", heard_as)),))
    assert asks(message, **fields) == grammar((PAINT,))


@given(st.text())
def test_any_words_can_be_heard(words: str) -> None:
    (spec,) = heard((PAINT,), words)
    assert "thing" in spec.parameters["properties"]
