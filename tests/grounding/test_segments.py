"""Segments: the part of an utterance that each of several calls rests on."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.segments import opens_anew, says_all, segments
from omni_agent.grounding.spoken import Spoken


def spoken(said: str) -> Spoken:
    return Spoken(said, "en", datetime(2026, 11, 23, 10))


def hits(said: Spoken, *names: str) -> list[frozenset[int]]:
    return [frozenset(i for i, word in enumerate(said.words) if word.form == name) for name in names]


def test_the_cut_lies_where_each_call_keeps_its_values() -> None:
    said = spoken("a small box and a large bag")
    spans = segments(said, [hits(said, "small", "box"), hits(said, "large", "bag")])
    assert [said.said(*span) for span in spans] == ["a small box", "and a large bag"]


def test_one_call_has_all_words() -> None:
    said = spoken("a small box and a large bag")
    assert segments(said, [[]]) == [(0, 6)]


def test_a_number_is_not_cut() -> None:
    said = spoken("two and a half boxes and a bag")
    spans = segments(said, [hits(said, "boxes"), hits(said, "bag")])
    assert [said.said(*span) for span in spans] == ["two and a half boxes", "and a bag"]


def test_what_holds_for_all_and_what_opens_anew() -> None:
    assert says_all(spoken("both in red"))
    assert not says_all(spoken("one in red"))
    assert opens_anew(spoken("and a bag"), (0, 2))
    assert not opens_anew(spoken("and red"), (0, 1))


@given(st.text(alphabet="ab ,.and", max_size=40), st.integers(1, 4))
def test_spans_are_in_order_and_cover_the_words(said: str, count: int) -> None:
    words = spoken(said)
    spans = segments(words, [[] for _ in range(count)])
    assert len(spans) == count
    if len(words.words) >= count > 1:
        assert spans[0][0] == 0
        assert max(last for _, last in spans) == len(words.words) - 1
        assert all(one[1] + 1 == two[0] for one, two in pairwise(spans))
