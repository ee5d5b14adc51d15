"""What a question is about: the predicates of the facts that answer it, whatever words they are told in.

"What's my profession?" leads to `job` and `works_at`, "meine Schwester" to `sister`. The words are in
`topics.toml`, those for relations in `omni_memory.kin`, both in eight languages.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..kin import read_in
from ..predicates import FAMILY, PETS, RELATIONS
from ..repository.utterances import CJK, grams
from .lexicon import folded, stem, words_of

_GROUPS = {"family": FAMILY, "pet": PETS}
_PERHAPS = "~"
_Predicates = frozenset[str]
_SIGN = re.compile(f"[{CJK}]")


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that is asked about.

    Attributes:
        predicates: Of the facts that tell it.
        perhaps: Of facts that may tell it.
        words: What names it in the question: stems, and pairs of signs.
    """

    predicates: frozenset[str]
    perhaps: frozenset[str]
    words: frozenset[str]

    @property
    def relation(self) -> bool:
        """Whether it is somebody, or an animal, who belongs with the user."""
        return not self.predicates.isdisjoint(RELATIONS) and "marital_status" not in self.predicates

    @property
    def naming(self) -> bool:
        """Whether a name is asked for, which of a relation its own fact tells."""
        return "name" in self.predicates


def topics(plain: str, language: str) -> tuple[Topic, ...]:
    """What a question is about.

    Args:
        plain: The question, folded.
        language: Of its Latin words; Japanese and Chinese are read anyway.
    """
    languages = [language] if _SIGN.search(plain) is None else [language, "ja", "zh"]
    found: dict[_Predicates, set[str]] = {}
    for spoken in languages:
        pattern, predicates = _phrases(spoken)
        for phrase in pattern.findall(plain):
            named = {*map(stem, words_of(phrase)), *grams(phrase)}
            found.setdefault(predicates[_bare(phrase, predicates)], set()).update(named)
    return tuple(
        Topic(
            frozenset(one for one in predicates if one[0] != _PERHAPS),
            frozenset(one[1:] for one in predicates if one[0] == _PERHAPS),
            frozenset(words),
        )
        for predicates, words in found.items()
    )


def _bare(phrase: str, known: dict[str, _Predicates]) -> str:
    return phrase if phrase in known else phrase.removesuffix("s")


@cache
def _phrases(language: str) -> tuple[re.Pattern[str], dict[str, _Predicates]]:
    """One pattern of all phrases of a language, the longest first, and what each leads to."""
    lists = tomllib.loads(Path(__file__).with_name("topics.toml").read_text(encoding="utf-8"))
    known = {folded(word): frozenset({predicate}) for word, predicate in read_in(language).items()}
    for predicates, phrases in lists[language].items():
        group = frozenset(predicates.split())
        group = group.union(*(_GROUPS.get(one, frozenset()) for one in group))
        for phrase in phrases.split(","):
            plain = folded(" ".join(phrase.split()))
            known[plain] = known.get(plain, frozenset()) | group
    longest = sorted(known, key=len, reverse=True)
    words = "|".join(map(re.escape, longest))
    many = "s?" if language == "en" else ""
    edges = ("", "") if language in {"ja", "zh"} else (r"\b(?:", rf"){many}\b")
    return re.compile(f"{edges[0]}{words}{edges[1]}"), known
