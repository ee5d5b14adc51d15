"""A table of rules out of a file: what German, French, Spanish, Italian and Portuguese have in common.

They have rules for the sure cases only: who somebody is, where, with whom, and what is liked or not taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..predicates import RELATIONS
from .patterns import WORD, rules, table
from .rules import Language, kin_of

_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ][\w'’.-]*)"
_MARK = r"(?=\s*(?:$|[,;:!?()–—]|\.(?:\s|$)|\s-\s))"
_OLDEST = 125


@dataclass(frozen=True, slots=True)
class Words:
    """The small words of a language, as alternatives of a pattern.

    Attributes:
        me: "I" and "we"; may be left out where the verb says it.
        my: "my" and "our".
        pronoun: "he" and "she".
        joins: Words that begin another clause.
        fillers: Words before a clause that say nothing.
        tail: What trails a value: "now", "too".
        no_name: What a name never begins with.
        points: What only points: "this", "you".
        and_or: What joins the items of a list.
        articles: What is left off an item of a list.
        silent: "I" may be left out.
    """

    me: str
    my: str
    pronoun: str
    joins: str
    fillers: str
    tail: str
    no_name: str
    points: str
    and_or: str
    articles: str
    silent: bool = False


def load(code: str) -> Language:
    """The language of a file beside this one."""
    words = Words(**table(code)["words"])
    parts = _parts(words, kin_of(code))
    values = _Values(words)
    step = _pattern(rf"\s*[,;:()–—]\s*|\s+(?=(?:{words.and_or})\s)")
    fillers = rf"(?:(?:{words.fillers})\b[\s,:!-]*)*"
    return Language(
        code=code,
        subject=_subject(words, parts),
        start=_pattern(rf"(?:\s*[,;:()–—]\s*|\s+|^){fillers}(?:(?:{words.and_or})\s+)?{fillers}"),
        step=step,
        run_on=step,
        go_on=_pattern(rf"(?:,|,?\s+(?:{words.and_or}))(?=\s)"),
        bare=rules(code, "bare", parts),
        rules=rules(code, "rules", parts),
        readers=values.readers(),
        split=_pattern(rf"\s*,\s*(?:(?:{words.and_or})\s+)?|\s+(?:{words.and_or})\s+"),
        name=values.name,
        kin=kin_of(code),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _parts(words: Words, kin: Mapping[str, str]) -> dict[str, str]:
    """What stands in angle brackets in a language's rules."""
    kins = "|".join(sorted(map(re.escape, kin), key=len, reverse=True))
    end = rf"(?:{_MARK}|(?=,?\s+(?:{words.joins}|{words.and_or})\s))"
    next_clause = rf"(?=,?\s+(?:(?:{words.and_or})\s+)?(?:{words.joins})\s)"
    list_end = rf"(?:(?=\s*(?:$|[;:!?()–—]|\.(?:\s|$)))|{next_clause})"
    return {
        "NAME": rf"{_CAPITAL}(?: {_CAPITAL}){{0,3}}",
        "KIN": rf"(?P<kin>{kins})",
        "NOUN": r"(?P<noun>[\w-]+(?: [\w-]+)??)",
        "W": WORD,
        "VALUE": rf"(?P<o>{WORD}(?: {WORD}){{0,6}}?){end}",
        "LIST": rf"(?P<o>\S+(?: \S+){{0,14}}?){list_end}",
        "MY": rf"(?:{words.my})",
        "END": end,
    }


def _subject(words: Words, parts: Mapping[str, str]) -> re.Pattern[str]:
    silent = r"|(?P<silent>(?=\w))" if words.silent else ""
    kin = rf"{parts['MY']}\s+{parts['KIN']}\b(?:,?\s+(?P<apposed>{parts['NAME']})\b,?)?"
    return _pattern(rf"(?:(?P<me>{words.me})\b|{kin}|(?P<pronoun>{words.pronoun})\b{silent})")


class _Values:
    """How the values of a language are cleaned, or refused with an empty text."""

    def __init__(self, words: Words) -> None:
        self._tail = _pattern(rf"(?:,?\s+(?:{words.tail}))+$")
        self._no_name = _pattern(rf"(?:{words.no_name})\b")
        self._article = _pattern(rf"(?:{words.articles})(?:\s+|(?<='))")
        self._points = _pattern(rf"\b(?:{words.points})\b")

    def readers(self) -> dict[str, Callable[[str], str]]:
        """By the sort that the rules name."""
        return {
            "name": self.name,
            "place": self.name,
            "thing": self._thing,
            "phrase": self._phrase,
            "value": self._phrase,
            "age": self._age,
            "noun": _noun,
        }

    def name(self, value: str) -> str:
        plain = self._cut(value)
        words = plain.split()
        if not plain or len(words) > 4 or self._no_name.match(plain) or not plain[0].isalpha():
            return ""
        small = plain == plain.lower()
        return " ".join(word[:1].upper() + word[1:] if small else word for word in words)

    def _cut(self, value: str) -> str:
        return self._tail.sub("", value.strip(" ,.;:!?\"'")).strip(" ,.;:!?\"'")

    def _thing(self, value: str) -> str:
        plain = self._phrase(value)
        article = self._article.match(plain)
        return plain[article.end() :] if article else plain

    def _phrase(self, value: str) -> str:
        plain = self._cut(value)
        return "" if not plain or self._points.search(plain) or len(plain.split()) > 6 else plain

    def _age(self, value: str) -> str:
        plain = self._cut(value)
        return plain if plain.isdigit() and 0 < int(plain) <= _OLDEST else ""


def _noun(value: str) -> str:
    plain = value.lower().replace("-", " ").split()
    return "" if not plain or " ".join(plain) in RELATIONS else "_".join(plain)
