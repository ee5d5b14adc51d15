"""The fake speaks as OpenAI's own types say, and so does the client: each event is held against them."""

from __future__ import annotations

import pytest

from omni_agent.messages import Message, ToolResult
from omni_agent.testing.model_conformance.requests import TIMER
from tests.models.realtime.asking import Pair, asked, calls_of, events_of, picture, said, tone, user
from tests.models.realtime.openai_service import types

pytestmark = pytest.mark.anyio

pytest.importorskip("openai.types.realtime")


async def test_every_event_of_a_conversation_is_one_of_openais(openai: Pair) -> None:
    first = user("Set a timer.", await tone(), await picture())
    (call,) = calls_of(await events_of(openai.model, asked(first, speech=True, tools=(TIMER,))))
    done = Message("tool", (ToolResult(call.id, call.name, "done", "It runs."),))
    called = asked(first, Message("assistant", (call,)), done, speech=True, tools=(TIMER,))
    await events_of(openai.model, called)
    await events_of(openai.model, asked(*called.messages, said("The timer"), user("What?"), speech=True))
    adapters = types()
    assert adapters
    (talk,) = openai.service.talks
    for event in talk.received:
        assert adapters[0].validate_python(event).type == event["type"]
    for event in talk.sent:
        assert adapters[1].validate_python(event).type == event["type"]
    assert {event["type"] for event in talk.received} == {
        "session.update",
        "conversation.item.create",
        "conversation.item.truncate",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "response.create",
    }
    assert len({event["type"] for event in talk.sent}) >= 18


def test_the_types_tell_a_wrong_event() -> None:
    from pydantic import ValidationError

    adapters = types()
    assert adapters
    wrong = {"type": "response.output_audio.delta", "event_id": "e", "delta": "AAAA"}
    with pytest.raises(ValidationError):
        adapters[1].validate_python(wrong)
