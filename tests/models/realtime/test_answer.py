"""The reader of a response, whatever a service sends."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelError
from omni_agent.models.base import SpeechDelta, TextDelta
from omni_agent.models.realtime import OPENAI
from omni_agent.models.realtime.answer import Answer
from tests.models.realtime.asking import asked, user

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab{<", max_size=4) | st.just("AAAA"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=4,
)
_KINDS = st.sampled_from(
    [
        "response.created", "response.done", "response.output_item.added", "response.output_item.done",
        "response.output_text.delta", "response.output_text.done", "response.output_audio.delta",
        "response.audio_transcript.delta", "response.audio_transcript.done", "response.item", "response.ours",
        "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.held",
    ]
)  # fmt: skip
_FIELDS = st.sampled_from(
    ["response_id", "item_id", "content_index", "call_id", "name", "arguments", "delta", "text", "transcript"]
)
_OBJECTS = st.sampled_from(["response", "item"])
_INNER = st.sampled_from(
    ["id", "type", "status", "output", "usage", "metadata", "status_details", "call_id", "name", "arguments"]
)
_EVENTS = st.builds(
    lambda kind, fields, objects: {"type": kind, **fields, **objects},
    _KINDS,
    st.dictionaries(_FIELDS, _JSON | st.just("resp_1"), max_size=5),
    st.dictionaries(_OBJECTS, st.dictionaries(_INNER, _JSON | st.just("function_call"), max_size=5)),
)
CREATED = {"type": "response.created", "response": {"id": "resp_1"}}


@given(st.lists(_EVENTS, max_size=8))
def test_whatever_comes_is_read_or_is_an_error_of_ours(events: list[dict[str, Any]]) -> None:
    answer = Answer(asked(user("hi"), speech=True), OPENAI, names=frozenset({"a"}))
    answer.take(CREATED)
    with suppress(ModelError):
        for event in events:
            answer.take(event)
    answer.held()


@given(st.lists(st.sampled_from(["Hi ", "there. ", "<tool", "_call>", '{"name": "a", ', '"arguments": {}}',
                                 "</tool_call>", "1 < 2 ", "{", "}"]), max_size=10))  # fmt: skip
def test_no_markup_is_heard(pieces: list[str]) -> None:
    answer = Answer(asked(user("hi"), speech=True), OPENAI, names=frozenset({"a"}))
    answer.take(CREATED)
    text, heard = "", 0
    for piece in pieces:
        place = {"response_id": "resp_1", "item_id": "item_1", "content_index": 0}
        events = answer.take({"type": "response.audio_transcript.delta", **place, "delta": piece})
        events += answer.take({"type": "response.audio.delta", **place, "delta": "AAAA"})
        text += "".join(event.text for event in events if isinstance(event, TextDelta))
        heard += sum(isinstance(event, SpeechDelta) for event in events)
    assert "tool_call" not in text
    if "tool_call" in "".join(pieces).replace(" ", "")[:10]:
        assert not heard
