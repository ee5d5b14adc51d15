"""Responses out of band: they run beside the conversation's, and leave it alone."""

from __future__ import annotations

import asyncio
from typing import Any

from omni_agent.memory import Scope
from omni_agent.messages import JsonObject
from omni_agent.models.base import Request
from omni_agent.server.caller import Caller
from omni_agent.server.realtime.responding import MOST_BESIDE
from omni_agent.testing import Step, in_virtual_time, said
from tests.server.realtime.client import Client, spoken, transcript
from tests.server.realtime.serving import serving

LONG = "One, two, three. Four, five, six. Seven, eight, nine. Ten, eleven, twelve."
TOPIC = "Numbers and more numbers."


def aside(text: str = "which topic?", **more: Any) -> JsonObject:
    content = [{"type": "input_text", "text": text}]
    message = {"type": "message", "role": "user", "content": content}
    return {"conversation": "none", "input": [message], "output_modalities": ["text"], **more}


def answer(request: Request) -> Step:
    """Slow and long in the conversation, quick and short beside it."""
    topic = request.messages[-1].text.startswith("which")
    return Step(says=TOPIC, pace=0.3) if topic else Step(says=LONG, pace=0.2)


def of(client: Client, response: str) -> list[JsonObject]:
    """The events of a response."""
    return [e for e in client.events if response in (e.get("response_id"), e.get("response", {}).get("id"))]


@in_virtual_time
async def test_it_runs_beside_the_conversations() -> None:
    async with serving(otherwise=answer) as served, Client(served.app, "conversation=c&user=ana") as client:
        client.ask("count")
        first = (await client.one("response.created"))["response"]
        await client.one("response.output_audio_transcript.delta")
        client.send("response.create", response=aside(metadata={"topic": "1"}))
        second = (await client.one("response.created"))["response"]
        done = await client.answer()
        assert (done["id"], done["status"], done["metadata"]) == (second["id"], "completed", {"topic": "1"})
        assert transcript(done) == TOPIC
        done = await client.answer()
        assert (done["id"], done["status"]) == (first["id"], "completed")
        assert transcript(done) == LONG
        client.invariants.settled()
        [record] = await served.agent.parts.memory.history(Scope("ana", "test"), "c")
    assert not client.of("error")
    assert record.heard_text == LONG
    own = {e["item"]["id"] for e in client.of("conversation.item.added")}
    assert not own & {e["item"]["id"] for e in of(client, second["id"]) if "item" in e}
    places = [client.events.index(event) for event in of(client, second["id"])]
    between = client.events[places[0] : places[-1]]
    assert {e["response_id"] for e in between if "response_id" in e} == {first["id"], second["id"]}


@in_virtual_time
async def test_several_run_beside_one_another_and_not_too_many() -> None:
    async with serving(otherwise=answer) as served, Client(served.app) as client:
        for number in range(MOST_BESIDE):
            client.send("response.create", response=aside(metadata={"n": str(number)}))
        client.send("response.create", event_id="mine", response=aside())
        error = (await client.one("error"))["error"]
        for _ in range(MOST_BESIDE):
            assert (await client.answer())["status"] == "completed"
        client.send("response.create", response=aside())
        await client.answer()
        client.invariants.settled()
    assert (error["code"], error["event_id"]) == ("too_many_responses", "mine")
    assert {
        r["metadata"]["n"] for e in client.of("response.done") if (r := e["response"])["metadata"]
    } == set(map(str, range(MOST_BESIDE)))


@in_virtual_time
async def test_either_is_cancelled_by_its_id_and_without_one_the_conversations() -> None:
    async with serving(otherwise=answer) as served, Client(served.app) as client:
        client.send("response.create", response=aside())
        beside = (await client.one("response.created"))["response"]["id"]
        client.send("response.cancel", event_id="none of the conversation")
        error = (await client.one("error"))["error"]
        assert (error["code"], error["event_id"]) == (
            "response_cancel_not_active",
            "none of the conversation",
        )
        client.ask("count")
        active = (await client.one("response.created"))["response"]["id"]
        client.send("response.cancel", response_id=beside)
        done = await client.answer()
        assert (done["id"], done["status"]) == (beside, "cancelled")
        client.send("response.cancel", response_id=beside)
        assert (await client.one("error"))["error"]["code"] == "response_cancel_not_active"
        client.send("response.create", response=aside())
        beside = (await client.one("response.created"))["response"]["id"]
        client.send("response.cancel")
        done = await client.answer()
        assert (done["id"], done["status"]) == (active, "cancelled")
        assert (await client.answer())["id"] == beside
        client.invariants.settled()


@in_virtual_time
async def test_a_voice_interrupts_the_conversations_alone() -> None:
    async with serving(otherwise=answer) as served, Client(served.app) as client:
        client.ask("count")
        active = (await client.one("response.created"))["response"]["id"]
        await client.one("response.output_audio.delta")
        client.send("response.create", response=aside("which, slowly?", output_modalities=["audio"]))
        beside = (await client.one("response.created"))["response"]["id"]
        client.speak(said("stop"))
        done = {}
        for _ in range(2):
            response = await client.answer()
            done[response["id"]] = response["status"]
        await client.leave()
    assert done == {active: "cancelled", beside: "completed"}
    assert spoken(of(client, beside)).seconds > 0


@in_virtual_time
async def test_what_is_heard_of_the_conversations_is_not_mixed_with_its_sound() -> None:
    async with serving(otherwise=answer) as served, Client(served.app, "conversation=c&user=ana") as client:
        client.send("response.create", response=aside(output_modalities=["audio"]))
        client.ask("count")
        await client.answer()
        await client.answer()
        await asyncio.sleep(1)
        [item] = [e["item"] for e in client.of("conversation.item.done") if e["item"]["role"] == "assistant"]
        client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=10**6)
        told = await client.one("conversation.item.truncated")
    active = next(e["response"]["id"] for e in client.of("response.done") if e["response"]["conversation_id"])
    assert told["audio_end_ms"] == round(spoken(of(client, active)).seconds * 1000)


@in_virtual_time
async def test_the_conversation_is_answered_as_it_was_and_stays_unanswered() -> None:
    async with serving(otherwise=answer) as served, Client(served.app) as client:
        client.say("which is it?")
        client.send("response.create", response={"conversation": "none", "output_modalities": ["text"]})
        client.say("and count")
        client.send("response.create")
        await client.answer()
        await client.answer()
        client.invariants.settled()
    asked = [[message.text for message in request.messages] for request in served.model.requests]
    assert sorted(asked) == [["which is it?"], ["which is it? and count"]]


@in_virtual_time
async def test_turns_are_seen_by_those_who_watch() -> None:
    async with serving(otherwise=answer) as served:
        async with Client(served.app, "conversation=c&user=ana") as client:
            client.ask("count")
            client.send("response.create", response=aside())
            await client.answer()
            await client.answer()
        seen = served.hosting.watching.turns(Caller())
    assert {(t.place.agent, t.place.user, t.place.session) for t in seen} == {
        ("test", "ana", "c"),
        ("test", "", ""),
    }
    assert all(trace.end and trace.end.text for trace in seen)
