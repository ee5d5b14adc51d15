"""Sessions: opened when needed, left in time, replayed when they are gone, few kept."""

from __future__ import annotations

import asyncio

import pytest

from omni_agent.errors import ModelError
from omni_agent.models.realtime import OPENAI, Limits, RealtimeModel
from tests.models.realtime.asking import (
    HI,
    Pair,
    asked,
    events_of,
    paired,
    said,
    text_of,
    tone,
    user,
)
from tests.models.realtime.openai_service import OpenAIService

pytestmark = pytest.mark.anyio

QUICK_MARGIN = 300.0


async def test_a_dropped_session_is_replayed(openai: Pair) -> None:
    first = await events_of(openai.model, HI)
    openai.service.talks[0].wire.transport.abort()
    events = await events_of(openai.model, asked(*HI.messages, said(text_of(first)), user("And at night?")))
    assert text_of(events) == "It is blue."
    assert [len(talk.items) for talk in openai.service.talks] == [2, 4]


async def test_a_session_that_ends_as_it_is_asked_is_replayed(pair: Pair) -> None:
    pair.service.faults.append("close first")
    assert text_of(await events_of(pair.model, HI)) == "It is blue."
    assert len(pair.service.talks) == 2


async def test_a_session_near_its_longest_life_is_left(pair: Pair) -> None:
    await pair.model.prewarm(HI)
    pair.clock.advance(pair.profile.seconds - QUICK_MARGIN + 1)
    await events_of(pair.model, HI)
    assert len(pair.service.talks) == 2


async def test_an_idle_session_is_left_before_the_service_ends_it(dashscope: Pair) -> None:
    await dashscope.model.prewarm(HI)
    dashscope.clock.advance(100)
    await dashscope.model.prewarm(HI)
    assert len(dashscope.service.talks) == 1
    dashscope.clock.advance(200)
    await events_of(dashscope.model, HI)
    assert len(dashscope.service.talks) == 2


async def test_prewarming_opens_the_session_that_answers(pair: Pair) -> None:
    await pair.model.prewarm(HI)
    await events_of(pair.model, HI)
    assert len(pair.service.talks) == 1


async def test_only_a_few_sessions_are_kept(openai: Pair) -> None:
    for number in range(7):
        await events_of(openai.model, asked(user(f"number {number}")))
    assert len(openai.service.talks) == 7
    assert len(openai.model._idle) == 4


async def test_what_is_asked_for_as_data_pushes_no_conversation_out(pair: Pair) -> None:
    sound = await tone()
    first = await events_of(pair.model, asked(user(sound), speech=True))
    for number in range(6):
        await events_of(pair.model, asked(user(f"number {number}"), format={"type": "object"}))
    opened = len(pair.service.talks)
    more = asked(user(sound), said(text_of(first)), user(await tone(hertz=600)), speech=True)
    await events_of(pair.model, more)
    assert len(pair.service.talks) == opened


def test_a_model_may_be_used_in_one_event_loop_after_another() -> None:
    model = RealtimeModel(OPENAI, key="sk-test", url="ws://127.0.0.1:9/realtime")

    async def once() -> str:
        async with OpenAIService() as service:
            model._url = service.url
            return text_of(await events_of(model, HI))

    assert [asyncio.run(once()) for _ in range(2)] == ["It is blue.", "It is blue."]


async def test_there_must_be_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="no key") as caught:
        await events_of(RealtimeModel(OPENAI), HI)
    assert "OPENAI_API_KEY" in caught.value.remedy


async def test_the_key_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    async with paired(OpenAIService(), OPENAI, key=None, limits=Limits()) as pair:
        await events_of(pair.model, HI)
        assert pair.service.talks[0].request.headers["Authorization"] == "Bearer sk-of-the-environment"
        assert pair.service.talks[0].request.path.endswith("?model=gpt-realtime-2.1")
