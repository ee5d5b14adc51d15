"""The Hermes parser: exact calls and words from any form that models write, and no call among the words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import count, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omni_agent.messages import ToolCall
from omni_agent.models.base import ModelEvent, TextDelta, ToolCallDelta
from omni_agent.models.hermes import HermesParser

NAMES = ("set_timer", "set", "math.factorial")
ONE = '{"name": "set_timer", "arguments": {"minutes": 1}}'
TWO = '{"name": "set", "arguments": {"to": "a"}}'
FIRST, SECOND = ("set_timer", {"minutes": 1}), ("set", {"to": "a"})


def parse(pieces: list[str], *, thinking: bool = False, names: tuple[str, ...] = NAMES) -> list[ModelEvent]:
    ids = count()
    parser = HermesParser(names, lambda: f"call_{next(ids)}", thinking=thinking)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.finish()


def told(events: list[ModelEvent]) -> list[object]:
    """Words, joined, and calls as name and arguments, in their order."""
    out: list[object] = []
    for event in events:
        if isinstance(event, TextDelta):
            if out and isinstance(out[-1], str):
                out[-1] += event.text
            else:
                out.append(event.text)
        elif isinstance(event, ToolCall):
            out.append((event.name, event.arguments))
    return out


def tagged(*bodies: str) -> str:
    return "".join(f"<tool_call>\n{body}\n</tool_call>" for body in bodies)


FRAGMENTS = (
    *("<tool_call>", "</tool_call>", "<think>", "</think>", "<tool_call", "< tool_call >", "<|im_end|>", "<"),
    *(
        "```json\n",
        "```",
        "`",
        "```xml\n<tool_call>",
        "{",
        "}",
        "[",
        "]",
        "{{",
        "}}",
        ",",
        '"',
        "\\",
        "'",
        ":",
    ),
    *(ONE, TWO, f"[{ONE}, {TWO}]", f"{{{ONE}}}", '{"name": "set"', '"arguments": {', '"arguments": "{}"}'),
    *(
        '{"a": 1}',
        '{"a": "',
        "{'name': ",
        '{"id": 1, "name": "set"}',
        '{\\"name\\": ',
        '"name": "set"',
        "NaN",
    ),
    *(
        '{"type": "function", "function": ',
        '{"tool_calls": [',
        "set_timer {",
        "set(",
        "\n",
        " ",
        "Hello",
        "é",
    ),
)
answers = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=14).map("".join)


@settings(deadline=None, max_examples=400)
@given(answers, st.data(), st.booleans())
@example(f"Yes.\n```json\n{ONE}\n```\n<think>so</think> Done. {tagged(TWO)} Bye", None, False)
@example(f"<tool_call>```json\n{ONE}```</tool_call>\n```xml\n<tool_call>{TWO}", None, False)
def test_the_cuts_do_not_matter(answer: str, data: st.DataObject | None, thinking: bool) -> None:
    places = data.draw(st.lists(st.integers(0, len(answer)), max_size=8)) if data else range(len(answer))
    cuts = sorted({0, *places, len(answer)})
    pieces = [answer[start:end] for start, end in pairwise(cuts)]
    whole = told(parse([answer], thinking=thinking))
    assert told(parse(pieces, thinking=thinking)) == whole
    assert told(parse(list(answer), thinking=thinking)) == whole


@settings(deadline=None, max_examples=600)
@given(answers, st.booleans())
def test_nothing_puts_a_call_among_the_words(answer: str, thinking: bool) -> None:
    events = parse(list(answer), thinking=thinking)
    spoken = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert not re.search(r"<\s*/?\s*tool_call|<\s*/?\s*think\s*>|<\|", spoken)
    assert not re.search(r"^\s*(set_timer|set|math\.factorial)\s*[{(\[]", spoken, re.MULTILINE)
    assert not re.search(r"""\{\s*\\?["'](name|arguments|tool_calls|function)\\?["']\s*:""", spoken)
    for start in (found.start() for found in re.finditer(r"\{", spoken)):
        try:
            value, _ = json.JSONDecoder().raw_decode(spoken, start)
        except ValueError:
            continue
        assert not {"name", "arguments", "tool_calls", "function"} & set(value)


@settings(deadline=None)
@given(st.text() | answers, st.booleans())
def test_what_is_called_is_known_and_has_an_object(answer: str, thinking: bool) -> None:
    events = parse([answer], thinking=thinking)
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert all(call.name in NAMES and isinstance(call.arguments, dict) for call in calls)
    assert [call.id for call in calls] == [f"call_{index}" for index in range(len(calls))]
    deltas = [event for event in events if isinstance(event, ToolCallDelta)]
    assert [(delta.index, delta.name, json.loads(delta.arguments)) for delta in deltas] == [
        (index, call.name, call.arguments) for index, call in enumerate(calls)
    ]


words = st.text(
    st.characters(categories=["L", "Nd", "P", "Zs"], exclude_characters="<{[`"), min_size=1, max_size=20
).filter(lambda text: text[0].isalpha() and text.isprintable())
arguments = st.dictionaries(
    st.text(max_size=8) | st.sampled_from(["</tool_call>", '"{', "name"]),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=6,
    )
    | st.sampled_from(["}}</tool_call>", "<tool_call>", "\\", '\\"', "</think>", "```"]),
    max_size=4,
)
calls_ = st.lists(st.tuples(st.sampled_from(NAMES), arguments), min_size=1, max_size=3)


@st.composite
def well_formed(draw: st.DrawFn) -> tuple[str, list[object]]:
    """An answer, and what is to come out of it."""
    answer = draw(st.sampled_from(["", "\n", "<think>\nwell, <tool_call>{\n</think>\n\n"]))
    wanted: list[object] = []
    for item in draw(st.lists(words | calls_, max_size=5)):
        if isinstance(item, str) and wanted and isinstance(wanted[-1], str):
            continue
        answer += item if isinstance(item, str) else draw(pair_of(item))
        wanted += [item] if isinstance(item, str) else item
    return answer, wanted


@st.composite
def pair_of(draw: st.DrawFn, calls: Sequence[tuple[str, Mapping[str, object]]]) -> str:
    """Calls as one of the spellings that are taken."""
    bodies = []
    for name, given_ in calls:
        plain = json.dumps(given_, ensure_ascii=draw(st.booleans()))
        given_text = draw(st.sampled_from([plain, json.dumps(plain)]))
        text = f'{{"name": "{name}", "arguments": {given_text}}}'
        text = draw(
            st.sampled_from([text, f'{{"arguments": {given_text}, "name": "{name}"}}', f"{{{text}}}"])
        )
        bodies.append(draw(st.sampled_from(["", "\n"])) + text)
    return draw(
        st.sampled_from(
            [
                tagged(*bodies),
                "\n".join(tagged(body) for body in bodies) + "\n\n",
                "<tool_call>" + ",\n".join(bodies) + "</tool_call>",
                "<tool_call>" + "<tool_call>".join(bodies) + "</tool_call>",
                *(
                    f"```{language}\n" + "\n".join(bodies) + "\n```\n"
                    for language in ("json", "tool_call", "")
                ),
                *([f"<tool_call>[{', '.join(bodies)}]</tool_call>"] if "{{" not in "".join(bodies) else []),
            ]
        )
    )


@settings(deadline=None, max_examples=300)
@given(well_formed(), st.booleans())
def test_a_well_formed_answer_comes_back_exactly(made: tuple[str, list[object]], in_pieces: bool) -> None:
    answer, wanted = made
    assert told(parse(list(answer) if in_pieces else [answer])) == wanted


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (tagged(ONE), [FIRST]),
        (f"Sure. {tagged(ONE)} And: {tagged(TWO)}\nDone.", ["Sure. ", FIRST, "And: ", SECOND, "Done."]),
        (tagged(ONE, TWO), [FIRST, SECOND]),
        (tagged(f"{ONE}\n{TWO}"), [FIRST, SECOND]),
        (tagged(f"[{ONE}, {TWO}]"), [FIRST, SECOND]),
        (f"<tool_call>{ONE}\n<tool_call>{TWO}", [FIRST, SECOND]),
        (f"<tool_call>{ONE}", [FIRST]),
        (f"{ONE}</tool_call>", [FIRST]),
        (tagged(f"```json\n{ONE}\n```"), [FIRST]),
        (f"```json\n{ONE}\n```\nDone.", [FIRST, "Done."]),
        (f"```json\n{ONE}\n```\n```json\n{TWO}\n```", [FIRST, SECOND]),
        (f"```xml\n{tagged(ONE)}\n```Done.", [FIRST, "Done."]),
        (f"[{ONE}, {TWO}]", [FIRST, SECOND]),
        (tagged(f"{{{ONE}}}"), [FIRST]),
        (tagged(ONE + "}"), [FIRST]),
        (tagged(f'{{"id": "1", "type": "function", "function": {ONE}}}'), [FIRST]),
        (f'{{"tool_calls": [{ONE}, {{"function": {TWO}}}]}}', [FIRST, SECOND]),
        (tagged('{"name": "set_timer", "parameters": {"minutes": 1}}'), [FIRST]),
        (tagged('{"name": "set", "arguments": "{\\"to\\": \\"a\\"}"}'), [SECOND]),
        (tagged('{"name": "math.factorial", "arguments": {"n": 5}}'), [("math.factorial", {"n": 5})]),
        (tagged('{"name": "set", "arguments": {"to": "two\nlines"}}'), [("set", {"to": "two\nlines"})]),
        (tagged('{"name": "set", "arguments": {"to": "</tool_call>"}}'), [("set", {"to": "</tool_call>"})]),
        ("< tool_call >" + ONE + "< / tool_call >", [FIRST]),
        ("<think>I call <tool_call>{</think>\n\n" + tagged(ONE), [FIRST]),
        ("Hm <think>no</think> yes", ["Hm yes"]),
        ("<think>never ends " + tagged(ONE), []),
    ],
)
def test_what_models_write_is_read(answer: str, wanted: list[object]) -> None:
    assert told(parse(list(answer))) == told(parse([answer])) == wanted


@pytest.mark.parametrize("given_", ['""', '" "', "null", "{}", '"{}"', None])
def test_a_call_may_have_no_arguments(given_: str | None) -> None:
    rest = "" if given_ is None else f', "arguments": {given_}'
    assert told(parse([tagged(f'{{"name": "set"{rest}}}')])) == [("set", {})]


@pytest.mark.parametrize("given_", ["[]", "1", "true", '"[1]"', '"{"', '"plain"', '{"a": NaN}'])
def test_arguments_that_are_no_object_make_no_call(given_: str) -> None:
    assert told(parse([tagged(f'{{"name": "set", "arguments": {given_}}}')])) == []


@pytest.mark.parametrize(
    "answer",
    [
        "<tool_call>",
        "<tool_call>{",
        f"<tool_call>{ONE[:-1]}",
        f"<tool_call>{ONE[:-1]}</tool_call> Done.",
        '<tool_call>{"name": "set", "arguments": {"to": tru}}</tool_call> Done.',
        f"<tool_call>please call {ONE}</tool_call> Done.",
        "<tool_call>set_timer</tool_call>",
        f"<tool_call name='x'>{ONE}",
        "<|im_end|>",
        "<function=set>",
        '<tool_response>{"a": 1}',
        "<too",
        "```json",
        ONE[:-1],
        "{'name': 'set', 'arguments': {}}",
        '{\\"name\\": \\"set\\", \\"arguments\\": {}}',
        '{"id": 1, "name": "set"}',
        'set_timer {"minutes": 1}',
        "set_timer(minutes=1)",
        "</tool_call>",
        "</think>",
        '"arguments": {"to": "a"}}',
    ],
)
def test_a_broken_call_is_neither_run_nor_spoken(answer: str) -> None:
    assert told(parse(list(f"Sure!\n{answer}"))) == ["Sure!\n"]


def test_an_object_that_markup_tears_apart_is_not_spoken() -> None:
    assert told(parse(list('Sure! {</think>"name": "set", "arguments": {}}'))) == ["Sure! {"]


def test_an_unknown_tool_is_dropped_and_the_rest_stays() -> None:
    unknown = ONE.replace("set_timer", "nuke")
    assert told(parse(list(f"A {tagged(unknown)} B {tagged(TWO)} C"))) == ["A B ", SECOND, "C"]
    assert told(parse(list(f"A {unknown} B"))) == ["A B"]
    assert told(parse([tagged(ONE)], names=())) == []


@pytest.mark.parametrize(
    "text",
    [
        "If a < b then [1, 2] is {x}.",
        'An object: {"a": {"b": [1, "}"]}} is JSON.',
        '```json\n{"a": 1}\n```\nis JSON too.',
        "Use `ls` here: ```sh\nls\n```",
        "I set\nset theory aside",
        "x <3",
        "It's \"so\", isn't it? 'Yes' \"a\": b",
        "a list [",
    ],
)
def test_words_that_only_resemble_a_call_are_spoken(text: str) -> None:
    assert told(parse(list(text))) == told(parse([text])) == [text]


def test_a_thought_may_have_begun_in_the_prompt() -> None:
    assert told(parse(list(f"hm {ONE}</think>\n\nHello"), thinking=True)) == ["Hello"]
    assert told(parse(list("still thinking"), thinking=True)) == []


def test_words_are_not_held_back_and_a_call_comes_with_its_last_brace() -> None:
    parser = HermesParser(NAMES, lambda: "call_1")
    assert parser.feed("Hello") == [TextDelta("Hello")]
    assert parser.feed(" there <tool") == [TextDelta(" there ")]
    assert parser.feed('_call>{"name": "set", "arguments": {}') == []
    assert parser.feed("}") == [ToolCallDelta(0, "set", "{}"), ToolCall("call_1", "set", {})]
    assert parser.finish() == []


def test_deep_nesting_does_not_raise() -> None:
    for deep in ('{"a":' * 20_000, "[" * 20_000, '{"a":' * 5_000 + "1" + "}" * 5_000):
        assert told(parse([f"<tool_call>{deep}"])) == []
        assert not any(isinstance(item, tuple) for item in told(parse([deep])))
