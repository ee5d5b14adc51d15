"""Time, zones and dates, at a moment that the test chooses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import clock
from omni_tools.days import find_day, spoken_day
from omni_tools.places import find_place, local_now

from omni_agent.errors import ToolArgumentError, ToolError

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = date(2026, 11, 22)

Run = Callable[..., str]


@pytest.fixture(autouse=True)
def _moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_now", lambda: datetime(2026, 11, 22, 14, 5, tzinfo=BERLIN))


def test_schemas(examine: Callable[..., None]) -> None:
    effects = dict.fromkeys(["add_to_date", "convert_time", "current_time", "date_difference"], "read")
    examine(clock, effects)


def test_the_time_here_is_said_with_weekday_and_date(run: Run) -> None:
    assert run(clock.current_time) == "It is 14:05 on Sunday, 22 November 2026 in Europe/Berlin."
    assert run(clock.current_time, place="here") == run(clock.current_time)


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("Asia/Tokyo", "It is 22:05 on Sunday, 22 November 2026 in Asia/Tokyo."),
        ("tokyo", "It is 22:05 on Sunday, 22 November 2026 in Tokyo (Asia/Tokyo)."),
        ("Japan", "It is 22:05 on Sunday, 22 November 2026 in Japan (Asia/Tokyo)."),
        ("San Francisco", "It is 05:05 on Sunday, 22 November 2026 in San Francisco (America/Los_Angeles)."),
        ("Sydney", "It is 00:05 on Monday, 23 November 2026 in Sydney (Australia/Sydney)."),
        ("São Paulo", "It is 10:05 on Sunday, 22 November 2026 in São Paulo (America/Sao_Paulo)."),
        ("UTC", "It is 13:05 on Sunday, 22 November 2026 in UTC."),
        ("UTC+5:30", "It is 18:35 on Sunday, 22 November 2026 in UTC+5:30."),
    ],
)
def test_the_time_elsewhere(run: Run, place: str, answer: str) -> None:
    assert run(clock.current_time, place=place) == answer


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Germany", "Europe/Berlin"),
        ("the Netherlands", "Europe/Amsterdam"),
        ("Ukraine", "Europe/Kyiv"),
        ("Spain", "Europe/Madrid"),
        ("Ivory Coast", "Africa/Abidjan"),
        ("Paris, France", "Europe/Paris"),
        ("Paris, Texas", "America/Chicago"),
        ("London, Ontario", "America/Toronto"),
        ("Vladivostok, Russia", "Asia/Vladivostok"),
        ("Springfield, Illinois", "America/Chicago"),
        ("europe/berlin", "Europe/Berlin"),
        ("new_york", "America/New_York"),
        ("İstanbul", "Europe/Istanbul"),
    ],
)
def test_places_are_found_as_people_say_them(said: str, zone: str) -> None:
    assert find_place(said, UTC).zone == ZoneInfo(zone)


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("Berln", "Did you mean Berlin"),
        ("Narnia", "Name a large city"),
        ("USA", "several time zones. Name a city, such as New York"),
        ("London, Canada", "Canada has several time zones"),
        ("UTC+20", "UTC-12 to UTC+14"),
        ("../../etc/passwd", "not known"),
    ],
)
def test_an_unknown_place_is_refused_with_a_way_out(run: Run, place: str, hint: str) -> None:
    with pytest.raises(ToolError, match=r"time zone|offsets") as caught:
        run(clock.current_time, place=place)
    assert hint in str(caught.value)


def test_every_zone_is_found() -> None:
    for zone in available_timezones():
        if "/" in zone:
            assert find_place(zone, UTC).zone == ZoneInfo(zone)


def test_every_country_has_a_zone_of_its_own_or_several_to_choose_from() -> None:
    rows = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    zones: dict[str, set[str]] = {}
    for code, _, zone, *_ in (row.split("\t") for row in rows if not row.startswith("#")):
        zones.setdefault(code, set()).add(zone)
    rows = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    asked = set()
    for code, name in (row.split("\t") for row in rows if not row.startswith("#")):
        if code in zones:
            try:
                assert find_place(name, UTC).zone in {ZoneInfo(zone) for zone in zones[code]}, name
            except ToolError:
                asked.add(code)
    assert asked == {"US", "CA", "AU", "BR", "RU"}


def test_a_machine_whose_zone_has_no_name_still_tells_its_time() -> None:
    code = "from omni_tools.places import local_now; print(local_now().utcoffset())"
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "TZ": "XYZ-5"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "5:00:00"


def test_the_seam_really_is_the_clock() -> None:
    before = datetime.now(UTC)
    now = local_now()
    assert now.utcoffset() is not None
    assert before <= now <= before + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("time", "source", "target", "answer"),
    [
        ("15:00", "Berlin", "Tokyo", "23:00 in Tokyo"),
        ("3 pm", "New York", "here", "21:00 in Europe/Berlin"),
        ("3:30 p.m.", "New York", "London", "20:30 in London"),
        ("noon", "UTC", "Sydney", "23:00 in Sydney"),
        ("12 am", "UTC", "here", "01:00 in Europe/Berlin"),
        ("now", "here", "UTC", "13:05 in UTC"),
        ("20:00", "Berlin", "Tokyo", "04:00 on Monday, 23 November 2026 in Tokyo"),
        ("tomorrow at 9", "here", "India", "13:30 in India"),
        ("2026-07-01T12:00", "Berlin", "UTC", "10:00 in UTC"),
        ("next friday at 8 am", "here", "UTC", "07:00 in UTC"),
    ],
)
def test_clock_times_are_converted(run: Run, time: str, source: str, target: str, answer: str) -> None:
    assert run(clock.convert_time, time=time, from_place=source, to_place=target).startswith(answer)


@pytest.mark.parametrize("time", ["25:00", "13 pm", "24:00", "soon", "", "9:75", "0 am"])
def test_what_is_no_clock_time_is_refused(run: Run, time: str) -> None:
    with pytest.raises(ToolError, match="Write it as 15:30"):
        run(clock.convert_time, time=time, from_place="here", to_place="UTC")


def test_a_time_that_the_clocks_skip_does_not_exist(run: Run) -> None:
    with pytest.raises(ToolError, match=r"02:30 does not exist on Sunday, 29 March 2026 .* Ask for 03:30"):
        run(clock.convert_time, time="2026-03-29 02:30", from_place="Berlin", to_place="UTC")


def test_a_time_that_comes_twice_has_two_answers(run: Run) -> None:
    answer = run(clock.convert_time, time="2026-10-25 02:30", from_place="Berlin", to_place="UTC")
    assert answer.startswith("00:30 or 01:30 in UTC, when it is 02:30, which comes twice,")


def test_conversion_at_the_end_of_the_calendar_is_refused(run: Run) -> None:
    with pytest.raises(ToolError, match="beyond the years"):
        run(clock.convert_time, time="9999-12-31 23:00", from_place="UTC", to_place="Tokyo")


@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)),
    zone=st.sampled_from(["Berlin", "New York"]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_conversion_to_utc_agrees_with_zoneinfo(run: Run, moment: datetime, zone: str) -> None:
    shown = moment.replace(second=0, microsecond=0)
    there = find_place(zone, UTC).zone
    utc = shown.replace(tzinfo=there).astimezone(UTC)
    if utc.astimezone(there).replace(tzinfo=None) != shown:
        return
    answer = run(clock.convert_time, time=f"{shown:%Y-%m-%d %H:%M}", from_place=zone, to_place="UTC")
    assert answer.startswith(f"{utc:%H:%M}")


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("today", SUNDAY),
        ("the day after tomorrow", date(2026, 11, 24)),
        ("yesterday", date(2026, 11, 21)),
        ("friday", date(2026, 11, 27)),
        ("sunday", SUNDAY),
        ("next sunday", date(2026, 11, 29)),
        ("last sunday", date(2026, 11, 15)),
        ("monday next week", date(2026, 11, 23)),
        ("next week", date(2026, 11, 29)),
        ("next month", date(2026, 12, 22)),
        ("in 3 days", date(2026, 11, 25)),
        ("two weeks ago", date(2026, 11, 8)),
        ("a year from now", date(2027, 11, 22)),
        ("25 December", date(2026, 12, 25)),
        ("Dec 25th, 2027", date(2027, 12, 25)),
        ("the 3rd of March", date(2027, 3, 3)),
        ("24.12.2026", date(2026, 12, 24)),
        ("1.2.2027", date(2027, 2, 1)),
        ("25/12/2026", date(2026, 12, 25)),
        ("2027/3/4", date(2027, 3, 4)),
        ("2026-12-25T10:30", date(2026, 12, 25)),
        ("Christmas", date(2026, 12, 25)),
        ("New Year's Eve", date(2026, 12, 31)),
        ("Easter", date(2027, 3, 28)),
        ("29 February", date(2028, 2, 29)),
    ],
)
def test_days_are_found_as_people_say_them(said: str, day: date) -> None:
    assert find_day(said, SUNDAY) == day


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("01/02/2026", "could be 2 January or 1 February"),
        ("the 5th", "does not say which day and month"),
        ("May", "does not say which day and month"),
        ("10", "does not say which day and month"),
        ("soon", "is not a date"),
        ("", "is not a date"),
        ("2026-02-30", "is not a date"),
        ("29 February 2027", "is not a date"),
        ("in 9999999 years", "is not a date"),
        ("in 0 potatoes", "is not a date"),
    ],
)
def test_what_names_no_day_is_refused_with_the_form_to_use(said: str, why: str) -> None:
    with pytest.raises(ToolError, match=why) as caught:
        find_day(said, SUNDAY)
    assert "Write it as YYYY-MM-DD; today is 2026-11-22" in str(caught.value)


@given(day=st.dates(), today=st.dates())
def test_iso_and_spoken_dates_come_back_as_they_went(day: date, today: date) -> None:
    assert find_day(day.isoformat(), today) == day
    if day.year >= 1000:
        assert find_day(spoken_day(day), today) == day


@given(said=st.text(max_size=30) | st.from_regex(r"[0-9a-z./: -]{1,20}", fullmatch=True), today=st.dates())
@settings(deadline=None)
def test_any_text_is_a_date_or_a_tool_error(said: str, today: date) -> None:
    with suppress(ToolError):
        assert isinstance(find_day(said, today), date)


@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [
        (
            "today",
            "Christmas",
            "33 days: from Sunday, 22 November 2026 to Friday, 25 December 2026, "
            "that is 4 weeks and 5 days, or 1 month and 3 days.",
        ),
        ("2024-02-28", "2024-03-01", "2 days: from Wednesday, 28 February 2024 to Friday, 1 March 2024."),
        ("2026-11-22", "today", "0 days: both are Sunday, 22 November 2026."),
        (
            "tomorrow",
            "yesterday",
            "2 days back: from Monday, 23 November 2026 to Saturday, 21 November 2026.",
        ),
        ("25 December", "today", "332 days: from Thursday, 25 December 2025"),
        ("monday", "friday", "4 days: from Monday, 23 November 2026 to Friday, 27 November 2026."),
        ("2024-02-29", "2025-02-28", "365 days:"),
    ],
)
def test_differences_between_dates(run: Run, start: str, end: str, answer: str) -> None:
    assert run(clock.date_difference, start=start, end=end).startswith(answer)


@given(first=st.dates(date(1900, 1, 1), date(2100, 1, 1)), last=st.dates(date(1900, 1, 1), date(2100, 1, 1)))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_difference_is_the_number_of_days(run: Run, first: date, last: date) -> None:
    answer = run(clock.date_difference, start=first.isoformat(), end=last.isoformat())
    assert int(answer.split()[0]) == abs((last - first).days)
    assert (" back: " in answer) == (last < first)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ({}, "It is Sunday, 22 November 2026."),
        ({"days": 10}, "Wednesday, 2 December 2026 is 10 days after Sunday, 22 November 2026."),
        ({"weeks": -1}, "Sunday, 15 November 2026 is 1 week before Sunday, 22 November 2026."),
        ({"date": "2026-01-31", "months": 1}, "Saturday, 28 February 2026 is 1 month after"),
        ({"date": "2024-02-29", "years": 1}, "Friday, 28 February 2025 is 1 year after"),
        ({"date": "2024-02-29", "years": 4}, "Tuesday, 29 February 2028 is 4 years after"),
        (
            {"months": 2, "weeks": 1, "days": 3},
            "Monday, 1 February 2027 is 2 months, 1 week and 3 days after",
        ),
    ],
)
def test_adding_to_a_date(run: Run, arguments: dict[str, object], answer: str) -> None:
    assert run(clock.add_to_date, **arguments).startswith(answer)


@pytest.mark.parametrize("arguments", [{"days": 10**30}, {"years": 9000}, {"months": -(10**7)}])
def test_adding_beyond_the_calendar_is_refused(run: Run, arguments: dict[str, int]) -> None:
    with pytest.raises(ToolError, match="beyond the years"):
        run(clock.add_to_date, **arguments)


def test_arguments_of_the_wrong_type_do_not_pass_the_schema(run: Run) -> None:
    with pytest.raises(ToolArgumentError, match="days"):
        run(clock.add_to_date, days="ten")
