"""A live conversation with a realtime service that ends the turns, over a real connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy as np
import pytest

from omni_agent import Agent
from omni_agent.events import AgentEvent, TurnEnded, UserStarted, UserStopped
from omni_agent.models.realtime import DASHSCOPE_35, OPENAI, Profile, RealtimeModel
from omni_agent.speech.pcm import Pcm
from tests.models.realtime.asking import KEY
from tests.models.realtime.dashscope_service import DashScopeService
from tests.models.realtime.openai_service import OpenAIService

pytestmark = pytest.mark.anyio
RATE = 16_000


@pytest.mark.parametrize("profile", [OPENAI, DASHSCOPE_35], ids=lambda profile: profile.title)
async def test_turns_are_ended_and_answered_by_the_service(profile: Profile) -> None:
    service = OpenAIService() if profile is OPENAI else DashScopeService()
    seen: list[AgentEvent] = []
    ended = asyncio.Event()
    async with service:
        model = RealtimeModel(profile, url=service.url, key=KEY, turns="server")
        async with Agent(model=model, memory=None) as agent, agent.session() as session:

            async def look() -> None:
                async for event in session.events():
                    seen.append(event)
                    if isinstance(event, TurnEnded):
                        ended.set()

            async def listen() -> None:
                tone = np.sin(np.arange(RATE // 50, dtype=np.float32) * 0.1)
                for number in range(100_000):
                    loud = 0.3 if 10 <= number < 50 else 0.0
                    await session.hear(Pcm((loud * tone).astype(np.float32), RATE))
                    await asyncio.sleep(0.001 if number < 150 else 0.02)

            tasks = [asyncio.create_task(look()), asyncio.create_task(listen())]
            async with asyncio.timeout(30):
                await ended.wait()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    (turn,) = [event for event in seen if isinstance(event, TurnEnded)]
    assert (turn.status, turn.heard_text) == ("done", "It is blue.")
    assert sum(isinstance(event, UserStarted) for event in seen) == 1
    assert sum(isinstance(event, UserStopped) for event in seen) == 1
    # One session listens, another one was given the utterance and asked.
    asked = [talk for talk in service.talks if any(e["type"] == "response.create" for e in talk.received)]
    assert len(asked) == 1
    assert len(service.talks) >= 2
    committed = [event for event in asked[0].received if event["type"] == "input_audio_buffer.commit"]
    assert len(committed) == 1
