"""What the first words over the agent's speech amount to: a listener's nod, an order to stop, or more.

Words alone: whether somebody near spoke them, and for how long, is weighed in `interruption`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cache
from importlib import resources
from typing import TypeAlias

Words: TypeAlias = tuple[str, ...]
_Table: TypeAlias = dict[str, dict[str, list[str]]]

# Whisper's notes on what is no speech: [Music], (laughs), *coughs*.
_NOTE = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|【[^】]*】")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_HUM = re.compile(r"m+|h+m+|m+h+m*|u+h+|a+h+|o+h+|e+h+|(?:ha+|he+|hi+){2,}h?|a?(?:ha){2,}")
# What Whisper makes of laughter: "S-S-S-S", "fufufuffufuf", "sir sir sir"; few signs stand besides.
_LOOP = re.compile(r"(.{1,4})\1{2,}")
_BESIDES = 3
# Kana, with the mark of a long vowel, and Han signs: written without spaces between words.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_LONGEST = 7
# Share of signs that are the same in what was misheard.
_ALIKE, _NEARLY_SAME = 0.72, 0.8


class Said(Enum):
    """What words amount to."""

    NOTHING = "nothing"
    """No words, or what Whisper writes for noise."""
    BACKCHANNEL = "backchannel"
    """Mhm, yeah, I see: the listener is still there and does not want the floor."""
    OTHER = "other"
    """Anything else: a question, a correction, a request."""
    STOP = "stop"
    """Stop, wait, hold on: the agent is to be silent."""


@dataclass(frozen=True, slots=True)
class _Phrases:
    back: frozenset[Words]
    stop: frozenset[Words]
    noise: frozenset[Words]
    no: frozenset[Words]


def said(text: str, language: str = "", *, noisy: bool = True, whole: bool = True) -> Said:
    """What `text`, the transcript of the first words, amounts to.

    Backchannels may be said twice or one after another ("okay okay right"); one word that is none makes the
    whole something else ("yeah but"). An order to stop counts at the beginning or right after backchannels
    ("okay, stop"), whatever follows it.

    Args:
        text: As Whisper writes it, with its punctuation.
        language: ISO 639-1 code; where it is empty or not one of en, de, fr, es, it, pt, ja and zh, the
            phrases of all of them count.
        noisy: Whether the sound may have been no speech. If so, what Whisper makes of noise ("Thank you.",
            "you") is nothing; if not, it was said.
        whole: Whether it is all that was said. If not, what may yet become a backchannel ("oh, I" before
            "see") is one.
    """
    tokens = words(text)
    known = _phrases(language.replace("_", "-").partition("-")[0].lower())
    rest = _without_backchannels(tokens, known)
    if noisy and (rest in known.noise or tokens in known.noise or _is_loop(rest)):
        return Said.NOTHING
    if not rest:
        return Said.BACKCHANNEL if tokens else Said.NOTHING
    if _stops(rest, known):
        return Said.STOP
    return Said.OTHER if whole or not _may_become_one(rest, known) else Said.BACKCHANNEL


def resembles(text: str, language: str = "", *, sure: bool = False) -> Said:
    """What the words were if they were misheard: "bale" a backchannel for "vale", "fermone" an order.

    Args:
        text: As Whisper writes it.
        language: As for `said`.
        sure: Whether they are well read: then they must look nearly the same.

    Returns:
        Said.OTHER where they look like neither.
    """
    heard = "".join(words(text))
    known = _phrases(language.replace("_", "-").partition("-")[0].lower())
    likeness, kind = max(
        (_likeness(heard, known.stop), Said.STOP.value),
        (_likeness(heard, known.back), Said.BACKCHANNEL.value),
    )
    return Said(kind) if likeness >= (_NEARLY_SAME if sure else _ALIKE) else Said.OTHER


def _likeness(heard: str, phrases: frozenset[Words]) -> float:
    """With the phrase most like it, said once or twice."""
    return max(
        SequenceMatcher(None, heard, "".join(phrase) * times, autojunk=False).ratio()
        for phrase in phrases
        for times in (1, 2)
    )


def denies(text: str, language: str = "") -> bool:
    """Whether the words begin with a no, which takes the floor however short it is."""
    return words(text)[:1] in _phrases(language.replace("_", "-").partition("-")[0].lower()).no


def words(text: str) -> Words:
    """The words in lower case, without punctuation and without Whisper's notes in brackets.

    In Japanese and Chinese a "word" is what stands between two marks or spaces.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return tuple(_WORD.findall(_NOTE.sub(" ", plain)))


def size(text: str) -> int:
    """How many words `text` has; in Japanese and Chinese two signs count as one."""
    return sum((len(word) + 1) // 2 if _UNSPACED.match(word) else 1 for word in words(text))


def _is_loop(tokens: Words) -> bool:
    whole = "".join(tokens)
    rest = _LOOP.sub("", whole)
    return rest != whole and len(rest) <= _BESIDES


def _without_backchannels(tokens: Words, known: _Phrases) -> Words:
    """The words after the backchannels at the beginning."""
    rest = tokens
    while rest and not _stops(rest, known):
        length = _backchannel(rest, known)
        if not length:
            return _without_prefix(rest, known)
        rest = rest[length:]
    return rest


def _backchannel(tokens: Words, known: _Phrases) -> int:
    """How many words the longest backchannel at the beginning has; 0 where there is none."""
    for length in range(min(_LONGEST, len(tokens)), 0, -1):
        if tokens[:length] in known.back:
            return length
    return 1 if _HUM.fullmatch(tokens[0]) else 0


def _without_prefix(tokens: Words, known: _Phrases) -> Words:
    """Where no spaces are written, "はいはい" is "はい" twice, and "嗯等一下" an order after a nod.

    What begins like a nod may be the beginning of another word, so nothing else is taken apart.
    """
    first = tokens[0]
    if not _UNSPACED.fullmatch(first):
        return tokens
    for length in range(len(first) - 1, 0, -1):
        if (first[:length],) in known.back:
            rest = _without_backchannels((first[length:], *tokens[1:]), known)
            if not rest or _stops(rest, known):
                return rest
    return tokens


def _may_become_one(tokens: Words, known: _Phrases) -> bool:
    """Whether a backchannel begins so; the last word may be cut off."""
    begun = " ".join(tokens)
    return any(" ".join(phrase).startswith(begun) for phrase in known.back)


def _stops(tokens: Words, known: _Phrases) -> bool:
    """Whether the words begin with an order to stop."""
    if any(tokens[:length] in known.stop for length in range(1, _LONGEST + 1)):
        return True
    # A single sign is too common a beginning: 停 also begins "停车场在哪里", where the car park is.
    return any(
        len(phrase) == 1 and len(phrase[0]) > 1 and tokens[0].startswith(phrase[0])
        for phrase in (known.stop if _UNSPACED.match(tokens[0]) else ())
    )


@cache
def _phrases(language: str) -> _Phrases:
    table = _table()
    chosen = [table["any"], table[language]] if language in table else list(table.values())

    def gathered(kind: str) -> frozenset[Words]:
        return frozenset(words(phrase) for part in chosen for phrase in part.get(kind, ()))

    return _Phrases(gathered("back"), gathered("stop"), gathered("noise"), gathered("no"))


@cache
def _table() -> _Table:
    path = resources.files("omni_agent.speech.barge_in") / "backchannels.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
