"""Units: how people say them, and one in another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.units import converted, unit_of


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("minutes", "minute"),
        ("hrs", "hour"),
        ("%", "percent"),
        ("€", "EUR"),
        ("CHF", "CHF"),
        ("kilos", "kg"),
        ("degrees", "degC"),
        ("sq ft", "foot ** 2"),
        ("Miles", "mile"),
    ],
)
def test_a_unit_has_one_spelling(said: str, unit: str) -> None:
    assert unit_of(said) == unit


@pytest.mark.parametrize("word", ["", "table", "quarter", "may", "kitchen", "at", "straße", "((", "1/0"])
def test_what_is_no_unit(word: str) -> None:
    assert unit_of(word) == ""


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "result"),
    [
        (1.5, "hour", "minute", 90),
        (1, "kg", "gram", 1000),
        (2, unit_of("decades"), "year", 20),
        (68, "degF", "degC", 20),
        (5, "USD", "USD", 5),
        (5, "USD", "EUR", None),
        (5, "minute", "kg", None),
        (5, "percent", "minute", None),
    ],
)
def test_conversion(value: float, unit: str, wanted: str, result: float | None) -> None:
    assert converted(value, unit, wanted) == (result if result is None else pytest.approx(result))


@given(st.floats(0.01, 1e6))
def test_there_and_back_is_the_same(value: float) -> None:
    there = converted(value, "hour", "second")
    assert there is not None
    assert converted(there, "second", "hour") == pytest.approx(value)


@given(st.text(max_size=20))
def test_any_word_may_be_asked(word: str) -> None:
    assert isinstance(unit_of(word), str)
