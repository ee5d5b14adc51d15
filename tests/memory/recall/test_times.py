"""Times that people name become stretches of time, in the zone of whoever says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_memory.recall.times import MOST_SPANS, spans

# A Friday afternoon.
NOW = datetime(2026, 11, 27, 15, 30, tzinfo=timezone(timedelta(hours=1)))

SAID = [
    ("what did I do yesterday?", "2026-11-26", "2026-11-27"),
    ("the day before yesterday", "2026-11-25", "2026-11-26"),
    ("last Tuesday", "2026-11-24", "2026-11-25"),
    ("what happened on Friday", "2026-11-27", "2026-11-28"),
    ("last Friday", "2026-11-20", "2026-11-21"),
    ("in May", "2026-05-01", "2026-06-01"),
    ("in December", "2025-12-01", "2026-01-01"),
    ("on 7 May 2023", "2023-05-07", "2023-05-08"),
    ("May 7th, 2023", "2023-05-07", "2023-05-08"),
    ("the 7th of May", "2026-05-07", "2026-05-08"),
    ("2023-05-07", "2023-05-07", "2023-05-08"),
    ("last week", "2026-11-16", "2026-11-23"),
    ("last weekend", "2026-11-21", "2026-11-23"),
    ("last month", "2026-10-01", "2026-11-01"),
    ("last year", "2025-01-01", "2026-01-01"),
    ("the week before last", "2026-11-09", "2026-11-16"),
    ("this year", "2026-01-01", "2027-01-01"),
    ("next week", "2026-11-30", "2026-12-07"),
    ("three days ago", "2026-11-24", "2026-11-25"),
    ("two weeks ago", "2026-11-09", "2026-11-18"),
    ("5 years ago", "2021-01-01", "2022-01-01"),
    ("last summer", "2026-06-01", "2026-09-01"),
    ("in the summer of 2021", "2021-06-01", "2021-09-01"),
    ("in 2022", "2022-01-01", "2023-01-01"),
    ("Was habe ich gestern gesagt?", "2026-11-26", "2026-11-27"),
    ("Wo war ich letzten Dienstag?", "2026-11-24", "2026-11-25"),
    ("Was war am 7. Mai 2023 mit mir?", "2023-05-07", "2023-05-08"),
    ("qu'est-ce que j'ai dit il y a trois jours ?", "2026-11-24", "2026-11-25"),
    ("la semaine dernière, qui est venu chez moi ?", "2026-11-16", "2026-11-23"),
    ("¿dónde estuve el 7 de mayo de 2023 con mi madre?", "2023-05-07", "2023-05-08"),
    ("che cosa ho fatto tre giorni fa con la mia", "2026-11-24", "2026-11-25"),
    ("o que eu fiz na semana passada com a minha mãe", "2026-11-16", "2026-11-23"),
    ("昨日何をした？", "2026-11-26", "2026-11-27"),
    ("去年の夏はどこへ行った？", "2025-06-01", "2025-09-01"),
    ("2023年5月7日はどこにいた？", "2023-05-07", "2023-05-08"),
    ("上周二我去了哪里？", "2026-11-24", "2026-11-25"),
    ("三天前", "2026-11-24", "2026-11-25"),
]


@pytest.mark.parametrize(("said", "start", "end"), SAID)
def test_a_named_time_is_a_stretch_of_days(said: str, start: str, end: str) -> None:
    (span,) = spans(said, NOW)
    assert (span.start.date().isoformat(), span.end.date().isoformat()) == (start, end)
    assert span.start.tzinfo == NOW.tzinfo


def test_parts_of_a_day_are_hours() -> None:
    (night,) = spans("what did I say last night?", NOW)
    assert (night.start, night.end) == (NOW.replace(day=26, hour=18, minute=0), NOW.replace(hour=6, minute=0))


def test_a_past_stretch_ends_now() -> None:
    (span,) = spans("in the last three weeks", NOW)
    assert (span.start, span.end) == (NOW - timedelta(weeks=3), NOW)


@pytest.mark.parametrize(
    "said", ["may I march on?", "the second one", "30 February 2023", "it is fine", "", "1 2 3"]
)
def test_other_words_name_no_time(said: str) -> None:
    assert spans(said, NOW) == []


def test_two_times_are_two_stretches() -> None:
    assert [span.start.year for span in spans("between May 2020 and June 2021", NOW)] == [2020, 2021]


@given(st.text(max_size=60), st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_no_text_breaks_it(text: str, now: datetime) -> None:
    for span in spans(text, now):
        assert span.start < span.end


_WORDS = (
    "last", "this", "in", "the", "3", "two", "week", "weeks", "ago", "may", "2023", "tuesday", "night", "31",
    "february", "summer", "letzten", "vor", "jahren", "hace", "semanas", "昨日", "5月", "7日", "年前", "99",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(_WORDS), max_size=8),
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_stretches_are_stretches_and_few(words: list[str], now: datetime) -> None:
    found = spans(" ".join(words), now)
    assert len(found) <= MOST_SPANS
    for span in found:
        assert span.start < span.end
        assert span.end - span.start <= timedelta(days=100 * 366)
