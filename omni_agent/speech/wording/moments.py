"""Dates and times as they are said."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from .numerals import cardinal, ordinal, year
from .tables import WORDINGS

_ISO = re.compile(
    r"\b([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?![\w-])"
)
_NUMERIC = re.compile(r"(?<![\w./-])([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![\w/-]|\.[0-9])")
_GERMAN_SHORT = re.compile(r"(?<![\w.,])([0-9]{1,2})\.\s?([0-9]{1,2})\.(?!\s?[0-9])")
_TIME = re.compile(
    r"(?<![\w:.,])([01]?[0-9]|2[0-4])(?::|(?<=[0-9])h)([0-5][0-9])(?::([0-5][0-9]))?(?![\w:])"
    r"(?:\s?([ap])\.?m\b(\.(?!\w))?|\s?(?:Uhr|h|hrs?|heures?|horas?)\b)?",
    re.IGNORECASE,
)
_GERMAN_TIME = re.compile(r"(?<![\w:.,])([01]?[0-9]|2[0-4])(?:\.([0-5][0-9]))?\s?Uhr\b")
_MERIDIEM = re.compile(r"(?<![\w:.,])(1[0-2]|0?[1-9])\s?([ap])\.?m\b(\.(?!\w))?", re.IGNORECASE)
_HOUR_SIGN = re.compile(r"(?<![\w:.,])([01]?[0-9]|2[0-4])\s?h(?![\w'’])")
_FIRST = {"fr": "premier", "it": "primo", "pt": "primeiro", "es": "primero"}
_ENGLISH_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_ENGLISH_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"


def spoken_dates(text: str, language: str) -> str:
    """`text` with its dates in words, years left to what reads numbers."""
    text = _ISO.sub(lambda found: _iso(found, language), text)
    text = _NUMERIC.sub(lambda found: _numeric(found, language), text)
    if language == "de":
        text = _GERMAN_SHORT.sub(_german_short, text)
    return _named(text, language)


def spoken_times(text: str, language: str) -> str:
    """`text` with its times of day in words."""
    if language == "en":
        text = _MERIDIEM.sub(
            lambda found: _english(int(found[1]), 0, found[2]) + _stop(found[3], found), text
        )
    if language == "de":
        text = _GERMAN_TIME.sub(lambda found: clock(int(found[1]), int(found[2] or 0), "de"), text)
    if language == "hi":
        return re.sub(r"(?<=मिनट)\s?बजे", "", _TIME.sub(lambda found: _time(found, language), text))
    if language in ("fr", "pt"):
        text = _TIME.sub(lambda found: _time(found, language), text)
        return _HOUR_SIGN.sub(lambda found: clock(int(found[1]), 0, language), text)
    return _TIME.sub(lambda found: _time(found, language), text)


def clock(hour: int, minute: int, language: str) -> str:
    """A time of day in words, on the 24-hour clock (English: on the 12-hour clock)."""
    words = WORDINGS[language]
    if language == "en":
        return _english(hour, minute, "")
    hours = _hours(hour, language)
    if language == "zh":
        return f"{hours}点" + (f"{cardinal(minute, 'zh')}分" if minute else "")
    named = words.hour[0 if hour == 1 else 1]
    if not minute:
        return f"{hours} {named}".strip()
    if language == "hi":
        return f"{hours} बजकर {cardinal(minute, 'hi')} मिनट"
    between = named if language == "fr" else words.between_time
    return f"{hours} {between} {cardinal(minute, language, 'feminine' if language == 'fr' else '')}"


def _hours(hour: int, language: str) -> str:
    if language == "zh" and hour == 2:
        return "两"
    if language == "de":
        return cardinal(hour, language, "masculine")
    feminine = language in ("fr", "es", "pt") or (language == "it" and hour == 1)
    return cardinal(hour, language, "feminine" if feminine else "")


def _english(hour: int, minute: int, half: str) -> str:
    if not half and (hour > 12 or hour == 0):
        half = "a" if hour in (0, 24) else "p"
    hours = cardinal((hour - 1) % 12 + 1, "en")
    minutes = (
        f" oh {cardinal(minute, 'en')}" if 0 < minute < 10 else f" {cardinal(minute, 'en')}" if minute else ""
    )
    if half:
        return f"{hours}{minutes} {half.upper()}M"
    return f"{hours}{minutes}" if minute else f"{hours} o'clock"


def _time(found: re.Match[str], language: str) -> str:
    hour, minute, half = int(found[1]), int(found[2]), found[4] or ""
    if language == "en" or not half:
        said = _english(hour, minute, half) if language == "en" else clock(hour, minute, language)
    else:
        said = clock(hour % 12 + 12 * (half in "pP"), minute, language)
    seconds = f", {cardinal(int(found[3]), language)}" if found[3] else ""
    return said + seconds + _stop(found[5], found)


def _stop(mark: str | None, found: re.Match[str]) -> str:
    """The full stop of "p.m." stays where it also ends the text."""
    return "." if mark and not found.string[found.end() :].strip() else ""


def _iso(found: re.Match[str], language: str) -> str:
    said = _long(int(found[1]), int(found[2]), int(found[3]), language)
    if not said:
        return found[0]
    return f"{said}, {found[4]}" if found[4] else said


def _numeric(found: re.Match[str], language: str) -> str:
    one, two, years = int(found[1]), int(found[3]), int(found[4])
    years += 0 if years > 99 else 2000 if years < 70 else 1900
    first_is_month = WORDINGS[language].month_first and found[2] != "." and one <= 12
    month, day = (one, two) if first_is_month or two > 12 else (two, one)
    return _long(years, month, day, language) or found[0]


def _long(years: int, month: int, day: int, language: str) -> str:
    """The date with its month's name, or nothing where there is no such day."""
    from babel.dates import format_date

    try:
        return format_date(date(years, month, day), "long", locale=language)
    except ValueError:
        return ""


def _german_short(found: re.Match[str]) -> str:
    day, month = int(found[1]), int(found[2])
    names = _months("de")
    return f"{day}. {names[month - 1]}" if 1 <= month <= 12 and 1 <= day <= 31 else found[0]


def _named(text: str, language: str) -> str:
    """Days beside a month's name."""
    if language == "en":
        month = rf"(?P<month>(?:{_ENGLISH_MONTH}|(?:{_ENGLISH_SHORT})\b\.?))"
        day = r"(?P<day>[12]?[0-9]|3[01])(?:st|nd|rd|th)?"
        text = re.sub(rf"\b{month}\s{day}\b(?!:|\s?[ap]\.?m\b|[.,][0-9])", _month_day, text)
        return re.sub(rf"(?P<the>\b[Tt]he\s)?\b{day}(?:\sof)?\s{month}(?!\w)", _day_month, text)
    if language == "de":
        names = "|".join(_months("de"))
        return re.sub(rf"(?:(\w+)(\s))?\b([12]?[0-9]|3[01])\.\s?({names})\b", _german_day, text)
    if language in _FIRST:
        names = "|".join(_months(language))
        return re.sub(rf"\b1(?:er|º|°|\.º)?(?=\s(?:de\s)?(?:{names})\b)", _FIRST[language], text)
    return text


def _month_day(found: re.Match[str]) -> str:
    return f"{_full_month(found['month'])} {ordinal(int(found['day']), 'en')}"


def _day_month(found: re.Match[str]) -> str:
    return f"{found['the'] or 'the '}{ordinal(int(found['day']), 'en')} of {_full_month(found['month'])}"


def _full_month(name: str) -> str:
    return next(full for full in _ENGLISH_MONTH.split("|") if full.startswith(name[:3]))


def _german_day(found: re.Match[str]) -> str:
    before = (found[1] or "").lower()
    ending = "" if before in ("der", "die", "das") else "n" if before in GERMAN_BENDING else "r"
    return f"{found[1] or ''}{found[2] or ''}{ordinal(int(found[3]), 'de', ending)} {found[4]}"


GERMAN_BENDING = frozenset({
    "am", "im", "vom", "zum", "beim", "bis", "den", "dem", "des", "ab", "seit", "und"
})  # fmt: skip
"""German words after which an ordinal ends in -n."""


@cache
def _months(language: str) -> tuple[str, ...]:
    from babel.dates import get_month_names

    names = get_month_names("wide", locale=language)
    return tuple(names[number] for number in range(1, 13))


def spoken_decades(text: str, language: str) -> str:
    """English decades: "the 1990s", "the '90s"; elsewhere two figures and an s are seconds."""
    if language != "en":
        return text
    return re.sub(
        r"(?<![\w.,])(?:(?<=the )|['’]|(?=[12][0-9]{3}))((?:1[1-9]|20)?[1-9]0)['’]?s\b", _decade, text
    )


def spoken_years(text: str, language: str) -> str:
    """Bare four-figure numbers from 1100 to 2099 as years."""
    if language == "zh":
        return re.sub(r"(?<![0-9.,])([0-9]{4})(?=\s?年)", lambda found: year(int(found[1]), "zh"), text)
    if language not in ("en", "de"):
        return text
    return re.sub(
        r"(?<![\w.,/-])(1[1-9][0-9]{2}|20[0-9]{2})(?![\w%/-]|[.,:][0-9])",
        lambda found: year(int(found[1]), language),
        text,
    )


def _decade(found: re.Match[str]) -> str:
    figures = int(found[1])
    said = year(figures, "en") if figures > 99 else cardinal(figures, "en")
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"
