"""openai-agents' realtime runner, as it is, against a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from omni_agent.speech.pcm import Pcm
from omni_agent.testing import said
from tests.clients.realtime_server import COUNT, realtime_server

agents = pytest.importorskip("agents", reason="openai-agents is not installed: pip install openai-agents")
realtime = pytest.importorskip("agents.realtime", reason="this openai-agents has no realtime part")

pytestmark = pytest.mark.anyio


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


class Talk:
    """A session of the runner's."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.errors: list[Any] = []

    async def until(self, wanted: Callable[[Any], bool]) -> list[Any]:
        got: list[Any] = []
        async with asyncio.timeout(60):
            async for event in self.session:
                got.append(event)
                if event.type == "error":
                    self.errors.append(event.error)
                if wanted(event):
                    return got
        raise AssertionError("closed")

    async def ended(self) -> list[Any]:
        return await self.until(lambda event: event.type == "agent_end")

    async def speak(self, words: str, silence: float) -> None:
        pcm = Pcm.joined([said(words), Pcm.silence(silence, 24_000)], 24_000).to_int16()
        for at in range(0, len(pcm), 4800):
            await self.session.send_audio(pcm[at : at + 4800])


@asynccontextmanager
async def talking(**settings: Any) -> AsyncIterator[Talk]:
    agent = realtime.RealtimeAgent(name="a", instructions="be brief", tools=[agents.function_tool(weather)])
    async with realtime_server() as address:
        url = f"{address.replace('http', 'ws')}/v1/realtime?model=local-omni"
        told = {"url": url, "api_key": "local", "initial_model_settings": settings}
        async with await realtime.RealtimeRunner(agent).run(model_config=told) as session:
            yield Talk(session)


def seconds(events: list[Any]) -> float:
    return sum(len(event.audio.data) for event in events if event.type == "audio") / 48_000


def kinds(events: list[Any]) -> list[str]:
    return [event.type for event in events]


def history(talk: Talk) -> list[tuple[str, str]]:
    """Role and words of each message that the runner knows."""
    told = []
    for item in talk.session._history:
        if item.type == "message":
            words = [getattr(p, "transcript", None) or getattr(p, "text", None) or "" for p in item.content]
            told.append((item.role, " ".join(words)))
    return told


SERVER_VAD = {"turn_detection": {"type": "server_vad", "interrupt_response": True}}


async def test_text_tool_voice_and_barge_in() -> None:
    async with talking(**SERVER_VAD) as talk:
        await talk.session.send_message("hello")
        assert seconds(await talk.ended()) > 0.5

        await talk.session.send_message("weather please")
        await talk.until(lambda event: event.type == "tool_end")
        events = await talk.ended()
        while not seconds(events):
            events = await talk.ended()
        assert history(talk)[-1] == ("assistant", "It is sunny in Oslo.")

        await talk.speak("good evening", 0.8)
        assert seconds(await talk.ended()) > 0.5
        assert history(talk)[-1] == ("assistant", "You said good evening.")

        await talk.speak("please count", 0.8)
        await talk.until(lambda event: event.type == "audio")
        await talk.speak("stop", 0.8)
        assert "audio_interrupted" in kinds(await talk.until(lambda event: event.type == "audio_interrupted"))
        await talk.ended()
        assert ("assistant", COUNT) not in history(talk)
        assert not talk.errors


async def test_its_usual_settings_work() -> None:
    # Semantic detection, transcripts, its own model's name.
    async with talking() as talk:
        await talk.speak("good morning", 3.0)
        assert seconds(await talk.ended()) > 0.5
        async with asyncio.timeout(30):
            while ("user", "good morning") not in history(talk):
                await talk.until(lambda event: event.type in ("history_updated", "history_added"))
        assert not talk.errors
