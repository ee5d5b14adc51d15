"""No dead air while a tool runs: a few words, once, and only for slow tools."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from omni_agent import Agent, Persona, tool
from omni_agent.events import AgentEvent, SpeechChunk, ToolProgress
from omni_agent.nodes.cover import PATIENCE
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedModel, Step, ToneVoice, VirtualClock

pytestmark = pytest.mark.anyio


async def spoken(
    *steps: Step, slow: float, calls: int = 1, persona: Persona | None = None
) -> tuple[list[str], list[AgentEvent], str]:
    """What was said, the events, and the reply's text, where a tool takes `slow` seconds."""
    clock, voice = VirtualClock(), ToneVoice(("en", "de"))

    @tool(effect="read", repeats=True)
    async def search() -> str:
        """Search."""
        await clock.sleep(slow)
        return "Found."

    async def pass_time() -> None:
        while True:
            await asyncio.sleep(0)
            clock.advance(0.01)

    model = ScriptedModel(*steps, senses=Senses(voice=voice))
    agent = Agent(model=model, memory=None, tools=[search], persona=persona, clock=clock)
    time = asyncio.create_task(pass_time())
    events: list[AgentEvent] = []
    async with aclosing(agent.stream("search")) as stream:
        events = [event async for event in stream]
    time.cancel()
    return [text for text, _ in voice.spoken], events, events[-1].text  # type: ignore[union-attr]


def search(times: int = 1) -> Step:
    return Step(calls=[("search", {})] * times)


@pytest.mark.parametrize(("slow", "covered"), [(0.0, False), (PATIENCE - 0.2, False), (PATIENCE + 2, True)])
async def test_a_slow_tool_is_covered_and_a_fast_one_is_not(slow: float, covered: bool) -> None:
    said, events, text = await spoken(search(), Step("Found", says="Here it is."), slow=slow)
    fillers = [words for words in said if words != "Here it is."]
    assert len(fillers) == covered
    # The filler is no part of the reply, and no words of it are claimed by its sound.
    assert text == "Here it is."
    spans = [event.span for event in events if isinstance(event, SpeechChunk)]
    assert spans == ([(0, 0)] if covered else []) + [(0, 11)]
    assert [event.message for event in events if isinstance(event, ToolProgress)] == fillers


async def test_it_is_said_once_however_many_tools_are_slow() -> None:
    said, _, _ = await spoken(search(3), search(), Step("Found", says="Done."), slow=3)
    assert len(said) == 2


async def test_words_that_the_model_has_said_cover_it_too() -> None:
    first = Step(says="Let me look", calls={"search": {}})
    said, events, text = await spoken(first, Step("Found", says="Here it is."), slow=3)
    assert said == ["Let me look.", "Here it is."]
    assert text == "Let me look. Here it is."
    first_chunk = next(i for i, event in enumerate(events) if isinstance(event, SpeechChunk))
    finished = next(i for i, event in enumerate(events) if event.type == "tool.finished")
    assert first_chunk < finished


@pytest.mark.parametrize(
    ("persona", "words"),
    [
        (Persona(fillers=("Hold on, dear.",)), {"Hold on, dear."}),
        (Persona(languages=("de",)), {"Einen Moment.", "Ich schaue nach."}),
    ],
)
async def test_it_is_in_the_personas_words_and_language(persona: Persona, words: set[str]) -> None:
    said, _, _ = await spoken(search(), Step("Found", says="Fertig."), slow=3, persona=persona)
    assert said[0] in words
