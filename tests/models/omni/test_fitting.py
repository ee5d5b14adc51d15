"""A conversation cut to the model's context."""

from __future__ import annotations

import pytest

from omni_agent.messages import Audio, Image, Media, Message, Text, ToolCall, ToolResult, Video
from omni_agent.models.base import Request
from omni_agent.models.omni.fitting import fit

PICTURE = Image("media://" + "1" * 64)
SOUND = Audio("media://" + "2" * 64, seconds=10.0)
CLIP = Video("media://" + "3" * 64, seconds=10.0)


def turn(*parts: Text | Media) -> tuple[Message, ...]:
    return Message("user", parts), Message("assistant", (Text("ok"),))


def kept(room: int, *turns: tuple[Message, ...]) -> int:
    """How many of the messages stay."""
    return len(fit(Request("", tuple(message for one in turns for message in one)), room).messages)


@pytest.mark.parametrize(("medium", "tokens"), [(PICTURE, 640), (SOUND, 250), (CLIP, 10_490)])
def test_what_the_user_shows_counts_once(medium: Media, tokens: int) -> None:
    """Two turns fit into the room of two, and not into that of one and a half."""
    turns = turn(Text("a"), medium), turn(Text("b"), medium)
    assert kept(2 * tokens + 60, *turns) == 4
    assert kept(tokens * 3 // 2 + 60, *turns) == 2


def test_what_a_tool_shows_counts_like_the_users_own() -> None:
    def shown(name: str) -> tuple[Message, ...]:
        call = ToolCall(name, "camera", {})
        result = ToolResult(name, "camera", "done", "a picture", (PICTURE,))
        asked = Message("user", (Text("look"),)), Message("assistant", (call,))
        return *asked, Message("tool", (result,))

    assert kept(2 * 640 + 120, shown("1"), shown("2")) == 6
    assert kept(640 * 3 // 2 + 120, shown("1"), shown("2")) == 3


def test_a_clip_that_is_told_in_words_takes_the_room_of_the_words() -> None:
    apart = Video(CLIP.ref, seconds=600.0, apart=True, moments=())
    assert kept(200, turn(apart), turn(Text("and?"))) == 4


def test_a_long_clip_takes_more_than_a_short_one() -> None:
    long = Video(CLIP.ref, seconds=200.0)
    assert kept(2 * 10_490 + 60, turn(long), turn(Text("and?"))) == 2
