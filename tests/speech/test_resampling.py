"""Streams of any rate come out at one rate, whole, in time, and without a seam."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.hearing.resampling import StreamResampler
from omni_agent.speech.pcm import Pcm

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000]


def tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def streamed(samples: np.ndarray, rate: int, sizes: list[int]) -> np.ndarray:
    resampler, parts, start = StreamResampler(), [], 0
    for size in [*sizes, len(samples)]:
        parts.append(resampler.feed(Pcm(samples[start : start + size], rate)))
        start += size
    return np.concatenate([*parts, resampler.flush()])


@given(st.sampled_from(RATES), st.lists(st.integers(0, 700), max_size=30), st.integers(0, 5_000))
def test_the_result_does_not_depend_on_the_frames_and_loses_nothing(
    rate: int, sizes: list[int], length: int
) -> None:
    samples = np.random.default_rng(length).normal(0, 0.2, length).astype(np.float32)
    cut = streamed(samples, rate, sizes)
    assert np.array_equal(cut, streamed(samples, rate, []))
    assert len(cut) == -(-length * 16_000 // rate)
    assert cut.dtype == np.float32


@pytest.mark.parametrize("rate", RATES)
def test_batches_are_the_same_sound(rate: int) -> None:
    samples = np.random.default_rng(rate).normal(0, 0.2, rate).astype(np.float32)
    resampler = StreamResampler(batch=16)
    parts = [resampler.feed(Pcm(samples[at : at + 700], rate)) for at in range(0, rate, 700)]
    batched = np.concatenate([*parts, resampler.flush()])
    assert np.allclose(batched, streamed(samples, rate, []), atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_time_and_its_strength(rate: int) -> None:
    out = streamed(tone(1_000, rate), rate, [rate // 50] * 24)
    expected = tone(1_000, 16_000)
    assert np.abs(out - expected)[200:-200].max() < 0.002


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("hertz", [8_900.0, 10_500.0])
def test_what_the_new_rate_cannot_carry_is_gone(rate: int, hertz: float) -> None:
    out = streamed(tone(hertz, rate), rate, [rate // 50] * 24)
    assert np.sqrt(np.mean(out[200:-200] ** 2)) < 0.0015


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_sound_comes_out_at_most_five_milliseconds_late(rate: int) -> None:
    resampler, given_ = StreamResampler(), 0
    for number in range(1, 20):
        given_ += len(resampler.feed(Pcm(tone(300, rate, 0.02), rate)))
        assert number * 320 - given_ <= 0.005 * 16_000


def test_sound_of_the_right_rate_passes_untouched() -> None:
    samples = tone(440, 16_000)
    assert np.array_equal(streamed(samples, 16_000, [7, 320]), samples)


def test_another_device_in_the_middle_loses_nothing() -> None:
    resampler = StreamResampler()
    frames = [(48_000, 4_800), (16_000, 1_600), (44_100, 4_410), (48_000, 4_800)]
    parts = [resampler.feed(Pcm(np.full(size, 0.5, np.float32), rate)) for rate, size in frames]
    out = np.concatenate([*parts, resampler.flush()])
    assert len(out) == 4 * 1_600
    # A constant falls off at the ends of each sound only.
    assert np.allclose(out[400:1_200], 0.5, atol=1e-4)
    assert len(resampler.flush()) == 0
