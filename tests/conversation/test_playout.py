"""What is heard is what was queued, in order and once, however it is held, taken up again and cut."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.conversation.playout import Playout
from omni_agent.events import SpeechChunk
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import FakeSpeaker, LoopClock, run_virtually

RATE = 8_000
WORD = 5


def chunk(number: int, seconds: float) -> SpeechChunk:
    """Sound of a level of its own, which says one word."""
    samples = np.full(round(seconds * RATE), 0.1 + 0.02 * number, np.float32)
    span = (number * WORD, (number + 1) * WORD)
    return SpeechChunk(Pcm(samples, RATE).to_int16(), RATE, span, round(seconds * 1000))


SECONDS = st.lists(st.integers(5, 80).map(lambda n: n / 100), min_size=1, max_size=8)
HOLDS = st.lists(st.tuples(st.integers(1, 150), st.integers(1, 60)), max_size=3)


async def played(
    lengths: list[float], holds: list[tuple[int, int]], cut: float | None
) -> tuple[Playout, FakeSpeaker, list[tuple[int, int]]]:
    speaker, spans = FakeSpeaker(RATE), list[tuple[int, int]]()
    playout = Playout(speaker, LoopClock(), sounding=lambda: None, heard=spans.extend)
    playing = asyncio.create_task(playout.run())
    for number, seconds in enumerate(lengths):
        playout.queue(chunk(number, seconds))
    for after, long in holds:
        await asyncio.sleep(after / 100)
        playout.hold()
        await asyncio.sleep(long / 100)
        playout.resume()
    if cut is not None:
        await asyncio.sleep(cut)
        playout.cut()
    await playout.drained()
    await asyncio.sleep(0.3)
    playing.cancel()
    return playout, speaker, spans


@given(SECONDS, HOLDS)
@settings(max_examples=30)
def test_all_of_it_is_heard_once(lengths: list[float], holds: list[tuple[int, int]]) -> None:
    playout, speaker, spans = run_virtually(played(lengths, holds, None))
    assert playout.ledger.heard == len(lengths) * WORD
    assert spans == [(number * WORD, (number + 1) * WORD) for number in range(len(lengths))]
    # Each hold costs a fade of a few milliseconds on both sides.
    assert speaking(speaker) == pytest.approx(sum(lengths), abs=0.02 + 0.03 * len(holds))


@given(SECONDS, HOLDS, st.integers(1, 300))
@settings(max_examples=30)
def test_what_is_cut_is_not_heard(lengths: list[float], holds: list[tuple[int, int]], cut: int) -> None:
    playout, speaker, spans = run_virtually(played(lengths, holds, cut / 100))
    assert speaking(speaker) == pytest.approx(playout.ledger.seconds, abs=0.06 + 0.03 * len(holds))
    assert playout.ledger.heard == (spans[-1][1] if spans else 0)


def speaking(speaker: FakeSpeaker) -> float:
    """Seconds in which something was heard."""
    return float(np.count_nonzero(speaker.heard().samples) / RATE)
