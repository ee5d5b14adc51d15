"""What was said, word by word: forms that can be compared, and which words were taken back.

A word under a negation ("without a name", "not the red one") supports no value, and one that was corrected
("red, no, blue") gives way to what follows. The signal words are English; in other languages nothing counts
as negated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import snowballstemmer

_TOKEN = re.compile(
    r"[$€£¥₹]|[ap]\.m\b\.?|\d{1,2}:\d\d(?::\d\d)?|"
    r"\d+(?:st|nd|rd|th)\b|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*(?:[eE][+-]?\d+\b)?|"
    r"[^\W\d_]+(?:['’][^\W\d_]+)*"
)
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])|_|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")

_REFUSING = """
    not no without never neither nor except excluding dont skip avoid unless hold drop forget lose cannot
"""
_NEGATORS = frozenset(_REFUSING.split())
_NOT = re.compile(r"\w+n['’]t")
# After a negation these open what is wanted after all.
_REOPENS = frozenset(("but", "instead", "just", "only", "rather", "make", "want", "use"))
# A negation reaches so many words that carry meaning.
_REACH = 3
_PREPOSITIONS = frozenset(("by", "in", "at", "for", "to", "from", "with", "on", "into", "and", "please"))
_CORRECTIONS = re.compile(
    r"\b(?:no(?:pe)?,? (?:wait|sorry|make (?:it|that)|i mean(?:t)?|actually)|(?:oh |uh )?wait\b|scratch that|"
    r"i mean(?:t)?|make (?:that|it)|actually|correction|or rather|on second thoughts?|sorry,?(?: i mean)?|"
    r"change (?:that|it) to|never ?mind)\b|(?<=[,.;\-–—…])\s*(?:no|nope|wait|sorry|er|uh)\b(?=\s*[,.;\-–—…])",
    re.IGNORECASE,
)

# Words that carry no value by themselves. "no", "not" and the like are negators, not fillers.
_IDLE = """
    a about all also am an and any are as at be been but by can can't could d did do does doing done
    each for from get give go going good got had has have hello hey hi how i i'd i'll i'm i've if in
    into is it it's its just know let let's like ll m make may me might mine my need now of off ok okay
    on one or our out please put really right s shall she he should so some still sure t take thank
    thanks that that's the their them then there there's these they thing things this those though to
    too um uh us ve very want was we well were what what's when where which who will with would yeah yes
    you you're your yours re tell show find maybe kindly up down here until till bit lot wanna gonna
    gotta hmm er ah oh than
"""
FUNCTION_WORDS = frozenset(_IDLE.split())
_PAUSES = frozenset(",.;!?")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an utterance.

    Attributes:
        text: As said.
        stem: Lower case, without a plural's or a verb's ending: what words are compared by.
        start, end: Offsets into the utterance, in characters.
        negated: It stands under a negation.
        draft: How many corrections came before it: later drafts win.
    """

    text: str
    stem: str
    start: int
    end: int
    negated: bool = False
    draft: int = 0

    @property
    def form(self) -> str:
        """Lower case."""
        return self.text.casefold()

    @property
    def content(self) -> bool:
        """It may carry a value: no article, no politeness."""
        form = self.form.replace("’", "'")
        plain = form.partition("'")[0] in FUNCTION_WORDS or form in FUNCTION_WORDS
        return not plain and not _negates(form)


_INTERJECTIONS = frozenset(("um", "uh", "er", "erm", "hmm"))


def words_of(utterance: str, language: str = "en") -> tuple[Word, ...]:
    """The words of an utterance, in order, with what was negated and corrected marked."""
    found = [
        Word(match.group(), stem(match.group()), match.start(), match.end())
        for match in _TOKEN.finditer(utterance)
        if match.group().casefold() not in _INTERJECTIONS
    ]
    if not is_english(language):
        return tuple(found)
    corrections = [match.end() for match in _CORRECTIONS.finditer(utterance)]
    if corrections:
        found = [replace(word, draft=sum(end <= word.start for end in corrections)) for word in found]
    return tuple(_negated(found, utterance))


def paused(between: str) -> bool:
    """Whether what stands between two words is a pause: a comma or the end of a sentence."""
    return not _PAUSES.isdisjoint(between)


class Drafted(Protocol):
    """Something that was said, with how many corrections came before it."""

    @property
    def draft(self) -> int: ...


_Said = TypeVar("_Said", bound=Drafted)


def newest(said: Sequence[_Said]) -> list[_Said]:
    """Of what was said, that which came after the last correction."""
    latest = max((one.draft for one in said), default=0)
    return [one for one in said if one.draft == latest]


def is_english(language: str) -> bool:
    """Whether the signal words of this package hold in a language (ISO 639-1; empty counts as English)."""
    return language in ("", "en")


def stems_of(text: str) -> tuple[str, ...]:
    """The stems of a name or a phrase; `duration_minutes`, `startDate` and `12oz` fall into their words."""
    return _stems(text)


@lru_cache(maxsize=4096)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(numeral(word)) for word in _TOKEN.findall(_GLUED.sub(" ", text)))


@lru_cache(maxsize=1024)
def numeral(word: str) -> str:
    """A number word in digits, so that "twelve ounce" and "12 ounce" are one."""
    from text_to_num import text2num

    try:
        return str(text2num(word, "en")) if word.isalpha() else word
    except ValueError:
        return word


def content_stems(text: str) -> tuple[str, ...]:
    """The stems of a phrase without its function words; all of them where there are no others."""
    words = _TOKEN.findall(_GLUED.sub(" ", text))
    return tuple(stem(word) for word in words if word.casefold() not in FUNCTION_WORDS) or _stems(text)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word's stem, by Porter's second English algorithm; other languages lose little by it."""
    form = word.casefold().replace("’", "'").removesuffix("'s")
    stemmed: str = _stemmer().stemWord(form)
    return stemmed


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")


def _negated(words: Sequence[Word], utterance: str) -> Iterable[Word]:
    left, negator = 0, ""
    for index, word in enumerate(words):
        between = utterance[words[index - 1].end : word.start] if index else ""
        if paused(between) or word.form in _REOPENS or word.draft > _draft(words, index):
            left = 0
        if _negates(word.form) and not _is_answer(words, index, utterance):
            left, negator = _REACH, word.form
            yield word
            continue
        if word.form in _PREPOSITIONS and left < _REACH and negator in ("no", "without", "except"):
            left = 0
        yield replace(word, negated=True) if left > 0 else word
        if word.content:
            left -= 1


def _negates(form: str) -> bool:
    return form in _NEGATORS or bool(_NOT.fullmatch(form))


def _draft(words: Sequence[Word], index: int) -> int:
    return words[index - 1].draft if index else words[index].draft


def _is_answer(words: Sequence[Word], index: int, utterance: str) -> bool:
    """ "No, make it two", "case no 5": a word for itself, which negates nothing."""
    if words[index].form != "no":
        return False
    if index + 1 < len(words) and words[index + 1].text[0].isdecimal():
        return True
    following = utterance[words[index].end : words[index].end + 1]
    return following in (",", ".", ";", "!", "")
