"""openai-python's realtime client, as it is, against a running server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from omni_agent.speech.pcm import Pcm
from omni_agent.testing import said, words_in
from tests.clients.realtime_server import realtime_server
from tests.server.realtime.client import frames

pytestmark = pytest.mark.anyio

SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "",
    "parameters": {"type": "object", "properties": {}},
}


class Talk:
    """A connection of the client's, with its events checked."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def until(self, kind: str) -> list[Any]:
        got: list[Any] = []
        async with asyncio.timeout(120):
            async for event in self.connection:
                SERVER_EVENT.validate_json(event.to_json(exclude_unset=True))
                got.append(event)
                if event.type == kind:
                    return got
        raise AssertionError("closed")

    async def ask(self, text: str) -> list[Any]:
        content = [{"type": "input_text", "text": text}]
        await self.connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": content}
        )
        await self.connection.response.create()
        return await self.until("response.done")

    async def speak(self, words: str, silence: float) -> None:
        for audio in frames(said(words), silence):
            await self.connection.input_audio_buffer.append(audio=audio)


@asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    async with realtime_server() as address:
        client = AsyncOpenAI(api_key="local", base_url=f"{address}/v1")
        async with client, client.realtime.connect(model="local-omni") as connection:
            talk = Talk(connection)
            await talk.until("session.created")
            session: Any = {"type": "realtime", "output_modalities": ["audio"], "tools": [WEATHER]}
            await connection.session.update(session=session)
            await talk.until("session.updated")
            yield talk


def speech(events: list[Any]) -> str:
    data = b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")
    return " ".join(word.text for word in words_in(Pcm.from_int16(data, 24_000)))


async def test_text_tool_voice_and_barge_in() -> None:
    async with talking() as talk:
        events = await talk.ask("hello")
        assert speech(events) == "You said hello."
        assert events[-1].response.output[0].content[0].transcript == "You said hello."

        events = await talk.ask("weather")
        call = events[-1].response.output[-1]
        assert (call.type, call.name, json.loads(call.arguments)) == (
            "function_call",
            "weather",
            {"city": "Oslo"},
        )
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
        await talk.connection.conversation.item.create(item=result)
        await talk.connection.response.create()
        assert speech(await talk.until("response.done")) == "It is sunny."

        await talk.speak("good evening", 0.8)
        assert speech(await talk.until("response.done")) == "You said good evening."

        await talk.speak("please count", 0.8)
        await talk.until("response.output_audio.delta")
        await talk.speak("stop", 0.0)
        done = (await talk.until("response.done"))[-1].response
        assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")


async def test_a_key_for_a_page_opens_the_session_that_it_was_made_for() -> None:
    async with realtime_server() as address:
        async with AsyncOpenAI(api_key="local", base_url=f"{address}/v1") as client:
            made = await client.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 60},
                session={"type": "realtime", "model": "local-omni", "instructions": "be brief"},
            )
            assert made.value.startswith("ek_")
            assert made.session.type == "realtime"
        page = AsyncOpenAI(api_key=made.value, base_url=f"{address}/v1")
        async with page, page.realtime.connect(model="local-omni") as connection:
            created = (await Talk(connection).until("session.created"))[-1]
            assert created.session.instructions == "be brief"
