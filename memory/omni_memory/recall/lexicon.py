"""What recall knows of words: which ones carry nothing, which ones stand for each other.

The lists are in `words.toml`, read at the first question.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ..repository.utterances import CJK

LANGUAGES = ("en", "de", "fr", "es", "it", "pt")
_SIGN = re.compile(f"[{CJK}]")
_YEAR = re.compile(r"(?:19|20)\d\d$")
_LATIN = re.compile("[a-z0-9]+")
# Fewer words of another language than these do not show that it is not English.
_TELLING = 2


class _Spaced(dict[int, str]):
    """What each character becomes where words are parted: itself in a word, else a space."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        self[code] = sign if unicodedata.category(sign)[0] in "LNM" and not _SIGN.match(sign) else " "
        return self[code]


_SPACED = _Spaced()


def words_of(text: str) -> list[str]:
    """The words that are written with spaces between, in lower case and without accents."""
    if text.isascii():
        return _LATIN.findall(text.lower())
    return folded(text.translate(_SPACED)).split()


def folded(text: str) -> str:
    """Lower case without accents, as the index compares Latin letters."""
    if text.isascii():
        return text.lower()
    parted = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in parted if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def language_of(words: Iterable[str]) -> str:
    """Which of the languages known here the function words are of; English where that does not show."""
    given = list(words)
    counts = {language: sum(word in function_words(language) for word in given) for language in LANGUAGES}
    best = max(LANGUAGES, key=counts.__getitem__)
    return best if counts[best] >= _TELLING and counts[best] > counts["en"] else "en"


@cache
def function_words(language: str) -> frozenset[str]:
    """Words of a language that say nothing about the matter."""
    return frozenset(_lists()["function"][language].split())


@cache
def idle_words() -> frozenset[str]:
    """Greetings and the like, and words for talking about talking."""
    lists = _lists()
    return frozenset(map(folded, (lists["smalltalk"]["words"] + " " + lists["report"]["words"]).split()))


@cache
def phrases(section: str, key: str) -> tuple[str, ...]:
    """A list of whole phrases, the longest first."""
    return tuple(sorted((folded(phrase) for phrase in _lists()[section][key]), key=len, reverse=True))


@cache
def word_set(section: str, key: str) -> frozenset[str]:
    """A list of words as a set."""
    return frozenset(map(folded, _lists()[section][key].split()))


@cache
def pattern(section: str, key: str) -> re.Pattern[str]:
    """A pattern; line ends in the list mean nothing."""
    return re.compile(_lists()[section][key].replace("\n", ""), re.IGNORECASE)


@lru_cache(maxsize=8192)
def has_any(text: str, section: str) -> bool:
    """Whether a text holds one of the words, signs or years that answer such a question."""
    words = words_of(text)
    if not word_set(section, "answer").isdisjoint(words) or any(map(_YEAR.match, words)):
        return True
    return not set(_lists()[section]["signs"]).isdisjoint(text)


def without(plain: str, phrases: Iterable[str]) -> str:
    """The text without these phrases; Latin ones are left out as whole words only."""
    for phrase in phrases:
        if phrase in plain:
            edge = r"\b" if phrase[0].isalnum() and not _SIGN.match(phrase) else ""
            plain = re.sub(f"{edge}{re.escape(phrase)}{edge}", " ", plain)
    return plain


def forms(word: str) -> frozenset[str]:
    """Other forms of an English word that the stemmer leaves apart: went for go."""
    return _groups("forms").get(stem(word), frozenset())


def alike(word: str) -> frozenset[str]:
    """English words that may stand for this one: mother for mum."""
    return _groups("alike").get(stem(word), frozenset())


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The word as the full-text index reduces it."""
    return str(_stemmer().stemWord(word))


@cache
def _groups(section: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _lists()[section]["en"].split(";"):
        head, colon, members = line.partition(":")
        group = (members if colon else line).split()
        for word in group:
            found.setdefault(stem(word), set()).update(head.split() if colon else group)
        if colon:
            found.setdefault(stem(head.strip()), set()).update(group)
    return {word: frozenset(other for other in group if stem(other) != word) for word, group in found.items()}


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("porter")


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
