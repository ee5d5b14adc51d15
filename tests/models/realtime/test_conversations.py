"""What a service is sent: nothing twice, all of it in a fresh session, and only what was heard."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from omni_agent.messages import Hearing, Message, ToolCall, ToolResult, ToolSpec
from omni_agent.models.base import SpeechDelta, TextDelta
from omni_agent.testing.model_conformance.requests import LAMP, TIMER
from tests.models.realtime.asking import (
    HI,
    Pair,
    asked,
    calls_of,
    events_of,
    picture,
    reason_of,
    said,
    speech_of,
    text_of,
    tone,
    user,
)
from tests.models.realtime.brain import Thought, sound

pytestmark = pytest.mark.anyio


def typed(pair: Pair) -> list[str]:
    """The words of the items that were created."""
    items = [event["item"] for event in pair.service.of("conversation.item.create")]
    return [part["text"] for item in items for part in item.get("content", ()) if "text" in part]


async def test_what_the_service_holds_is_not_sent_twice(openai: Pair) -> None:
    first = await events_of(openai.model, HI)
    await events_of(openai.model, asked(*HI.messages, said(text_of(first)), user("And at night?")))
    assert len(openai.service.talks) == 1
    assert typed(openai) == ["What colour is the sky?", "And at night?"]


async def test_another_conversation_gets_a_session_of_its_own(openai: Pair) -> None:
    await events_of(openai.model, HI)
    await events_of(openai.model, asked(user("Something else."), said("Well."), user("Go on.")))
    assert len(openai.service.talks) == 2
    assert typed(openai)[1:] == ["Something else.", "Well.", "Go on."]
    roles = [item["role"] for item in openai.service.talks[1].items]
    assert roles == ["user", "assistant", "user", "assistant"]


async def test_spoken_turns_go_on_in_one_session(pair: Pair) -> None:
    one, two = await tone(), await tone(hertz=600)
    first = await events_of(pair.model, asked(user(one), speech=True))
    await events_of(pair.model, asked(user(one), said(text_of(first)), user(two), speech=True))
    assert len(pair.service.talks) == 1
    assert len(pair.service.of("input_audio_buffer.commit")) == 2
    assert len(pair.service.of("session.update")) == 1


async def test_sound_is_sent_at_the_rate_of_the_service(pair: Pair) -> None:
    await events_of(pair.model, asked(user(await tone(0.5, 48_000)), speech=True))
    sent = b"".join(base64.b64decode(e["audio"]) for e in pair.service.of("input_audio_buffer.append"))
    assert len(sent) == pytest.approx(0.5 * pair.profile.hears_at * 2, abs=4)


async def test_speech_comes_whole_and_at_its_rate(pair: Pair) -> None:
    events = await events_of(pair.model, asked(*HI.messages, speech=True))
    assert {event.sample_rate for event in events if isinstance(event, SpeechDelta)} == {24_000}
    assert speech_of(events) == sound(1) * 3
    assert text_of(events) == "It is blue."
    assert reason_of(events) == "stop"


async def test_a_call_its_result_and_the_spoken_answer(pair: Pair) -> None:
    order = asked(user("Set a timer for ten minutes."), speech=True, tools=(TIMER, LAMP))
    (call,) = calls_of(events := await events_of(pair.model, order))
    assert (call.name, call.arguments, reason_of(events)) == ("set_timer", {"minutes": 10}, "tool_calls")
    assert not speech_of(events)
    done = Message("tool", (ToolResult(call.id, call.name, "done", "It runs."),))
    after = asked(*order.messages, Message("assistant", (call,)), done, speech=True, tools=(TIMER, LAMP))
    events = await events_of(pair.model, after)
    assert text_of(events) == "The timer runs."
    assert speech_of(events)
    (item,) = [
        e["item"]
        for e in pair.service.of("conversation.item.create")
        if e["item"]["type"] == "function_call_output"
    ]
    assert (item["call_id"], item["output"]) == (call.id, "It runs.")


async def test_a_call_that_got_another_id_of_ours_is_answered_under_the_servers(openai: Pair) -> None:
    order = asked(user("Set a timer."), tools=(TIMER,))
    (call,) = calls_of(await events_of(openai.model, order))
    renamed = ToolCall(f"{call.id}_7", call.name, call.arguments)
    done = Message("tool", (ToolResult(renamed.id, call.name, "done", "It runs."),))
    await events_of(openai.model, asked(*order.messages, Message("assistant", (renamed,)), done))
    assert openai.service.talks[0].items[2]["call_id"] == call.id
    assert len(openai.service.talks) == 1


async def test_calls_are_replayed_with_their_results(openai: Pair) -> None:
    call = ToolCall("call_" + "0" * 32, "set_timer", {"label": "Tee für Zoë"})
    done = Message("tool", (ToolResult(call.id, call.name, "failed", "no timers left"),))
    request = asked(user("Set a timer."), Message("assistant", (call,)), done, tools=(TIMER,))
    assert text_of(await events_of(openai.model, request)) == "The timer runs."
    called, output = (event["item"] for event in openai.service.of("conversation.item.create")[1:])
    assert called["call_id"] == output["call_id"]
    assert "Zoë" in called["arguments"]
    assert output["output"] == "failed: no timers left"


async def test_pictures_are_shown_beside_the_words(openai: Pair) -> None:
    await events_of(openai.model, asked(user(await picture(), "What is this?")))
    image, text = openai.service.of("conversation.item.create")[0]["item"]["content"]
    assert image["image_url"].startswith("data:image/jpeg;base64,")
    assert text == {"type": "input_text", "text": "What is this?"}


async def test_an_old_sound_is_told_by_its_words(openai: Pair) -> None:
    old = replace(await tone(), hearing=Hearing("where is Graz", "en"))
    await events_of(openai.model, asked(user(old), said("In Austria."), user("And Linz?")))
    assert typed(openai)[0] == "where is Graz"
    assert not openai.service.of("input_audio_buffer.append")


async def test_tools_are_withheld_and_chosen(pair: Pair) -> None:
    both = asked(user("The timer and the lamp."), tools=(TIMER, LAMP))
    (lamp,) = calls_of(await events_of(pair.model, replace(both, withheld=frozenset({"set_timer"}))))
    (chosen,) = calls_of(await events_of(pair.model, replace(both, tool_choice="switch_lamp")))
    assert lamp.name == chosen.name == "switch_lamp"


async def test_what_was_recalled_holds_for_one_answer(openai: Pair) -> None:
    await events_of(openai.model, replace(HI, context="The user is called Eva."))
    await events_of(openai.model, asked(*HI.messages, said("It is blue."), user("And now?")))
    first, second = openai.service.of("response.create")
    assert first["response"]["instructions"] == "You are Ada.\n\nThe user is called Eva."
    assert "instructions" not in second["response"]
    assert len(openai.service.of("session.update")) == 1


async def test_languages_and_form_are_asked_for(pair: Pair) -> None:
    events = await events_of(pair.model, replace(HI, language="de", format={"type": "object"}))
    assert json.loads(text_of(events))["city"] == "Graz"
    sent = json.dumps(pair.service.received)
    assert "Answer in German." in sent


async def test_voices_are_those_of_the_service(openai: Pair) -> None:
    await events_of(openai.model, replace(HI, voice="cedar", speech=True))
    await events_of(openai.model, replace(HI, voice="nobody", speech=True))
    voices = [event["session"]["audio"]["output"]["voice"] for event in openai.service.of("session.update")]
    assert voices == ["cedar", "marin"]
    assert len(openai.service.talks) == 2


async def test_other_tools_change_the_session_and_not_its_voice(openai: Pair) -> None:
    first = await events_of(openai.model, asked(*HI.messages, speech=True))
    more = ToolSpec("other", "Another one.", {"type": "object", "properties": {}})
    await events_of(
        openai.model, asked(*HI.messages, said(text_of(first)), user("Hm."), speech=True, tools=(more,))
    )
    _, update = openai.service.of("session.update")
    assert set(update["session"]) == {"type", "tools"}
    assert len(openai.service.talks) == 1


async def test_words_and_a_call_in_one_answer(pair: Pair) -> None:
    pair.service.mind.script.append(Thought(("One", "moment."), (("set_timer", {"minutes": 3}),)))
    request = asked(user("Set a timer."), tools=(TIMER,), speech=True)
    events = await events_of(pair.model, request)
    (call,) = calls_of(events)
    assert text_of(events) == "One moment."
    assert reason_of(events) == "tool_calls"
    done = Message("tool", (ToolResult(call.id, call.name, "done", "It runs."),))
    both = Message("assistant", (*said("One moment.").parts, call))
    await events_of(pair.model, asked(*request.messages, both, done, tools=(TIMER,), speech=True))
    assert len(pair.service.talks) == 1


async def test_text_deltas_come_one_by_one(pair: Pair) -> None:
    events = await events_of(pair.model, HI)
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["It", " is", " blue."]


async def test_pictures_of_a_tool_are_shown_behind_its_result(pair: Pair) -> None:
    order = asked(user("Set a timer."), tools=(TIMER,), speech=True)
    (call,) = calls_of(await events_of(pair.model, order))
    shown = (await picture(),)
    done = Message("tool", (ToolResult(call.id, call.name, "done", "This is it.", media=shown),))
    await events_of(pair.model, asked(*order.messages, Message("assistant", (call,)), done, speech=True))
    (talk,) = pair.service.talks
    if pair.profile.makes_items:
        images = [item for item in talk.items if any("image_url" in part for part in item["content"])]
        assert len(images) == 1
    else:
        assert [item["shown"] for item in talk.items if "shown" in item] == [0, 1]
