"""What a user names, as words to look for: "my dentist, Dr. Huber" is about `dentist` and `huber`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from .recall.lexicon import LANGUAGES, folded, function_words, idle_words
from .repository.utterances import CJK, grams

_WHOLE = frozenset({"everything", "alles", "tout", "todo", "tudo", "tutto"})
_WORD = re.compile(r"[^\W_]+")
_RUNS = re.compile(f"[{CJK}]+|[^{CJK}]+")
# Chinese and Japanese words are told apart where the script changes; these signs only bind a sentence.
_SCRIPTS = re.compile(
    "[\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9f]+"
    "|[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
    "|[\uac00-\ud7af]+"
)
_BINDING = re.compile("[我你他她它的了是在和有吗呢请把关于這这那個个私僕俺彼]+")
_SHORTEST, _SHORTEST_NUMBER = 3, 4


@dataclass(frozen=True, slots=True)
class Term:
    """One word to look for, in whatever form it is written.

    Attributes:
        word: In small letters.
        cjk: It is written without spaces around it.
        name: It is written like a name.
    """

    word: str
    cjk: bool = False
    name: bool = False

    @property
    def query(self) -> str:
        """What full-text search is asked."""
        return f'"{" ".join(grams(self.word))}"' if self.cjk else f'"{self.word}"'

    @property
    def tells(self) -> bool:
        """Whether it says enough to be looked for alone: not "34", not "dr"."""
        return self.cjk or len(self.word) >= (_SHORTEST_NUMBER if self.word.isdigit() else _SHORTEST)

    def within(self, text: str) -> bool:
        """Whether a text has the word, in any of its forms."""
        if self.cjk:
            return self.word in text
        wanted = _stem(self.word)
        return any(_stem(word) == wanted for word in _WORD.findall(text.casefold()))


def terms_of(words: str) -> tuple[Term, ...]:
    """The words that say what is meant, each once; none where all of them only bind others."""
    found = _WORD.findall(words)
    folds = [folded(word) for word in found]
    # Will and May are names where they are written like names.
    names = {word.casefold() for word in found[1:] or found if word.istitle() and len(word) > 1}
    cut = [term for word in found for term in _cut(word.casefold()) if term.cjk or len(term.word) > 1]
    terms = [replace(term, name=term.word in names) for term in cut]
    language = max(LANGUAGES, key=lambda name: sum(fold in function_words(name) for fold in folds))
    # "My son" is English, though "son" binds words in French and in Spanish.
    for guess in dict.fromkeys((language, LANGUAGES[0])):
        empty = function_words(guess) | idle_words() | _WHOLE
        telling = [term for term in terms if term.name or folded(term.word) not in empty]
        if telling:
            return tuple(dict.fromkeys(telling))
    return ()


def all_within(terms: tuple[Term, ...], text: str) -> bool:
    """Whether a text has all of some terms, of which there is at least one."""
    return bool(terms) and all(term.within(text) for term in terms)


def _cut(word: str) -> list[Term]:
    parts: list[Term] = []
    for run in _RUNS.findall(word):
        if not grams(run):
            parts.append(Term(run))
            continue
        words = [piece for part in _SCRIPTS.findall(run) for piece in _BINDING.split(part) if piece]
        parts += [Term(piece, cjk=True) for piece in words or [run]]
    return parts


@cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer

    stem: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
    return stem


def _stem(word: str) -> str:
    return _stemmer()(folded(word))
