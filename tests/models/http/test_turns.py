"""Whole turns of an agent on every dialect: heard, with a call, and spoken; and interrupted ones."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from omni_agent import Agent, tool
from omni_agent.events import SpeechChunk, TextDelta, ToolFinished, TurnEnded
from omni_agent.messages import Hearing
from omni_agent.models.http.address import Address
from omni_agent.models.http.model import HttpModel
from omni_agent.senses import Senses
from omni_agent.testing.senses import ScriptedEars, ToneVoice
from tests.models.http.asking import NAMES, PCM, QUICK, run
from tests.models.http.server import STALL, Reply, Server, serving
from tests.models.http.wires import WIRES, wav

HEARD = Hearing("how warm is it in Graz?", "en", 0.99, 0.99)


@tool(effect="read")
async def temperature(city: str) -> str:
    """Tell the temperature.

    Args:
        city: Where.
    """
    return f"12 degrees in {city}"


def agent_on(name: str, server: Server) -> Agent:
    """An agent with a model of the dialect, and local senses for what that lacks."""
    dialect = WIRES[name].dialect
    able = dialect.capabilities
    senses = Senses(
        ears=None
        if "audio" in able.inputs
        else ScriptedEars(Hearing("how warm is it in Graz?", "en", 0.99, 0.99)),
        voice=None if able.speech else ToneVoice(),
    )
    address = Address.parse(f"{server.url}#m", dialect.path)
    model = HttpModel(dialect, address, key="k", senses=senses, limits=QUICK)
    return Agent(name="Ada", model=model, memory=None, tools=[temperature])


@pytest.mark.parametrize("name", NAMES)
def test_a_spoken_question_is_answered_with_a_call_and_aloud(name: str, tmp_path: Path) -> None:
    wire = WIRES[name]
    question = tmp_path / "question.wav"
    question.write_bytes(wav(PCM, 16_000))

    async def main() -> None:
        calls = wire.reply(calls=[("temperature", '{"city": "Graz"}')])
        speech = [PCM] if wire.spoken else []
        words = wire.reply(["It is ", "12 degrees."], speech=speech)
        replies = [calls, words, words] if wire.spoken and name != "openai" else [calls, words]
        server = Server(*replies, models=wire.served(), check=wire.check)
        async with serving(server), agent_on(name, server) as agent:
            events = [event async for event in agent.stream(audio=question, speak=True)]
            (finished,) = [event for event in events if isinstance(event, ToolFinished)]
            assert finished.result == "12 degrees in Graz"
            assert any(isinstance(event, SpeechChunk) for event in events)
            assert isinstance(events[-1], TurnEnded)
            assert (events[-1].text, events[-1].status) == ("It is 12 degrees.", "done")
            asked = json.dumps(server.bodies[-1], ensure_ascii=False)
            assert "12 degrees in Graz" in asked
            assert ("how warm is it" in asked) == (name == "ollama")
            assert len(server.bodies) == len(replies)

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_that_is_interrupted_closes_its_request_and_the_next_turn_works(name: str) -> None:
    wire = WIRES[name]

    async def main() -> None:
        endless = Reply([wire.frame(wire.words("Once upon a time. ")), STALL], kind=wire.kind)
        server = Server(endless, wire.reply(["Yes."]), models=wire.served(), check=wire.check)
        async with serving(server), agent_on(name, server) as agent:
            async for event in agent.stream("a story", speak=False):
                if isinstance(event, TextDelta):
                    agent.interrupt()
            await asyncio.wait_for(server.gone.wait(), 5)
            reply = await agent.ask("are you there?", speak=False)
            assert reply.text == "Yes."

    run(main())
