"""What a server holds, against what is wanted: under every cut of a conversation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omni_agent.messages import Message, Text, ToolCall, ToolResult
from omni_agent.models.realtime.entries import Entry, entries, reply, spoken_key
from omni_agent.models.realtime.held import Fit, Held, fit, server_call_id, short_id, taken_over

_WORDS = st.text("abc .,!", min_size=1, max_size=12)


def user(text: str) -> Entry:
    return entries([Message("user", (Text(text),))])[0]


@st.composite
def conversations(draw: st.DrawFn) -> list[Entry]:
    turns = draw(st.lists(st.tuples(_WORDS, _WORDS), max_size=4))
    return [entry for said, answer in turns for entry in (user(said), reply(answer))]


def held(row: list[Entry]) -> list[Held]:
    return [Held(entry, (f"item_{place}",), audio_ms=1000) for place, entry in enumerate(row)]


@given(conversations(), st.data())
def test_any_beginning_of_a_conversation_can_go_on(row: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(row)))
    assert fit(held(row[:cut]), row, amends=False) == Fit(cut)


@given(conversations(), _WORDS)
def test_nothing_goes_on_from_what_was_never_said(row: list[Entry], other: str) -> None:
    wanted = [user("never said"), *row]
    assert fit(held([user(other + "x"), *row]), wanted, amends=True) is None


@given(conversations(), _WORDS, st.text("abc", min_size=2, max_size=30), st.data())
def test_only_the_last_reply_may_be_cut(row: list[Entry], said: str, whole: str, data: st.DataObject) -> None:
    heard = whole[: data.draw(st.integers(1, len(whole) - 1))]
    before = [*row, user(said)]
    found = fit(held([*before, reply(whole)]), [*before, reply(heard), user("next")], amends=True)
    assert found is not None
    assert (found.shared, found.amendment) == (len(before), "truncate")
    assert 1 <= found.audio_ms <= 1000
    assert fit(held([*before, reply(whole)]), [*before, reply(heard), user("next")], amends=False) is None
    late = [*before, reply(whole), user("next")]
    assert fit(held(late), [*before, reply(heard), user("next")], amends=True) is None


def test_an_answer_that_is_not_wanted_is_taken_away() -> None:
    row = [user("hi"), reply("hello")]
    assert fit(held(row), row[:1], amends=True) == Fit(1, "delete")
    assert fit(held(row), [row[0], reply("other words")], amends=True) is None


def test_words_without_sound_are_said_again() -> None:
    row = [Held(user("hi")), Held(reply("hello there"), ("item_1",))]
    assert fit(row, [user("hi"), reply("hello")], amends=True) == Fit(1, "delete")


def test_an_answer_of_several_items_is_not_cut() -> None:
    row = [Held(user("hi")), Held(reply("hello there"), ("item_1", "item_2"), audio_ms=900)]
    assert fit(row, [user("hi"), reply("hello")], amends=True) is None


@given(st.text(max_size=20))
def test_signs_make_no_difference_to_what_was_said(text: str) -> None:
    assert spoken_key(f"**{text}**") in {spoken_key(text), f"**{text}**".strip()}


def test_calls_are_known_by_what_they_do() -> None:
    made = [
        Message("assistant", (ToolCall(name, "lamp", {"on": True, "room": "hall"}),)) for name in ("a", "b")
    ]
    (one,), (other,) = map(entries, ([made[0]], [made[1]]))
    assert one.key == other.key
    (kept,) = taken_over([Held(one, call_id="server")], [other])
    assert server_call_id([kept], "b") == "server"
    assert server_call_id([kept], "a") == ""


def test_an_empty_message_is_no_entry() -> None:
    result = ToolResult("a", "lamp", "done", "on")
    kinds = [e.kind for e in entries([Message("user", ()), Message("tool", (result,))])]
    assert kinds == ["result"]


@given(st.text("abcdef0123456789_", min_size=1, max_size=80))
def test_ids_are_of_32_characters_at_most(name: str) -> None:
    assert 1 <= len(short_id(name)) <= 32
    assert short_id(short_id(name)) == short_id(name)
