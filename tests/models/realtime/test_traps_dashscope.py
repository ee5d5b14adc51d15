"""What others have stumbled over with DashScope; docs/realtime-models.md names the sources."""

from __future__ import annotations

import base64
import io
import json
from contextlib import aclosing
from dataclasses import replace

import pytest
from PIL import Image as Pictures

from omni_agent.messages import Message, ToolResult
from omni_agent.models.base import TextDelta
from omni_agent.models.realtime import DASHSCOPE_35, DASHSCOPE_38, DASHSCOPE_FLASH, Profile
from omni_agent.testing.model_conformance.requests import TIMER
from tests.models.realtime.asking import (
    HI,
    Pair,
    asked,
    calls_of,
    events_of,
    paired,
    picture,
    said,
    speech_of,
    text_of,
    tone,
    until,
    user,
)
from tests.models.realtime.dashscope_service import DashScopeService
from tests.models.realtime.service import Event

pytestmark = pytest.mark.anyio

SPOKEN = asked(*HI.messages, speech=True)
ORDER = asked(user("Set a timer."), speech=True, tools=(TIMER,))


def sessions(pair: Pair) -> list[Event]:
    return [event["session"] for event in pair.service.of("session.update")]


async def test_flash_takes_tools_and_never_calls_so_it_gets_none(flash: Pair) -> None:
    assert not flash.model.capabilities.tools
    await events_of(flash.model, ORDER)
    assert "tools" not in sessions(flash)[0]


@pytest.mark.parametrize("profile", [DASHSCOPE_35, DASHSCOPE_38], ids=["3.5", "3.8"])
async def test_tools_work_from_3_5_on(profile: Profile) -> None:
    async with paired(DashScopeService(), profile) as pair:
        (call,) = calls_of(await events_of(pair.model, ORDER))
    assert call.name == "set_timer"


async def test_dashscope_wants_functions_in_an_object_and_knows_no_tool_choice(dashscope: Pair) -> None:
    await events_of(dashscope.model, replace(ORDER, tool_choice="set_timer"))
    (session,) = sessions(dashscope)
    assert session["tools"][0]["function"]["name"] == "set_timer"
    assert not {"tool_choice", "parallel_tool_calls", "enable_search"} & set(session)


async def test_an_answer_that_calls_has_no_sound_and_that_is_no_error(pair: Pair) -> None:
    events = await events_of(pair.model, ORDER)
    assert calls_of(events)
    assert not speech_of(events)


async def test_the_answer_to_a_result_is_always_asked_for(dashscope: Pair) -> None:
    (call,) = calls_of(await events_of(dashscope.model, ORDER))
    done = Message("tool", (ToolResult(call.id, call.name, "done", "It runs."),))
    await events_of(dashscope.model, asked(*ORDER.messages, Message("assistant", (call,)), done))
    kinds = [event["type"] for event in dashscope.service.received]
    assert kinds[-2:] == ["conversation.item.create", "response.create"]


async def test_an_answer_that_the_service_began_itself_is_ours(dashscope: Pair) -> None:
    (call,) = calls_of(await events_of(dashscope.model, ORDER))
    dashscope.service.begins_itself, dashscope.service.pace = True, 0.02
    done = Message("tool", (ToolResult(call.id, call.name, "done", "It runs."),))
    request = asked(*ORDER.messages, Message("assistant", (call,)), done, tools=(TIMER,), speech=True)
    assert text_of(await events_of(dashscope.model, request)) == "The timer runs."


async def test_where_another_answer_is_not_over_ours_is_asked_for_again(pair: Pair) -> None:
    pair.service.faults.append("busy")
    assert text_of(await events_of(pair.model, HI)) == "It is blue."
    assert len(pair.service.of("response.create")) == 2
    assert len(pair.service.talks) == 1


async def test_a_voice_is_fixed_from_its_first_sound_on() -> None:
    # It has one voice that is known; with two, the other one speaks in another session.
    profile = replace(DASHSCOPE_38, able=replace(DASHSCOPE_38.able, voices=("Tina", "Tom")))
    async with paired(DashScopeService(), profile) as pair:
        one, two = await tone(), await tone(hertz=550)
        first = await events_of(pair.model, asked(user(one), speech=True))
        more = asked(user(one), said(text_of(first)), user(two), speech=True, max_tokens=32)
        await events_of(pair.model, more)
        assert len(pair.service.talks) == 1
        assert set(sessions(pair)[1]) == {"max_tokens"}
        await events_of(pair.model, replace(more, voice="Tom"))
        assert len(pair.service.talks) == 2


async def test_after_a_cancel_nobody_waits_for_the_end_of_the_answer(dashscope: Pair) -> None:
    dashscope.service.pace = 0.01
    async with aclosing(dashscope.model.stream(asked(user("Count."), max_tokens=512))) as stream:
        await until(stream, TextDelta, 2)
    assert text_of(await events_of(dashscope.model, HI)) == "It is blue."
    assert not [e for e in dashscope.service.talks[0].sent if e["type"] == "response.done"]


async def test_a_picture_comes_after_the_first_sound(dashscope: Pair) -> None:
    await events_of(dashscope.model, asked(user(await picture(), "What is this?")))
    kinds = [e["type"].partition(".")[0] for e in dashscope.service.received if "buffer" in e["type"]]
    assert kinds[:2] == ["input_audio_buffer", "input_image_buffer"]
    assert dashscope.service.talks[0].items[0]["shown"] == 1


async def test_a_picture_is_a_jpeg_of_at_most_256_kb_and_1080p(dashscope: Pair) -> None:
    await events_of(dashscope.model, asked(user(await tone(), await picture(1400, noisy=True))))
    (sent,) = [event["image"] for event in dashscope.service.of("input_image_buffer.append")]
    assert len(sent) <= 256 * 1024
    shown = Pictures.open(io.BytesIO(base64.b64decode(sent)))
    assert shown.format == "JPEG"
    assert max(shown.size) <= 1080


async def test_pictures_come_no_faster_than_they_are_taken() -> None:
    profile = replace(DASHSCOPE_35, pictures=replace(DASHSCOPE_35.pictures, gap=0.05))
    async with paired(DashScopeService(), profile) as pair:
        await events_of(pair.model, asked(user(await picture(), await picture(shade=9), "Which?")))
        first, second = pair.service.times
    assert second - first > 0.03
    assert DASHSCOPE_FLASH.pictures.gap == 0.5


async def test_sound_goes_in_packets_of_a_tenth_of_a_second(pair: Pair) -> None:
    await events_of(pair.model, asked(user(await tone(0.55)), speech=True))
    sizes = [len(base64.b64decode(e["audio"])) for e in pair.service.of("input_audio_buffer.append")]
    assert len(sizes) == 6
    assert max(sizes) == pair.profile.hears_at * 2 // 10


async def test_flash_never_tells_what_it_heard_of_a_committed_utterance(flash: Pair) -> None:
    events = await events_of(flash.model, asked(user(await tone()), speech=True))
    assert text_of(events) == "It is blue."
    assert sessions(flash)[0]["input_audio_transcription"] is None


async def test_speech_without_words_is_no_modality(pair: Pair) -> None:
    await events_of(pair.model, SPOKEN)
    await events_of(pair.model, HI)
    if pair.profile.shape == "dashscope":
        assert [session["modalities"] for session in sessions(pair)] == [["text", "audio"], ["text"]]
    else:
        asked_for = [e["response"]["output_modalities"] for e in pair.service.of("response.create")]
        assert asked_for == [["audio"], ["text"]]


async def test_formats_and_voice_of_3_8_are_nested() -> None:
    async with paired(DashScopeService(), DASHSCOPE_38) as pair:
        await events_of(pair.model, SPOKEN)
        (session,) = sessions(pair)
    assert session["audio"] == {
        "input": {"format": {"type": "pcm", "sample_rate": 16_000}},
        "output": {"format": {"type": "pcm", "sample_rate": 24_000}, "voice": "Tina"},
    }
    assert not {"voice", "input_audio_format", "output_audio_format"} & set(session)


async def test_the_services_own_turn_detection_is_off(pair: Pair) -> None:
    await events_of(pair.model, SPOKEN)
    told = json.dumps(sessions(pair)[0])
    assert '"turn_detection": null' in told


async def test_a_temperature_of_2_is_refused_so_it_stays_below(dashscope: Pair) -> None:
    await events_of(dashscope.model, replace(HI, temperature=3.0))
    assert sessions(dashscope)[0]["temperature"] == 1.99
