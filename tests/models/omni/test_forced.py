"""Answers that are decided, through real `generate`: random weights write no calls and never end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from omni_agent.events import Usage
from omni_agent.media import MediaStore
from omni_agent.messages import ToolCall
from omni_agent.models.base import Done, SpeechDelta, ToolCallDelta
from omni_agent.models.omni import Options, TransformersOmni
from omni_agent.models.omni.libraries import library
from tests.models.omni.conftest import answered, ask, sound_of, text_of, user
from tests.models.omni.test_qwen3 import IGNORED, TIMER

pytestmark = IGNORED

CALL = '<tool_call>\n{"name": "set_timer", "arguments": {"minutes": 5, "for": "Müsli 🥣"}}\n</tool_call>'
ARGUMENTS = {"minutes": 5, "for": "Müsli 🥣"}


@contextmanager
def writing(model: TransformersOmni, text: str) -> Iterator[None]:
    """Let the thinker write these tokens and then end."""
    torch, loaded = library("torch"), model._loaded()._loaded
    ids = [*loaded.tokenizer(text, add_special_tokens=False).input_ids, loaded.ends[0]]
    generate = loaded.thinker.generate

    def forced(**given: Any) -> Any:
        start = given["input_ids"].shape[1]

        def only(seen: Any, scores: Any) -> Any:
            place = seen.shape[1] - start
            wanted = torch.full_like(scores, -1e9)
            wanted[:, ids[min(place, len(ids) - 1)]] = 0.0
            return wanted

        return generate(**{**given, "logits_processor": [*given.get("logits_processor", ()), only]})

    loaded.thinker.generate = forced
    try:
        yield
    finally:
        del loaded.thinker.generate


@pytest.mark.parametrize("family", ["omni3", "omni25"])
def test_an_answer_ends_and_is_spoken(family: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(family)
    with writing(model, "Schöne Grüße 🥣!"):
        events = answered(model, ask(max_tokens=80, speech=True))
    assert text_of(events) == "Schöne Grüße 🥣!"
    assert events[-1] == Done("stop")
    assert len(sound_of(events))


@pytest.mark.parametrize("family", ["omni3", "omni25"])
def test_trap_a_call_is_parsed_and_only_the_words_before_it_are_spoken(
    family: str, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(family)
    with writing(model, f"One moment. {CALL}"):
        events = answered(model, ask(max_tokens=300, speech=True, tools=(TIMER,)))
    with writing(model, "One moment. "):
        words = answered(model, ask(max_tokens=300, speech=True, tools=(TIMER,)))
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [("set_timer", ARGUMENTS)]
    assert any(isinstance(event, ToolCallDelta) for event in events)
    assert text_of(events).strip() == "One moment."
    assert events[-1] == Done("tool_calls")
    assert 0 < len(sound_of(events)) <= 24_000
    assert len(sound_of(words))


@pytest.mark.parametrize("family", ["omni3", "omni25"])
def test_trap_a_call_alone_is_never_read_aloud(family: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(family)
    with writing(model, CALL):
        events = answered(model, ask(max_tokens=300, speech=True, tools=(TIMER,)))
    assert text_of(events) == ""
    assert not [event for event in events if isinstance(event, SpeechDelta)]
    assert events[-1] == Done("tool_calls")


def test_markup_that_cannot_be_read_is_neither_shown_nor_spoken(omni3: TransformersOmni) -> None:
    with writing(omni3, '<tool_call>\n{"name": "set_timer", "argu'):
        events = answered(omni3, ask(max_tokens=300, speech=True, tools=(TIMER,)))
    assert text_of(events) == ""
    assert not len(sound_of(events))
    assert events[-1] == Done("stop")


def test_a_thought_is_kept_and_its_answer_told(tmp_path: Path, store: MediaStore, libraries: None) -> None:
    from tests.models.omni.tiny import make_qwen3

    folder = make_qwen3(tmp_path / "tiny-Thinking", talker=False, thinking=True)
    model = TransformersOmni(Options(str(folder), device="cpu"), store=store)
    with writing(model, "hm, a greeting</think>\n\nHello."):
        events = answered(model, ask(max_tokens=80))
    assert text_of(events) == "Hello."
    assert events[-1] == Done("stop")
    asyncio.run(model.close())


def test_an_answer_in_a_format_is_not_spoken(omni3: TransformersOmni) -> None:
    with writing(omni3, '{"name": "Ada"}'):
        events = answered(omni3, ask(max_tokens=80, speech=True, format={"type": "object"}))
    assert text_of(events) == '{"name": "Ada"}'
    assert not len(sound_of(events))


def test_the_next_turn_finds_what_was_written(omni3: TransformersOmni) -> None:
    """The answer itself is part of the prefix, written back just as it was."""
    from omni_agent.messages import Message, Text

    with writing(omni3, "Hello, what can I do for you today?"):
        first = answered(omni3, ask(max_tokens=80, speech=True))
        said = Message("assistant", (Text("Hello, what can I do for you today?"),))
        later = answered(omni3, ask(user("hello"), said, user("nothing"), max_tokens=80, speech=True))
    before, after = (next(e for e in events if isinstance(e, Usage)) for events in (first, later))
    # Each letter is a token, and the one that ended the answer was never read.
    assert after.cached_tokens == before.prompt_tokens + before.completion_tokens - 1
