"""Conversations with a tiny Qwen3-Omni: what is read again, what is kept, what falls off."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from omni_agent.errors import ModelError
from omni_agent.events import Usage
from omni_agent.media import MediaStore
from omni_agent.messages import Audio, Image, Message, Text
from omni_agent.models.base import ModelEvent
from omni_agent.models.omni import Options, TransformersOmni
from tests.models.omni.conftest import answered, ask, sound_of, text_of, user
from tests.models.omni.test_qwen3 import IGNORED, TIMER


def turns(omni: TransformersOmni, *messages: Message, **fields: bool) -> tuple[list[ModelEvent], Usage]:
    events = answered(omni, ask(*messages, **fields))
    return events, next(event for event in events if isinstance(event, Usage))


@IGNORED
@pytest.mark.parametrize("speech", [False, True])
def test_a_next_turn_reads_only_what_is_new(
    omni3: TransformersOmni, qwen3: Path, store: MediaStore, tone: Audio, photo: Image, speech: bool
) -> None:
    """With a sound in the first turn and a picture in the second; the answer is that of a fresh model."""
    first = user("listen", tone)
    events, _ = turns(omni3, first, speech=speech)
    said = Message("assistant", (Text(text_of(events) or "-"),))
    later = (first, said, user("and look", photo), said, user("so?"))
    second, usage = turns(omni3, *later[:3], speech=speech)
    third, more = turns(omni3, *later, speech=speech)
    fresh = TransformersOmni(Options(str(qwen3), device="cpu", seconds=1), store=store)
    expected = answered(fresh, ask(*later[:3], speech=speech))
    expected_third = answered(fresh, ask(*later, speech=speech))
    asyncio.run(fresh.close())
    assert usage.cached_tokens > 25
    assert more.cached_tokens > usage.cached_tokens
    assert text_of(second) == text_of(expected)
    assert text_of(third) == text_of(expected_third)
    assert sound_of(second) == pytest.approx(sound_of(expected), abs=1e-4)
    assert sound_of(third) == pytest.approx(sound_of(expected_third), abs=1e-4)


def test_trap_two_sounds_have_the_same_placeholders(omni3: TransformersOmni, tone: Audio, hum: Audio) -> None:
    """A prefix is good up to the sound that differs, though all ids are the same."""
    turns(omni3, user("which?", tone, "now"))
    _, same = turns(omni3, user("which?", tone, "now"))
    _, other = turns(omni3, user("which?", hum, "now"))
    assert same.cached_tokens == same.prompt_tokens - 1
    assert other.cached_tokens < same.cached_tokens - 5


def test_a_job_beside_the_conversation_does_not_cost_it_its_prefix(omni3: TransformersOmni) -> None:
    talk = user("a conversation of some length, so that it is worth something")
    turns(omni3, talk)
    answered(omni3, replace(ask(user("x" * 90)), system="You take notes of what others say."))
    _, usage = turns(omni3, talk)
    assert usage.cached_tokens == usage.prompt_tokens - 1


def test_prewarming_reads_the_system_prompt_and_the_conversation(qwen3: Path, store: MediaStore) -> None:
    model = TransformersOmni(Options(str(qwen3), device="cpu"), store=store)
    request = ask(user("hello"), tools=(TIMER,))

    async def main() -> Usage:
        await model.prewarm(replace(request, messages=()))
        events = [event async for event in model.stream(request)]
        await model.close()
        return next(event for event in events if isinstance(event, Usage))

    usage = asyncio.run(main())
    assert usage.cached_tokens > usage.prompt_tokens // 2


def test_prewarming_without_a_request_loads(qwen3: Path, store: MediaStore) -> None:
    model = TransformersOmni(Options(str(qwen3), device="cpu"), store=store)
    asyncio.run(model.prewarm())
    assert model._ready is not None
    asyncio.run(model.close())
    assert model._ready is None


def test_a_long_conversation_loses_its_oldest_turns(short3: TransformersOmni) -> None:
    said = Message("assistant", (Text("a" * 200),))
    many = [message for _ in range(12) for message in (user("b" * 200), said)]
    _, usage = turns(short3, *many, user("last"))
    assert 200 < usage.prompt_tokens <= 1024 - 8
    _, later = turns(short3, *many, user("last"), said, user("and"))
    assert later.cached_tokens > 100


def test_a_last_message_that_is_too_long_is_refused(short3: TransformersOmni) -> None:
    with pytest.raises(ModelError) as caught:
        answered(short3, ask(user("x" * 1100)))
    assert caught.value.code == "context_exceeded"
