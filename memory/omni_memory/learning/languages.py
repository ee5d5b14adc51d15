"""The rules of each language, and which language somebody speaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from omni_agent.memory import Statement

from .building import load
from .patterns import tells
from .rules import Language, Talk, scan
from .signs import Signs, scan_signs, signs
from .sincerity import Tells

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "zh")
_KANA = re.compile("[぀-ヿ]")
_HAN = re.compile("[一-鿿]")


@dataclass(frozen=True, slots=True)
class Table:
    """How a language is read.

    Attributes:
        scan: What a sentence states, and whether that is all of it.
        tells: What gives away sentences that state nothing.
        named: Whom a sentence names in passing.
    """

    scan: Callable[[str, Talk], tuple[list[Statement], bool]]
    tells: Tells
    named: Callable[[str, Talk], list[Statement]]


def tables(words: str, language: str) -> Iterator[Table]:
    """The rules to try, the likeliest first.

    Where the language is not known, a short sentence may show it by nothing but the rules that fit it.
    """
    if language in LANGUAGES:
        yield _table(language)
        return
    if _HAN.search(words) or _KANA.search(words):
        yield _table("ja" if _KANA.search(words) else "zh")
        return
    first = _guessed(words)
    yield _table(first)
    yield from (_table(other) for other in LANGUAGES[:6] if other != first)


def _guessed(words: str) -> str:
    from ..recall.lexicon import language_of, words_of

    return language_of(words_of(words))


@cache
def _table(code: str) -> Table:
    if code in ("ja", "zh"):
        return Table(partial(_scan_signs, signs(code)), tells(code), _nobody)
    if code != "en":
        return Table(partial(_scan, load(code)), tells(code), _nobody)
    from .naming import named
    from .rules_en import ENGLISH

    return Table(partial(_scan, ENGLISH), tells(code), named)


def _nobody(_words: str, _talk: Talk) -> list[Statement]:
    return []


def _scan(language: Language, words: str, talk: Talk) -> tuple[list[Statement], bool]:
    return scan(words, language, talk)


def _scan_signs(of: Signs, words: str, talk: Talk) -> tuple[list[Statement], bool]:
    return scan_signs(words, of, talk)
