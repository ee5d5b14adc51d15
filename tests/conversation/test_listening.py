"""The user's sound comes in whole: no sample is lost, none is used twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.conversation.listening import Listening
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedActivity, VirtualClock

RATE = 16_000
SIZES = st.lists(st.integers(1, 5_000), min_size=1, max_size=30)


def fed(sizes: list[int]) -> tuple[Listening, np.ndarray]:
    clock = VirtualClock()
    listening = Listening(clock, ScriptedActivity())
    sound = (np.arange(sum(sizes)) / sum(sizes) / 1000).astype(np.float32)
    at = 0
    for size in sizes:
        clock.advance(size / RATE)
        listening.feed(Pcm(sound[at : at + size], RATE))
        at += size
    return listening, sound


@given(SIZES, st.data())
def test_any_stretch_is_what_was_said(sizes: list[int], data: st.DataObject) -> None:
    listening, sound = fed(sizes)
    end = data.draw(st.integers(0, listening.end))
    start = data.draw(st.integers(0, end))
    assert np.array_equal(listening.between(start, end).samples, sound[start:end])
    middle = data.draw(st.integers(start, end))
    parts = [listening.between(start, middle).samples, listening.between(middle, end).samples]
    assert np.array_equal(np.concatenate(parts), sound[start:end])


@given(SIZES, st.data())
def test_samples_and_moments_agree(sizes: list[int], data: st.DataObject) -> None:
    listening, _ = fed(sizes)
    sample = data.draw(st.integers(0, listening.end))
    assert listening.sample(listening.time(sample)) == sample
    assert abs(listening.time(sample) - sample / RATE) < 1e-6


def test_only_so_much_is_kept() -> None:
    listening, sound = fed([RATE] * 100)
    assert len(listening.between(0, listening.end).samples) <= 91 * RATE
    assert np.array_equal(listening.between(50 * RATE, 51 * RATE).samples, sound[50 * RATE : 51 * RATE])
