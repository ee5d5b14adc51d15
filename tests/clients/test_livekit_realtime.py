"""LiveKit's realtime model, as it is, against a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from omni_agent.speech.pcm import Pcm
from omni_agent.testing import said
from tests.clients.realtime_server import COUNT, realtime_server

llm: Any = pytest.importorskip(
    "livekit.agents.llm", reason="LiveKit is not installed: livekit-plugins-openai"
)
openai: Any = pytest.importorskip("livekit.plugins.openai", reason="livekit-plugins-openai is not installed")
rtc: Any = pytest.importorskip("livekit.rtc", reason="LiveKit is not installed: livekit-plugins-openai")
aiohttp: Any = pytest.importorskip("aiohttp", reason="aiohttp is not installed")

pytestmark = pytest.mark.anyio


async def weather(city: str) -> str:
    """Tell the weather."""
    return "sunny"


@dataclass
class Said:
    """What came of a generation."""

    text: str = ""
    seconds: float = 0.0
    calls: list[Any] = field(default_factory=list)


async def collected(generation: Any) -> Said:
    found = Said()

    async def words(message: Any) -> None:
        async for part in message.text_stream:
            found.text += str(part)

    async def sound(message: Any) -> None:
        async for frame in message.audio_stream:
            found.seconds += frame.duration

    async def messages() -> None:
        async for message in generation.message_stream:
            await asyncio.gather(words(message), sound(message))

    async def functions() -> None:
        async for call in generation.function_stream:
            found.calls.append(call)

    async with asyncio.timeout(120):
        await asyncio.gather(messages(), functions())
    return found


class Talk:
    """A session of the model's."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.errors: list[Any] = []
        self._generations: asyncio.Queue[Any] = asyncio.Queue()
        self.started = asyncio.Event()
        session.on("error", self.errors.append)
        session.on("generation_created", self._generations.put_nowait)
        session.on("input_speech_started", lambda _: self.started.set())

    async def ask(self, *items: Any) -> Said:
        context = self.session.chat_ctx.copy()
        for item in items:
            if isinstance(item, str):
                context.add_message(role="user", content=item)
            else:
                context.insert(item)
        await self.session.update_chat_ctx(context)
        said = await collected(await self.session.generate_reply())
        await self._generations.get()
        return said

    async def generation(self) -> Any:
        async with asyncio.timeout(120):
            return await self._generations.get()

    def speak(self, words: str, silence: float) -> None:
        pcm = Pcm.joined([said(words), Pcm.silence(silence, 24_000)], 24_000).to_int16()
        for at in range(0, len(pcm) - 4799, 4800):
            self.session.push_audio(rtc.AudioFrame(pcm[at : at + 4800], 24_000, 1, 2400))


@asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    async with realtime_server() as address, aiohttp.ClientSession() as http:
        model = openai.realtime.RealtimeModel(
            base_url=f"{address}/v1", api_key="x", model="local-omni", http_session=http
        )
        session = model.session()
        await session.update_instructions("be brief")
        await session.update_tools([llm.function_tool(weather)])
        try:
            yield Talk(session)
        finally:
            await session.aclose()
            await model.aclose()


async def test_text_tool_voice_and_barge_in() -> None:
    async with talking() as talk:
        said = await talk.ask("hello")
        assert said.text == "You said hello."
        assert said.seconds > 0.5

        said = await talk.ask("weather")
        [call] = said.calls
        assert call.name == "weather"
        output = llm.FunctionCallOutput(call_id=call.call_id, name="weather", output="sunny", is_error=False)
        assert (await talk.ask(output)).text == "It is sunny."

        talk.speak("good evening", 3.0)
        said = await collected(await talk.generation())
        assert said.text == "You said good evening."
        assert said.seconds > 0.5

        talk.speak("please count", 3.0)
        generation = await talk.generation()
        talk.started.clear()
        talk.speak("stop", 0.0)
        said = await collected(generation)
        assert talk.started.is_set()
        assert said.text != COUNT
        assert not talk.errors
