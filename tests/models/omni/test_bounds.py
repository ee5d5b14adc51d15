"""Schemas made finite: random walks through their grammars end in JSON that fits the schema as it was."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from omni_agent.models.base import Request
from omni_agent.models.omni.bounds import bounded

NAMES = st.sampled_from(["a", "b", "größe"])
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 9)),
    st.builds(
        lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span},
        st.integers(-99, 99),
        st.integers(0, 99),
    ),
    st.sampled_from(
        [
            {"type": "number"},
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": ["boolean", "null"]},
            {"enum": ["x", 2, None]},
            {"type": "string", "format": "date-time"},
            {"type": "string", "pattern": "^[a-c]{2,5}$"},
            {"x-media": "image", "type": "string", "pattern": "^image$"},
        ]
    ),
)


def grown(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas of arrays, objects and alternatives."""
    return st.one_of(
        st.builds(
            lambda item, most: {"type": "array", "items": item, "maxItems": most}, inner, st.integers(0, 2)
        ),
        st.builds(
            lambda items: {"type": "array", "prefixItems": items}, st.lists(inner, min_size=1, max_size=2)
        ),
        st.builds(
            lambda members, needed: {"type": "object", "properties": members, "required": sorted(needed)},
            st.dictionaries(NAMES, inner, min_size=1, max_size=3),
            st.sets(NAMES, max_size=1),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda item: {"allOf": [item], "description": "of one"}, inner),
    )


SCHEMAS = st.recursive(LEAVES, grown, max_leaves=5)


@pytest.fixture(scope="module")
def forms(qwen3: Any) -> Any:
    """The forms of the tiny tokenizer; no model is needed for them."""
    pytest.importorskip("llguidance")
    from omni_agent.models.omni.forms import Forms
    from omni_agent.models.omni.libraries import library

    tokenizer = library("transformers").AutoTokenizer.from_pretrained(qwen3)
    return Forms(SimpleNamespace(tokenizer=tokenizer, ends=(tokenizer.eos_token_id,)))  # type: ignore[arg-type]


def walked(forms: Any, schema: dict[str, Any], seed: int, most: int = 6000) -> str:
    """What is written where each next token is drawn at random, the closing ones more likely."""
    from omni_agent.models.omni.libraries import library

    torch, tokenizer = library("torch"), forms._loaded.tokenizer
    form = forms.of(Request("", (), format=schema))
    dice = torch.Generator().manual_seed(seed)
    closing = tokenizer.convert_tokens_to_ids(['"', "]", "}", tokenizer.eos_token])
    ids: list[int] = [0]
    while len(ids) < most:
        scores = torch.rand(1, len(tokenizer), generator=dice)
        scores[0, closing] += 0.9
        chosen = int(form(torch.tensor([ids]), scores).argmax())
        if chosen == tokenizer.eos_token_id:
            return str(tokenizer.decode(ids[1:]))
        ids.append(chosen)
    raise AssertionError(f"no end of {tokenizer.decode(ids[-200:])}")


@settings(max_examples=60, deadline=None)
@given(schema=SCHEMAS, seed=st.integers(0, 9))
def test_what_is_walked_at_random_fits(forms: Any, schema: dict[str, Any], seed: int) -> None:
    value = json.loads(walked(forms, schema, seed))
    Draft202012Validator(schema).validate(value)


OPEN: dict[str, dict[str, Any]] = {
    "anything": {},
    "an object": {"type": "object"},
    "a list": {"type": "array"},
    "a string": {"type": "string"},
    "a number": {"type": "number"},
    "a name only": {"title": "Thing"},
    "a member of any kind": {"properties": {"a": True}, "required": ["a", "b"]},
    "alternatives beside members": {"properties": {"a": {"type": "boolean"}}, "anyOf": [{"required": ["a"]}]},
    "two at once": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"type": "null"}}, "required": ["b"]},
        ],
    },
}


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_open_ends(forms: Any, name: str, seed: int) -> None:
    Draft202012Validator(OPEN[name]).validate(json.loads(walked(forms, OPEN[name], seed)))


def test_a_repeated_digit_ends(forms: Any) -> None:
    """A model that has lost its way in a number."""
    from omni_agent.models.omni.libraries import library

    torch, tokenizer = library("torch"), forms._loaded.tokenizer
    for schema in ({"type": "number"}, {"type": "integer"}, {"type": "number", "minimum": 0.5}):
        for digit in "059":
            form, ids = forms.of(Request("", (), format=schema)), [0]
            scores = torch.zeros(1, len(tokenizer))
            scores[0, tokenizer.convert_tokens_to_ids([digit, "."])] = torch.tensor([2.0, 3.0])
            while (chosen := int(form(torch.tensor([ids]), scores).argmax())) != tokenizer.eos_token_id:
                ids.append(chosen)
                assert len(ids) < 40


def test_limits_that_are_there_stay() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "maxLength": 9999},
            "b": {"type": "integer", "minimum": 10**15},
            "c": {"type": "array", "items": {"type": "null"}, "minItems": 50},
            "d": {"type": "number", "multipleOf": 0.5, "exclusiveMaximum": 1},
        },
        "required": ["a"],
    }
    made = bounded(schema)["properties"]
    assert made["a"]["maxLength"] == 9999
    assert "maximum" not in made["b"]
    assert made["c"]["maxItems"] == 50
    assert made["d"]["multipleOf"] == 0.5
    assert "maximum" not in made["d"]


def test_a_schema_is_not_changed_itself() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}
    before = json.dumps(schema)
    bounded(schema)
    assert json.dumps(schema) == before


def test_what_a_model_cannot_know_is_named_by_its_kind() -> None:
    assert bounded({"type": "string", "x-media": "image"}) == {"const": "image"}
