"""Spoken turns: detection, barge-in, truncation, transcripts."""

from __future__ import annotations

import asyncio
import base64

import pytest

from omni_agent.memory import Scope
from omni_agent.messages import Audio
from omni_agent.models.base import Capabilities
from omni_agent.testing import Step, in_virtual_time, noise, said, words_in
from tests.server.realtime.client import Client, frames, kinds, spoken, transcript
from tests.server.realtime.serving import serving

TRANSCRIBED = {"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
LONG = "one two three four five six seven eight nine ten eleven twelve"


def detect(**settings: object) -> dict[str, object]:
    return {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", **settings}}}}


@in_virtual_time
async def test_a_spoken_turn_is_answered_when_the_user_falls_silent() -> None:
    async with serving(Step("what time is it", says="It is noon.")) as served, Client(served.app) as client:
        client.send("session.update", session=TRANSCRIBED)
        await client.one("session.updated")
        client.speak(said("what time is it"), silence=0.8)
        seen = await client.until("response.done")
        if not client.of("conversation.item.input_audio_transcription.completed"):
            await client.until("conversation.item.input_audio_transcription.completed")
        client.invariants.settled()
    assert kinds(seen)[:6] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    names = {e["item_id"] for e in seen if e["type"].startswith("input_audio_buffer.")}
    assert names == {seen[3]["item"]["id"]}
    assert seen[3]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    [completed] = client.of("conversation.item.input_audio_transcription.completed")
    assert completed["transcript"] == "what time is it"
    assert [word.text for word in words_in(spoken(seen))] == ["It", "is", "noon."]
    # The reply and the transcript share one hearing.
    assert len(served.ears.heard) == 1


@in_virtual_time
async def test_positions_are_told_as_they_were_spoken() -> None:
    async with serving(Step(says="Yes.")) as served, Client(served.app) as client:
        client.speak(noise(0.0), silence=2.0)
        client.speak(said("hello", seconds=1.0), silence=1.0)
        started = await client.one("input_audio_buffer.speech_started")
        stopped = await client.one("input_audio_buffer.speech_stopped")
        await client.answer()
    # 300 ms before the voice, and the 500 ms of silence that end it; windows are of 32 ms.
    assert started["audio_start_ms"] == pytest.approx(1700, abs=40)
    assert stopped["audio_end_ms"] == pytest.approx(3500, abs=60)


@in_virtual_time
async def test_the_users_voice_ends_the_reply_and_memory_has_what_was_heard() -> None:
    steps = Step("count", says=LONG), Step("enough", says="Fine.")
    async with serving(*steps) as served, Client(served.app, "conversation=c1&user=ana") as client:
        client.speak(said("count"), silence=0.8)
        await client.one("response.output_audio.delta")
        await client.speak_live(said("that is enough"))
        seen = await client.until("response.done")
        item = client.of("response.output_item.added")[0]["item"]["id"]
        client.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=1000)
        client.send("conversation.item.retrieve", item_id=item)
        await client.speak_live(said("ok"), silence=0.8)
        cut = (await client.one("conversation.item.retrieved"))["item"]
        await client.answer()
        client.invariants.settled()
        history = await served.agent.parts.memory.history(Scope("ana", "test"), "c1")
    heard = cut["content"][0]["transcript"]
    assert LONG.startswith(heard)
    assert 0 < len(heard) < len(LONG) / 2
    order = kinds(seen)
    if seen[-1]["response"]["status"] == "cancelled":
        assert "input_audio_buffer.speech_started" in order
        assert seen[-1]["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert history[0].heard_text == heard
    assert heard in [m.text.removesuffix(" —") for m in served.model.requests[1].messages]


@in_virtual_time
async def test_a_reply_that_is_cancelled_is_closed_event_by_event() -> None:
    pace = Step("count", says=LONG, pace=0.5)
    async with serving(pace, Step(says="Yes?")) as served, Client(served.app) as client:
        client.ask("count")
        await client.one("response.output_audio.delta")
        client.speak(said("stop"))
        seen = await client.until("response.done")
        client.invariants.settled()
    assert seen[-1]["response"]["status"] == "cancelled"
    assert seen[-1]["response"]["output"][0]["status"] == "incomplete"
    order = kinds(seen)
    at = order.index("input_audio_buffer.speech_started")
    assert order[at:] == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]


@in_virtual_time
async def test_a_client_cancels() -> None:
    async with serving(Step("count", says=LONG, pace=0.5)) as served, Client(served.app) as client:
        client.ask("count")
        await client.one("response.output_audio.delta")
        client.send("response.cancel")
        response = await client.answer()
        client.send("response.cancel", event_id="mine")
        error = (await client.one("error"))["error"]
        client.invariants.settled()
    assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "mine")
    assert error["message"].startswith("Cancellation failed")


@in_virtual_time
async def test_a_voice_may_be_told_not_to_interrupt() -> None:
    steps = Step("count", says=LONG, pace=0.3), Step("more", says="More.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send("session.update", session=detect(interrupt_response=False))
        client.ask("count")
        await client.one("response.output_audio.delta")
        client.speak(said("and more"), silence=0.8)
        first, second = await client.answer(), await client.answer()
        client.invariants.settled()
    assert (first["status"], second["status"]) == ("completed", "completed")
    assert transcript(second) == "More."


@in_virtual_time
async def test_a_turn_may_be_left_unanswered() -> None:
    async with serving(Step("hello", says="Hi.")) as served, Client(served.app) as client:
        client.send("session.update", session=detect(create_response=False))
        client.speak(said("hello"), silence=0.8)
        await client.one("input_audio_buffer.committed")
        await asyncio.sleep(5)
        assert not client.of("response.created")
        client.send("response.create")
        assert transcript(await client.answer()) == "Hi."


@in_virtual_time
async def test_without_detection_the_client_says_when() -> None:
    none = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    async with serving(Step("hello there", says="Hi.")) as served, Client(served.app) as client:
        client.send("session.update", session=none)
        client.send("input_audio_buffer.commit", event_id="early")
        error = (await client.one("error"))["error"]
        assert (error["code"], error["event_id"]) == ("input_audio_buffer_commit_empty", "early")
        client.speak(said("forget this"))
        client.send("input_audio_buffer.clear")
        client.speak(said("hello there"))
        client.send("input_audio_buffer.commit")
        await client.one("input_audio_buffer.cleared")
        await client.one("input_audio_buffer.committed")
        client.send("response.create")
        assert transcript(await client.answer()) == "Hi."
        client.invariants.settled()
    assert not client.of("input_audio_buffer.speech_started")


@in_virtual_time
async def test_semantic_detection_waits_for_who_has_not_done() -> None:
    scores = {"remind me to": 0.02}
    semantic = {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}
    steps = [Step("remind me to call Anna", says="Noted.")]
    async with serving(*steps, scores=scores) as served, Client(served.app) as client:
        client.send("session.update", session=semantic)
        await client.speak_live(said("please remind me to"), silence=1.5)
        await client.speak_live(said("call Anna"), silence=1.0)
        assert transcript(await client.answer()) == "Noted."
        client.invariants.settled()
    assert len(client.of("input_audio_buffer.committed")) == 1


@in_virtual_time
@pytest.mark.parametrize(("eagerness", "waits"), [("high", 2.0), ("low", 8.0)])
async def test_eagerness_says_how_long(eagerness: str, waits: float) -> None:
    told = {"type": "semantic_vad", "eagerness": eagerness}
    session = {"type": "realtime", "audio": {"input": {"turn_detection": told}}}
    async with serving(Step(says="Yes?"), scores={"and": 0.02}) as served, Client(served.app) as client:
        client.send("session.update", session=session)
        await client.speak_live(said("ham and", seconds=1.0), silence=9.0)
        stopped = await client.one("input_audio_buffer.speech_stopped")
        await client.answer()
    assert stopped["audio_end_ms"] == pytest.approx(1000 + waits * 1000, abs=60)


@in_virtual_time
@pytest.mark.parametrize("wire", ["audio/pcmu", "audio/pcma"])
async def test_telephones_are_understood(wire: str) -> None:
    from omni_agent.server.realtime.sound import _compand
    from omni_agent.speech.pcm import Pcm

    shape = {"type": wire}
    session = {"type": "realtime", "audio": {"input": {"format": shape}, "output": {"format": shape}}}
    async with serving(Step("hello there", says="Good day.")) as served, Client(served.app) as client:
        client.send("session.update", session=session)
        sound = Pcm.joined([said("hello there"), Pcm.silence(0.8, 8000)], 8000)
        data = _compand(sound.to_int16(), wire)
        for at in range(0, len(data), 160):
            client.send("input_audio_buffer.append", audio=base64.b64encode(data[at : at + 160]).decode())
        seen = await client.until("response.done")
        client.invariants.settled()
    from omni_agent.server.realtime.sound import whole

    sent = b"".join(base64.b64decode(e["delta"]) for e in seen if e["type"] == "response.output_audio.delta")
    assert [word.text for word in words_in(whole(sent, wire))] == ["Good", "day."]  # type: ignore[arg-type]
    assert seen[-1]["response"]["audio"]["output"]["format"] == shape


@in_virtual_time
async def test_a_noise_is_no_question() -> None:
    async with serving() as served, Client(served.app) as client:
        client.speak(noise(0.6), silence=0.8)
        response = await client.answer()
        client.invariants.settled()
    assert response["status"] == "completed"
    assert response["output"] == []


@in_virtual_time
async def test_a_model_that_hears_is_given_the_sound() -> None:
    able = Capabilities(inputs=frozenset({"text", "audio"}))
    async with serving(Step(says="Heard."), capabilities=able) as served, Client(served.app) as client:
        client.speak(said("hello"), silence=0.8)
        await client.answer()
    [sound] = served.model.requests[0].messages[-1].parts
    assert isinstance(sound, Audio)
    assert not served.ears.heard


@in_virtual_time
async def test_the_reply_does_not_wait_for_the_transcript_and_hearing_begins_at_the_pause() -> None:
    async with serving(Step("hello", says="Hi."), hears_in=0.3) as served, Client(served.app) as client:
        client.send("session.update", session=TRANSCRIBED)
        await client.speak_live(said("hello"), silence=0.6)
        await client.one("response.created")
        began = asyncio.get_running_loop().time()
        await client.one("response.output_audio.delta")
        # 500 ms of silence end the turn, and after 100 ms of it the ears had begun.
        assert asyncio.get_running_loop().time() - began < 0.1
        await client.answer()


@in_virtual_time
async def test_after_a_silence_the_agent_goes_on_by_itself() -> None:
    steps = Step("hello", says="Hi."), Step(says="Are you still there?")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send("session.update", session=detect(idle_timeout_ms=5000))
        client.ask("hello")
        await client.answer()
        client.speak(noise(0.0), silence=0.5)
        timed_out = await client.one("input_audio_buffer.timeout_triggered")
        seen = await client.until("response.done")
        client.invariants.settled()
    assert transcript(seen[-1]["response"]) == "Are you still there?"
    [committed] = [e for e in seen if e["type"] == "input_audio_buffer.committed"]
    assert committed["item_id"] == timed_out["item_id"]


@in_virtual_time
async def test_a_transcription_session_only_transcribes() -> None:
    async with serving() as served, Client(served.app, "intent=transcription") as client:
        created = await client.one("session.created")
        client.speak(said("take this down"), silence=0.8)
        completed = await client.one("conversation.item.input_audio_transcription.completed")
        client.send("response.create")
        error = await client.one("error")
        client.invariants.settled()
    assert created["session"]["type"] == "transcription"
    assert completed["transcript"] == "take this down"
    assert error["error"]["code"] == "invalid_value"
    assert not client.of("response.created")


@in_virtual_time
async def test_who_goes_on_before_the_agent_has_taken_it_in_is_answered_at_once() -> None:
    async with serving(Step("call Anna tomorrow", says="Noted."), hears_in=1.0) as served:
        async with Client(served.app, "conversation=c&user=ana") as client:
            await client.speak_live(said("call Anna"), silence=0.6)
            await client.speak_live(said("tomorrow"), silence=0.6)
            first, second = await client.answer(), await client.answer()
            client.invariants.settled()
        [record] = await served.agent.parts.memory.history(Scope("ana", "test"), "c")
    assert (first["status"], second["status"]) == ("cancelled", "completed")
    assert record.messages[0].text == "call Anna tomorrow"


def test_frames_are_20_ms() -> None:
    assert len(frames(said("hello", seconds=1.0))) == 50
