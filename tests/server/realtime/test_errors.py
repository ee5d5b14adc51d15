"""What goes wrong, and what is made of it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from omni_agent.memory import Scope
from omni_agent.server.caller import Caller
from omni_agent.testing import Step, in_virtual_time, said
from tests.server.realtime.client import Client, transcript
from tests.server.realtime.serving import serving


def message(**fields: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}], **fields}


@in_virtual_time
@pytest.mark.parametrize(
    ("kind", "fields", "code", "param"),
    [
        ("nonsense", {}, "unknown_event_type", "type"),
        ("session.update", {}, "missing_required_parameter", "session"),
        ("session.update", {"session": {"type": "other"}}, "invalid_value", "session.type"),
        ("input_audio_buffer.append", {"audio": "%%%"}, "invalid_audio", "audio"),
        ("input_audio_buffer.append", {}, "missing_required_parameter", "audio"),
        ("input_audio_buffer.commit", {}, "input_audio_buffer_commit_empty", None),
        ("conversation.item.create", {"item": message(role="robot")}, "invalid_value", "item.role"),
        ("conversation.item.create", {"item": {"type": "mcp_call"}}, "invalid_value", "item.type"),
        (
            "conversation.item.create",
            {"item": message(), "previous_item_id": "nobody"},
            "item_create_invalid_previous_item_id",
            "previous_item_id",
        ),
        ("conversation.item.retrieve", {"item_id": "x"}, "item_retrieve_invalid_item_id", "item_id"),
        ("conversation.item.delete", {"item_id": "x"}, "item_delete_invalid_item_id", "item_id"),
        (
            "conversation.item.truncate",
            {"item_id": "x", "content_index": 0, "audio_end_ms": 0},
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        ("response.cancel", {}, "response_cancel_not_active", "response_id"),
        (
            "response.create",
            {"response": {"input": [{"type": "item_reference", "id": "x"}]}},
            "invalid_item_reference",
            "response.input[0].id",
        ),
        (
            "conversation.item.create",
            {
                "item": {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": "http://10.0.0.1/x.png"}],
                }
            },
            "invalid_value",
            "item.content[0].image_url",
        ),
    ],
)
async def test_a_request_that_cannot_be_done_is_answered_with_its_id(
    kind: str, fields: dict[str, Any], code: str, param: str | None
) -> None:
    async with serving(Step(says="Fine.")) as served, Client(served.app) as client:
        client.send(kind, event_id="mine", **fields)
        error = (await client.one("error"))["error"]
        client.ask("still there?")
        assert transcript(await client.answer()) == "Fine."
        client.invariants.settled()
    assert (error["code"], error["param"], error["event_id"]) == (code, param, "mine")
    assert error["type"] == "invalid_request_error"


@in_virtual_time
@pytest.mark.parametrize("frame", ["", "{", "[]", "null", '"x"', "[" * 5000, '{"type": 7}'])
async def test_frames_that_are_no_events_end_nothing(frame: str) -> None:
    async with serving(Step(says="Fine.")) as served, Client(served.app) as client:
        client.send_text(frame)
        await client.one("error")
        client.ask("still there?")
        assert transcript(await client.answer()) == "Fine."


@in_virtual_time
async def test_one_response_at_a_time_is_asked_for() -> None:
    async with serving(Step(says="One two three", pace=0.5)) as served, Client(served.app) as client:
        client.ask("count")
        await client.one("response.created")
        client.send("response.create", event_id="agents_py_response_create_2")
        error = (await client.one("error"))["error"]
        await client.answer()
        client.invariants.settled()
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "agents_py_response_create_2"


@in_virtual_time
async def test_an_id_is_taken_once_and_root_is_the_front() -> None:
    async with serving() as served, Client(served.app) as client:
        client.say("two", item_id="b")
        client.send("conversation.item.create", item=message(id="a"), previous_item_id="root")
        client.send("conversation.item.create", item=message(id="ab"), previous_item_id="a")
        client.send("conversation.item.create", item=message(id="b"))
        assert (await client.one("error"))["error"]["code"] == "item_create_duplicate_item_id"
        assert client.invariants.items == ["a", "ab", "b"]


@in_virtual_time
async def test_fields_that_nobody_knows_are_passed_over() -> None:
    async with serving(Step(says="Fine.")) as served, Client(served.app) as client:
        client.send("session.update", session={"type": "realtime", "model": "gpt-realtime-2.1", "colour": 3})
        updated = await client.one("session.updated")
        client.send("response.create", response={"temperature": 0.8, "mood": "good"}, extra=1)
        await client.answer()
    assert updated["session"]["model"] == "test"
    assert not client.of("error")


@in_virtual_time
async def test_cuts_are_clamped_and_any_message_may_be_cut() -> None:
    async with serving(Step(says="Hello there.")) as served, Client(served.app) as client:
        client.ask("hello")
        item = (await client.answer())["output"][0]["id"]
        for end in (0, 10**9, 500, 10**9):
            client.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=end)
            truncated = await client.one("conversation.item.truncated")
            client.send("conversation.item.retrieve", item_id=item)
            text = (await client.one("conversation.item.retrieved"))["item"]["content"][0]["transcript"]
            assert truncated["audio_end_ms"] <= 2000
            assert text == ("" if end == 0 else "Hello there." if end == 10**9 else text)
            assert "Hello there.".startswith(text)
        users = client.invariants.items[0]
        client.send("conversation.item.truncate", item_id=users, content_index=0, audio_end_ms=5)
        await client.one("conversation.item.truncated")
    assert not client.of("error")


@in_virtual_time
async def test_an_hour_is_enough() -> None:
    async with serving() as served, Client(served.app) as client:
        await client.one("session.created")
        await asyncio.sleep(3599)
        assert not client.closed
        code, _ = await client.gone()
    assert code == 1001
    assert client.events[-1]["error"]["message"] == "Your session hit the maximum duration of 60 minutes."


@in_virtual_time
async def test_a_client_that_does_not_read_holds_up_nobody_but_himself() -> None:
    words = " ".join(["counting"] * 400)
    steps = Step(says=words), Step(says="Quick.")
    async with serving(*steps) as served, Client(served.app) as slow:
        await slow.one("session.created")
        slow.stop_reading()
        slow.ask("count")
        await asyncio.sleep(60)
        async with Client(served.app) as other:
            other.ask("hello")
            assert transcript(await other.answer()) == "Quick."
        slow.read_on()
        response = await slow.answer(600)
        slow.invariants.settled()
    assert response["status"] == "completed"


@in_virtual_time
async def test_one_that_only_sends_is_let_go() -> None:
    async with serving() as served, Client(served.app) as client:
        client.stop_reading()
        big = base64.b64encode(b"\0" * 3000).decode()
        for _ in range(10):
            client.send("input_audio_buffer.append", audio=big)
        await asyncio.sleep(1)
        await client.leave()
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


@in_virtual_time
async def test_nothing_is_left_of_a_client_who_leaves_in_the_middle() -> None:
    async with serving(Step(says="One two three", pace=0.5), otherwise=lambda _: Step(says="x")) as served:
        before = asyncio.all_tasks()
        client = Client(served.app)
        async with client:
            client.ask("count")
            client.speak(said("and"))
            await client.one("response.created")
        assert asyncio.all_tasks() == before
    assert not served.hosting.at_work.sockets
    assert not served.hosting.at_work.replies


@in_virtual_time
async def test_the_subprotocol_of_browsers_is_echoed() -> None:
    given = {"type": "realtime", "instructions": "be brief", "user": "ana"}
    async with serving(Step(says="Hi.")) as served:
        key, _ = served.hosting.keys.ephemeral(Caller(), 60, given)
        offered = ("realtime", f"openai-insecure-api-key.{key}", "openai-agents-sdk.0.20.0")
        named = {"sec-websocket-protocol": ", ".join(offered)}
        where = {"path": "/realtime", "headers": named, "subprotocols": offered}
        async with Client(served.app, "model=test&user=ben&conversation=c", **where) as client:
            created = await client.one("session.created")
            client.ask("hello")
            await client.answer()
        memory = served.agent.parts.memory
        assert await memory.history(Scope("ana", "test"), "c")
        assert not await memory.history(Scope("ben", "test"), "c")
    assert client.accepted == "realtime"
    assert created["session"]["instructions"] == "be brief"


@in_virtual_time
async def test_a_page_whose_key_names_nobody_uses_nobodys_memory() -> None:
    async with serving(Step(says="Hi.")) as served:
        key, _ = served.hosting.keys.ephemeral(Caller(), 60, {"type": "realtime"})
        named = {"authorization": f"Bearer {key}"}
        async with Client(served.app, "user=ana&conversation=c", headers=named) as client:
            client.ask("hello")
            await client.answer()
        for user in ("ana", "local", "nobody", ""):
            assert not await served.agent.parts.memory.sessions(Scope(user, "test"))


@in_virtual_time
async def test_the_shape_before_ga_is_understood() -> None:
    old = {
        "modalities": ["text", "audio"],
        "voice": "ash",
        "input_audio_format": "g711_ulaw",
        "output_audio_format": "pcm16",
        "input_audio_transcription": {"model": "whisper-1"},
        "turn_detection": None,
        "max_response_output_tokens": 99,
        "temperature": 0.8,
    }
    async with serving() as served, Client(served.app) as client:
        client.send("session.update", session=old)
        session = (await client.one("session.updated"))["session"]
    assert session["output_modalities"] == ["audio"]
    assert session["max_output_tokens"] == 99
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["input"]["transcription"] == {"model": "whisper-1"}
    assert session["audio"]["input"]["turn_detection"] is None
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "ash",
        "speed": 1.0,
    }
    assert not set(session) & set(old)
