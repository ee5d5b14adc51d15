"""A minute of live conversation, without models and in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import TypeAlias

import pytest

from omni_agent import Agent
from omni_agent.events import AgentEvent, TurnEnded, UserStarted
from omni_agent.senses import Senses
from omni_agent.testing import (
    FakeMicrophone,
    FakeSpeaker,
    LoopClock,
    SaidEars,
    SaidVoice,
    ScriptedActivity,
    ScriptedModel,
    ScriptedTurnEnd,
    Step,
    counted,
    run_virtually,
    said,
    words_in,
)

Seen: TypeAlias = tuple[float, AgentEvent]

DIALOGUE = (
    (1.0, "what time is it", "It is ten past nine."),
    (10.0, "am I late for work", "No, you are early today."),
    (20.0, "what about the weather", "Rain is coming in the afternoon."),
    (32.0, "then I take the bus", "The next one leaves in five minutes."),
    (45.0, "thank you very much", "You are welcome."),
)


async def minute() -> tuple[list[Seen], FakeSpeaker]:
    model = ScriptedModel(
        *(Step(asked, says=answer, takes=0.3, pace=0.05) for _, asked, answer in DIALOGUE),
        senses=Senses(ears=SaidEars(takes=0.15), voice=SaidVoice(takes=0.1)),
    )
    microphone = FakeMicrophone(*((at, said(asked)) for at, asked, _ in DIALOGUE), until=60)
    speaker = FakeSpeaker(16_000)
    seen: list[Seen] = []
    async with (
        Agent(model=model, memory=None, clock=LoopClock(), ids=counted(), learns=False) as agent,
        agent.session(
            speaker=speaker, activity=ScriptedActivity(), turn_end=ScriptedTurnEnd(), user="ana"
        ) as session,
    ):
        reading = asyncio.create_task(read(session.events(), seen))
        async for frame in microphone.frames():
            await session.hear(frame)
        reading.cancel()
        model.finish()
    return seen, speaker


async def read(events: AsyncIterator[AgentEvent], seen: list[Seen]) -> None:
    async for event in events:
        seen.append((asyncio.get_running_loop().time(), event))  # noqa: PERF401 (the time is now)


@pytest.fixture
def minutes() -> list[tuple[list[Seen], FakeSpeaker]]:
    """The same minute twice."""
    return [run_virtually(minute(), limit=90) for _ in range(2)]


def test_a_spoken_minute(minutes: list[tuple[list[Seen], FakeSpeaker]]) -> None:
    (seen, speaker), (again, _) = minutes
    assert repr(seen) == repr(again)
    ended = [event for _, event in seen if isinstance(event, TurnEnded)]
    assert [event.heard_text for event in ended] == [answer for *_, answer in DIALOGUE]
    begun = [at for at, event in seen if isinstance(event, UserStarted)]
    assert begun == [pytest.approx(at, abs=0.1) for at, *_ in DIALOGUE]
    answers = [(at + said(asked).seconds, answer) for at, asked, answer in DIALOGUE]
    for (over, answer), (after, _) in itertools.pairwise([*answers, (60.0, "")]):
        assert " ".join(word.text for word in words_in(speaker.heard(over, after))) == answer
        assert min(begin for begin, _ in speaker.stretches if begin > over) - over < 1.5
    assert speaker.underruns() == []
