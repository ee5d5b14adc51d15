"""What others have stumbled over with OpenAI's protocol, and with both."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.messages import Message, ToolResult
from omni_agent.models.base import Done, ToolCallDelta, Usage
from omni_agent.testing.model_conformance.requests import TIMER
from tests.models.realtime.asking import (
    HI,
    Pair,
    asked,
    calls_of,
    events_of,
    picture,
    said,
    speech_of,
    text_of,
    tone,
    user,
)
from tests.models.realtime.brain import Thought, sound
from tests.models.realtime.service import Event, Fault

pytestmark = pytest.mark.anyio

SPOKEN = asked(*HI.messages, speech=True)
ORDER = asked(user("Set a timer."), speech=True, tools=(TIMER,))


def sessions(pair: Pair) -> list[Event]:
    return [event["session"] for event in pair.service.of("session.update")]


async def test_only_the_ga_protocol_is_spoken(openai: Pair) -> None:
    await events_of(openai.model, SPOKEN)
    assert "OpenAI-Beta" not in openai.service.talks[0].request.headers
    (session,) = sessions(openai)
    assert session["type"] == "realtime"
    assert not {"modalities", "voice", "input_audio_format", "turn_detection", "temperature"} & set(session)
    assert session["audio"]["input"]["format"]["rate"] == 24_000


async def test_less_than_a_tenth_of_a_second_cannot_be_committed(openai: Pair) -> None:
    events = await events_of(openai.model, asked(user(await tone(0.02)), speech=True))
    assert text_of(events) == "It is blue."
    assert openai.service.talks[0].items[0]["bytes"] >= 4800


async def test_a_service_that_gives_no_metadata_back_is_understood(openai: Pair) -> None:
    openai.service.echoes = False
    assert text_of(await events_of(openai.model, HI)) == "It is blue."


async def test_a_call_that_is_told_only_at_the_end_is_taken(pair: Pair) -> None:
    pair.service.faults.append("call at end")
    events = await events_of(pair.model, ORDER)
    (call,) = calls_of(events)
    assert call.arguments == {"minutes": 10}
    assert [event.name for event in events if isinstance(event, ToolCallDelta)] == ["set_timer"]


async def test_events_that_nobody_knows_are_passed_over(pair: Pair) -> None:
    pair.service.between = [
        {"type": "rate_limits.updated", "event_id": "e", "rate_limits": []},
        {"type": "response.of.a.new.kind", "event_id": "e", "response_id": None},
        {"type": "brand.new", "more": [1]},
    ]
    assert text_of(await events_of(pair.model, HI)) == "It is blue."


async def test_an_error_beside_the_answer_does_not_end_it(pair: Pair) -> None:
    error = {"type": "invalid_request_error", "code": "response_cancel_not_active", "message": "no"}
    pair.service.between = [{"type": "error", "event_id": "e", "error": error}]
    assert text_of(await events_of(pair.model, HI)) == "It is blue."


async def test_words_that_come_only_when_they_are_done(pair: Pair) -> None:
    pair.service.faults.append("transcript at end")
    events = await events_of(pair.model, SPOKEN)
    assert text_of(events) == "It is blue."
    assert speech_of(events) == sound(1) * 3


@pytest.mark.parametrize("fault", ["odd bytes", "torn base64"])
async def test_sound_that_is_cut_within_a_sample_or_a_letter(pair: Pair, fault: Fault) -> None:
    pair.service.faults.append(fault)
    events = await events_of(pair.model, SPOKEN)
    assert speech_of(events) == sound(1) * 3


async def test_a_call_among_the_words_is_not_spoken(pair: Pair) -> None:
    call_text = json.dumps({"name": "set_timer", "arguments": {"minutes": 10}})
    pieces = ("Let", " me", " see.", " <tool", f"_call>{call_text}", "</tool_call>", " Ready.")
    pair.service.mind.script.append(Thought(pieces, exact=True))
    events = await events_of(pair.model, ORDER)
    (call,) = calls_of(events)
    assert (call.name, call.arguments) == ("set_timer", {"minutes": 10})
    assert text_of(events).strip() == "Let me see."
    assert speech_of(events) == sound(1) * 3
    # What the service holds of it is no call, so the result goes to a fresh session.
    done = Message("tool", (ToolResult(call.id, call.name, "done", "It runs."),))
    both = Message("assistant", (*said("Let me see.").parts, call))
    after = await events_of(pair.model, asked(*ORDER.messages, both, done, speech=True))
    assert text_of(after) == "The timer runs."
    assert len(pair.service.talks) == 2


async def test_no_frame_is_longer_than_a_megabyte(openai: Pair) -> None:
    await events_of(openai.model, asked(user(await tone(3.0), await picture(1500, noisy=True))))
    assert max(len(json.dumps(event)) for event in openai.service.received) < 1024 * 1024 + 500


async def test_a_frame_of_more_than_a_megabyte_is_taken(openai: Pair) -> None:
    openai.service.between = [{"type": "rate_limits.updated", "padding": "x" * 2_000_000}]
    assert text_of(await events_of(openai.model, HI)) == "It is blue."


async def test_spent_credit_is_told_and_not_tried_again(pair: Pair) -> None:
    error = {
        "type": "insufficient_quota",
        "code": "insufficient_quota",
        "message": "You exceeded your quota.",
    }
    pair.service.between = [{"type": "error", "event_id": "e", "error": error}]
    with pytest.raises(ModelUnavailable) as caught:
        await events_of(pair.model, HI)
    assert caught.value.code == "quota_spent"
    assert len(pair.service.talks) == 1


async def test_a_wrong_model_closes_with_4000(openai: Pair) -> None:
    openai.service.greets = {
        "type": "invalid_request_error",
        "code": "invalid_model",
        "message": "No such model",
    }
    with pytest.raises(ModelUnavailable, match="No such model") as caught:
        await events_of(openai.model, HI)
    assert caught.value.code == "model_unknown"


async def test_keys_in_what_a_service_says_are_struck_out(pair: Pair) -> None:
    pair.service.faults.append("error")
    with pytest.raises(ModelError) as caught:
        await events_of(pair.model, HI)
    assert "sk-" not in str(caught.value)


async def test_cached_tokens_are_a_part_of_the_prompts(openai: Pair) -> None:
    events = await events_of(openai.model, HI)
    assert events[-2:] == [Usage(20, 5, 3), Done("stop")]


async def test_spoken_words_take_more_tokens_than_written_ones(openai: Pair) -> None:
    await events_of(openai.model, replace(SPOKEN, max_tokens=10))
    await events_of(openai.model, replace(HI, max_tokens=10))
    await events_of(openai.model, replace(SPOKEN, max_tokens=4000))
    most = [event["response"]["max_output_tokens"] for event in openai.service.of("response.create")]
    assert most == [80, 10, 4096]


async def test_an_item_is_never_cut_beyond_its_length(openai: Pair) -> None:
    openai.service.mind.script.append(Thought(("One.",)))
    await events_of(openai.model, SPOKEN)
    await events_of(openai.model, asked(*HI.messages, said("On"), user("What?"), speech=True))
    assert not [e for e in openai.service.talks[0].sent if e["type"] == "error"]
    (cut,) = openai.service.of("conversation.item.truncate")
    assert 1 <= cut["audio_end_ms"] <= 50
