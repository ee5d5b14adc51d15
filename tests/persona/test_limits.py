"""How long it may speak: never longer than it may, and without a wait at the beginning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.persona import LengthLimit, seconds, words

ENDS = ".!?…。！？।"


def cut(text: str, limit: int | None, pieces: list[int], *, max_seconds: float | None = None) -> str:
    """The text through a limit, cut into deltas at the given places."""
    guard, out, start = LengthLimit(limit, max_seconds=max_seconds), "", 0
    for end in [*sorted(p % (len(text) + 1) for p in pieces), len(text)]:
        out += guard.admit(text[start:end])
        start = end
    return out + guard.finish()


def sentences(alphabet: str, space: str, stop: str, pause: str) -> st.SearchStrategy[str]:
    word = st.text(alphabet, min_size=1, max_size=8)
    clause = st.lists(word, min_size=1, max_size=9).map(space.join)
    sentence = st.lists(clause, min_size=1, max_size=3).map(lambda made: f"{pause}{space}".join(made) + stop)
    return st.lists(sentence, min_size=1, max_size=6).map(space.join)


TEXTS = st.one_of(
    sentences("abcdefg", " ", ".", ","),
    sentences("abcdefgé", " ", "?", ";"),
    sentences("天地人水火", "", "。", "，"),
)
PIECES = st.lists(st.integers(0, 500), max_size=20)


@given(TEXTS, st.integers(1, 30), PIECES)
def test_a_reply_is_never_longer_and_always_ended(text: str, limit: int, pieces: list[int]) -> None:
    kept = cut(text, limit, pieces)
    assert 0 < words(kept) <= limit
    assert kept[-1] in ENDS
    assert kept == text or text.startswith(kept[:-1])


@given(TEXTS, st.integers(1, 30), PIECES)
def test_it_does_not_matter_how_the_words_arrive(text: str, limit: int, pieces: list[int]) -> None:
    assert cut(text, limit, pieces).rstrip() == cut(text, limit, []).rstrip()


@given(TEXTS, st.integers(1, 60))
def test_what_fits_is_said_whole(text: str, more: int) -> None:
    assert cut(text, words(text) + more - 1, [3, 9, 27]) == text


@given(TEXTS, st.floats(1, 20), PIECES)
def test_seconds_are_a_limit_too(text: str, limit: float, pieces: list[int]) -> None:
    kept = cut(text, None, pieces, max_seconds=limit)
    assert seconds(kept.rstrip("….。")) <= limit or words(kept) == 1


@given(st.text(), PIECES)
def test_without_a_limit_every_word_is_said(text: str, pieces: list[int]) -> None:
    assert cut(text, None, pieces) == text


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("It is Paris. It lies on the Seine, in the north.", 8, "It is Paris."),
        ("It is Paris. It lies on the Seine.", 8, "It is Paris. It lies on the Seine."),
        ("We sail, we fish, and then we all go home to our wives.", 6, "We sail, we fish."),
        ("We sail along this very long coast for ever.", 5, "We sail along this very…"),
        ("Yes. All of that very long story I will tell you.", 8, "Yes. All of that very long story I…"),
        ("Dr. Huber is in. He waits for you.", 5, "Dr. Huber is in."),
        ("今日はいい天気です。明日は雨が降るかもしれません。", 6, "今日はいい天気です。"),
        ("我们去海边，看很大的船，然后大家一起回家吃晚饭。", 6, "我们去海边，看很大的船。"),
        ("word " * 500, 10, "word " * 9 + "word…"),
    ],
)  # fmt: skip
def test_it_ends_where_a_speaker_would(text: str, limit: int, kept: str) -> None:
    assert cut(text, limit, list(range(len(text)))) == kept


def test_the_beginning_of_a_reply_waits_for_nothing() -> None:
    guard = LengthLimit(30)
    assert [guard.admit(piece) for piece in ("Well", ", my", " friend,", " yes")] == [
        "Well", ", my", " friend,", " yes",
    ]  # fmt: skip


def test_nothing_waits_far_from_the_limit() -> None:
    guard = LengthLimit(500)
    text = "This is the first sentence. And this is the second one, which is longer. "
    assert "".join(guard.admit(char) for char in text).rstrip() == text.rstrip()


def test_it_stops_as_soon_as_the_limit_is_passed() -> None:
    guard = LengthLimit(5)
    assert guard.admit("One two three four. ") + guard.admit("Five six") == "One two three four."
    assert guard.reached
    assert guard.admit(" more") + guard.finish() == ""


def test_words_before_a_call_count_but_leave_room_for_its_result() -> None:
    after = LengthLimit(10, before="Let me look that up.")
    assert after.admit("It is a nice day. And there is more to say of it. ") == "It is a nice day."
    much = LengthLimit(10, before="word " * 10)
    assert much.admit("It is a nice day. And there is more to say. ") == "It is a nice day."


def test_a_slow_voice_says_less() -> None:
    text = "The weather is fine today. The sea is calm. The wind is low. The sun is up. "
    usual, slow = (LengthLimit(None, max_seconds=5, pace=lambda p=p: p) for p in (1.0, 1.8))  # type: ignore[misc]
    assert len(slow.admit(text)) < len(usual.admit(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("one", 1),
        ("don't you – see", 4),
        ("今日は", 2),
        ("今日、東京", 2),
        ("Tokyo は東京", 3),
        ("สวัสดี", 3),
    ],
)
def test_words_are_counted_in_all_scripts(text: str, count: int) -> None:
    assert words(text) == count
