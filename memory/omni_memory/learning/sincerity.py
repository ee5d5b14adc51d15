"""Which sentences may say something true of the user, and which never do.

Questions, conditions, wishes, reported speech, play and what is to be written or translated are none of the
user's own statements. In doubt a sentence is left out: what is missed can still be recalled word for word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .sentences import Sentence

_NEVER = re.compile(r"(?!)")
_NEXT_CLAUSE = re.compile(r"(.+?),?\s+(?:and|but|so)\b(?!.*\b(?:and|but|so)\b)", re.IGNORECASE)
# "That's my favourite, I'd have it every day": what comes before the wish is a sentence of its own.
_SPLICED = re.compile(
    r"(.*(?:['’](?:s|m|re|ve)|\b(?:am|is|are|was|were|have|has|had|do|does|love|like|hate|prefer))\b.*),\s*",
    re.IGNORECASE,
)
_WISH = re.compile(r"i(?:['’]d| would)\b", re.IGNORECASE)
# "Had the operation on Monday": without a question mark nobody asks so.
_ELLIPTIC = re.compile(r"had (?:the|an?|my)\b", re.IGNORECASE)
_WOULD = re.compile(r"\b(?:would|could|should|wanna)\b|'d\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tells:
    """What gives such sentences of one language away.

    Attributes:
        asks: Start of a question, where speech has no question mark.
        doubts: Conditions, wishes, guesses and dreams, anywhere in the sentence.
        reports: Somebody else's words.
        orders: What is to be said, written or translated follows.
        plays: From here on, all of the turn is play.
        jokes: What was said before was not meant.
        afterthought: An end that takes nothing back: "in case you wonder".
        passing: Start of what somebody wants or feels just now: it is over before anybody asks.
    """

    asks: re.Pattern[str]
    doubts: re.Pattern[str]
    reports: re.Pattern[str]
    orders: re.Pattern[str]
    plays: re.Pattern[str]
    jokes: re.Pattern[str]
    passing: re.Pattern[str] = _NEVER
    afterthought: re.Pattern[str] = _NEVER


def kept(found: list[Sentence], tells: Tells) -> list[Sentence]:
    """The sentences in which the user states something.

    Of a question what was stated before it is kept: "I'm vegan, what can I eat?"
    """
    left: list[Sentence] = []
    dictated = False
    for sentence in (_without_afterthought(sentence, tells) for sentence in found):
        if tells.plays.search(sentence.text):
            break
        if sentence.follows_colon and dictated:
            break
        ordered = tells.orders.match(sentence.text)
        dictated = bool(ordered)
        if ordered and re.search(r":|\b(?:this|following|that)\b", sentence.text):
            break
        doubt, report = tells.doubts.search(sentence.text), tells.reports.search(sentence.text)
        if ordered or (doubt and not (report and report.end() <= doubt.start())):
            left += _before(sentence, doubt, tells) if doubt and not ordered else []
            continue
        if report:
            # "My aunt Rosalind says ...": who she is, the user says; what she says, only she.
            before = re.match(r"(.+)(?:,\s+|\s+(?:and|but)\s+)", sentence.text[: report.start()])
            if before and (own := _stated(replace(sentence, text=before[1], asks=False), tells)):
                left.append(own)
            left.append(replace(sentence, text=sentence.text[: report.end()], reported=True))
            continue
        if statement := _stated(sentence, tells):
            left.append(statement)
    return left


def _before(sentence: Sentence, doubt: re.Match[str], tells: Tells) -> list[Sentence]:
    """What is stated before another main clause that holds a doubt: "I take them at eight, and if I ..."."""
    words = sentence.text[: doubt.start()]
    spliced = _SPLICED.fullmatch(words) if _WISH.match(doubt[0]) else None
    found = spliced or _NEXT_CLAUSE.match(words)
    if found is None or _WOULD.search(found[1]) or tells.doubts.search(found[1]):
        return []
    own = _stated(replace(sentence, text=found[1], asks=False), tells)
    return [own] if own else []


def _without_afterthought(sentence: Sentence, tells: Tells) -> Sentence:
    return replace(sentence, text=tells.afterthought.sub("", sentence.text))


def _stated(sentence: Sentence, tells: Tells) -> Sentence | None:
    """A sentence, or of a question what is stated before the question itself."""
    if tells.asks.match(sentence.text) and (sentence.asks or not _ELLIPTIC.match(sentence.text)):
        return None
    parts = re.split(r"(,\s+|\s+(?=(?:so|and|but)\s)|，|、)", sentence.text)
    for index in range(2, len(parts), 2):
        # "My lad Connor, who's nine, ..." asks nothing.
        related = not sentence.asks and parts[index - 1].startswith(",") and parts[index].startswith("who")
        if tells.asks.match(parts[index]) and not related and not _assent(parts[index]):
            return Sentence("".join(parts[: index - 1]))
    return None if sentence.asks else sentence


def _assent(part: str) -> bool:
    """Whether a question only asks for a yes: "isn't it", "do I"."""
    return len(part.split()) <= 3 and bool(
        re.match(
            r"(?:\w+n't|am|is|are|do|does|did|was|were|have|has|can|will)\s+\w+(?:\s+not)?$",
            part,
            re.IGNORECASE,
        )
    )
