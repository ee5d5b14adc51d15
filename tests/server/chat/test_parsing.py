"""A body that does not fit is told with its place, whatever it is; nothing else ever comes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from omni_agent.server.chat.parsing import parse
from omni_agent.server.chat.requests import ChatRequest
from omni_agent.server.errors import ApiError
from omni_agent.server.responses.requests import ResponsesRequest

SOME = {
    "messages": [
        {"role": "system", "content": "a"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {"url": "c"}}],
        },
        {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "d"},
    ],
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "b"}]},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "d"},
    ],
    "tools": [{"type": "function", "name": "f", "function": {"name": "f", "parameters": {}}}],
    "tool_choice": "auto",
    "audio": {"voice": "alloy", "format": "wav"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    "metadata": {"a": "b"},
    "stop": ["x"],
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [path, *(place for key, item in below for place in places(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def shown(path: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def refusal_of(kind: type[BaseModel], body: bytes) -> ApiError | None:
    try:
        parse(kind, body)
    except ApiError as error:
        return error
    return None


@pytest.mark.parametrize("kind", [ChatRequest, ResponsesRequest])
@given(place=st.sampled_from(places(SOME)[1:]), new=ANYTHING)
def test_one_wrong_value_is_told_with_a_place_on_its_way(
    kind: type[BaseModel], place: tuple[Any, ...], new: Any
) -> None:
    if refused := refusal_of(kind, json.dumps(changed(SOME, place, new)).encode()):
        assert refused.status == 400
        assert refused.param
        whole = shown(place)
        assert whole.startswith(refused.param) or refused.param.startswith(whole)


@pytest.mark.parametrize("kind", [ChatRequest, ResponsesRequest])
@given(body=st.binary(max_size=40) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_or_refused(kind: type[BaseModel], body: bytes) -> None:
    refused = refusal_of(kind, body)
    assert refused is None or refused.status == 400


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"messages": ' + b'{"a":' * 100_000, b'"\\ud800"', b"\xff"]
)
def test_what_would_break_a_reader_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError):
        parse(ChatRequest, body)
