"""Whole turns of an agent on each service: one session for a conversation, tools, and what was heard."""

from __future__ import annotations

from contextlib import aclosing

import numpy as np
import pytest

from omni_agent import Agent, tool
from omni_agent.errors import ModelError
from omni_agent.events import SpeechChunk
from omni_agent.speech.pcm import Pcm
from tests.models.realtime.asking import Pair

pytestmark = pytest.mark.anyio


def wave(hertz: float) -> Pcm:
    at = np.arange(8_000, dtype=np.float32) / 16_000
    return Pcm((0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32), 16_000)


@tool
def set_timer(minutes: float) -> str:
    """Start a countdown timer.

    Args:
        minutes: How long it runs.
    """
    return f"It runs for {minutes:g} minutes."


async def test_a_conversation_has_one_session(pair: Pair) -> None:
    async with Agent(model=pair.model, memory=None, tools=[set_timer]) as agent:
        first = await agent.ask("What colour is the sky?", session="s")
        second = await agent.ask("Set a timer for ten minutes.", session="s")
        third = await agent.ask("What colour is the sea?", session="s")
    assert [first.text, second.text, third.text] == ["It is blue.", "The timer runs.", "It is blue."]
    assert len(pair.service.talks) == 1


async def test_sounds_are_heard_by_the_model_itself(pair: Pair) -> None:
    async with Agent(model=pair.model, memory=None, tools=[set_timer]) as agent:
        first = await agent.ask(audio=wave(440.0), session="s")
        second = await agent.ask(audio=wave(700.0), session="s")
    assert [first.text, second.text] == ["It is blue.", "It is blue."]
    assert len(pair.service.talks) == 1
    assert len(pair.service.of("input_audio_buffer.commit")) == 2


async def test_a_service_that_fails_ends_the_turn_with_a_reason(pair: Pair) -> None:
    async with Agent(model=pair.hasty(), memory=None) as agent:
        pair.service.faults.append("stall")
        with pytest.raises(ModelError) as caught:
            await agent.ask("What colour is the sky?", session="s")
        assert caught.value.remedy
        again = await agent.ask("What colour is the sky?", session="s")
    assert again.text == "It is blue."


async def test_a_reply_that_is_interrupted_is_cut_where_it_was_left(openai: Pair) -> None:
    openai.service.pace = 0.01
    async with Agent(model=openai.model, memory=None) as agent:
        async with aclosing(agent.stream("Count to a hundred.", session="s")) as events:
            seen = 0
            async for event in events:
                seen += isinstance(event, SpeechChunk)
                if seen == 3:
                    break
        after = await agent.ask("What colour is the sky?", session="s")
    assert after.text == "It is blue."
    assert len(openai.service.of("response.cancel")) == 1
    assert len(openai.service.talks) == 1
    kept = [item for item in openai.service.talks[0].items if item.get("role") == "assistant"]
    assert len(kept) < 2 or kept[0]["milliseconds"] < 60 * 3 * 50
