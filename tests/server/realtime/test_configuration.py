"""The session object, whatever is sent for it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.realtime import SessionUpdatedEvent
from pydantic import TypeAdapter

from omni_agent.server.realtime.configuration import Configuration, defaults
from omni_agent.server.realtime.protocol import Refusal, parse

UPDATED = TypeAdapter(SessionUpdatedEvent)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def paths(shape: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in shape.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += paths(value, (*above, key))
    return found


PATHS = [
    *paths(defaults("m", "v")),
    ("type",),
    ("modalities",),
    ("voice",),
    ("turn_detection",),
    ("input_audio_format",),
    ("audio", "input", "turn_detection", "eagerness"),
]
KNOWN = st.sampled_from(
    ["server_vad", "semantic_vad", "audio/pcmu", "g711_alaw", "realtime", "transcription", "text"]
)


@given(st.lists(st.tuples(st.sampled_from(PATHS), JSON | KNOWN | st.builds(lambda k: {"type": k}, KNOWN))))
def test_whatever_is_sent_the_object_that_goes_back_is_valid(
    changes: list[tuple[tuple[str, ...], Any]],
) -> None:
    conf = Configuration("sess_1", "test")
    for path, value in changes:
        patch: Any = value
        for key in reversed(path):
            patch = {key: patch}
        before = deepcopy(conf.shape)
        try:
            conf.update(patch)
        except Refusal:
            assert conf.shape == before
        UPDATED.validate_python({"type": "session.updated", "event_id": "1", "session": conf.shape})
        assert conf.tools is not None
        assert conf.turn_detection is None or conf.turn_detection.threshold > 0


@pytest.mark.parametrize(
    ("wish", "told"),
    [(0.1, 0.25), (0.25, 0.25), (1.3, 1.3), (4, 1.5), (None, 1.0), ("fast", 1.0), (True, 1.0)],
)
def test_a_speed_is_told_as_it_is_in_force(wish: Any, told: float) -> None:
    conf = Configuration("sess_1", "test")
    conf.update({"audio": {"output": {"speed": wish}}})
    assert conf.speed == told
    assert conf.shape["audio"]["output"]["speed"] == told


def test_what_is_not_in_force_is_not_told_as_if_it_were() -> None:
    conf = Configuration("sess_1", "test")
    wishes = {
        "tracing": "auto",
        "truncation": "disabled",
        "prompt": {"id": "pmpt_1"},
        "reasoning": {"effort": "high"},
        "include": ["item.input_audio_transcription.logprobs"],
        "audio": {"input": {"noise_reduction": {"type": "near_field"}}},
    }
    conf.update(wishes)
    told = conf.shape
    assert [told[name] for name in ("tracing", "prompt", "reasoning", "include")] == [None] * 4
    # A model drops the oldest by itself where a conversation is too long for it.
    assert told["truncation"] == "auto"
    assert told["audio"]["input"]["noise_reduction"] is None


def test_calls_are_one_by_one_where_that_is_set() -> None:
    conf = Configuration("sess_1", "test")
    assert conf.shape["parallel_tool_calls"] is True
    conf.update({"parallel_tool_calls": False})
    assert conf.shape["parallel_tool_calls"] is conf.parallel_calls is False
    conf.update({"parallel_tool_calls": None})
    assert conf.parallel_calls


def test_what_is_not_sent_stays() -> None:
    conf = Configuration("sess_1", "test")
    conf.update({"type": "realtime", "instructions": "a", "audio": {"output": {"voice": "joe"}}})
    conf.update(
        {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.7}}}}
    )
    conf.update({"type": "realtime", "audio": {"input": {"turn_detection": {"silence_duration_ms": 200}}}})
    assert conf.instructions == "a"
    assert conf.voice == "joe"
    assert conf.turn_detection
    assert (conf.turn_detection.threshold, conf.turn_detection.silence_duration_ms) == (0.7, 200)
    conf.update({"instructions": "", "audio": {"input": {"turn_detection": None}}})
    assert not conf.instructions
    assert conf.turn_detection is None


def test_tools_that_cannot_be_served_are_told_and_the_others_are_set() -> None:
    conf = Configuration("sess_1", "test")
    mcp = {"type": "mcp", "server_label": "x", "server_url": "https://x.example"}
    problem = conf.update({"tools": [mcp, {"type": "function", "name": "weather"}], "instructions": "b"})
    assert problem
    assert problem.code == "unsupported_tool"
    assert [tool.name for tool in conf.tools] == ["weather"]
    assert conf.instructions == "b"


@given(st.text() | JSON.map(str))
def test_any_frame_is_an_event_or_refused(text: str) -> None:
    with pytest.raises(Refusal):
        parse(text)
