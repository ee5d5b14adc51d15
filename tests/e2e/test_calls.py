"""Calls by voice, with the real embedded models: a new plugin, a spoken yes, and undo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from omni_agent import Agent, Persona, tool
from omni_agent.cli import run
from omni_agent.models.cascade import Cascade
from omni_agent.plugin_modules import tools_in
from omni_agent.speech.pcm import Pcm
from omni_agent.tool import Tool

pytestmark = [pytest.mark.models, pytest.mark.anyio]


async def spoken(cascade: Cascade, words: str) -> Pcm:
    voice = cascade.senses.voice
    assert voice
    return await voice.speak(words, language="en")


@pytest.fixture
def just_written(tmp_path: Path) -> list[Tool]:
    """The tools of a new plugin. That it can be installed and checked is in `tests/cli/test_tools.py`."""
    assert run(["tools", "new", "shopping_list", "--into", str(tmp_path)]) == 0
    (file,) = tmp_path.glob("*/src/*/tools.py")
    return tools_in(file)


async def test_a_plugin_just_written_serves_a_spoken_request(
    cascade: Cascade, just_written: list[Tool]
) -> None:
    async with Agent(model=cascade, memory=None, tools=just_written) as agent:
        order = await spoken(cascade, "Add oat milk to the shopping list, please.")
        added = await agent.ask(audio=order, speak=False)
    call = added.tool_calls[0]
    assert (call.name, call.status) == ("add_to_shopping_list", "done")
    assert re.search("milk.* is on the list", call.result, re.IGNORECASE), call.result


class Notebook:
    """Notes in memory."""

    def __init__(self) -> None:
        self.notes = {"garage code": "4711", "recipe": "flour and eggs"}

    @tool(effect="irreversible", question="Delete the note {title} for good?")
    def delete_note(self, title: str) -> str:
        """Delete one note for good.

        Args:
            title: The note's title.
        """
        del self.notes[title.strip().casefold()]
        return f"The note {title} is deleted."


async def test_a_question_is_spoken_and_answered_by_voice(cascade: Cascade) -> None:
    notebook = Notebook()
    persona = Persona(max_words=20)
    async with Agent(model=cascade, memory=None, tools=[notebook], persona=persona) as agent:
        asked = await agent.ask(audio=await spoken(cascade, "Delete the note called recipe."))
        assert asked.status == "waiting"
        assert asked.speech
        ears = cascade.senses.ears
        assert ears
        heard = await ears.transcribe(asked.speech)
        # Not its first word: alone before "the note", it may be heard as another that rhymes.
        assert re.search(r"the note.*recipe.*for good", heard.text, re.IGNORECASE), heard.text
        assert "recipe" in notebook.notes

        denied = await agent.ask(audio=await spoken(cascade, "No, thank you."))
        assert denied.status == "done"
        assert "recipe" in notebook.notes

        asked = await agent.ask(audio=await spoken(cascade, "Delete the note called recipe."))
        done = await agent.ask(audio=await spoken(cascade, "Yes, please."))
        assert (asked.status, done.status) == ("waiting", "done")
        assert list(notebook.notes) == ["garage code"]


async def test_undo_that(cascade: Cascade) -> None:
    lamps: list[str] = []

    def off(room: str) -> str:
        lamps.remove(room)
        return f"The lamp in the {room} is off again."

    @tool(undo=off)
    def switch_on_lamp(room: str) -> str:
        """Switch on the lamp in a room.

        Args:
            room: Which room, for example kitchen.
        """
        lamps.append(room)
        return f"The lamp in the {room} is on."

    async with Agent(model=cascade, memory=None, tools=[switch_on_lamp]) as agent:
        await agent.ask(audio=await spoken(cascade, "Switch on the lamp in the kitchen."), speak=False)
        assert lamps
        await agent.ask(audio=await spoken(cascade, "Undo that."), speak=False)
        assert lamps == []


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


async def test_an_answer_as_a_value(cascade: Cascade) -> None:
    async with Agent(model=cascade, memory=None) as agent:
        reply = await agent.ask(
            "My neighbour is called Siobhan and is 47 years old.", speak=False, output=Person
        )
    assert reply.output == Person(name="Siobhan", age=47)
    assert reply.text
