"""Phonemes with their times become words with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.voices.word_phonemes import TimedPhoneme, word_times

ALONE = {
    "of": "ʌv", "the": "ðə", "end": "ˈɛnd", "day.": "dˈeɪ.", "U.S.": "jˈuː.ˈɛs.", "—": "", "go": "ɡˈoʊ",
    "to": "tuː", "会": "xweɪ↘", "议": "i↘", "は": "βa",
}  # fmt: skip


def phonemes(text: str) -> list[TimedPhoneme]:
    """Each sign lasts a second."""
    return [TimedPhoneme(sign, float(at), at + 1.0) for at, sign in enumerate(text)]


def alone(words: Sequence[str]) -> list[str]:
    return [ALONE[word] for word in words]


def spans(words: str, text: str) -> list[tuple[float, float]]:
    times = word_times(words.split(), phonemes(text), alone)
    assert [word.text for word in times] == words.split()
    return [(word.begin, word.end) for word in times]


def test_a_group_a_word() -> None:
    # The stop is a pause; a stress begins nothing, a length ends the sound before it.
    assert spans("the end to", "ðə ˈɛnd, tuː.") == [(0, 2), (4, 7), (9, 12)]


def test_words_that_run_together_share_their_group() -> None:
    assert spans("end of the day.", "ˈɛnd ʌvðə dˈeɪ.") == [(1, 4), (5, 7), (7, 9), (10, 14)]


def test_a_word_that_is_taken_apart_has_all_its_groups() -> None:
    assert spans("the U.S. end", "ðə jˈuː. ˈɛs. ˈɛnd") == [(0, 2), (3, 12), (15, 18)]


def test_a_word_without_sound_takes_no_time() -> None:
    times = spans("go — to", "ɡˈoʊ tuː")
    assert times[0] == (0, 4)
    assert times[1][0] == times[1][1] == 4
    assert times[2] == (5, 8)


def test_signs_of_a_chinese_word_share_it() -> None:
    assert spans("会 议 は", "xweɪ↘i↘ βa") == [
        (0, pytest.approx(5, abs=1)),
        (pytest.approx(5, abs=1), 7),
        (8, 10),
    ]


def test_nothing_sounds() -> None:
    assert word_times(["the"], phonemes(", ."), alone) == ()
    assert word_times([], phonemes("ðə"), alone) == ()


SIGNS = st.text(st.sampled_from("ðəʌvˈː .,end"), max_size=40)


@given(st.lists(st.sampled_from(sorted(ALONE)), max_size=12), SIGNS)
def test_all_words_are_in_order_within_the_sound(words: list[str], text: str) -> None:
    times = word_times(words, phonemes(text), alone)
    assert [word.text for word in times] in ([], words)
    edges = [edge for word in times for edge in (word.begin, word.end)]
    assert all(one <= two + 1e-9 for one, two in pairwise([0.0, *edges, float(len(text))]))
