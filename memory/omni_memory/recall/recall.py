"""Recall: a question is read, looked up, ranked, and what fits is put into words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import numpy as np

from omni_agent.memory import InView, Recollection, Scope

from ..repository import finds
from ..repository.finds import Find
from ..repository.rows import read_moment, written
from ..repository.search import Ids, Line, Look, Sizes
from ..repository.utterances import grams
from . import lexicon, meant
from .about import About, about
from .fusion import Arm, Candidate, fused
from .noted import RankedNote, rank_notes
from .question import ALIKE, Question, Term, read
from .ranking import AFTER, TIME, Evidence, Ranked, evidence, rank, seeds
from .topics import Topic
from .wording import told_line, told_note, told_summary

if TYPE_CHECKING:
    from ..repository.repository import Repository

MOST_ROWS, LEAST_ROWS, ALL_ROWS = 2000, 500, 10_000
"""Rows that are looked at of each word, at most and at least, and of all words."""

SEEDS = 100
"""Utterances whose surroundings are read; more than these find no more (LoCoMo)."""

NOTES = 40
SPARE = 20
"""Utterances beyond the limit that may rise when others repeat each other."""

LEAST_SUMMED, MOST_SUMMED = 0.5, 2
"""Share of the terms that a summary must hold, and how many summaries are told."""

NEAREST, NEARER, NEARNESS = 10, 30, 2.0
"""How many utterances are near in meaning, and how many less so; what that counts, as a word's rarity."""

MOST_LETTERS = 600
"""Letters by which repetitions are seen."""

AFTERWARDS = timedelta(days=10)
"""How long after a day people tell what happened on it."""

FACTS, TURNS, MEANT, SUMMARIES = 1.3, 1.0, 1.0, 0.4
"""Weights of the arms."""

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the index gave of each term and named time.

    Attributes:
        said, noted: Among utterances and among facts.
        utterances, facts: How many there are.
    """

    said: tuple[Evidence, ...]
    noted: tuple[Evidence, ...]
    utterances: int
    facts: int


async def recall(
    repository: Repository,
    scope: Scope,
    query: str,
    *,
    limit: int,
    seen: InView | None,
    now: datetime,
    vectors: bool | None = None,
) -> list[Recollection]:
    """What was said and is known that fits `query`, best first; nothing where the words ask for nothing.

    Args:
        repository: Where to look.
        scope: Whose memory.
        query: The user's words.
        limit: How many at most.
        seen: Turns that the model has before it anyway.
        now: In the user's time zone; a time in UTC is taken to the zone of this machine.
        vectors: Look for what is near in meaning: always, never, or (None) among what the user stated of
            himself where too little else is found.

    Raises:
        MemoryStoreError: The database cannot be read.
    """
    if limit <= 0 or not query.strip():
        return []
    here = now.astimezone() if now.tzinfo is UTC else now

    def work(look: Look) -> list[Recollection]:
        question = read(query, scope, here)
        return [] if question.empty else _recalled(look, scope, question, limit, seen, here, vectors)

    found = await repository.search.run(scope, work)
    if vectors is None and meant.ready():
        repository.search.afterwards(scope, lambda look: look.catch_up(meant.vectors))
    return found


def _recalled(
    look: Look,
    scope: Scope,
    question: Question,
    limit: int,
    seen: InView | None,
    now: datetime,
    vectors: bool | None,
) -> list[Recollection]:
    named = look.names(question.names)
    question = _called(question, named)
    whom = about(look, question, [name for _, name in named])
    found = _find(look, scope, question, whom, meaning=bool(vectors))
    ranked = rank(
        look.lines(seeds(found.said, max(SEEDS, 2 * limit))), found.said, found.utterances, question, now
    )
    unseen = [one for one in ranked if not _in_view(one.line, seen)]
    noted = rank_notes(look.notes(seeds(found.noted, NOTES)), found.noted, found.facts, question, whom)
    wanted, zone = _wanted(question), now.tzinfo
    facts = [_note(one, zone) for one in noted[:limit]]
    turns = [_line(one, wanted, zone) for one in unseen[: limit + SPARE]]
    arms = [
        Arm(FACTS, facts),
        Arm(TURNS, turns),
        Arm(SUMMARIES, _summed(look.summaries(), question, zone)),
    ]
    if vectors is None and question.speaker == "user" and meant.too_little([*facts, *turns]) and meant.ready():
        arms.append(Arm(MEANT, _stated(look, question, seen, zone)))
    return fused([arm for arm in arms if arm.ranked], limit)


def _called(question: Question, named: Sequence[tuple[str, str]]) -> Question:
    """The question with the names of whom it calls otherwise: Eva for "my sister"."""
    if not named:
        return question
    terms = list(question.terms)
    for alias, name in named:
        others = [word for word in lexicon.words_of(f"{alias} {name}") if not _idle(word)]
        for number, term in enumerate(terms):
            if set(term.words) & set(others):
                extra = tuple(word for word in others if word not in term.words)
                terms[number] = replace(term, alike=tuple(dict.fromkeys((*term.alike, *extra))))
    return replace(question, terms=tuple(terms))


def _idle(word: str) -> bool:
    return any(word in lexicon.function_words(language) for language in lexicon.LANGUAGES)


def _find(look: Look, scope: Scope, question: Question, whom: About, *, meaning: bool) -> _Found:
    sizes = look.sizes()
    wanted = _all_finds(question, sizes, scope)
    asked = sum(find is not finds.NOTHING for find in wanted)
    ids = iter(look.ids(wanted, min(MOST_ROWS, max(LEAST_ROWS, ALL_ROWS // max(asked, 1)))))
    said, noted = [], []
    for term in question.terms:
        said.append(evidence(next(ids), next(ids), sizes.utterances))
        noted.append(_told(term, next(ids), next(ids), whom, sizes.facts))
    noted += [
        evidence(one.ids, one.perhaps, sizes.facts)
        for one in whom.told
        if not any(_names(term, one.topic) for term in question.terms)
    ]
    if meaning:
        said.append(_near_in_meaning(look, question.words))
    for _ in question.spans:
        during = evidence(next(ids), next(ids), sizes.utterances, AFTER)
        said.append(replace(during, rarity=during.rarity * TIME))
        happened_then = next(ids)
        if not question.terms:
            noted.append(evidence(happened_then, _NONE, sizes.facts))
    return _Found(tuple(said), tuple(noted), sizes.utterances, sizes.facts)


def _told(term: Term, ids: Ids, alike: Ids, whom: About, facts: int) -> Evidence:
    """Where a term is among facts: those that hold it, and those that tell what it asks for."""
    told = [one for one in whom.told if _names(term, one.topic)]
    return evidence(
        np.concatenate([ids, *(one.ids for one in told)]),
        np.concatenate([alike, *(one.perhaps for one in told)]),
        facts,
    )


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


def _in_view(line: Line, seen: InView | None) -> bool:
    return seen is not None and line.session == seen.session and line.at >= written(seen.since)


def _wanted(question: Question) -> frozenset[str]:
    words = (word for term in question.terms for word in (*term.words, *term.alike))
    return frozenset(lexicon.stem(word) for word in words)


def _line(one: Ranked, wanted: Collection[str], zone: tzinfo | None) -> Candidate:
    line = one.line

    def tell() -> Recollection:
        told = told_line(line, wanted, zone)
        return Recollection(told, f"turn:{line.turn}/{line.speaker}", read_moment(line.at))

    return Candidate(tell, one.share, _words(line.text))


def _stated(look: Look, question: Question, seen: InView | None, zone: tzinfo | None) -> list[Candidate]:
    """What the user stated that is nearest in meaning."""
    near = look.stated(meant.wanted(question.words), meant.vectors, meant.LOOKED_AT)
    told = [(line, meant.share(cosine)) for line, cosine in near if not _in_view(line, seen)]
    return [_line(Ranked(line, share, share), (), zone) for line, share in told if share > 0][: meant.MOST]


def _note(one: RankedNote, zone: tzinfo | None) -> Candidate:
    note = one.note

    def tell() -> Recollection:
        since = read_moment(note.valid_from or note.recorded_at)
        return Recollection(told_note(note, zone), f"fact:{note.id}", since)

    return Candidate(tell, one.share, _words(note.text))


def _summary(id_: int, text: str, made_at: str, share: float, zone: tzinfo | None) -> Candidate:
    def tell() -> Recollection:
        return Recollection(told_summary(text, made_at, zone), f"summary:{id_}", read_moment(made_at))

    return Candidate(tell, share, _words(text))


def _summed(rows: Iterable[tuple[int, str, str]], question: Question, zone: tzinfo | None) -> list[Candidate]:
    """Summaries that hold enough of the terms, the fullest first; all terms count the same."""
    stems = [[lexicon.stem(word) for word in term.words] for term in question.terms]
    ranked = []
    for id_, text, made_at in rows:
        plain = lexicon.folded(text)
        share = sum(any(word in plain for word in words) for words in stems) / max(len(stems), 1)
        if share > LEAST_SUMMED:
            ranked.append(_summary(id_, text, made_at, share, zone))
    return sorted(ranked, key=lambda one: -one.share)[:MOST_SUMMED]


def _words(text: str) -> frozenset[str]:
    return frozenset(lexicon.words_of(text[:MOST_LETTERS])) | frozenset(grams(text[:MOST_LETTERS]))
