"""What the user's words mean as the answer to a question of yes or no.

A closed list of words, not a model: a yes lets something happen that cannot be put right. Whatever is not
surely a yes is none.
"""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path

from ..messages import Audio, Message, Text

SURE = 0.4
"""Mean probability of the words below which a spoken yes is asked for again.

Measured with Whisper base: yes and okay in three voices 0.59 to 0.71, in noise at 10 dB 0.48 to 0.62."""


@dataclass(frozen=True, slots=True)
class _Lexicon:
    yes: frozenset[str]
    no: frozenset[str]
    beside: frozenset[str]
    rid: frozenset[str]
    phrases: frozenset[str]

    @classmethod
    def load(cls) -> _Lexicon:
        listed = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
        yes, no, beside, rid = (frozenset(listed[name].split()) for name in ("yes", "no", "beside", "rid"))
        return cls(yes, no, beside, rid, frozenset(listed["phrases"]))


_LEXICON = cache(_Lexicon.load)


class Answer(Enum):
    """What was answered."""

    YES = auto()
    NO = auto()
    UNCLEAR = auto()
    OTHER = auto()


def answer_to(question: str, values: str, message: Message) -> Answer:
    """What a message means as the answer to a question.

    `NO` and `YES` are that and nothing more. `UNCLEAR` is worth asking again: nothing was made out, or a yes
    was heard badly. `OTHER` is anything else, a no that goes on ("no, the other one") included.

    Args:
        question: What was asked. A yes may repeat it, "yes, delete it", or in another word: "yeah, bin it".
        values: The values in it. A yes repeats them all or none: a yes to one of two names is no yes to both.
        message: What the user said.
    """
    known, words = _LEXICON(), _words(message.text)
    said = set(words)
    if not said:
        silent = all(isinstance(part, Audio | Text) for part in message.parts)
        return Answer.UNCLEAR if silent else Answer.OTHER
    if said & known.no:
        return Answer.NO if said <= known.no | known.yes | known.beside else Answer.OTHER
    agrees = bool(said & known.yes) or " ".join(words) in known.phrases
    named, repeated = (some - known.yes - known.beside for some in (set(_words(values)), said))
    whole = not repeated & named or repeated >= named
    asked = set(_words(question))
    if asked & known.rid:
        asked |= known.rid
    if not (agrees and whole and repeated <= asked):
        return Answer.OTHER
    return Answer.UNCLEAR if _badly_heard(message) else Answer.YES


def _words(text: str) -> list[str]:
    """The words, without punctuation but for that within a word."""
    said = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    letters = (char if unicodedata.category(char)[0] in "LMN" or char in "'-" else " " for char in said)
    return [word for part in "".join(letters).split() if (word := part.strip("'-"))]


def _badly_heard(message: Message) -> bool:
    heard = [part.hearing for part in message.parts if isinstance(part, Audio) and part.hearing]
    return any(hearing.confidence < SURE for hearing in heard)
