"""A question to memory, read by rule: the words to look for, whose words they were, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from omni_agent.memory import Scope

from ..repository.rows import sound
from ..repository.utterances import grams
from . import lexicon
from .times import Span, spans
from .topics import Topic, topics

LONGEST = 2000
"""Characters of a question that are read."""

MOST_TERMS = 20
ALIKE = 0.6
"""What a match by another word of the same meaning counts."""

_CAPITAL = re.compile(r"(?<=[\w,;] )[^\W\d_a-z]\w+")


@dataclass(frozen=True, slots=True)
class Term:
    """Something to look for.

    Attributes:
        words: The word and its other forms, or a pair of signs; each finds the term.
        alike: Words that may stand for it, which count less.
        signs: It is written without spaces, and looked for among such pairs.
    """

    words: tuple[str, ...]
    alike: tuple[str, ...] = ()
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for.

    Attributes:
        terms: What to look for; none where the words ask for nothing.
        spans: The times that are named.
        speaker: Who is likelier to have said it; empty where that does not show.
        past: It may be about what no longer holds.
        dated: It asks for a time.
        amount: It asks for a number.
        names: One to three neighbouring words each: what somebody or something may be called.
        proper: Words that are written as names are.
        asks: It asks for something, whatever it is.
        seeks: It asks for what was said or is so, of the user or of what has been; else memory is met in
            passing.
        topics: What it is about, as predicates of facts.
        own: It is about the user himself, who says so by "my" or "I" and speaks to nobody in it.
        words: The question as it is.
    """

    terms: tuple[Term, ...] = ()
    spans: tuple[Span, ...] = ()
    speaker: Literal["", "user", "agent"] = ""
    past: bool = False
    dated: bool = False
    amount: bool = False
    names: tuple[str, ...] = ()
    proper: frozenset[str] = frozenset()
    asks: bool = False
    seeks: bool = False
    topics: tuple[Topic, ...] = ()
    own: bool = False
    words: str = ""

    @property
    def empty(self) -> bool:
        """Nothing can be looked for."""
        return not (self.terms or self.spans or self.topics)


def read(query: str, scope: Scope, now: datetime) -> Question:
    """Read a question.

    Args:
        query: The user's words.
        scope: Who asks whom: their names tell whose words are meant, and are not looked for.
        now: What times go by, in the user's zone.
    """
    said = sound(query)[:LONGEST]
    plain = lexicon.folded(said)
    times = tuple(spans(said, now))
    bare = _without(plain, [span.words for span in times])
    bare = lexicon.without(bare, lexicon.phrases("smalltalk", "phrases"))
    words = lexicon.words_of(bare)
    all_words = lexicon.words_of(plain)
    language = lexicon.language_of(all_words)
    parties = {word for name in (scope.user, scope.persona) for word in lexicon.words_of(name)}
    terms = _terms(words, language, parties) + _signs(bare)
    speaker = _speaker(plain, all_words, scope, language)
    past = bool(lexicon.pattern("past", "words").search(said)) or any(span.end < now for span in times)
    asks = bool(lexicon.pattern("asking", "words").search(said))
    return Question(
        terms=tuple(terms[:MOST_TERMS]),
        spans=times if terms or _asks(all_words, language) else (),
        speaker=speaker,
        past=past,
        dated=bool(lexicon.pattern("temporal", "question").search(said)),
        amount=bool(lexicon.pattern("amounts", "question").search(said)),
        names=_runs(all_words),
        proper=_proper(said, language) - {word for span in times for word in lexicon.words_of(span.words)},
        asks=asks,
        seeks=asks and _of_the_user(said, speaker, past, language),
        topics=topics(bare, language),
        own=speaker == "user" and _own(plain),
        words=said,
    )


def _without(plain: str, expressions: list[str]) -> str:
    for words in expressions:
        plain = plain.replace(words, " ", 1)
    return plain


def _terms(words: list[str], language: str, parties: set[str]) -> list[Term]:
    """The words that carry something, each stem once; where they are many, the long ones, which are rarer."""
    idle = lexicon.function_words(language) | lexicon.idle_words() | parties
    kept = {lexicon.stem(word): word for word in reversed(words) if word not in idle}
    chosen = sorted(kept.values(), key=len, reverse=True)[:MOST_TERMS]
    english = language == "en"
    return [
        Term(
            (word, *sorted(lexicon.forms(word))) if english else (word,),
            tuple(sorted(lexicon.alike(word))) if english else (),
        )
        for word in chosen
    ]


def _signs(plain: str) -> list[Term]:
    """Pairs of signs, without what only asks."""
    plain = lexicon.without(plain, lexicon.phrases("report", "cjk") + lexicon.phrases("speakers", "cjk_user"))
    # A pair of hiragana alone is mostly grammar.
    pairs = dict.fromkeys(gram for gram in grams(plain) if not re.fullmatch("[\u3040-\u309fー]+", gram))
    return [Term((gram,), signs=True) for gram in pairs]


def _asks(words: list[str], language: str) -> bool:
    """Whether words without a matter of their own still ask for what was at a time: "what did we do …"."""
    return any(word in lexicon.function_words(language) for word in words)


def _of_the_user(said: str, speaker: str, past: bool, language: str) -> bool:
    """Whether what is asked for is not of the world: what leaves out "I" and "my", as many languages do, may
    be about the user."""
    ours = speaker == "user" or past or lexicon.pattern("asking", "of_what_was").search(said)
    return language != "en" or bool(ours)


def _proper(said: str, language: str) -> frozenset[str]:
    """Words with a capital inside of a sentence; German has them everywhere."""
    if language == "de":
        return frozenset()
    words = (match[0] for match in _CAPITAL.finditer(said))
    return frozenset(word for one in words for word in lexicon.words_of(one)) - lexicon.function_words("en")


def _speaker(plain: str, words: list[str], scope: Scope, language: str) -> Literal["", "user", "agent"]:
    named = [
        any(word in words for word in lexicon.words_of(name) if word not in lexicon.function_words(language))
        for name in (scope.user, scope.persona)
    ]
    if named[0] != named[1]:
        return "user" if named[0] else "agent"
    if lexicon.pattern("speakers", "telling").search(plain):
        return "agent"
    for frames in lexicon.LANGUAGES:
        plain = lexicon.without(plain, lexicon.phrases("frames", frames))
    left = set(lexicon.words_of(plain))
    if left & lexicon.word_set("speakers", "user") or _contains(plain, "cjk_user"):
        return "user"
    if left & lexicon.word_set("speakers", "agent") or _contains(plain, "cjk_agent"):
        return "agent"
    return ""


def _own(plain: str) -> bool:
    """Whether the user means himself alone: neither "we" nor, outside of politeness, "you"."""
    for frames in lexicon.LANGUAGES:
        plain = lexicon.without(plain, lexicon.phrases("frames", frames))
    words = set(lexicon.words_of(plain))
    me = bool(words & lexicon.word_set("speakers", "me")) or _contains(plain, "cjk_user")
    return me and not words & lexicon.word_set("speakers", "agent") and not _contains(plain, "cjk_agent")


def _contains(plain: str, signs: str) -> bool:
    return not plain.isascii() and any(sign in plain for sign in lexicon.phrases("speakers", signs))


def _runs(words: list[str]) -> tuple[str, ...]:
    """One to three neighbouring words, as names are written."""
    first = words[:60]
    return tuple(
        dict.fromkeys(" ".join(first[i : i + size]) for size in (3, 2, 1) for i in range(len(first)))
    )
