"""Whether words that are known so far must go on: trailing off, dictating, or a whole answer.

The words are Whisper's, which ends every transcript with a full stop: that proves nothing here. This file
knows nothing of sound and decides nothing; it says what the words give away.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from . import dictation


class Hold(Enum):
    """What the words say about the end of the turn."""

    NONE = "none"
    """Nothing either way."""
    COMPLETE = "complete"
    """A whole short answer, or a closing phrase."""
    TRAILING = "trailing"
    """The last word needs another, as "and", "the", "I'd like a"."""
    FILLER = "filler"
    """The speaker says that they are thinking."""
    NUMBER = "number"
    """Figures are being dictated, and more must come."""
    SPELLING = "spelling"
    """Letters are being dictated."""
    ADDRESS = "address"
    """An address, of e-mail or of a house, is not whole."""

    @property
    def dictating(self) -> bool:
        """Pauses are long and mean nothing."""
        return self in {Hold.NUMBER, Hold.SPELLING, Hold.ADDRESS}

    @property
    def open(self) -> bool:
        """The words must go on."""
        return self not in {Hold.NONE, Hold.COMPLETE}


def held_open(words: str, language: str) -> Hold:
    """What the words so far say about the end of the turn.

    Args:
        words: The transcript of the utterance so far, as the ears give it.
        language: ISO 639-1 code, a region is ignored. English, German, French, Spanish, Italian, Portuguese,
            Japanese and Chinese are known; of others only what figures, letters and signs say.
    """
    text = unicodedata.normalize("NFKC", words.replace("…", "...").replace("’", "'")).strip()
    if not any(sign.isalnum() for sign in text):
        return Hold.NONE
    code = language.partition("-")[0].lower()
    lexicon = _lexicon(code)
    if lexicon.endings:
        return _unspaced(text, lexicon)
    return _spaced(text, lexicon)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language; see `unfinished.toml`."""

    more: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    pronouns: frozenset[str] = frozenset()
    joining: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    governing: frozenset[str] = frozenset()
    stranded: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()
    fronting: frozenset[str] = frozenset()
    phrasal: frozenset[str] = frozenset()
    openers: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    closers: frozenset[str] = frozenset()
    asking: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    digits: frozenset[str] = frozenset()
    teens: frozenset[str] = frozenset()
    decimal: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    spelling: frozenset[str] = frozenset()
    mailing: frozenset[str] = frozenset()
    living: frozenset[str] = frozenset()
    streets: frozenset[str] = frozenset()
    at: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    numbered: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Lexicon:
        """From a table of the file: a string is a list of words."""
        made: dict[str, Any] = {
            name: value
            if isinstance(value, dict)
            else frozenset(value.split() if isinstance(value, str) else value)
            for name, value in table.items()
        }
        unknown = set(made) - {one.name for one in fields(cls)}
        assert not unknown, unknown
        return cls(**made)


@cache
def _lexicons() -> dict[str, Lexicon]:
    listed = tomllib.loads((Path(__file__).parent / "unfinished.toml").read_text(encoding="utf-8"))
    return {language: Lexicon.of(table) for language, table in listed.items()}


def _lexicon(language: str) -> Lexicon:
    return _lexicons().get(language) or Lexicon()


_LONGEST_CONDITION = 7  # words; in a longer one what follows may be without a comma
_BROKEN_OFF = re.compile(r"(\.\.\.|[,:;–—-])\s*$")
_EDGES = "\"'()[]{}<>«»„“”‚‘¿¡!?.,;:-–—…*"
_CLAUSE = re.compile(r"[.,;:!?]+(?=\s|$)")


def _tokens(text: str) -> list[str]:
    """The words in lower case without the punctuation around them."""
    return [word for raw in text.lower().split() if (word := raw.strip(_EDGES))]


def _spaced(text: str, lexicon: Lexicon) -> Hold:
    tokens = _tokens(text)
    spoken = list(_without_leading(tokens, lexicon.fillers))
    if " ".join(spoken or tokens) in lexicon.answers:
        return Hold.COMPLETE
    dictated = dictation.unfinished(text, tokens, lexicon)
    if dictated:
        return Hold(dictated)
    if tokens[-1] in lexicon.fillers:
        return Hold.FILLER
    if _ends_with(tokens, lexicon.closers):
        return Hold.COMPLETE
    if _BROKEN_OFF.search(text) or _trails(text, tokens, lexicon):
        return Hold.TRAILING
    return Hold.NONE


def _without_leading(tokens: Sequence[str], idle: frozenset[str]) -> Iterator[str]:
    begun = False
    for token in tokens:
        begun = begun or token not in idle
        if begun:
            yield token


def _ends_with(tokens: Sequence[str], phrases: frozenset[str]) -> bool:
    """Whether a phrase ends the text, something else being before it."""
    said = " " + " ".join(tokens)
    return any(said.endswith(" " + phrase) for phrase in phrases)


def _trails(text: str, tokens: Sequence[str], lexicon: Lexicon) -> bool:
    last = tokens[-1]
    if last in lexicon.more or _opens_only(text, lexicon) or _conditional(text, tokens, lexicon):
        return True
    if len(tokens) > 3 and tokens[-3] in lexicon.joining and tokens[-2] in lexicon.articles:
        return True
    before = tokens[:-1]
    asked = not lexicon.asking.isdisjoint(before)
    if last in lexicon.verbs:
        # "I definitely will" and "what time it is" are whole; "my name is" is not.
        return not asked and lexicon.pronouns.isdisjoint(before[-2:])
    if last in lexicon.objects:
        # A single word is a command.
        return not asked and bool(before) and (not lexicon.governing or before[-1] in lexicon.governing)
    if last in lexicon.stranded:
        return lexicon.fronting.isdisjoint(before) and not _belongs(before[-2:], last, lexicon)
    if last in lexicon.particles:
        return lexicon.fronting.isdisjoint(before) and not _belongs(before[-8:], last, lexicon)
    return False


def _belongs(before: Sequence[str], last: str, lexicon: Lexicon) -> bool:
    return any(f"{token} {last}" in lexicon.phrasal for token in before)


def _opens_only(text: str, lexicon: Lexicon) -> bool:
    """Whether the last clause is nothing but the opening of one, as "so I was thinking"."""
    clauses = [_tokens(clause) for clause in _CLAUSE.split(text)]
    clause = next((clause for clause in reversed(clauses) if clause), [])
    idle = lexicon.more | lexicon.fillers | lexicon.openers | lexicon.answers
    for begin in range(len(clause)):
        if _is_opening(clause[begin:], lexicon.openers):
            return True
        # "Can't wait" is no waiting.
        if clause[begin] not in idle or "'" in clause[begin]:
            return False
    return False


def _is_opening(tokens: Sequence[str], openers: frozenset[str]) -> bool:
    """Whether the tokens are one opening after another, as "could you" and "tell me"."""
    said = " ".join(tokens)
    return said in openers or any(
        " ".join(tokens[:size]) in openers and _is_opening(tokens[size:], openers)
        for size in range(2, len(tokens) - 1)
    )


def _conditional(text: str, tokens: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether there is a condition and nothing that depends on it, as "if it rains tomorrow"."""
    single = len(_CLAUSE.split(text.rstrip(_EDGES))) == 1
    return tokens[0] in lexicon.conditions and single and len(tokens) <= _LONGEST_CONDITION


def _unspaced(text: str, lexicon: Lexicon) -> Hold:
    """For scripts without spaces: by the signs that the text ends with."""
    bare = re.sub(r"[\s。、，,.!?！？]+$", "", text)
    said = re.sub(r"[\s。、，,.!?！？]+", "", text)
    if said in lexicon.answers:
        return Hold.COMPLETE
    dictated = dictation.unfinished(text, _tokens(text), lexicon)
    if dictated:
        return Hold(dictated)
    if bare.endswith(tuple(lexicon.whole)):
        return Hold.NONE
    if bare.endswith(tuple(lexicon.fillers)):
        return Hold.FILLER
    if bare.endswith(tuple(lexicon.endings)) or text.endswith(("...", "、", "，", ",")):
        return Hold.TRAILING
    return Hold.NONE
