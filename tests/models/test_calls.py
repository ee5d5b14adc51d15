"""The parser of answers: the same events however the answer is cut, and no call's markup among the words."""

from __future__ import annotations

import json
import re
from itertools import count, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omni_agent.messages import ToolCall
from omni_agent.models.base import ModelEvent, TextDelta, ToolCallDelta
from omni_agent.models.calls import CallParser

NAMES = ("set_timer", "set", "current_time")


def parse(pieces: list[str], *, marked: bool = True, names: tuple[str, ...] = NAMES) -> list[ModelEvent]:
    ids = count()
    parser = CallParser(names, lambda: f"call_{next(ids)}", marked=marked)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.finish()


def joined(events: list[ModelEvent]) -> list[object]:
    """The events with neighbouring deltas of the same thing joined."""
    out: list[object] = []
    for event in events:
        last = out[-1] if out else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            out[-1] = TextDelta(last.text + event.text)
        elif (
            isinstance(event, ToolCallDelta) and isinstance(last, ToolCallDelta) and event.index == last.index
        ):
            out[-1] = ToolCallDelta(last.index, last.name, last.arguments + event.arguments)
        else:
            out.append(event)
    return out


def words(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls(events: list[ModelEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]


FRAGMENTS = (
    *(
        "say ",
        "say",
        " ",
        "\n",
        "Hello",
        "set_timer",
        "set",
        "current_time",
        " {",
        "{",
        "}",
        "[",
        "]",
        "<",
        ">",
    ),
    *('{"minutes": 10}', '"name"', ":", ": ", "<tool_call>", "</tool_call>", "```json\n", "```", "(", "{{"),
    *('{"name": "set"', ', "arguments": {}}', "}}", "<|im_end|>", "\\", '"', "é", "你好", 'nuke {"a": 1}'),
)
answers = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=12).map("".join)


@settings(deadline=None)
@given(answers, st.data(), st.booleans())
@example('say a\nset_timer {"minutes": 1}', None, True)
def test_the_cuts_do_not_matter(answer: str, data: st.DataObject | None, marked: bool) -> None:
    places = data.draw(st.lists(st.integers(0, len(answer)), max_size=6)) if data else range(len(answer))
    cuts = sorted({0, *places, len(answer)})
    pieces = [answer[start:end] for start, end in pairwise(cuts)]
    assert joined(parse(pieces, marked=marked)) == joined(parse([answer], marked=marked))


@settings(deadline=None)
@given(answers, st.booleans())
def test_garbage_neither_raises_nor_puts_markup_among_the_words(answer: str, marked: bool) -> None:
    spoken = words(parse(list(answer), marked=marked))
    assert not re.search(r"<\s*tool_call|\{\s*\"name\"\s*:|<\|", spoken)
    assert not re.search(r"^\s*(set_timer|set|current_time)\s*[{(\[]", spoken, re.MULTILINE)


arguments = st.dictionaries(
    st.text(max_size=8),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5),
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), arguments), min_size=1, max_size=4))
def test_every_call_comes_out_whole(wanted: list[tuple[str, dict[str, object]]]) -> None:
    answer = "\n".join(f"{name} {json.dumps(given_, ensure_ascii=False)}" for name, given_ in wanted)
    events = parse(list(answer))
    assert [(call.name, call.arguments) for call in calls(events)] == wanted
    assert [call.id for call in calls(events)] == [f"call_{index}" for index in range(len(wanted))]
    assert words(events) == ""
    for index, (name, given_) in enumerate(wanted):
        deltas = [event for event in events if isinstance(event, ToolCallDelta) and event.index == index]
        assert {delta.name for delta in deltas} == {name}
        assert json.loads("".join(delta.arguments for delta in deltas)) == given_


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "Nd", "P", "Zs"], exclude_characters="<{[`"), min_size=1))
def test_words_come_out_as_they_are(text: str) -> None:
    assert words(parse(list(f"say x{text}"))) == f"x{text}"


def test_a_word_is_not_held_back() -> None:
    parser = CallParser(NAMES)
    assert parser.feed("say") == []
    assert parser.feed(" Hello") == [TextDelta("Hello")]
    assert parser.feed(" there, 3") == [TextDelta(" there, 3")]


def test_a_call_is_announced_by_its_name() -> None:
    parser = CallParser(NAMES, lambda: "call_1")
    assert parser.feed("set_timer ") == []
    assert parser.feed("{") == [ToolCallDelta(0, "set_timer", ""), ToolCallDelta(0, "set_timer", "{")]
    assert parser.feed("}") == [ToolCallDelta(0, "set_timer", "}"), ToolCall("call_1", "set_timer", {})]


@pytest.mark.parametrize(
    "answer", ['set_timer {"minutes": 1', "set_timer {", "set_timer", 'set_timer {"a": tru}', "set_timer [1]"]
)
def test_a_call_that_is_unfinished_or_no_json_is_no_call(answer: str) -> None:
    events = parse([answer])
    assert calls(events) == []
    assert words(events) == ""


@pytest.mark.parametrize(
    "answer",
    [
        '{"name": "set_timer", "arguments": {"minutes": 1}}',
        '[{"name": "set_timer", "arguments": {"minutes": 1}}]',
        '```json\n{\n  "name": "set_timer",\n  "arguments": {}\n}\n```',
        '{{"name": "set_timer", "arguments": {"minutes": 1}}}',
        '<tool_call>\n{"name": "set_timer", "arguments": {}}\n</tool_call>',
        "```xml\n<tool_call>",
        '{ "function" : "set_timer" }',
        "set_timer(minutes=1)",
        'unheard_of {"minutes": 1}',
        "<|im_start|>assistant",
    ],
)
def test_the_calls_that_models_write_unasked_are_swallowed(answer: str) -> None:
    assert parse(list(answer)) == []


@pytest.mark.parametrize(
    "answer",
    [
        '{"name": "set_timer", "arguments": {"minutes": 1}}',
        '```json\n[\n  {"name": "set_timer"}\n]\n```',
        '[{{"arguments": {}}}]',
        "<tool_call>",
        'set_timer {"minutes": 1}',
        "set_timer(minutes=1)",
        "<|im_end|>",
    ],
)
def test_a_call_among_words_ends_them(answer: str) -> None:
    assert joined(parse(list(f"say Sure!\n{answer} Done."))) == [TextDelta("Sure!\n")]


def test_words_that_only_resemble_markup_are_spoken() -> None:
    for text in (
        "If a < b then [1, 2] is {x}.",
        "Use `ls` here: ```sh\nls\n```",
        "I set\nset theory aside",
        "<3",
    ):
        assert words(parse(list(f"say {text}"))) == text


def test_an_answer_without_mark_is_words() -> None:
    assert words(parse(list("Hello there"))) == "Hello there"
    assert words(parse(list("say it again"), marked=False, names=())) == "say it again"


def test_a_tool_may_be_called_say() -> None:
    assert [call.arguments for call in calls(parse(list('say {"text": "hi"}'), names=("say",)))] == [
        {"text": "hi"}
    ]
    assert words(parse(list("say hi"), names=("say",))) == "hi"
