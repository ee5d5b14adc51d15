"""A slip of the tongue put right: one value of what was said before, for another of its sort.

"It's the twenty-first of May", after "My audition is on the twelfth of May", means a day; "Bronagh, it is"
means somebody's name. So whatever the words with which people take something back, the new value shows what
the old one was: the one of the same sort in the turn before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from ..recall.lexicon import folded, function_words, idle_words
from .patterns import table
from .values_en import NUMBERS, TENS

MOST_CHARACTERS = 200
"""A longer turn is no slip of the tongue."""

_ONES = "|".join(sorted((*NUMBERS, *TENS), key=len, reverse=True))
_ORDINALS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|"
    "fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
_TITLE = (
    r"(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Doctor|Sir|Lady|Aunt|Auntie|Uncle|Father|Sister|Rev|Reverend|"
    r"Captain|Major|Colonel|Sergeant|Judge)\.? "
)
_SORTS: dict[str, re.Pattern[str]] = {
    "weekday": re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE),
    "month": re.compile(
        r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    ),
    "ordinal": re.compile(
        rf"\b(?:(?:twenty|thirty)[- ])?(?:{_ORDINALS})\b|\b\d+(?:st|nd|rd|th)\b", re.IGNORECASE
    ),
    "number": re.compile(rf"\b(?:{_ONES})(?:[- ](?:{_ONES}))?\b|(?<![\w.])\d[\d.,:]*(?!\w)", re.IGNORECASE),
    "name": re.compile(rf"\b(?:{_TITLE})?{_CAPITAL}(?: (?:{_TITLE})?{_CAPITAL}){{0,2}}"),
}
_QUOTED = re.compile(r"(?<!\w)(?:'[^']*\w'|‘[^’]*’|\"[^\"]*\"|“[^”]*”)(?!\w)|(?<!\w)['‘\"“][A-Z].*$")
_CALENDAR = ("weekday", "month")
_LEAST_ALIKE = 0.5
_A_PHRASE = 3  # words of what somebody is quoted with; fewer are mentioned


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a text: what sort it is of, its words, and where they stand."""

    sort: str
    words: str
    begin: int


@cache
def _words(name: str) -> re.Pattern[str]:
    """A pattern of the table of English."""
    return re.compile(table("en")["slips"][name], re.IGNORECASE)


@cache
def _starts() -> frozenset[str]:
    """What stands capital at the start of a sentence and is no name."""
    return function_words("en") | idle_words() | {"i"} | frozenset(table("en")["slips"]["starts"].split())


def righted(before: str, words: str) -> str:
    """What was said before with the slip put right that `words` speak of; empty where that does not show.

    Args:
        before: The user's turn before.
        words: The turn that may put something right.
    """
    words = _QUOTED.sub(lambda quoted: quoted[0] if len(quoted[0].split()) < _A_PHRASE else "", words)
    if len(words) > MOST_CHARACTERS or not _words("slipped").search(words) or _words("none").search(words):
        return ""
    old, new = list(values(before)), list(values(words))
    had = set(map(_bare, old))
    for value in new:
        if _bare(value) in had or not (wrong := _meant(value, old, new)):
            continue
        title = re.match(_TITLE, wrong.words)
        kept = title[0] if title and not re.match(_TITLE, value.words) else ""
        return before[: wrong.begin] + kept + value.words + before[wrong.begin + len(wrong.words) :]
    return ""


def _meant(right: Value, old: list[Value], new: list[Value]) -> Value | None:
    """The value that another takes the place of: one that is taken back, the likest name, the last date."""
    same = [value for value in old if value.sort == right.sort]
    said = set(map(_bare, new))
    denied = [value for value in same if _bare(value) in said]
    if denied or len(same) <= 1:
        return next(iter(denied or same), None)
    if right.sort != "name":
        return same[-1]
    likest = max(same, key=lambda value: _likeness(value.words, right.words))
    return likest if _likeness(likest.words, right.words) >= _LEAST_ALIKE else None


def _bare(value: Value) -> str:
    """A value to compare: without the title that a name may have or not."""
    return folded(re.sub(rf"^{_TITLE}", "", value.words))


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def values(text: str) -> Iterator[Value]:
    """The values in a text by which a slip shows, sort by sort."""
    taken: list[tuple[int, int]] = []
    for sort, pattern in _SORTS.items():
        for found in pattern.finditer(text):
            begin, end = found.span()
            if sort == "name" and (begin := _after_start(text, begin, end)) >= end:
                continue
            if not any(begin < last and first < end for first, last in taken):
                taken.append((begin, end))
                yield Value(sort, text[begin:end], begin)


def _after_start(text: str, begin: int, end: int) -> int:
    """Where a name begins: not with a word that stands capital only because a sentence begins with it."""
    first = re.match(r"[\w'’-]+", text[begin:end])
    if first is None:
        return end
    plain = folded(first[0]).replace("’", "'")
    if plain.split("'")[0] in _starts():
        rest = text[begin + first.end() : end]
        return begin + first.end() + len(rest) - len(rest.lstrip())
    starts = not text[:begin].strip() or text[:begin].rstrip()[-1] in ".!?…"
    alone = re.match(
        r"(?: (?:is|it is|was|i mean)\b|[,.!?]|$)", text[end:].replace(", it is", " it is"), re.IGNORECASE
    )
    return end if starts and not alone and " " not in text[begin:end] else begin
