"""When a question is about: "last Tuesday", "in May", "two weeks ago" as stretches of time.

The expressions of each language are in `times.toml`. What somebody remembers is past: "in May" is the last
May that has begun, "on Tuesday" the last Tuesday. Seasons are those of the northern hemisphere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta

from ..repository.utterances import CJK
from .lexicon import folded, language_of, words_of

MOST_SPANS = 3
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_HAN = re.compile(f"[{CJK}]")
_KANA = re.compile("[\u3040-\u30ff]")
_UNITS = {
    "day": relativedelta(days=1), "week": relativedelta(weeks=1), "weekend": relativedelta(weeks=1),
    "month": relativedelta(months=1), "year": relativedelta(years=1),
}  # fmt: skip
# First and last hour of a part of the day; a night ends on the next morning.
_PARTS = ((4, 12), (12, 18), (17, 24), (18, 30))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that somebody named.

    Attributes:
        start: Its first moment.
        end: The first moment after it.
        words: The expression, as `folded` writes it.
    """

    start: datetime
    end: datetime
    words: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What an expression names: numbers from 0 where they stand for words; None where it names none."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    number: int | None = None
    unit: str = ""
    season: int | None = None
    part: int | None = None
    back: bool = False


def spans(text: str, now: datetime) -> list[Span]:
    """The times that a text names, in the order in which it does; none later than the third.

    Args:
        text: In English, German, French, Spanish, Italian, Portuguese, Japanese or Chinese.
        now: What "yesterday" goes by, in the zone of whoever says it.
    """
    plain = folded(text)
    taken: list[tuple[int, Span]] = []
    for start, words, kind, said in _longest(_found(plain)):
        try:
            begin, end = _resolve(kind, said, now)
        except (ValueError, OverflowError):
            continue
        taken.append((start, Span(begin, end, words)))
    return [span for _, span in sorted(taken, key=lambda pair: pair[0])][:MOST_SPANS]


def _found(plain: str) -> Iterator[tuple[int, str, str, _Said]]:
    for match in _ISO.finditer(plain):
        year, month, day = map(int, match.groups())
        yield match.start(), match.group(), "date", _Said(day=day, month=month - 1, year=year)
    for language in _languages(plain):
        for kind, pattern in _patterns(language):
            for match in pattern.finditer(plain):
                yield match.start(), match.group(), kind, _said(match, language)


def _languages(plain: str) -> Iterator[str]:
    if not plain.isascii() and _HAN.search(plain):
        yield "ja" if _KANA.search(plain) else "zh"
    yield "en"
    if (language := language_of(words_of(plain))) != "en":
        yield language


def _longest(found: Iterable[tuple[int, str, str, _Said]]) -> Iterator[tuple[int, str, str, _Said]]:
    """Those that do not overlap, the longest first."""
    covered: set[int] = set()
    for item in sorted(found, key=lambda item: -len(item[1])):
        place = range(item[0], item[0] + len(item[1]))
        if covered.isdisjoint(place):
            covered.update(place)
            yield item


def _said(match: re.Match[str], language: str) -> _Said:
    given = {name.rstrip("2"): words for name, words in match.groupdict().items() if words}
    places = _places(language)

    def place(field: str) -> int | None:
        return places[field].get(given[field]) if field in given else None

    number = given.get("number", "")
    return _Said(
        day=int(given["day"]) if "day" in given else None,
        month=place("month"),
        year=int(given["year"]) if "year" in given else None,
        weekday=place("weekday"),
        number=int(number) - 1 if number.isdigit() else place("number"),
        unit=_unit_names(language).get(given.get("unit", ""), ""),
        season=place("season"),
        part=place("part"),
        back="back" in given,
    )


def _resolve(kind: str, said: _Said, now: datetime) -> tuple[datetime, datetime]:
    name, _, rest = kind.partition(" ")
    match name:
        case "day":
            return _part(_midnight(now) + timedelta(days=int(rest)), said.part)
        case "date":
            return _date(said, now)
        case "month":
            return _month(said, now)
        case "season":
            return _season(said, now)
        case "year":
            start = _midnight(now).replace(year=said.year or now.year, month=1, day=1)
            return start, start + _UNITS["year"]
        case "ago":
            return _ago(said, now)
        case "within":
            return now - ((said.number or 0) + 1) * _UNITS[said.unit], now
        case "weekday":
            return _weekday(said, now, 0)
    if "weekday" in rest:
        return _weekday(said, now, 1 if name == "next" else -1)
    unit = rest.removeprefix("last").strip() or said.unit
    return _unit(unit, now, {"last": -1, "this": 0, "next": 1, "before": -2}[name])


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _part(day: datetime, part: int | None) -> tuple[datetime, datetime]:
    first, last = _PARTS[part] if part is not None else (0, 24)
    return day + timedelta(hours=first), day + timedelta(hours=last)


def _date(said: _Said, now: datetime) -> tuple[datetime, datetime]:
    assert said.day is not None
    assert said.month is not None
    year = said.year or now.year
    start = _midnight(now).replace(year=year, month=said.month + 1, day=said.day)
    if said.year is None and start > now:
        start = start.replace(year=year - 1)
    return start, start + timedelta(days=1)


def _month(said: _Said, now: datetime) -> tuple[datetime, datetime]:
    assert said.month is not None
    start = _latest(_midnight(now).replace(month=said.month + 1, day=1), said, now)
    return start, start + _UNITS["month"]


def _season(said: _Said, now: datetime) -> tuple[datetime, datetime]:
    assert said.season is not None
    # Spring begins in March; a winter lies in two years and is named after the first.
    start = _latest(_midnight(now).replace(month=3 * said.season + 3, day=1), said, now)
    return start, start + 3 * _UNITS["month"]


def _latest(start: datetime, said: _Said, now: datetime) -> datetime:
    """In the year that was said, else in the last one in which it has begun."""
    if said.year is not None:
        return start.replace(year=said.year)
    return start.replace(year=now.year - (said.back or start > now))


def _ago(said: _Said, now: datetime) -> tuple[datetime, datetime]:
    then = _midnight(now) - ((said.number or 0) + 1) * _UNITS[said.unit]
    match said.unit:
        case "day":
            return then, then + timedelta(days=1)
        case "month":
            return then - timedelta(days=15), then + timedelta(days=16)
        case "year":
            start = then.replace(month=1, day=1)
            return start, start + _UNITS["year"]
        case _:
            return then - timedelta(days=4), then + timedelta(days=5)


def _weekday(said: _Said, now: datetime, which: int) -> tuple[datetime, datetime]:
    """The weekday before now (-1), after now (1), or the last one, which may be today (0)."""
    assert said.weekday is not None
    today = _midnight(now)
    back = (now.weekday() - said.weekday) % 7
    if which > 0:
        return _part(today + timedelta(days=7 - back), said.part)
    return _part(today - timedelta(days=(back or 7) if which < 0 else back), said.part)


def _unit(unit: str, now: datetime, step: int) -> tuple[datetime, datetime]:
    """The calendar's day, week, weekend, month or year so many steps from the present one."""
    today = _midnight(now)
    monday = today - timedelta(days=now.weekday())
    start = {
        "day": today,
        "week": monday,
        "weekend": monday + timedelta(days=5),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit] + step * _UNITS[unit]
    return start, start + (timedelta(days=2) if unit == "weekend" else _UNITS[unit])


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = _tables()[language]
    # Signs are written without spaces: there no word has to end.
    edges = ("", "") if language in ("ja", "zh") else (r"\b", r"(?!\w)")
    fields = {
        name: f"(?P<{name}>{'|'.join(sorted(map(re.escape, places), key=len, reverse=True))})"
        for name, places in _places(language).items()
    }
    units = "|".join(sorted(map(re.escape, _unit_names(language)), key=len, reverse=True))
    fields |= {
        "unit": f"(?P<unit>{units})",
        "number": fields["number"].replace("(?P<number>", r"(?P<number>\d{1,3}|"),
        "day": r"(?P<day>\d{1,2})",
        "year": r"(?P<year>(?:19|20)\d\d)",
    }
    fields |= {f"{name}2": field.replace(f"<{name}>", f"<{name}2>") for name, field in fields.items()}
    made = []
    for kind, words in table["patterns"]:
        filled = re.sub(r"\{([a-z]+2?)\}", lambda match: fields[match.group(1)], words)
        made.append((kind, re.compile(f"{edges[0]}(?:{filled}){edges[1]}")))
    return tuple(made)


@cache
def _places(language: str) -> dict[str, dict[str, int]]:
    """By field, each word's number in the table, counted from 0."""
    table = _tables()[language]
    return {
        name.removesuffix("s"): {word: i for i, words in enumerate(table[name]) for word in words.split()}
        for name in ("months", "weekdays", "numbers", "seasons", "parts")
    }


@cache
def _unit_names(language: str) -> dict[str, str]:
    return {word: unit for unit, words in _tables()[language]["units"].items() for word in words.split()}


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("times.toml").read_text(encoding="utf-8"))
