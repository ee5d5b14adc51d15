"""A grammar admits what fits the schemas, and nothing else that looks like a call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from omni_agent.messages import ToolSpec
from omni_agent.models.grammar import grammar, value_grammar

_TOKEN = re.compile(
    r'\s*(?:(?P<literal>"(?:\\.|[^"\\])*")|(?P<set>\[(?:\\.|[^\]\\])*\])'
    r"|(?P<name>[a-z][a-z0-9-]*)|(?P<many>\{\d+(?:,\d+)?\})|(?P<sign>[()|?*]))"
)
Match = Callable[[str, int], frozenset[int]]


class Grammar:
    """Reads GBNF and finds out which texts it admits, by the ends that each rule can reach from a place."""

    def __init__(self, gbnf: str) -> None:
        bodies = dict(line.split(" ::= ", 1) for line in gbnf.splitlines() if line)
        self._rules = {name: self._parsed(body) for name, body in bodies.items()}
        self._seen: dict[tuple[str, int], frozenset[int]] = {}

    def admits(self, text: str) -> bool:
        self._seen.clear()
        return len(text) in self._rule("root", text, 0)

    def _rule(self, name: str, text: str, place: int) -> frozenset[int]:
        if (name, place) not in self._seen:
            self._seen[name, place] = self._rules[name](text, place)
        return self._seen[name, place]

    def _parsed(self, body: str) -> Match:
        tokens = [(found.lastgroup or "", found[found.lastgroup or ""]) for found in _TOKEN.finditer(body)]
        assert "".join(text for _, text in tokens).replace(" ", "") == body.replace(" ", "")
        match, rest = self._either(tokens)
        assert not rest
        return match

    def _either(self, tokens: list[tuple[str, str]]) -> tuple[Match, list[tuple[str, str]]]:
        options: list[list[Match]] = [[]]
        while tokens and tokens[0] != ("sign", ")"):
            (kind, token), tokens = tokens[0], tokens[1:]
            if token == "|":
                options.append([])
            elif kind == "many" or token in ("?", "*"):
                bounds = {"?": "0,1", "*": "0,999"}.get(token, token.strip("{}")).split(",")
                options[-1][-1] = _times(options[-1][-1], int(bounds[0]), int(bounds[-1]))
            elif token == "(":
                inner, tokens = self._either(tokens)
                options[-1].append(inner)
                tokens = tokens[1:]
            else:
                options[-1].append(self._one(kind, token))
        sequences = [_sequence(option) for option in options]
        return lambda text, place: frozenset().union(*(each(text, place) for each in sequences)), tokens

    def _one(self, kind: str, token: str) -> Match:
        if kind == "name":
            return lambda text, place: self._rule(token, text, place)
        pattern = re.compile(token if kind == "set" else re.escape(json.loads(token)))
        return lambda text, place: frozenset({found.end()} if (found := pattern.match(text, place)) else ())


def _sequence(parts: list[Match]) -> Match:
    def match(text: str, place: int) -> frozenset[int]:
        places = frozenset({place})
        for part in parts:
            places = frozenset().union(*(part(text, each) for each in places))
        return places

    return match


def _times(part: Match, least: int, most: int) -> Match:
    def match(text: str, place: int) -> frozenset[int]:
        places, reached = frozenset({place}), frozenset({place} if least == 0 else ())
        for count in range(1, most + 1):
            places = frozenset().union(*(part(text, each) for each in places))
            if not places:
                break
            reached |= places if count >= least else frozenset()
        return reached

    return match


def admits(schema: dict[str, Any], arguments: object) -> bool:
    text = f"act {json.dumps(arguments, ensure_ascii=False)}"
    return Grammar(grammar((ToolSpec("act", "", schema),))).admits(text)


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
    """A schema and a value that fits it."""
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
    given_ = draw(
        st.permutations(required + [name for name in names if name not in required and draw(st.booleans())])
    )
    schema = an_object(required, **{name: member[0] for name, member in members.items()})
    return schema, {name: members[name][1] for name in given_}


@settings(deadline=None)
@given(object_and_value())
def test_what_fits_the_schema_can_be_written(made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, value = made
    Draft202012Validator(schema).validate(value)
    assert admits(schema, value)


@settings(deadline=None)
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


@pytest.mark.parametrize("number", ["0", "-7", "112.0740", "0.05", "2.0", "1e-9", "1.5e-09", "123456789.25"])
def test_a_number_may_be_spelled_as_it_was_said(number: str) -> None:
    tool = ToolSpec("act", "", an_object(a={"type": "number"}))
    assert Grammar(grammar((tool,))).admits(f'act {{"a": {number}}}')
    assert not Grammar(grammar((tool,))).admits(f'act {{"a": {number}e}}')


def test_where_a_tool_is_chosen_no_other_may_be_called_and_nothing_said() -> None:
    chosen = Grammar(grammar(PAIR, "two"))
    assert chosen.admits("two {} two {}")
    assert not chosen.admits('one {"a": 1}')
    assert not chosen.admits("say no")


@pytest.mark.parametrize(
    "answer", ['one {"a": 1}', "two {}", 'one {} two {} one {"a": -2}', "say Grüezi! 你好, 3 < 4."]
)
def test_an_answer_speaks_or_makes_calls(answer: str) -> None:
    assert Grammar(grammar(PAIR)).admits(answer)


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
        " ".join(["two {}"] * 9),
        "",
    ],
)
def test_nothing_else_is_an_answer(answer: str) -> None:
    assert not Grammar(grammar(PAIR)).admits(answer)


def test_without_tools_an_answer_only_speaks() -> None:
    words = Grammar(grammar(()))
    assert words.admits("say All done.")
    assert not words.admits("two {}")


def test_the_same_tools_give_the_same_grammar_whatever_object_they_are() -> None:
    assert grammar(PAIR) is grammar(tuple(ToolSpec(s.name, "other words", dict(s.parameters)) for s in PAIR))


def test_every_choice_can_be_made_whatever_was_said() -> None:
    colour = {"anyOf": [{"enum": ["red", "dark red"]}, {"type": "null"}]}
    paint = an_object(["thing"], thing={"enum": ["door", "garden door"]}, colour=colour)
    for thing in ("door", "garden door"):
        for rest in ({}, {"colour": None}, {"colour": "red"}, {"colour": "dark red"}):
            assert admits(paint, {"thing": thing, **rest})


def test_members_come_in_any_order_but_once_while_they_are_few() -> None:
    few = an_object(["a"], **{name: {"type": "integer"} for name in "abc"})
    assert admits(few, {"c": 1, "a": 2})
    assert not admits(few, {"c": 1, "b": 2})
    assert not Grammar(grammar((ToolSpec("act", "", few),))).admits('act {"a": 1, "a": 2}')


def test_many_members_come_in_their_order() -> None:
    many = an_object(["c"], **{name: {"type": "integer"} for name in "abcdefghijklmn"})
    assert admits(many, {"c": 1, "a": 2, "n": 3})
    assert not admits(many, {"c": 1, "n": 3, "a": 2})
    assert len(grammar((ToolSpec("act", "", many),))) < 20_000


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ("[]", True),
        ('[{"who": "user", "relation": "job"}]', True),
        ('[{"relation": "name", "who": ""}, {"who": "Eva", "relation": "job"}]', True),
        ('[{"who": "user", "relation": "age"}]', False),
        ('[{"who": "user"}]', False),
        ('{"who": "user", "relation": "job"}', False),
        ("say []", False),
    ],
)
def test_a_value_by_itself_fits_its_schema(answer: str, fits: bool) -> None:
    item = {
        "type": "object",
        "properties": {"who": {"type": "string"}, "relation": {"enum": ["job", "name"]}},
        "required": ["who", "relation"],
    }
    schema = {"type": "array", "maxItems": 2, "items": item}
    assert Grammar(value_grammar(schema)).admits(answer) is fits
