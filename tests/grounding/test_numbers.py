"""Numbers: digits and words, what belongs to them, and their units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.numbers import Number, numbers_of, reads_numbers
from omni_agent.grounding.words import words_of


def numbers(said: str, language: str = "en") -> list[Number]:
    return [n for n in numbers_of(words_of(said, language), said, language) if n.exact]


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("twenty-five minutes", 25, "minute"),
        ("half an hour", 0.5, "hour"),
        ("an hour and a half", 1.5, "hour"),
        ("two and a half kilos", 2.5, "kg"),
        ("a dozen eggs", 12, ""),
        ("half a dozen", 6, ""),
        ("two dozen", 24, ""),
        ("10 thousand euros", 10_000, "EUR"),
        ("$1.2M", 1_200_000, "USD"),
        ("fifteen hundred", 1500, ""),
        ("minus five degrees", -5, "degC"),
        ("1,250.50 dollars", 1250.5, "USD"),
        ("5%", 5, "percent"),
        ("two hours and five minutes", 125, "minute"),
        ("5ft 10in", 70, "inch"),
    ],
)
def test_a_number_is_read_with_its_unit(said: str, value: float, unit: str) -> None:
    (number,) = numbers(said)
    assert number.value == pytest.approx(value)
    assert number.unit == unit


@pytest.mark.parametrize(
    ("language", "said", "value"),
    [("de", "einundzwanzig Stück", 21), ("fr", "vingt-et-un", 21), ("es", "treinta y dos", 32)],
)
def test_number_words_of_other_languages(language: str, said: str, value: int) -> None:
    assert [n.value for n in numbers(said, language)] == [value]


def test_number_words_of_an_unknown_language_are_not_read() -> None:
    assert not reads_numbers("fi")
    assert numbers("kaksi", "fi") == []
    assert [n.value for n in numbers("2 kertaa", "fi")] == [2]


def test_articles_and_twice_support_but_do_not_fill() -> None:
    found = numbers_of(words_of("a parcel twice"), "a parcel twice")
    assert [(n.value, n.exact) for n in found] == [(1, False), (2, False)]


def test_not_five_refuses_and_not_more_than_five_does_not() -> None:
    assert numbers("not 5")[0].negated
    assert not numbers("not more than 5")[0].negated


@given(st.integers(0, 10**6))
def test_digits_are_read_as_they_stand(value: int) -> None:
    assert [n.value for n in numbers(f"take {value} of them")] == [value]


@given(st.text(alphabet="0123456789.,:-$% eEainthlfpm½", max_size=40))
def test_no_text_breaks_the_reading(said: str) -> None:
    words = words_of(said)
    for number in numbers_of(words, said):
        assert 0 <= number.first <= number.own_last <= number.last < len(words)
