"""Mentions: where words name a choice, wholly, in part, or by their sound."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from omni_agent.grounding.fields import Field, fields_of
from omni_agent.grounding.likeness import likeness, nearest_name
from omni_agent.grounding.mentions import Grade, sounding
from omni_agent.grounding.spoken import Spoken

NOW = datetime(2026, 11, 23, 10)


def field(*values: Any, **hints: Any) -> Field:
    (made,) = fields_of({"type": "object", "properties": {"kind": {"enum": list(values), **hints}}})
    return made


def named(said: str, item: Field) -> list[tuple[Any, Grade]]:
    return [(m.value, m.grade) for m in Spoken(said, "en", NOW).mentions(item)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("the first class, please", [("first class", Grade.NAMED)]),
        ("first, please", [("first class", Grade.PART)]),
        ("a class", []),
        ("the first of the class", [("first class", Grade.NAMED)]),
        ("second class, not first class", [("second class", Grade.NAMED), ("first class", Grade.NAMED)]),
    ],
)
def test_a_value_is_named_wholly_or_by_what_sets_it_apart(said: str, expected: list[Any]) -> None:
    assert named(said, field("first class", "second class")) == expected


def test_a_refused_value_is_marked() -> None:
    found = Spoken("red, not blue", "en", NOW).mentions(field("red", "blue"))
    assert [(m.value, m.negated) for m in found] == [("red", False), ("blue", True)]


def test_synonyms_name_a_value() -> None:
    item = field("large", "small", **{"x-synonyms": {"large": ["big"]}})
    assert named("a big one", item) == [("large", Grade.NAMED)]


def test_a_code_is_named_by_its_own_spelling_only() -> None:
    item = field("AT", "DE")
    assert named("at the door", item) == []
    assert named("to AT", item) == [("AT", Grade.NAMED)]


def test_numbers_in_words_name_a_value_in_digits() -> None:
    assert named("the twelve month plan", field("12 month", "24 month"))[0] == ("12 month", Grade.NAMED)


def test_a_misheard_value_is_found_by_its_sound() -> None:
    item, said = field("whisk", "ladle"), Spoken("one wisk", "en", NOW)
    best = sounding(item, said.words, [True, True], "whisk", said.text)[0]
    assert (best.value, best.grade) == ("whisk", Grade.SOUND)


@pytest.mark.parametrize(
    ("said", "name"),
    [("Jon Smyth", "John Smith"), ("Marta", None), ("Jane", None), ("", None)],
)
def test_a_name_is_the_nearest_one_or_none(said: str, name: str | None) -> None:
    (people,) = fields_of(
        {
            "type": "object",
            "properties": {"who": {"type": "string", "x-vocabulary": ["John Smith", "Anne Marchand"]}},
        }
    )
    assert nearest_name(said, people.choices) == name


def test_likeness_is_one_for_the_same_and_small_for_others() -> None:
    assert likeness("phone", "phone") == 1
    assert likeness("phone", "fone") > likeness("phone", "table")
