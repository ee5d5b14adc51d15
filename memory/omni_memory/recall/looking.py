"""What the index gives of each word and time of a question, among utterances and among facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from omni_agent.memory import Scope

from ..repository import finds
from ..repository.finds import Find
from ..repository.found import Sizes
from ..repository.search import Ids, Look
from . import lexicon
from .about import About
from .question import ALIKE, Question, Term
from .ranking import AFTER, TIME, Evidence, evidence
from .topics import Topic

MOST_ROWS, LEAST_ROWS, ALL_ROWS = 2000, 500, 10_000
"""Rows that are looked at of each word, at most and at least, and of all words."""

NEAREST, NEARER, NEARNESS = 10, 30, 2.0
"""How many utterances are near in meaning, and how many less so; what that counts, as a word's rarity."""

KIND = 0.5
"""What "profession" counts, or "called", in a question of the user's about himself: answers seldom say it."""

AFTERWARDS = timedelta(days=10)
"""How long after a day people tell what happened on it."""

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Found:
    """What the index gave of each term and named time.

    Attributes:
        said, noted: Among utterances and among facts.
        utterances, facts: How many there are.
    """

    said: tuple[Evidence, ...]
    noted: tuple[Evidence, ...]
    utterances: int
    facts: int


def find(look: Look, scope: Scope, question: Question, whom: About, *, meaning: bool) -> Found:
    sizes = look.sizes
    wanted = _all_finds(question, sizes, scope)
    asked = sum(find is not finds.NOTHING for find in wanted)
    ids = iter(look.ids(wanted, min(MOST_ROWS, max(LEAST_ROWS, ALL_ROWS // max(asked, 1)))))
    said, noted = [], []
    for term in question.terms:
        heard = evidence(next(ids), next(ids), sizes.utterances)
        said.append(replace(heard, rarity=heard.rarity * _weight(term, question)))
        noted.append(_told(term, next(ids), next(ids), whom, sizes.facts))
    if not any(_names(term, one.topic) for term in question.terms for one in whom.told):
        noted += [evidence(one.ids, one.perhaps, sizes.facts) for one in whom.told]
    if meaning:
        said.append(_near_in_meaning(look, question.words))
    for _ in question.spans:
        during = evidence(next(ids), next(ids), sizes.utterances, AFTER)
        said.append(replace(during, rarity=during.rarity * TIME))
        happened_then = next(ids)
        if not question.terms:
            noted.append(evidence(happened_then, _NONE, sizes.facts))
    return Found(tuple(said), tuple(noted), sizes.utterances, sizes.facts)


def _told(term: Term, ids: Ids, alike: Ids, whom: About, facts: int) -> Evidence:
    """Where a term is among facts: those that hold it, and those that tell what it asks for."""
    told = [one for one in whom.told if _names(term, one.topic)]
    return evidence(
        np.concatenate([ids, *(one.ids for one in told)]),
        np.concatenate([alike, *(one.perhaps for one in told)]),
        facts,
    )


def _weight(term: Term, question: Question) -> float:
    """What a term counts in what was said: less if it only says what kind of thing is asked for."""
    kind = question.own and any(_names(term, one) and not one.relation for one in question.topics)
    return KIND if kind else 1.0


def _names(term: Term, topic: Topic) -> bool:
    return any((word if term.signs else lexicon.stem(word)) in topic.words for word in term.words[:1])


def _all_finds(question: Question, sizes: Sizes, scope: Scope) -> list[Find]:
    """Four finds of each term, three of each time."""
    few, few_facts = (scope if sizes.few else None), (scope if sizes.few_facts else None)
    wanted = [find for term in question.terms for find in _finds(term, few, few_facts)]
    for span in question.spans:
        after = span.end + AFTERWARDS
        # A fact need not have begun then to be what the words ask for.
        happened = finds.happened_between(span.start, span.end)
        wanted += [
            finds.said_between(span.start, span.end),
            finds.said_between(span.end, after),
            finds.NOTHING if question.terms else happened,
        ]
    return wanted


def _near_in_meaning(look: Look, words: str) -> Evidence:
    """The nearest utterances, as if they held one more word."""
    ids = look.nearest(words, NEAREST + NEARER)
    return Evidence(ids[:NEAREST], ids[NEAREST:], ALIKE, NEARNESS)


def _finds(term: Term, few: Scope | None, few_facts: Scope | None) -> list[Find]:
    """Where to look for a term: utterances, those that hold what stands for it, and facts likewise."""
    if term.signs:
        pair = term.words[0]
        said, noted = finds.signs_in_utterances(pair), finds.signs_in_facts(pair)
        return [said, finds.NOTHING, noted, finds.NOTHING]
    said, noted = finds.words_in_utterances(term.words, few), finds.words_in_facts(term.words, few_facts)
    if not term.alike:
        return [said, finds.NOTHING, noted, finds.NOTHING]
    return [
        said,
        finds.words_in_utterances(term.alike, few),
        noted,
        finds.words_in_facts(term.alike, few_facts),
    ]
