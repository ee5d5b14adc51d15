"""Words: what is negated, what was corrected, what carries a meaning."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.words import newest, paused, stems_of, words_of


def negated(said: str, language: str = "en") -> list[str]:
    return [word.form for word in words_of(said, language) if word.negated and word.content]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a box without a lid", ["lid"]),
        ("not the red one, the blue one", ["red"]),
        ("don't wake me, just leave a note", ["wake"]),
        ("not red but blue", ["red"]),
        ("No, make it two", []),
        ("case no 5", []),
        ("everything except glass, please", ["glass"]),
        ("a red box", []),
    ],
)
def test_a_negation_reaches_to_the_next_pause(said: str, expected: list[str]) -> None:
    assert negated(said) == expected


def test_in_other_languages_nothing_counts_as_negated() -> None:
    assert negated("not the red one", "de") == []


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ("the red one, no, the blue one", "blue"),
        ("two, I mean three", "three"),
        ("red. Actually blue", "blue"),
        ("make that four", "four"),
    ],
)
def test_what_follows_a_correction_is_newer(said: str, last: str) -> None:
    words = words_of(said)
    assert last in [word.form for word in newest(words)]
    assert words[-1].draft > 0


@pytest.mark.parametrize(
    ("name", "stems"),
    [
        ("duration_minutes", ("durat", "minut")),
        ("startDate", ("start", "date")),
        ("12oz", ("12", "oz")),
        ("twelve", ("12",)),
    ],
)
def test_a_name_falls_into_its_words(name: str, stems: tuple[str, ...]) -> None:
    assert stems_of(name) == stems


def test_plurals_and_forms_are_one() -> None:
    assert stems_of("boxes") == stems_of("box")
    assert stems_of("Peter's") == stems_of("peter")


def test_newest_of_nothing_is_nothing() -> None:
    assert newest(words_of("")) == []


@given(st.text(max_size=80))
def test_words_lie_where_they_say(said: str) -> None:
    words = words_of(said)
    assert all(said[word.start : word.end] == word.text for word in words)
    assert all(one.end <= two.start for one, two in pairwise(words))


def test_a_pause_is_a_mark_between_words() -> None:
    assert paused(", ")
    assert not paused(" ")
