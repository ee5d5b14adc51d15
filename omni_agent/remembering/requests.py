"""What the user wants of memory, told by rule: "remember that …", "forget my address", "no, it's Dr. Maier".

A small model calls tools unreliably, so a sure request becomes a call without asking it; whatever is not sure
is left to the model. The patterns are in `phrases/`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..execution.standing import UNDO
from ..memory import TurnRecord
from ..messages import JsonObject, Message, ToolCall
from .german import main_clause
from .phrases import LANGUAGES, Phrases, is_about_user, may_be_request, phrases_of, plain

if TYPE_CHECKING:
    from ..grounding import Provenance

REMEMBER, FORGET, CORRECT, ABOUT_ME = "remember", "forget", "correct_memory", "about_me"
NAMES = frozenset({REMEMBER, FORGET, CORRECT, ABOUT_ME})
"""Names of the tools that these requests call."""

LONGEST = 600
"""Characters of a request at most: what is longer was pasted."""

Kind = Literal["remember", "remember_last", "forget", "forget_all", "forget_last", "about", "correct", "undo"]
_DASS = re.compile(r"\bda(?:ss|ß|s)\b", re.IGNORECASE)
_MINE = re.compile(
    r"\b(?:my|our|mein\w*|unser\w*|mon|ma|mes|mis?|mio|mia|miei|mie|meus?|minhas?)\b|私|わたし|僕|ぼく|俺|我",
    re.IGNORECASE,
)
_BY_RULE = "asked_"
_QUESTIONS = ("?", "？")
_NO_QUESTION = frozenset({"remember"})
# Why something is to be forgotten may be said before: "I sold it. Forget that I had a boat."
_AT_THE_END = frozenset({"forget"})
_PRONOUN = re.compile(r"(?:him|her|it|that|this|them)\W*", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:about|of) (?P<what>[^.,;:!?]+)", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b(?:Dr|Mr|Ms|St)\.)(?<!\bMrs\.)(?<!\bProf\.)\s+(?=\S)|(?<=[。！？])\s*(?=\S)"
)
# In this order: "forget everything about me" also has the shape of "forget … about …".
_TRIED: tuple[tuple[str, Kind], ...] = (
    ("forget_all", "forget_all"),
    ("forget_last", "forget_last"),
    ("forget", "forget"),
    ("about", "about"),
    ("remember_last", "remember_last"),
    ("ask_remember", "remember"),
    ("remember", "remember"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Attributes:
        kind: `remember`, `forget` and `about` are of `what`; those of `_last` are of what the user said just
            before; `forget_all` is of everything; `correct` of what the agent told just before; `undo` of
            what it noted just before.
        what: The user's words that it is about; empty for `about` where that is the user as a whole.
        language: ISO 639-1 code of the language in which it was put.
    """

    kind: Kind
    what: str
    language: str


def asked(
    words: str, told: str, language: str = "", *, noted: bool = False, personal: bool = False
) -> Asked | None:
    """The request in the user's words; None where they surely make none.

    The first one in a language takes 0.1 s or more, so call it in a thread or before it matters.

    Args:
        words: Typed, or heard without punctuation.
        told: What the agent said just before of what it knows, which a correction may be about; else empty.
        language: ISO 639-1 code of the language that was heard; empty for unknown. Others are tried too.
        noted: The agent has noted something just before; else nothing is there to undo.
        personal: What was told answers a question of the user's about the user; else its words decide that.
    """
    if len(words) > LONGEST:
        return None
    said = plain(words)
    for code in sorted(LANGUAGES, key=lambda code: code != language):
        if may_be_request(said, code) and (request := _in_language(said, told, code, noted, personal)):
            return request
    return None


def _in_language(said: str, told: str, code: str, noted: bool, personal: bool) -> Asked | None:
    phrases = phrases_of(code)
    is_question = said.endswith(_QUESTIONS)
    if noted and phrases.fit("undo", said) is not None:
        return Asked("undo", "", code)
    for key, kind in _TRIED:
        if is_question and key in _NO_QUESTION:
            continue
        what = phrases.fit(key, said)
        if what is None and key in _AT_THE_END:
            what = phrases.fit(key, _last_sentence(said)) or None
        if what is not None:
            if kind == "about" and phrases.me.fullmatch(what):
                what = ""
            elif kind == "remember" and code == "de" and _DASS.search(said):
                what = main_clause(what)
            elif kind == "forget":
                alone = phrases.fit(key, _SENTENCE_END.split(said)[0])
                what = _meant(alone or _SENTENCE_END.split(what)[0].rstrip(" .!"), said)
            return Asked(kind, what, code)
    if told and not is_question and _corrects(said, told, phrases, personal):
        return Asked("correct", said, code)
    return None


def _meant(what: str, said: str) -> str:
    """What is to be forgotten; of a mere "her" what the sentences before speak about."""
    if not _PRONOUN.fullmatch(what):
        return what
    before = said.rpartition(_last_sentence(said))[0]
    named = _ABOUT.search(before)
    return named["what"] if named else what


def _last_sentence(said: str) -> str:
    return _SENTENCE_END.split(said)[-1]


def _corrects(said: str, told: str, phrases: Phrases, personal: bool) -> bool:
    # The agent may answer in another language than the user's.
    if not (personal or phrases.is_about_user(plain(told)) or is_about_user(plain(told))):
        return False
    return phrases.fit("wrong", said) is not None or phrases.fit("instead", said) is not None


def request_of(message: Message, history: Sequence[TurnRecord], language: str = "") -> ToolCall | None:
    """The call of a memory tool that the user's message asks for; None where it surely asks for none.

    The same message after the same turns gives the same call, with the same id.

    Args:
        message: The user's.
        history: Turns of the conversation before it, oldest first.
        language: ISO 639-1 code of the language that was heard; empty for unknown.
    """
    last = history[-1] if history else None
    noted = last is not None and bool(_called(last) & {REMEMBER, CORRECT})
    personal = last is not None and _MINE.search(last.messages[0].text if last.messages else "") is not None
    request = asked(message.text, _told(last), language, noted=noted, personal=personal)
    if request is None:
        return None
    named = _named(request, message, last)
    return None if named is None else ToolCall(_id(message, history), *named)


def _named(request: Asked, message: Message, last: TurnRecord | None) -> tuple[str, JsonObject] | None:
    """Name and arguments of the call."""
    match request.kind:
        case "remember" | "forget" if request.what:
            return request.kind, {"what": request.what}
        case "forget_all":
            return FORGET, {}
        case "undo":
            return UNDO, {}
        case "about":
            return ABOUT_ME, {"topic": request.what} if request.what else {}
        case "correct":
            return CORRECT, {"said": request.what, "told": _told(last)}
        case "remember_last" | "forget_last" if before := _said_before(message, last):
            return request.kind.removesuffix("_last"), {"what": before}
        case _:
            return None


def rests_on(call: ToolCall, message: Message) -> dict[str, JsonObject]:
    """What each argument of a call by `request_of` rests on, as `grounding.Provenance` in JSON."""
    # As long as what was said, so that the offsets are those in it.
    said = message.text.replace("’", "'")
    return {name: _provenance(str(value), said).to_json() for name, value in call.arguments.items()}


def _provenance(value: str, said: str) -> Provenance:
    # Grounding takes long to import, and may not be used at all.
    from ..grounding import Provenance

    start = said.find(value)
    if start >= 0:
        return Provenance("words", value, (start, start + len(value)))
    # Said in another order, or before.
    here = set(value.split()) <= set(plain(said).split())
    return Provenance("words", value, (0, len(said))) if here else Provenance("earlier", value)


def _told(last: TurnRecord | None) -> str:
    """What the agent told last, unless it was a tool's result: that is not in memory to be put right."""
    if last is None:
        return ""
    return last.heard_text.strip() if _called(last) <= NAMES else ""


def _called(turn: TurnRecord) -> set[str]:
    return {call.name for message in turn.messages for call in message.tool_calls}


def _said_before(message: Message, last: TurnRecord | None) -> str:
    """What the user stated just before; empty where it was a question, or this one points at a picture."""
    said = last.messages[0].text.strip() if last and last.messages and last.messages[0].role == "user" else ""
    points = any(part.type in ("image", "video") for part in message.media)
    return "" if points or len(said) > LONGEST or said.endswith(_QUESTIONS) else said


def _id(message: Message, history: Sequence[TurnRecord]) -> str:
    place = f"{history[-1].id if history else ''}\n{message.text}"
    return f"{_BY_RULE}{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def is_by_rule(call_id: str) -> bool:
    """Whether a call is one by `request_of`, not a model's."""
    return call_id.startswith(_BY_RULE)
