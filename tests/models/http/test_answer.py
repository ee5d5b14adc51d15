"""Pieces of an answer to events, however they are cut."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelError
from omni_agent.models.base import Done, ModelEvent, SpeechDelta, TextDelta, ToolCall
from omni_agent.models.http.answer import Answer
from omni_agent.models.http.piece import CallPiece, Piece
from tests.models.http.wires import base64_of

CALL = '<tool_call>\n{"name": "set_timer", "arguments": {"minutes": 3}}\n</tool_call>'
WORDS = st.lists(st.sampled_from(["Well, ", "I see. ", "3 < 4. ", "Ömer ", "{x} ", "- one\n"]), max_size=4)
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)
SOUND = b"\x01\x02" * 10


def cut(text: str, sizes: list[int]) -> list[str]:
    """The text in pieces of these sizes, again and again."""
    pieces, place, turn = [], 0, 0
    while place < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[place : place + size])
        place, turn = place + size, turn + 1
    return pieces


def taken(answer: Answer, pieces: list[Piece]) -> list[ModelEvent]:
    return [event for piece in pieces for event in answer.take(piece)]


@given(WORDS, CUTS)
def test_no_sound_leaves_once_markup_began_and_no_markup_is_a_word(
    words: list[str], sizes: list[int]
) -> None:
    """Each piece of text is followed by a sound, as a server would send that reads everything aloud."""
    text = "".join(words) + CALL
    answer = Answer(["set_timer"], speaks=24_000)
    events: list[ModelEvent] = []
    for piece in cut(text, sizes):
        events += taken(answer, [Piece(text=piece), Piece(sound=base64_of(SOUND))])
    events += answer.finish()
    said = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert said.strip() == "".join(words).strip()
    spoken = sum(isinstance(event, SpeechDelta) for event in events)
    assert spoken <= len(cut("".join(words), sizes))
    assert [event.arguments for event in events if isinstance(event, ToolCall)] == [{"minutes": 3}]
    assert events[-1] == Done("tool_calls")


@given(st.text(), CUTS)
def test_arguments_are_the_same_however_they_are_cut(name: str, sizes: list[int]) -> None:
    arguments = {"minutes": 3, "name": name}
    parts = cut(json.dumps(arguments, ensure_ascii=False), sizes)
    answer = Answer(["set_timer"])
    pieces = [Piece(calls=(CallPiece(0, "c", "set_timer"),))]
    pieces += [Piece(calls=(CallPiece(0, arguments=part),)) for part in parts]
    events = taken(answer, pieces) + answer.finish()
    assert [event for event in events if isinstance(event, ToolCall)] == [
        ToolCall("c", "set_timer", arguments)
    ]


@given(
    st.lists(
        st.builds(
            CallPiece, st.integers(-1, 3), st.text(max_size=2), st.text(max_size=3), st.text(max_size=4)
        )
    )
)
def test_nothing_but_calls_or_an_error_comes_of_any_parts(parts: list[CallPiece]) -> None:
    answer = Answer(["set_timer"])
    try:
        events = taken(answer, [Piece(calls=(part,)) for part in parts]) + answer.finish()
    except ModelError:
        return
    assert all(isinstance(event.arguments, dict) for event in events if isinstance(event, ToolCall))


def test_an_answer_of_nothing_ends() -> None:
    assert Answer([]).finish()[-1] == Done("stop")
    assert Answer([], speaks=24_000).finish()[-1] == Done("stop")
