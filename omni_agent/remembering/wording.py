"""The words around what memory holds: sentences turned to the user, questions before something is done."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..memory import Fact, Forgotten

MOST_NAMED = 5
"""Facts that a question names; of the others it says how many they are."""

_USERS = re.compile(r"\bthe user(?:'s|’s)", re.IGNORECASE)
_USER_DOES = re.compile(
    r"\bthe user((?: (?:also|always|now|never|often|still|usually))*) (\w+(?:'t)?)", re.IGNORECASE
)
_USER = re.compile(r"\bthe user\b", re.IGNORECASE)
_SECOND = {
    "is": "are", "isn't": "aren't", "was": "were", "wasn't": "weren't", "has": "have", "hasn't": "haven't",
    "does": "do", "doesn't": "don't", "goes": "go",
}  # fmt: skip
_HISSING = re.compile(r"(?<=[sxz])es$|(?<=sh)es$|(?<=ch)es$")
_NO_THIRD_PERSON = re.compile(r"(?:[suo]|i)s$|^\w{1,2}$")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language; see `wording.toml`."""

    remember: str
    correct: str
    forget: str
    forget_all: str
    fact: tuple[str, str]
    turn: tuple[str, str]
    more: str
    joint: str

    def listing(self, gone: Forgotten, named: Sequence[str]) -> str:
        """What an erasure would remove: `named` where facts are to be named, how many things elsewhere."""
        parts = list(named[:MOST_NAMED])
        if rest := len(named) - len(parts):
            parts.append(self.more.format(n=rest))
        if gone.facts and not named:
            parts.append(_counted(self.fact, len(gone.facts)))
        if gone.turns:
            parts.append(_counted(self.turn, gone.turns))
        return self.joint.join(filter(None, ("; ".join(parts[:-1]), parts[-1]))) if parts else ""


def wording_of(language: str) -> Wording:
    """The words of a language (ISO 639-1); English ones for any that is not listed."""
    return _listed().get(language) or _listed()["en"]


@cache
def _listed() -> dict[str, Wording]:
    file = Path(__file__).parent / "wording.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        code: Wording(
            joint=table.pop("and"), fact=tuple(table.pop("fact")), turn=tuple(table.pop("turn")), **table
        )
        for code, table in tables.items()
    }


def _counted(one_or_several: tuple[str, str], n: int) -> str:
    return one_or_several[n != 1].format(n=n)


def named_facts(gone: Forgotten, facts: Sequence[Fact], language: str) -> list[str]:
    """The facts of an erasure as a question in a language names them.

    They are kept as English sentences, so that in other languages their values stand for them.
    """
    if language == "en":
        return [to_user(sentence).rstrip(".") for sentence in gone.facts]
    values = {fact.said.text: fact.said.object for fact in facts}
    return list(dict.fromkeys(values.get(sentence) or sentence.rstrip(".") for sentence in gone.facts))


def to_user(sentence: str) -> str:
    """A sentence about the user, said to the user: "The user likes tea." becomes "you like tea."."""
    turned = _USERS.sub("your", sentence)
    turned = _USER_DOES.sub(lambda found: f"you{found[1]} {_second(found[2])}", turned)
    return _USER.sub("you", turned)


def _second(verb: str) -> str:
    """A verb in the second person; one that is in the past, or no verb, stays as it is."""
    if verb in _SECOND:
        return _SECOND[verb]
    if _NO_THIRD_PERSON.search(verb) or not verb.endswith("s"):
        return verb
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return _HISSING.sub("", verb) if _HISSING.search(verb) else verb[:-1]
