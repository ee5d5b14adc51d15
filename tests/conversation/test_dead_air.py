"""Whatever hangs, the user hears within seconds why, and the conversation goes on."""

from __future__ import annotations

import asyncio

from omni_agent import tool
from omni_agent.conversation import Floor
from omni_agent.conversation.dead_air import HOPELESS, SILENCE
from omni_agent.events import ErrorRaised, SpeechChunk, TurnEnded, TurnStarted
from omni_agent.testing import Step, in_virtual_time, said
from tests.conversation.talking import Talk, talk


def notes(going: Talk, code: str) -> list[str]:
    return [event.message for event in going.of(ErrorRaised) if event.code == code]


@in_virtual_time
async def test_a_model_that_stalls_is_talked_about_and_given_up() -> None:
    never = asyncio.Event()
    async with talk(Step(holds=never)) as going:
        await going.session.send("hello")
        await asyncio.sleep(HOPELESS + 5)
        assert going.session.floor is Floor.OPEN
    assert notes(going, "slow")[0] == "I am still thinking."
    assert notes(going, "stalled")
    assert going.of(SpeechChunk)
    assert len(going.of(TurnStarted)) == len(going.of(TurnEnded)) == 1


@in_virtual_time
async def test_a_tool_that_hangs_is_talked_about() -> None:
    done = asyncio.Event()

    @tool
    async def count_stars() -> str:
        """Count the stars."""
        await done.wait()
        return "many"

    async with talk(Step(calls={"count_stars": {}}), Step(says="Many."), tools=[count_stars]) as going:
        await going.session.send("count the stars")
        await asyncio.sleep(3 * SILENCE)
        assert notes(going, "slow")[0] == "It is still running."
        done.set()
        await asyncio.sleep(5)
    assert going.of(TurnEnded)[0].heard_text == "Many."


@in_virtual_time
async def test_ears_that_hang_are_talked_about() -> None:
    async with talk(hears_in=1000.0) as going:
        going.microphone.say(said("is anybody there"))
        await asyncio.sleep(SILENCE + 6)
        assert notes(going, "slow")[0] == "I am still working out what you said."
        await asyncio.sleep(HOPELESS)
        assert notes(going, "stalled")
        assert going.session.floor is Floor.OPEN


@in_virtual_time
async def test_a_voice_that_hangs_is_noted() -> None:
    async with talk(Step(says="Hello."), speaks_in=1000.0) as going:
        await going.session.send("hello")
        await asyncio.sleep(SILENCE + HOPELESS + 5)
        assert going.session.floor is Floor.OPEN
    assert notes(going, "slow")[0] == "My voice is slow just now."
    assert notes(going, "stalled")
