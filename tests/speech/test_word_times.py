"""When words are said: from the sound, and back from what is spoken to what is written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.events import WordTime
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.spoken import Spoken, SpokenWord
from omni_agent.speech.voices.word_times import known, pieces, placed, timed, words_of
from omni_agent.speech.wording.normalise import spoken

RATE = 16_000


def sound(*parts: float) -> Pcm:
    """Tone and silence in turns, in seconds."""
    pieces = [
        (
            0.3 * np.sin(np.arange(round(part * RATE)) * 0.1)
            if not number % 2
            else np.zeros(round(part * RATE))
        )
        for number, part in enumerate(parts)
    ]
    return Pcm(np.concatenate(pieces).astype(np.float32), RATE)


def said(*words: str) -> tuple[SpokenWord, ...]:
    """Each word half a second long, with a tenth between."""
    return tuple(SpokenWord(word, 0.6 * n, 0.6 * n + 0.5) for n, word in enumerate(words))


def places(text: str, language: str = "en") -> dict[str, tuple[float, float]]:
    """The written words with the numbers of the spoken words that they have, as from and until."""
    words = said(*words_of(spoken(text, language)))
    times = placed(text, words, lambda word: spoken(word, language))
    return {text[t.start : t.end]: (t.begin / 600, (t.until + 100) / 600) for t in times}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, Dr. Smith!", ["Hello,", "Dr.", "Smith!"]),
        ("  one - two — three ", ["one", "two", "three"]),
        ("(yes) «no» ¿qué?", ["(yes)", "«no»", "¿qué?"]),
        ("今天，下雨。", ["今", "天，", "下", "雨。"]),
        ("カップ9時", ["カッ", "プ", "9", "時"]),
        ("「はい」ok", ["「は", "い」", "ok"]),
        ("... 😀 \n", []),
        ("", []),
    ],
)
def test_words_are_found(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_words_are_in_order_and_hold_all_letters(text: str) -> None:
    spans = pieces(text)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    assert all(start < end and not text[start].isspace() for start, end in spans)
    inside = "".join(text[start:end] for start, end in spans)
    assert [c for c in inside if c.isalnum()] == [c for c in text if c.isalnum()]


def test_words_lie_between_the_pauses() -> None:
    pcm = sound(0.9, 0.3, 0.5, 0.4, 1.2)
    words = ["Good", "morning,", "yes.", "What", "is", "it?"]
    times = timed(words, pcm)
    assert [word.text for word in times] == words
    assert times[1].end == pytest.approx(0.9, abs=0.03)
    assert times[2].begin == pytest.approx(1.2, abs=0.03)
    assert times[2].end == pytest.approx(1.7, abs=0.03)
    assert times[3].begin == pytest.approx(2.1, abs=0.03)
    assert times[-1].end == pytest.approx(3.3, abs=0.03)


def test_a_pause_within_a_word_is_no_boundary() -> None:
    times = timed(["extraordinarily"], sound(0.5, 0.2, 0.5))
    assert (times[0].begin, times[0].end) == pytest.approx((0.0, 1.2), abs=0.02)


@given(
    st.lists(st.sampled_from(["a", "word,", "question?", "三", "1984", "(so"]), max_size=12),
    st.lists(st.floats(0.02, 0.6), max_size=8),
)
def test_all_words_are_timed_in_order_within_any_sound(words: list[str], parts: list[float]) -> None:
    pcm = sound(*parts) if parts else Pcm.silence(0.0, RATE)
    times = timed(words, pcm)
    assert [word.text for word in times] == words
    edges = [0.0, *(edge for word in times for edge in (word.begin, word.end)), pcm.seconds]
    assert all(one <= two + 1e-9 for one, two in pairwise(edges))


@given(st.lists(st.floats(width=32), max_size=3000))
def test_any_samples_do(values: list[float]) -> None:
    pcm = Pcm(np.array(values, dtype=np.float32), RATE)
    assert len(timed(["one", "two"], pcm)) == 2


def test_a_voice_that_knows_is_believed() -> None:
    words = said("yes")
    assert known(Spoken(sound(0.6).samples, RATE, words), "yes") == words
    assert [word.text for word in known(sound(0.6), "oh yes")] == ["oh", "yes"]


def test_a_written_word_has_the_words_that_are_said_for_it() -> None:
    # Dr. = Doctor, 3:30 = three thirty, $20.50 = twenty dollars and fifty cents
    found = places("Meet Dr. Lee at 3:30 pm, it costs $20.50 today.")
    assert found["Meet"] == pytest.approx((0, 1))
    assert found["Dr."] == pytest.approx((1, 2))
    assert found["3:30"] == pytest.approx((4, 6))
    assert found["pm,"] == pytest.approx((6, 7))
    assert found["$20.50"] == pytest.approx((9, 14))
    assert found["today."] == pytest.approx((14, 15))


def test_neighbours_that_both_differ_are_told_apart() -> None:
    # "twelve kilometers" | "three thirty"
    found = places("12 km 3:30")
    assert found["12"] == pytest.approx((0, 1))
    assert found["km"] == pytest.approx((1, 2))
    assert found["3:30"] == pytest.approx((2, 4))


def test_what_is_not_spoken_takes_no_time() -> None:
    times = placed("yes indeed no", said("yes", "no"))
    assert times[1].begin == times[1].until == times[0].until


def test_scripts_without_spaces_go_by_signs() -> None:
    text = "会议3点开始。"
    times = placed(text, said(*words_of(spoken(text, "zh"))), lambda word: spoken(word, "zh"))
    assert [text[time.start : time.end] for time in times] == ["会", "议", "3", "点", "开", "始。"]
    assert [time.begin for time in times] == [0, 600, 1200, 1800, 2400, 3000]


TOKENS = st.sampled_from(
    ["the", "3", "Dr.", "$20", "a", "b", "12 May", "—", "今天", "e.g.", "**x**", "3:30 pm"]
)


@given(
    st.lists(TOKENS, max_size=10), st.lists(st.sampled_from(["the", "three", "a", "dollars"]), max_size=10)
)
def test_all_written_words_have_times_in_order(written: list[str], words: list[str]) -> None:
    text = " ".join(written)
    for spoken_words in (said(*words), said(*words_of(spoken(text, "en")))):
        times = placed(text, spoken_words, lambda word: spoken(word, "en"))
        if not spoken_words:
            assert times == ()
            continue
        assert [(time.start, time.end) for time in times] == pieces(text)
        edges = [edge for time in times for edge in (time.begin, time.until)]
        assert edges == sorted(edges)
        assert not edges or edges[-1] <= round(spoken_words[-1].end * 1000)


def test_words_of_the_same_text_keep_their_times() -> None:
    times = placed("One two.", said("One", "two."))
    assert times == (WordTime(0, 3, 0, 500), WordTime(4, 8, 600, 1100))
