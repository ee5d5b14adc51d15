"""Two runs of one conversation in virtual time are the same, event by event and moment by moment."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omni_agent import Agent, tool
from omni_agent.senses import Senses
from omni_agent.testing import (
    LoopClock,
    SaidEars,
    SaidVoice,
    ScriptedModel,
    Step,
    ToneVoice,
    counted,
    run_virtually,
    said,
)

WORDS = ("yes", "no", "well", "then,", "perhaps.", "Really?", "three", "42")
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)
PACE = st.integers(0, 30).map(lambda hundredths: hundredths / 100)
ANSWER = st.tuples(TEXT.map(" ".join), PACE, PACE, st.booleans())


@tool
def look_up(word: str) -> str:
    """Look a word up.

    Args:
        word: What to look up.
    """
    time.sleep(0.001)
    return f"{word} is a word"


async def conversed(answers: list[tuple[str, float, float, bool]], voice: ToneVoice | SaidVoice) -> list[str]:
    steps = []
    for says, takes, pace, calls in answers:
        if calls:
            steps.append(Step(says=says, takes=takes, pace=pace, calls={"look_up": {"word": says}}))
        steps.append(Step(says=says, takes=takes, pace=pace))
    model = ScriptedModel(*steps, senses=Senses(ears=SaidEars(takes=0.2), voice=voice))
    seen: list[str] = []

    async def see(said_words: str) -> None:
        async for event in agent.stream(audio=said(said_words)):
            seen.append(f"{asyncio.get_running_loop().time()} {event!r}")  # noqa: PERF401 (the time is now)

    async with Agent(
        model=model,
        memory=None,
        tools=[look_up],
        grounding=False,
        learns=False,
        clock=LoopClock(),
        ids=counted(),
    ) as agent:
        for says, *_ in answers:
            await see(f"look up {says}")
            await asyncio.sleep(1)
    return seen


@given(st.lists(ANSWER, min_size=1, max_size=3), st.booleans())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_conversation_is_the_same_each_time(
    home: Path, answers: list[tuple[str, float, float, bool]], tones: bool
) -> None:
    runs = [
        run_virtually(conversed(answers, ToneVoice() if tones else SaidVoice(takes=0.05))) for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert sum("TurnEnded" in line and "done" in line for line in runs[0]) == len(answers)
