"""The nearest voice is cut out, and nothing of it is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from omni_agent.messages import HeardWord
from omni_agent.speech.hearing.foreground import foreground, nearest, quietest, uneven
from omni_agent.speech.pcm import Pcm

RATE = 16_000


def speech(seconds: float, level: float, seed: int = 1) -> NDArray[np.float64]:
    """Noise with syllables: four a second, with short dips between them."""
    size = round(seconds * RATE)
    syllables = 0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 2 * np.arange(size) / RATE))
    noise: NDArray[np.float64] = np.random.default_rng(seed).normal(0, level, size) * syllables
    return noise


def pcm(samples: NDArray[np.float64], rate: int = RATE) -> Pcm:
    return Pcm(samples.clip(-1, 1).astype(np.float32), rate)


def words(*texts: str) -> tuple[HeardWord, ...]:
    return tuple(HeardWord(text, i / 2, (i + 1) / 2) for i, text in enumerate(texts))


def spoken(*levels: float) -> Pcm:
    """Half a second of sound of each level."""
    return pcm(np.concatenate([speech(0.5, level, seed) for seed, level in enumerate(levels)]))


def test_a_voice_among_others_is_cut_out() -> None:
    babble = speech(9.0, 0.01)
    babble[3 * RATE : 5 * RATE] += speech(2.0, 0.2, seed=2)
    start, end = foreground(pcm(babble))
    assert 2.5 <= start <= 3.0
    assert 5.0 <= end <= 5.7


def test_what_is_quieter_in_between_stays() -> None:
    babble = speech(9.0, 0.01)
    babble[2 * RATE : 3 * RATE] += speech(1.0, 0.2, seed=2)
    babble[6 * RATE : 7 * RATE] += speech(1.0, 0.2, seed=3)
    start, end = foreground(pcm(babble))
    assert start <= 2.0
    assert end >= 7.0


def test_a_clean_recording_is_left_whole() -> None:
    clean = np.random.default_rng(5).normal(0, 1e-4, 8 * RATE)
    clean[3 * RATE : 4 * RATE] += speech(1.0, 0.2)
    # Softly said, but said.
    clean[6 * RATE : 7 * RATE] += speech(1.0, 0.02)
    assert foreground(pcm(clean)) == (0.0, 8.0)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 3.0])
def test_silence_and_snippets_are_left_whole(seconds: float) -> None:
    assert foreground(Pcm.silence(seconds, RATE)) == (0.0, seconds)


def test_an_even_sound_is_left_whole() -> None:
    start, end = foreground(pcm(speech(4.0, 0.1)))
    assert start <= 0.05
    assert end >= 3.95


@pytest.mark.parametrize(
    ("levels", "left"),
    [
        ((0.2, 0.2, 0.2, 0.2, 0.02, 0.02), "a b c d"),
        ((0.02, 0.02, 0.2, 0.2, 0.2, 0.2), "c d e f"),
        ((0.02, 0.02, 0.2, 0.2, 0.2, 0.2, 0.2, 0.02, 0.02), "c d e f g"),
        ((0.2, 0.2, 0.02, 0.02, 0.2, 0.2, 0.2), "a b c d e f g"),
        ((0.2, 0.2, 0.2, 0.2, 0.2, 0.02), "a b c d e f"),
        ((0.02, 0.2, 0.2, 0.2, 0.2, 0.2), "a b c d e f"),
        ((0.2, 0.02, 0.02), "a b c"),
        ((0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.2, 0.2, 0.2), "g h i"),
        ((0.2, 0.2, 0.15, 0.15, 0.15), "a b c d e"),
    ],
)
def test_only_several_much_quieter_words_at_the_ends_are_dropped(
    levels: tuple[float, ...], left: str
) -> None:
    said = words(*"abcdefghi"[: len(levels)])
    assert " ".join(word.text for word in nearest(spoken(*levels), said)) == left


def test_no_words_are_none() -> None:
    assert nearest(spoken(0.1), ()) == ()


sounds = st.builds(
    lambda levels, rate: Pcm(
        np.repeat(np.asarray(levels, dtype=np.float32), max(1, rate // 10))
        * np.resize(np.asarray([1.0, -1.0], dtype=np.float32), len(levels) * max(1, rate // 10)),
        rate,
    ),
    st.lists(st.floats(0, 1, width=32), max_size=40),
    st.sampled_from([20, 8000, 11_025, 16_000, 22_050]),
)


@given(sounds)
def test_the_foreground_lies_in_the_sound(sound: Pcm) -> None:
    start, end = foreground(sound)
    assert 0 <= start <= end <= sound.seconds


@given(sounds)
def test_what_is_as_loud_all_along_is_not_uneven(sound: Pcm) -> None:
    """Nothing is left out of what is as loud all along, and any sound can be asked about."""
    assert uneven(sound, quietest(sound)) in {True, False}
    level = Pcm(np.resize(np.asarray([0.5, -0.5], dtype=np.float32), len(sound.samples)), sound.rate)
    assert not uneven(level, quietest(level))


@given(sounds, st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), max_size=12))
def test_the_nearest_words_are_a_row_of_them(sound: Pcm, times: list[tuple[float, float]]) -> None:
    said = tuple(HeardWord(str(i), start, start + length) for i, (start, length) in enumerate(times))
    near = nearest(sound, said)
    first = int(near[0].text) if near else 0
    assert near == said[first : first + len(near)]
    assert bool(near) == bool(said)
