"""A table of rules out of a file: what German, French, Spanish, Italian and Portuguese have in common.

They have rules for the sure cases only: who somebody is, where, with whom, and what is liked or not taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..predicates import RELATIONS
from .patterns import rules, table
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
    kin = kin_of(code)
    kins = "|".join(sorted(map(re.escape, kin), key=len, reverse=True))
    end = rf"(?:{_MARK}|(?=,?\s+(?:{words.joins}|{words.and_or})\s))"
    list_end = (
        rf"(?:(?=\s*(?:$|[;:!?()–—]|\.(?:\s|$)))|(?=,?\s+(?:(?:{words.and_or})\s+)?(?:{words.joins})\s))"
    )
    name = rf"{_CAPITAL}(?: {_CAPITAL}){{0,3}}"
    spelled = {
        "NAME": name,
        "KIN": rf"(?P<kin>{kins})",
        "NOUN": r"(?P<noun>[\w-]+(?: [\w-]+)??)",
        "VALUE": rf"(?P<o>\S+(?: \S+){{0,6}}?){end}",
        "LIST": rf"(?P<o>\S+(?: \S+){{0,14}}?){list_end}",
        "MY": rf"(?:{words.my})",
        "END": end,
    }

    silent = r"|(?P<silent>(?=\w))" if words.silent else ""
    fillers = rf"(?:(?:{words.fillers})\b[\s,:!-]*)*"
    return Language(
        code=code,
        subject=re.compile(
            rf"(?:(?P<me>{words.me})\b|{spelled['MY']}\s+(?P<kin>{kins})\b(?:,?\s+(?P<apposed>{name})\b,?)?"
            rf"|(?P<pronoun>{words.pronoun})\b{silent})",
            re.IGNORECASE,
        ),
        start=re.compile(
            rf"(?:\s*[,;:()–—]\s*|\s+|^){fillers}(?:(?:{words.and_or})\s+)?{fillers}", re.IGNORECASE
        ),
        step=re.compile(rf"\s*[,;:()–—]\s*|\s+(?=(?:{words.and_or})\s)", re.IGNORECASE),
        run_on=re.compile(rf"\s*[,;:()–—]\s*|\s+(?=(?:{words.and_or})\s)", re.IGNORECASE),
        go_on=re.compile(rf"(?:,|,?\s+(?:{words.and_or}))(?=\s)", re.IGNORECASE),
        bare=rules(code, "bare", spelled),
        rules=rules(code, "rules", spelled),
        readers=_readers(words),
        split=re.compile(rf"\s*,\s*(?:(?:{words.and_or})\s+)?|\s+(?:{words.and_or})\s+", re.IGNORECASE),
        name=_readers(words)["name"],
        kin=kin,
    )


def _readers(words: Words) -> dict[str, Callable[[str], str]]:
    tail = re.compile(rf"(?:,?\s+(?:{words.tail}))+$", re.IGNORECASE)
    no_name = re.compile(rf"(?:{words.no_name})\b", re.IGNORECASE)
    article = re.compile(rf"(?:{words.articles})(?:\s+|(?<='))", re.IGNORECASE)
    points = re.compile(rf"\b(?:{words.points})\b", re.IGNORECASE)

    def cut(value: str) -> str:
        return tail.sub("", value.strip(" ,.;:!?\"'")).strip(" ,.;:!?\"'")

    def name(value: str) -> str:
        plain = cut(value)
        if not plain or len(plain.split()) > 4 or no_name.match(plain) or not plain[0].isalpha():
            return ""
        return " ".join(
            word[:1].upper() + word[1:] if plain == plain.lower() else word for word in plain.split()
        )

    def without_article(plain: str) -> str:
        found = article.match(plain)
        return plain[found.end() :] if found else plain

    def thing(value: str) -> str:
        plain = without_article(cut(value))
        return "" if not plain or points.search(plain) or len(plain.split()) > 6 else plain

    def phrase(value: str) -> str:
        plain = cut(value)
        return "" if not plain or points.search(plain) or len(plain.split()) > 6 else plain

    def age(value: str) -> str:
        plain = cut(value)
        return plain if plain.isdigit() and 0 < int(plain) <= _OLDEST else ""

    def noun(value: str) -> str:
        plain = value.lower().replace("-", " ").split()
        return "" if not plain or " ".join(plain) in RELATIONS else "_".join(plain)

    return {
        "name": name,
        "place": name,
        "thing": thing,
        "phrase": phrase,
        "value": phrase,
        "age": age,
        "noun": noun,
    }
