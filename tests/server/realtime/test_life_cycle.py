"""The life of a response, alone: whatever happens in it, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from omni_agent.messages import JsonObject
from omni_agent.server.realtime.life_cycle import (
    Began,
    Called,
    Ended,
    Event,
    IllegalEvent,
    Life,
    Phase,
    Sounded,
    Words,
    step,
)

SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
ENDS = st.sampled_from(
    [
        Ended(),
        Ended("cancelled", "turn_detected"),
        Ended("cancelled", "client_cancelled"),
        Ended("incomplete", "max_output_tokens"),
        Ended("failed", error={"type": "server_error", "code": "x", "message": "y"}),
    ]
)
WORDS = st.builds(Words, st.text(max_size=5))
SOUND = st.just(Sounded("AAAA"))
CALL = st.builds(Called, st.uuids().map(str), st.just("weather"), st.just('{"city": "Oslo"}'))


def lived(life: Life, events: list[Event]) -> tuple[Life, list[JsonObject]]:
    told: list[JsonObject] = []
    for event in events:
        life, more = step(life, event)
        told += more
    return life, told


def ends_of(told: list[JsonObject]) -> list[str]:
    """What was opened and not closed."""
    pairs = {"added": "done", "created": "done"}
    left: list[tuple[str, str]] = []
    for event in told:
        about, _, what = event["type"].rpartition(".")
        item = str(event.get("item_id") or (event.get("item") or event.get("response") or {}).get("id"))
        if what in pairs:
            left.append((about, item))
        elif what == "done" and (about, item) in left:
            left.remove((about, item))
    return [about for about, _ in left]


@given(
    st.booleans(), st.booleans(), st.lists(st.one_of(WORDS, SOUND, CALL)), ENDS, st.lists(WORDS, max_size=2)
)
def test_every_start_has_its_end_and_nothing_comes_after_the_last(
    speaks: bool, inside: bool, events: list[Event], end: Ended, late: list[Event]
) -> None:
    events = [event for event in events if speaks or not isinstance(event, Sounded)]
    life = Life("resp_1", speaks=speaks, conversation="conv_1" if inside else "")
    life, told = lived(life, [Began(), *events, end, *late, end])
    for number, event in enumerate(told):
        SERVER_EVENT.validate_python({"event_id": str(number), **event})
    assert life.phase is Phase.OVER
    kinds = [event["type"] for event in told]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.done"
    assert kinds.count("response.created") == kinds.count("response.done") == 1
    assert not ends_of(told)
    assert inside == any(kind.startswith("conversation.") for kind in kinds) or not life.output


@given(st.lists(st.one_of(WORDS, SOUND, CALL)), ENDS)
def test_what_was_said_and_called_is_in_the_output(events: list[Event], end: Ended) -> None:
    _, told = lived(Life("resp_1", conversation="c"), [Began(), *events, end])
    output = told[-1]["response"]["output"]
    said = "".join(event.text for event in events if isinstance(event, Words))
    assert "".join(item["content"][0]["transcript"] for item in output if item["type"] == "message") == said
    called = [event.call_id for event in events if isinstance(event, Called)]
    assert [item["call_id"] for item in output if item["type"] == "function_call"] == called
    deltas = "".join(e["delta"] for e in told if e["type"] == "response.output_audio_transcript.delta")
    assert deltas == said
    done = [e["item"] for e in told if e["type"] == "response.output_item.done"]
    assert done == output
    places = [e["output_index"] for e in told if e["type"] == "response.output_item.added"]
    assert places == list(range(len(output)))
    if end.status != "completed" and output and output[-1]["type"] == "message":
        assert output[-1]["status"] == "incomplete"


@given(st.one_of(WORDS, SOUND, CALL, ENDS))
def test_nothing_happens_before_the_beginning(event: Event) -> None:
    with pytest.raises(IllegalEvent):
        step(Life("resp_1"), event)


def test_it_begins_once_and_text_has_no_sound() -> None:
    life, _ = step(Life("resp_1", speaks=False), Began())
    for event in (Began(), Sounded("AAAA")):
        with pytest.raises(IllegalEvent):
            step(life, event)
