"""Transcripts in sentences and in cues that can be read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.messages import HeardWord, Hearing
from omni_agent.server.audio.segments import joined, sentences, words_of
from omni_agent.server.audio.subtitles import LINE, LINES, LONGEST, Cue, cues, srt, vtt, width

LETTERS = "abcdefghijklm"


def timed(text: str, pace: float = 0.3) -> tuple[HeardWord, ...]:
    return tuple(
        HeardWord(word, round(pace * n, 3), round(pace * (n + 1), 3), 0.9)
        for n, word in enumerate(text.split())
    )


def shown(text: str, pace: float = 0.3) -> list[Cue]:
    words = timed(text, pace)
    return cues(sentences(words, "en"), words[-1].end)


@st.composite
def heard(draw: st.DrawFn) -> tuple[HeardWord, ...]:
    """Words that are timed as ears may time them: apart, touching, overlapping, or going back a little."""
    words, at = [], 0.0
    for _ in range(draw(st.integers(0, 30))):
        text = draw(st.text(LETTERS, min_size=1, max_size=14)) + draw(
            st.sampled_from(["", "", ",", ".", "?"])
        )
        start = at + draw(st.floats(-0.2, 4.0))
        at = start + draw(st.floats(-0.1, 1.5))
        words.append(HeardWord(text, start, at, 0.5))
    return tuple(words)


@given(heard())
def test_sentences_hold_every_word_once_and_go_forward(words: tuple[HeardWord, ...]) -> None:
    seconds = max((word.end for word in words), default=0.0)
    placed = words_of(Hearing("", "en", words=words), seconds)
    found = sentences(placed, "en")
    assert [word for segment in found for word in segment.words] == list(placed)
    assert [word.text for word in placed] == [word.text for word in words]
    times = [time for word in placed for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0 <= time <= max(seconds, 0.0) + 1e-3 for time in times)


@given(heard())
def test_cues_can_be_read_and_do_not_overlap(words: tuple[HeardWord, ...]) -> None:
    seconds = max((word.end for word in words), default=0.0)
    placed = words_of(Hearing("", "de", words=words), seconds)
    made = cues(sentences(placed, "de"), seconds)
    text = " ".join(line for cue in made for line in cue.lines)
    assert text == joined((word.text for word in placed), "de")
    for cue in made:
        assert 1 <= len(cue.lines) <= LINES
        assert all(len(line) <= LINE for line in cue.lines)
        assert cue.start <= cue.end
    for cue, following in pairwise(made):
        assert cue.end <= following.start
    assert srt(made).count("-->") == vtt(made).count("-->") == len(made)


def test_a_cue_lasts_seven_seconds_at_most() -> None:
    long = " ".join(["word"] * 8)
    assert all(cue.end - cue.start <= LONGEST for cue in shown(long, pace=2.0))


def test_a_long_sentence_parts_at_a_mark() -> None:
    first, *_ = shown(
        "When the last guests had gone home through the snow that night, she sat down by the fire and read."
    )
    assert " ".join(first.lines) == "When the last guests had gone home through the snow that night,"


def test_two_lines_are_about_as_long() -> None:
    (cue,) = shown("She sat down by the fire and read the letter once more.")
    assert len(cue.lines) == 2
    assert abs(len(cue.lines[0]) - len(cue.lines[1])) < 12


def test_an_abbreviation_ends_no_sentence() -> None:
    found = sentences(timed("We met Dr. Huber at 3 p.m. on Monday. It rained."), "en")
    assert [segment.text for segment in found] == ["We met Dr. Huber at 3 p.m. on Monday.", "It rained."]


def test_a_long_silence_parts_what_no_mark_does() -> None:
    words = (HeardWord("yes", 0.0, 0.4), HeardWord("no", 9.0, 9.4))
    assert [segment.text for segment in sentences(words, "en")] == ["yes", "no"]


def test_a_short_cue_stays_for_a_second_where_there_is_time() -> None:
    alone = cues(sentences((HeardWord("Yes.", 1.0, 1.2),), "en"), 10.0)
    assert (alone[0].start, alone[0].end) == (1.0, 2.0)
    hurry = (HeardWord("Unfortunately.", 1.0, 1.2), HeardWord("Never.", 1.5, 1.7))
    hurried = cues(sentences(hurry, "en"), 1.7)
    assert [cue.end for cue in hurried] == [1.5, 1.7]


def test_japanese_goes_without_spaces_in_lines_of_wide_signs() -> None:
    text = "今日はとても天気がいいので、公園まで歩いて行きましょう。" * 2
    hearing = Hearing(text, "ja")
    placed = words_of(hearing, 12.0)
    found = sentences(placed, "ja")
    assert [segment.text for segment in found] == [text[: len(text) // 2]] * 2
    made = cues(found, 12.0)
    assert "".join(line for cue in made for line in cue.lines) == text
    assert all(width(line) <= LINE for cue in made for line in cue.lines)


def test_ears_without_times_have_their_words_spread_over_the_sound() -> None:
    placed = words_of(Hearing("Good morning. Sit down.", "en"), 4.0)
    assert (placed[0].start, placed[-1].end) == (0.0, 4.0)
    assert [segment.text for segment in sentences(placed, "en")] == ["Good morning.", "Sit down."]


def test_figures_are_whole_in_sentences_too() -> None:
    (segment,) = sentences(timed("It is 700 and 4."), "en")
    assert segment.text == "It is 704."


@pytest.mark.parametrize(("seconds", "told"), [(3725.0426, "01:02:05,043"), (0.9996, "00:00:01,000")])
def test_times_are_written_to_the_millisecond(seconds: float, told: str) -> None:
    assert srt([Cue(seconds, seconds, ("a",))]).splitlines()[1] == f"{told} --> {told}"


def test_what_is_said_cannot_break_the_format() -> None:
    nasty = Cue(0.0, 1.0, ("<b>1 --> 2</b> & more",))
    assert vtt([nasty]).splitlines()[3] == "&lt;b&gt;1 → 2&lt;/b&gt; &amp; more"
    assert srt([nasty]).splitlines()[2] == "<b>1 → 2</b> & more"


def test_nothing_said_is_an_empty_file() -> None:
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n\n"
