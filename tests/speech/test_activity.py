"""Voice activity on a live stream: its windows, its rest in silence, its gain; the network is made up."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.speech.hearing.activity import VoiceActivity
from omni_agent.speech.hearing.background import SILENT, Background

RATE, SIZE = 16_000, 512


class Listener:
    """Believes everything, and remembers what it was given."""

    def __init__(self, says: float = 0.9) -> None:
        self.says = says
        self.heard: list[np.ndarray] = []

    def probability(self, samples: np.ndarray) -> float:
        assert samples.shape == (576,)
        self.heard.append(samples.copy())
        return self.says


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 10 ** (level / 20), round(seconds * RATE)).astype(np.float32)


def hum(seconds: float, level: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * 50 * time) + 0.3 * np.sin(2 * np.pi * 150 * time)
    return (10 ** (level / 20) * wave).astype(np.float32)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3_000), max_size=12), st.integers(0, 2**16))
def test_windows_are_the_same_however_the_sound_is_fed(sizes: list[int], seed: int) -> None:
    sound = noise(0.8, -30, seed) * np.linspace(0, 1, round(0.8 * RATE), dtype=np.float32)
    whole, cut = Listener(), Listener()
    windows = VoiceActivity(whole).feed(sound)
    activity, parts, start = VoiceActivity(cut), [], 0
    for size in [*sizes, len(sound)]:
        parts += activity.feed(sound[start : start + size])
        start += size
    assert parts == windows
    assert np.array_equal(np.array(whole.heard), np.array(cut.heard))
    assert [one.end for one in windows] == [SIZE * n for n in range(1, len(sound) // SIZE + 1)]


def test_the_network_hears_each_window_with_what_was_before_it() -> None:
    network = Listener()
    sound = noise(0.5, -20)
    VoiceActivity(network).feed(sound)
    last = len(sound) // SIZE * SIZE
    heard = network.heard[-1]
    assert np.corrcoef(heard, sound[last - 576 : last])[0, 1] > 0.9999
    assert all(np.allclose(a[-64:], b[:64], atol=0.01) for a, b in itertools.pairwise(network.heard[-5:]))


@pytest.mark.parametrize(
    "sound",
    [np.zeros(160_000, np.float32), noise(10, -95), noise(10, -60), noise(10, -30), hum(10, -20)],
    ids=["digital silence", "last bit", "room", "fan", "mains hum"],
)
def test_the_network_rests_where_nothing_stands_out(sound: np.ndarray) -> None:
    network = Listener(0.0)
    windows = VoiceActivity(network).feed(sound)
    assert len(network.heard) < 0.1 * len(windows)
    assert all(window.probability == 0.0 for window in windows[-200:])


@pytest.mark.parametrize("level", [-50, -30])
def test_what_stands_out_from_a_steady_noise_is_judged_at_once(level: float) -> None:
    sound = noise(8, level)
    sound[4 * RATE : 5 * RATE] += noise(1, level + 8, seed=1)
    windows = VoiceActivity(Listener()).feed(sound)
    found = [window.end for window in windows if window.probability]
    assert any(0 < end - 4 * RATE <= 2 * SIZE for end in found)


def test_the_network_stays_awake_for_the_soft_parts_of_a_voice() -> None:
    sound = noise(6, -60)
    sound[4 * RATE : 4 * RATE + SIZE] += noise(0.032, -20, seed=1)
    network = Listener(0.0)
    windows = VoiceActivity(network).feed(sound)
    awake = len(network.heard)
    assert 10 <= awake <= 50
    windows = VoiceActivity(Listener(0.5)).feed(sound)
    assert all(window.probability == 0.5 for window in windows if window.end > 4 * RATE + SIZE)


def test_a_noise_that_starts_is_background_after_some_seconds() -> None:
    sound = np.concatenate([noise(5, -70), noise(10, -40)])
    windows = VoiceActivity(Listener(0.0)).feed(sound)
    assert windows[-1].background > -40
    assert windows[4 * RATE // SIZE].background < -60


def test_a_quiet_voice_is_amplified_and_a_loud_one_is_not() -> None:
    for level, wanted in ((-50, -23), (-20, -20), (-10, -10)):
        network = Listener()
        sound = np.concatenate([noise(2, -80), noise(0.5, level, seed=1)])
        VoiceActivity(network).feed(sound)
        heard = 20 * np.log10(np.sqrt(np.mean(network.heard[-1] ** 2)))
        assert heard == pytest.approx(wanted, abs=4)


@pytest.mark.parametrize("level", [-90, -70, -50, -20])
def test_noise_alone_is_never_made_loud(level: float) -> None:
    network = Listener()
    VoiceActivity(network).feed(noise(5, level))
    heard = [20 * np.log10(np.sqrt(np.mean(one**2)) + 1e-9) for one in network.heard]
    assert all(one < max(-45, level + 2) for one in heard)


def test_an_offset_is_no_sound() -> None:
    network = Listener(0.0)
    windows = VoiceActivity(network).feed(noise(3, -90) + np.float32(0.4))
    assert not network.heard
    assert max(window.level for window in windows) < -80


def test_levels_are_decibels_of_full_scale() -> None:
    time = np.arange(RATE) / RATE
    loud = VoiceActivity(Listener()).feed(np.sin(2 * np.pi * 1_000 * time).astype(np.float32))
    assert loud[-1].level == pytest.approx(-3.0, abs=0.2)
    assert VoiceActivity(Listener()).feed(np.zeros(SIZE, np.float32))[0].level == pytest.approx(SILENT)


@given(st.lists(st.floats(-120, 0), min_size=1, max_size=400))
def test_the_background_stays_within_what_was_heard(levels: list[float]) -> None:
    background = Background()
    for level in levels:
        background.learn(level)
    assert min(levels) <= background.low <= max(levels)
    assert -84.0 <= background.high <= max(-84.0, background.low + 14.0)
    if len(levels) > 24:
        assert background.high > background.low


def test_a_long_speech_does_not_become_the_background() -> None:
    background = Background()
    for _ in range(40):
        for level in [-20.0] * 12 + [-60.0] * 2:
            background.learn(level)
    assert background.high < -45
