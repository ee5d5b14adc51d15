"""Tokens to words and calls; needs neither torch nor transformers."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omni_agent.messages import Message, Text, ToolCall, ToolSpec
from omni_agent.models.base import ModelEvent, Request, TextDelta
from omni_agent.models.omni.words import Words


class Bytes:
    """A tokenizer of bytes."""

    def decode(self, ids: list[int], **more: Any) -> str:
        return bytes(ids).decode("utf-8", errors="replace")


def put(text: str, **fields: Any) -> tuple[list[ModelEvent], Words]:
    request = Request("", (Message("user", (Text("hi"),)),), (ToolSpec("set_timer", "", {}),), **fields)
    words = Words(Bytes(), request, thinking=False, new_id=lambda: "c1")
    events = [event for byte in text.encode() for event in words.feed(byte)]
    return [*events, *words.finish()], words


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@given(st.text())
def test_characters_torn_between_tokens_come_out_whole(text: str) -> None:
    events, _ = put(f"x{text}", format={})
    assert text_of(events) == f"x{text}"


def test_words_leave_as_they_are_written() -> None:
    events, words = put("Hello there.")
    assert len(events) > 5
    assert words.complete


CALL = '<tool_call>\n{"name": "set_timer", "arguments": {"minutes": 5}}\n</tool_call>'


def test_a_call_is_no_word_and_is_not_spoken() -> None:
    events, words = put(f"One moment. {CALL}")
    assert text_of(events).strip() == "One moment."
    assert [event for event in events if isinstance(event, ToolCall)] == [
        ToolCall("c1", "set_timer", {"minutes": 5})
    ]
    assert words.called
    assert not words.complete
    assert words.spoken == len("One moment. ")


def test_nothing_is_spoken_of_an_answer_that_only_calls() -> None:
    _, words = put(CALL)
    assert words.spoken == 0


def test_a_call_that_may_not_be_made_is_dropped() -> None:
    events, words = put(CALL, withheld=frozenset({"set_timer"}))
    assert not words.called
    assert text_of(events) == ""


def test_trap_special_tokens_are_seen_and_never_said() -> None:
    """Were they skipped while decoding, the parser could not close on them."""
    events, words = put("Hello<|vision_start|>more")
    assert text_of(events) == "Hello"
    assert words.spoken == len("Hello")


def test_blanks_in_front_do_not_keep_an_answer_from_being_spoken() -> None:
    _, words = put("\n\n Hello.")
    assert words.complete


def test_an_answer_with_a_format_is_given_as_it_is() -> None:
    events, _ = put('{"name": "x", "arguments": {}}', format={"type": "object"})
    assert text_of(events) == '{"name": "x", "arguments": {}}'
