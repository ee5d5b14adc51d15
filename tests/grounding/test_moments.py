"""Dates and times of day, said on Monday the 23rd of November 2026 at ten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.grounding.spoken import Spoken

NOW = datetime(2026, 11, 23, 10)


def moments(said: str, kind: str) -> list[tuple[str, ...]]:
    return [m.values for m in Spoken(said, "en", NOW).moments if m.kind == kind]


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("today", "2026-11-23"),
        ("the day after tomorrow", "2026-11-25"),
        ("on Friday", "2026-11-27"),
        ("Friday next week", "2026-12-04"),
        ("in two weeks", "2026-12-07"),
        ("in a fortnight", "2026-12-07"),
        ("a month from now", "2026-12-23"),
        ("the third of December", "2026-12-03"),
        ("March 5th, 2027", "2027-03-05"),
        ("the 30th", "2026-11-30"),
        ("New Year's Eve", "2026-12-31"),
        ("the end of the month", "2026-11-30"),
        ("2026-12-24", "2026-12-24"),
        ("last Friday", "2026-11-20"),
        ("we met on Friday and it was fine", "2026-11-20"),
    ],
)
def test_a_date(said: str, day: str) -> None:
    assert moments(said, "date")[0][0] == day


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("at noon", "12:00"),
        ("at seven p.m.", "19:00"),
        ("half past eight in the morning", "08:30"),
        ("a quarter to nine in the evening", "20:45"),
        ("at 16:20", "16:20"),
        ("seven thirty pm", "19:30"),
        ("five o'clock in the afternoon", "17:00"),
    ],
)
def test_a_time(said: str, clock: str) -> None:
    assert moments(said, "time")[0][0] == clock


def test_an_hour_without_its_half_may_be_either() -> None:
    assert set(moments("at eight", "time")[0]) == {"08:00", "20:00"}


@pytest.mark.parametrize("said", ["February 30th", "the 99th of May", "at 7 bottles", "may I", "99:99"])
def test_what_is_no_moment(said: str) -> None:
    assert Spoken(said, "en", NOW).moments == ()


def test_other_languages_are_not_read() -> None:
    assert Spoken("at noon on Friday", "de", NOW).moments == ()


@given(st.dates(date(2026, 11, 23), date(2027, 11, 22)))
def test_a_day_and_month_without_a_year_is_the_coming_one(day: date) -> None:
    assert moments(f"on {day:%B} {day.day}", "date")[0][0] == day.isoformat()


@given(st.integers(1, 60))
def test_days_from_now(count: int) -> None:
    assert moments(f"in {count} days", "date")[0][0] == (NOW.date() + timedelta(count)).isoformat()
