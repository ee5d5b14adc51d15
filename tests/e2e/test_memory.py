"""What the user says to memory, with the real embedded models: typed, and by voice."""

from __future__ import annotations

from pathlib import Path

import pytest
from omni_memory import SqliteMemory

from omni_agent import Agent, Persona
from omni_agent.models.cascade import Cascade
from omni_agent.speech.pcm import Pcm

pytestmark = [pytest.mark.models, pytest.mark.anyio]

SHORT = Persona(max_words=40)


async def spoken(cascade: Cascade, words: str) -> Pcm:
    voice = cascade.senses.voice
    assert voice
    return await voice.speak(words, language="en")


async def test_remembered_put_right_and_told(cascade: Cascade, home: Path) -> None:
    async with Agent(model=cascade, memory=SqliteMemory(home / "memory.db"), persona=SHORT) as agent:
        noted = await agent.ask(
            "Please remember that my dentist is Dr. Huber.", session="monday", speak=False
        )
        assert [(call.name, call.status) for call in noted.tool_calls] == [("remember", "done")]
        asked = await agent.ask("Who is my dentist?", session="tuesday", speak=False)
        assert "huber" in asked.text.lower()
        mended = await agent.ask("No, it's Dr. Maier.", session="tuesday", speak=False)
        assert [call.name for call in mended.tool_calls] == ["correct_memory"]
        told = await agent.ask("What do you know about me?", session="wednesday", speak=False)
        assert "maier" in told.text.lower()
        assert "huber" not in told.text.lower()


async def test_remembered_and_forgotten_by_voice(cascade: Cascade, home: Path) -> None:
    memory = SqliteMemory(home / "memory.db")
    async with Agent(model=cascade, memory=memory, persona=SHORT) as agent:
        noted = await agent.ask(
            audio=await spoken(cascade, "Remember that my cat is called Felix."), speak=False
        )
        assert [call.name for call in noted.tool_calls] == ["remember"]
        asked = await agent.ask(audio=await spoken(cascade, "Forget my cat."))
        assert asked.status == "waiting"
        assert "felix" in asked.text.lower()
        assert asked.speech
        gone = await agent.ask(audio=await spoken(cascade, "Yes, please."), speak=False)
        assert (gone.status, [call.status for call in gone.tool_calls]) == ("done", ["done"])
        assert await memory.facts(agent.parts.scope("local"), past=True) == []
