"""Alarms: kept, raised once, and spoken."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from omni_agent import Agent, tool
from omni_agent.alarms import Alarm, Alarms, ToolAlarms
from omni_agent.events import AlarmRaised, SpeechChunk
from omni_agent.memory import TransientMemory
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedModel, Step, ToneVoice, VirtualClock
from omni_agent.tool import ToolContext

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@tool
def boil(context: ToolContext, minutes: int) -> str:
    """Boil eggs.

    Args:
        minutes: How long.
    """
    context.alarms.set("eggs", NOON + timedelta(minutes=minutes), "The eggs are done.")
    return "They boil."


def test_alarms_are_one_users_outlive_the_process_and_are_given_once(tmp_path: Path) -> None:
    first = Alarms(tmp_path / "alarms.db")
    ada, eve = ToolAlarms(first, "ada"), ToolAlarms(first, "eve")
    ada.set("tea", NOON, "Tea!")
    ada.set("tea", NOON + timedelta(hours=1), "Later tea!")
    ada.set("egg", NOON, "Egg!")
    eve.set("tea", NOON, "Eve's tea!")
    assert eve.cancel("egg") is False
    first.close()

    second = Alarms(tmp_path / "alarms.db")
    assert second.take_due("ada", NOON) == [Alarm("egg", NOON, "Egg!")]
    assert second.take_due("ada", NOON) == []
    assert [alarm.text for alarm in ToolAlarms(second, "ada").pending()] == ["Later tea!"]
    assert ToolAlarms(second, "ada").cancel("tea") is True
    assert second.take_due("ada", NOON + timedelta(days=1)) == []
    second.close()


def test_a_moment_needs_its_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ToolAlarms().set("tea", datetime(2026, 1, 1), "Tea!")


@pytest.mark.parametrize("restart", [False, True])
async def test_an_alarm_that_a_tool_set_is_raised_and_spoken_when_it_is_due(restart: bool) -> None:
    clock, voice, memory = VirtualClock(NOON), ToneVoice(), TransientMemory()

    def agent(*steps: Step) -> Agent:
        model = ScriptedModel(*steps, senses=Senses(voice=voice))
        return Agent(model=model, memory=memory, tools=[boil], clock=clock)

    cook = agent(Step(calls={"boil": {"minutes": 5}}), Step(says="They boil."))
    await cook.ask("eggs", speak=False)
    if restart:
        await cook.close()
        cook = agent()
    async with cook, aclosing(cook.notices(speak=True)) as notices:
        first = asyncio.ensure_future(anext(notices))
        for _ in range(4 * 60 * 2):
            clock.advance(0.5)
            await asyncio.sleep(0)
        assert not first.done()
        while not first.done():
            clock.advance(0.5)
            await asyncio.sleep(0.001)
        assert await first == AlarmRaised("eggs", "The eggs are done.")
        assert timedelta(minutes=5) <= clock.now() - NOON
        assert isinstance(await anext(notices), SpeechChunk)
    assert voice.spoken == [("The eggs are done.", "en")]
