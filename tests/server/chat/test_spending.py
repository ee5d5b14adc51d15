"""What answers take is noted, whole or cut."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from omni_agent import Agent
from omni_agent.events import Usage
from omni_agent.senses import Senses
from omni_agent.server.metrics import Metrics
from omni_agent.testing import ScriptedModel, Step, ToneVoice
from tests.server.chat.serving import Served, serving

pytestmark = pytest.mark.anyio
CHAT, RESPONSES = "/chat/completions", "/responses"
HELLO: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "Hello."}]},
    RESPONSES: {"input": "Hello."},
}


class Noted(Metrics):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Usage, float, float]] = []
        self.told = asyncio.Event()

    def spent(self, model: str, usage: Usage, heard: float, spoken: float) -> None:
        self.taken.append((model, usage, heard, spoken))
        self.told.set()


async def ask(server: Served, path: str, **more: Any) -> None:
    assert (await server.post(path, {**HELLO[path], **more})).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_tokens_are_noted_under_the_agents_name(path: str, stream: bool) -> None:
    noted = Noted()
    agent = Agent(name="Omni", model=ScriptedModel(Step(says="Good day to you.")), memory=None)
    async with serving(agent, metrics=noted) as server:
        await ask(server, path, stream=stream, model="gpt-4o")
    [(model, usage, heard, spoken)] = noted.taken
    assert (model, usage.completion_tokens, heard, spoken) == ("omni", 4, 0.0, 0.0)


async def test_each_of_several_answers_is_noted() -> None:
    noted, model = Noted(), ScriptedModel(otherwise=lambda request: Step(says="Hi."))
    async with serving(Agent(model=model, memory=None), metrics=noted) as server:
        await ask(server, CHAT, n=3)
    assert len(noted.taken) == 3


async def test_speech_is_noted_in_seconds() -> None:
    noted = Noted()
    model = ScriptedModel(Step(says="Good day."), senses=Senses(voice=ToneVoice()))
    async with serving(Agent(model=model, memory=None), metrics=noted) as server:
        await ask(server, CHAT, modalities=["text", "audio"], audio={"voice": "x", "format": "wav"})
    assert noted.taken[0][3] == pytest.approx(9 * 0.06, abs=0.2)


async def test_an_answer_that_the_client_leaves_is_noted_as_far_as_it_came() -> None:
    noted = Noted()
    model = ScriptedModel(Step(says="Good day to you.", holds=asyncio.Event()))
    async with serving(Agent(model=model, memory=None), metrics=noted) as server:
        async with server.http.stream("POST", CHAT, json={**HELLO[CHAT], "stream": True}) as answer:
            async for line in answer.aiter_lines():
                if "you." in line:
                    break
        async with asyncio.timeout(5):
            await noted.told.wait()
    [(_, usage, _, _)] = noted.taken
    assert usage.completion_tokens > 0
