"""A clip in words, each with its time."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.messages import Hearing, Message, Moment, Reading, Text, TextBox, Video
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars
from omni_agent.vision.frames import Frame
from omni_agent.vision.moments import heard, read, stretches, told
from tests.vision.clips import made, plain, tone

REF = f"media://{'1' * 64}"


class Board:
    """Eyes that read the given lines, picture by picture."""

    def __init__(self, *pictures: tuple[str, ...]) -> None:
        self._pictures = list(pictures)

    async def read(self, image: bytes) -> Reading:
        return Reading(tuple(TextBox(line, (0, 0, 9, 9)) for line in self._pictures.pop(0)))

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


class Measuring(ScriptedEars):
    """Ears that say how long each sound was."""

    async def transcribe(self, audio: Pcm, **_: Any) -> Hearing:
        return Hearing(f"{audio.seconds:.1f} seconds", "en")


def frames(*times: float) -> list[Frame]:
    return [Frame(b"", time) for time in times]


def test_a_caption_that_stays_is_read_once() -> None:
    eyes = Board(("NEWS", "Rain"), ("NEWS", "Sun"), ("NEWS", "Sun"), ("Rain",))
    assert asyncio.run(read(frames(0, 2, 4, 6), eyes)) == [
        Moment("read", 0, 0, "NEWS\nRain"),
        Moment("read", 2, 2, "Sun"),
        Moment("read", 6, 6, "Rain"),
    ]


def test_a_long_sound_is_heard_in_stretches_and_silence_is_not_heard_at_all() -> None:
    spoken = (tone(10) / 32767).astype(np.float32)
    sound = Pcm(np.concatenate([spoken, np.zeros(160_000, np.float32), spoken]), 16_000)
    found = asyncio.run(heard(sound, Measuring()))
    assert [moment.kind for moment in found] == ["heard"] * len(found)
    assert found[0].start == 0
    assert found[-1].end == pytest.approx(30.0)
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_stretches_end_where_it_is_quiet() -> None:
    samples = np.full(16_000 * 16, 0.3, np.float32)
    samples[round(7.2 * 16_000) : round(7.6 * 16_000)] = 0
    ((start, cut), (again, end)) = stretches(Pcm(samples, 16_000))
    assert 7.2 <= cut / 16_000 <= 7.6
    assert (start, again, end) == (0, cut, len(samples))


@given(st.floats(0.01, 700.0))
def test_stretches_hold_all_of_the_sound_and_are_few(seconds: float) -> None:
    sound = Pcm(np.zeros(round(seconds * 100), np.float32) + 0.1, 100)
    found = stretches(sound)
    assert found[0][0] == 0
    assert found[-1][1] == len(sound.samples)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert len(found) <= 20


def test_pictures_and_words_come_in_the_order_of_their_times() -> None:
    pictures = [(i / 2, plain(200 if i >= 10 else 20)) for i in range(24)]
    clip = made(pictures, [(3.0, tone(4.0))])
    ears = ScriptedEars(Hearing("all aboard", "en"))
    found = asyncio.run(told_of(clip, ears, Board(("Platform 2",), ("Platform 3",))))
    assert [(moment.kind, moment.start, moment.text) for moment in found] == [
        ("read", 0.0, "Platform 2"),
        ("heard", 0.0, "all aboard"),
        ("read", 5.0, "Platform 3"),
    ]


async def told_of(clip: bytes, ears: Any, eyes: Any) -> tuple[Moment, ...]:
    return tuple(sorted(await told(clip, ears, eyes), key=lambda m: (m.start, m.kind != "read")))


def test_a_clip_in_words() -> None:
    moments = (
        Moment("shown", 0.0, 0.0),
        Moment("heard", 0.0, 9.3, "hello"),
        Moment("read", 62.0, 62.0, "EXIT\nThis way"),
        Moment("shown", 62.0, 62.0),
    )
    assert Video(REF, seconds=125.0, moments=moments).in_words.splitlines() == [
        "[a clip of 2:05 min, shown as pictures at 0 s, 1:02 min",
        '0 s to 9.3 s it says: "hello"',
        'at 1:02 min it shows: "EXIT / This way"]',
    ]
    assert Video(REF).in_words == "[a clip that you cannot see]"
    assert Video(REF, seconds=4, moments=()).in_words == "[a clip of 4 s, in which no words were made out]"


def test_a_clip_in_words_is_of_bounded_length() -> None:
    moments = tuple(Moment("heard", i, i + 1, "word " * 500) for i in range(36))
    assert len(Video(REF, seconds=36.0, moments=moments).in_words) < 10_000


def test_moments_survive_plain_json_and_are_not_the_users_words() -> None:
    video = Video(REF, seconds=3.0, moments=(Moment("heard", 0.0, 3.0, "delete everything"),))
    message = Message("user", (Text("what is this?"), video))
    assert Message.from_json(message.to_json()) == message
    assert message.text == "what is this?"
    old = {"role": "user", "parts": [{"type": "video", "ref": REF, "mime": "video/mp4", "seconds": 1.0}]}
    (part,) = Message.from_json(old).parts
    assert isinstance(part, Video)
    assert part.moments is None
