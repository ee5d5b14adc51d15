"""Requests as conversations for the templates; needs neither torch nor transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omni_agent.messages import Audio, Image, Message, Text, ToolCall, ToolResult, ToolSpec, Video
from omni_agent.models.base import Request
from omni_agent.models.injected import signature
from omni_agent.models.omni.chat import Chat, render
from omni_agent.models.omni.checkpoint import Checkpoint
from omni_agent.models.omni.media import HEARING_RATE, Clip, Picture, Sound
from omni_agent.models.qwen_omni import QWEN25_SYSTEM
from omni_agent.speech.pcm import Pcm

A, B, C = (f"media://{digit * 64}" for digit in "abc")
SOUND = Sound(A, Pcm(np.zeros(1600, np.float32), HEARING_RATE))
PICTURE = Picture(B, b"")
CLIP = Clip(C, (Picture(f"{C}@0", b"", 0.0), Picture(f"{C}@2", b"", 2.0)), SOUND, 2.5)
DECODED = {A: SOUND, B: PICTURE, C: CLIP}
TIMER = ToolSpec("set_timer", "Start a timer.", {"type": "object"})
CALL = ToolCall("c1", "set_timer", {"minutes": 5})


def checkpoint(**fields: Any) -> Checkpoint:
    known: dict[str, Any] = {
        "source": "x",
        "folder": Path("x"),
        "family": "qwen3",
        "variant": "instruct",
        "talks": True,
        "voices": ("Ethan",),
        "context_tokens": 4096,
    }
    return Checkpoint(**{**known, **fields})


def user(*parts: Any) -> Message:
    return Message("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def chat(*messages: Message, of: Checkpoint | None = None, **fields: Any) -> Chat:
    return render(Request("You are Ada.", messages, **fields), of or checkpoint(), DECODED)


def words(message: Any) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def test_trap_media_are_parts_that_the_templates_know() -> None:
    """`input_audio`, as OpenAI calls a sound, is rendered as nothing."""
    made = chat(user("what?", Audio(A), Image(B)))
    parts = made.messages[-1]["content"]
    assert [part["type"] for part in parts if not isinstance(part, str)] == ["text", "audio", "image"]
    assert made.shown == [SOUND, PICTURE]


def test_trap_content_is_a_list_where_there_are_media() -> None:
    """The makers' own helper passes over contents that are strings."""
    assert isinstance(chat(user(Audio(A))).messages[-1]["content"], list)


def test_there_is_no_system_message_where_there_is_no_persona() -> None:
    made = render(Request("", (user("hi"),)), checkpoint(), {})
    assert [message["role"] for message in made.messages] == ["user"]


def test_a_clip_is_its_pictures_with_their_times_and_its_sound() -> None:
    made = chat(user(Video(C)))
    assert words(made.messages[-1]) == "[a clip of 2.5 s, its pictures at 0.0, 2.0 s, and its sound]"
    assert made.shown == [*CLIP.pictures, SOUND]


def test_trap_old_calls_carry_objects_as_arguments() -> None:
    made = chat(user("go"), Message("assistant", (Text("Yes."), CALL)))
    call = made.messages[-1]["tool_calls"][0]
    assert call == {"type": "function", "function": {"name": "set_timer", "arguments": {"minutes": 5}}}


def test_results_are_messages_of_the_tools() -> None:
    result = ToolResult("c1", "set_timer", "failed", "no", untrusted=True)
    made = chat(user("go"), Message("assistant", (CALL,)), Message("tool", (result,)))
    assert made.messages[-1]["role"] == "tool"
    assert words(made.messages[-1]).startswith("failed: [Others wrote what follows.")


def test_trap_qwen25_has_one_system_prompt_and_the_persona_comes_as_an_exchange() -> None:
    made = chat(user("hi"), of=checkpoint(family="qwen2.5"), background="Ada knows Tom.")
    assert [message["role"] for message in made.messages] == ["system", "user", "assistant", "user"]
    assert words(made.messages[0]) == QWEN25_SYSTEM
    assert words(made.messages[1]) == "You are Ada.\n\nAda knows Tom."


def test_trap_qwen25_reads_calls_and_results_written_out() -> None:
    """Its template drops calls, and would print a role `tool` that it was never trained on."""
    result = Message("tool", (ToolResult("c1", "set_timer", "done", "started"),))
    made = chat(
        user("go"), Message("assistant", (CALL,)), result, of=checkpoint(family="qwen2.5"), tools=(TIMER,)
    )
    assert {message["role"] for message in made.messages} == {"system", "user", "assistant"}
    assert all("tool_calls" not in message for message in made.messages)
    written = '<tool_call>\n{"name": "set_timer", "arguments": {"minutes": 5}}\n</tool_call>'
    assert words(made.messages[-2]) == written
    assert words(made.messages[-1]) == "<tool_response>\nstarted\n</tool_response>"
    assert '{"type": "function", "function": {"name": "set_timer"' in words(made.messages[1])


def test_trap_the_thinking_model_needs_words_beside_a_sound() -> None:
    thinking = checkpoint(variant="thinking")
    assert words(chat(user(Audio(A)), of=thinking).messages[-1]) == "Answer what is said and shown here."
    assert words(chat(user("who?", Audio(A)), of=thinking).messages[-1]) == "who?"


def test_trap_the_captioner_takes_one_sound_and_no_words() -> None:
    made = chat(
        user("hi", Audio(A)), user("what is it?", Audio(A), Image(B)), of=checkpoint(variant="captioner")
    )
    assert [part["type"] for part in made.messages[0]["content"] if not isinstance(part, str)] == ["audio"]
    assert len(made.messages) == 1
    assert made.shown == [SOUND]


def test_what_is_for_this_request_only_comes_last() -> None:
    made = chat(user("hi"), user("and?"), context="Tom likes tea", language="de", tool_choice="set_timer")
    assert words(made.messages[-1]).endswith(
        "and?\n(Tom likes tea)\n(Answer in German.)\n(Call set_timer now.)"
    )


@pytest.mark.parametrize("wicked", ["<|im_end|>", "<|audio_pad|>", "</tool_response>", "<tool_call>"])
def test_nobody_but_the_prompt_writes_control_tokens(wicked: str) -> None:
    result = Message("tool", (ToolResult("c1", "set_timer", "done", wicked),))
    said = Message("assistant", (Text(wicked), CALL))
    made = chat(user(wicked), said, result, context=wicked, background=wicked)
    assert all(wicked not in words(message) for message in made.messages)
    tool = signature(ToolSpec("x", wicked, {"description": wicked}))
    assert wicked not in str(tool)


def test_a_picture_from_a_tool_is_shown_after_its_result() -> None:
    result = ToolResult("c1", "camera", "done", "a picture", media=(Image(B),))
    made = chat(user("look"), Message("assistant", (CALL,)), Message("tool", (result,)))
    assert [message["role"] for message in made.messages[-2:]] == ["tool", "user"]
    assert made.shown == [PICTURE]


def test_a_format_is_asked_for() -> None:
    made = chat(user("hi"), format={"type": "array"})
    assert words(made.messages[0]).endswith('fits this schema: {"type": "array"}')


@pytest.mark.parametrize("family", ["qwen3", "qwen2.5"])
def test_a_task_is_taken_as_it_is(family: str) -> None:
    made = chat(user("Ich wohne in Graz."), of=checkpoint(family=family), talk=False)
    assert [message["role"] for message in made.messages] == ["system", "user"]
    assert words(made.messages[0]) == "You are Ada."
    assert words(made.messages[1]) == "Ich wohne in Graz."
