"""Loud and quiet, and words without the quiet around them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.spoken import SpokenWord, shifted
from omni_agent.speech.voices.sounding import stretches, within

RATE = 16_000


@pytest.mark.parametrize("level", [0.001, 0.1, 1.0])
def test_pauses_are_found_at_any_level(level: float) -> None:
    tone, pause, gap = np.sin(np.arange(RATE // 2) * 0.2), np.zeros(RATE // 4), np.zeros(RATE // 20)
    samples = level * np.concatenate([pause, tone, gap, tone, pause, tone, pause])
    found = stretches(samples.astype(np.float32), RATE)
    assert found == [pytest.approx((0.25, 1.3), abs=0.011), pytest.approx((1.55, 2.05), abs=0.011)]


@given(st.lists(st.floats(width=32), max_size=2000))
def test_stretches_are_in_order_within_the_sound(values: list[float]) -> None:
    samples = np.array(values, np.float32).clip(-1e6, 1e6)
    edges = [edge for stretch in stretches(samples, RATE) for edge in stretch]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(values) / RATE for edge in edges)


def test_silence_has_none() -> None:
    assert stretches(np.zeros(1000, np.float32), RATE) == []
    assert stretches(np.zeros(0, np.float32), RATE) == []


def test_a_word_ends_with_its_sound() -> None:
    sounding = [(0.0, 1.0), (1.5, 3.0)]
    long, late, across, quiet = within(
        [SpokenWord(*word) for word in (("a", 0.5, 1.4), ("b", 1.3, 2.0), ("c", 0.6, 2.5), ("d", 1.1, 1.4))],
        sounding,
    )
    assert (long.begin, long.end) == (0.5, 1.0)
    assert (late.begin, late.end) == (1.5, 2.0)
    assert (across.begin, across.end) == (0.6, 2.5)
    assert (quiet.begin, quiet.end) == (1.1, 1.4)


TIMES = st.lists(st.tuples(st.floats(-1, 9), st.floats(-1, 9)), max_size=8)


@given(TIMES, st.floats(-5, 5), st.floats(0, 8))
def test_shifted_words_do_not_overlap_or_leave_the_sound(
    times: list[tuple[float, float]], by: float, length: float
) -> None:
    words = shifted([SpokenWord("w", *sorted(time)) for time in sorted(times)], by, length)
    edges = [0.0, *(edge for word in words for edge in (word.begin, word.end)), length]
    assert edges == sorted(edges)
    assert len(words) == len(times)
