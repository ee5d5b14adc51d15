"""The classifier of short sounds, on sounds that are made here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from omni_agent.speech.barge_in.sound import BEFORE, LONGEST, RATE, features, score

Sound = NDArray[np.float32]


def tone(seconds: float, hertz: float = 120.0, level: float = 0.1) -> Sound:
    """A closed mouth's hum: low harmonics that rise a little, and breath."""
    at = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * hertz * (at + 0.3 * at**2)
    sound = sum(np.sin(phase * n) / n**2 for n in range(1, 20))
    breath = 0.003 * np.random.default_rng(2).standard_normal(len(at))
    return (level * (np.asarray(sound) + breath) * np.minimum(1, at / 0.05)).astype(np.float32)


def burst(seconds: float, level: float = 0.3) -> Sound:
    """A blow: noise that dies away."""
    at = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal(len(at)) * np.exp(-at / 0.03)
    return (level * noise).astype(np.float32)


def test_a_hum_and_a_blow_are_no_words() -> None:
    hum, blow = score(tone(0.35)), score(burst(0.3))
    assert hum is not None
    assert blow is not None
    assert hum.hum > 0.5
    assert blow.noise > 0.5


def test_the_level_does_not_matter() -> None:
    loud, quiet = score(tone(0.3, level=0.3)), score(tone(0.3, level=0.003))
    assert loud is not None
    assert quiet is not None
    assert loud.hum == pytest.approx(quiet.hum, abs=0.02)


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(RATE, np.float32), tone(0.03)])
def test_too_little_sound_has_no_score(sound: Sound) -> None:
    assert features(sound) is None
    assert score(sound) is None


def test_what_comes_later_is_not_looked_at() -> None:
    sound = np.concatenate([tone(BEFORE + LONGEST), burst(1.0)])
    assert score(sound) == score(sound[: round((BEFORE + LONGEST) * RATE)])


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1.0), st.floats(-90, 0))
def test_any_sound_has_a_sum_of_one(seed: int, seconds: float, decibels: float) -> None:
    random = np.random.default_rng(seed)
    noise = random.standard_normal(round(seconds * RATE)) * random.uniform(0, 1, round(seconds * RATE)) ** 3
    found = score((noise * 10 ** (decibels / 20)).astype(np.float32))
    if found is not None:
        assert found.words + found.hum + found.noise == pytest.approx(1)
        assert min(found.words, found.hum, found.noise) >= 0
