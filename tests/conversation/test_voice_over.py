"""How loud the user usually is, and what the ears are asked about a voice over the agent's."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from omni_agent.conversation.voice_over import BEFORE_WORDS, UsualLevel, VoiceOver
from omni_agent.messages import Hearing
from omni_agent.speech.barge_in.interruption import ENDED
from omni_agent.speech.hearing.activity import RATE, WINDOW, Window
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import in_virtual_time

STEP = WINDOW / RATE


def window(at: int, probability: float, level: float = -25.0) -> Window:
    return Window((at + 1) * WINDOW, probability, level, -60.0)


def test_the_usual_level_is_the_mean_power_of_what_was_surely_voice() -> None:
    usual = UsualLevel()
    assert usual.level is None
    for at in range(40):
        usual.heard(window(at, 0.9, -20.0 if at % 2 else -60.0))
        usual.heard(window(at, 0.3, -5.0))
    assert usual.level == pytest.approx(-23.0, abs=0.1)


def test_one_loud_window_is_no_usual_level() -> None:
    usual = UsualLevel()
    usual.heard(window(0, 0.9, -5.0))
    assert usual.level is None


def test_the_usual_level_follows_who_moves_away() -> None:
    usual = UsualLevel()
    for at in range(2000):
        usual.heard(window(at, 0.9, -20.0 if at < 500 else -30.0))
    assert usual.level == pytest.approx(-30.0, abs=0.5)


@in_virtual_time
async def test_the_ears_are_asked_early_and_for_the_whole_and_get_what_was_before() -> None:
    asked: list[tuple[int, int]] = []
    answer = asyncio.Event()

    async def hear(pcm: Pcm) -> Hearing:
        await answer.wait()
        return Hearing("Fermone", confidence=0.4, alternatives=("Fermo.",))

    def sound(start: int, end: int) -> Pcm:
        asked.append((start, end))
        return Pcm(np.zeros(end - start, np.float32), RATE)

    over = VoiceOver(-25.0, sound, hear)
    begin, length = 20, 16
    heard = None
    for at in range(begin + length + round(2 * ENDED / STEP)):
        heard = over.heard(window(at, 0.9 if begin <= at < begin + length else 0.0))
        await asyncio.sleep(0)
        if at == begin + length:
            assert heard is not None
            assert heard.awaited
            answer.set()
            await asyncio.sleep(0)
    assert heard is not None
    assert heard.words is not None
    assert heard.words.others == ("Fermo.",)
    words = [(start, end) for start, end in asked if start == begin * WINDOW - round(BEFORE_WORDS * RATE)]
    assert len(words) == 2
    assert words[-1][1] >= (begin + length) * WINDOW + ENDED * RATE
    assert heard.words.until == pytest.approx(length * STEP)
    over.close()
