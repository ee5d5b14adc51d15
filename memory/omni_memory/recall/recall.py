"""Recall: a question is read, looked up, ranked, and what fits is put into words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from omni_agent.memory import USER, InView, Recollection, Scope

from ..predicates import TOLD
from ..repository.found import Line, Note
from ..repository.rows import read_moment, written
from ..repository.search import Look
from ..repository.utterances import grams
from . import lexicon, meant
from .about import about
from .fusion import Arm, Candidate, fused
from .looking import find
from .noted import RankedNote, rank_notes
from .question import Question, read
from .ranking import Ranked, rank, seeds
from .wording import told_line, told_note, told_summary
from .worth import ANSWERED, fits_in_passing, in_passing, worth_telling

if TYPE_CHECKING:
    from ..repository.repository import Repository

SEEDS = 50
"""Utterances whose surroundings are read at least; more than these find no more (LoCoMo)."""

NOTES = 40
SPARE = 20
"""Utterances beyond the limit that may rise when others repeat each other."""

LEAST_SUMMED, MOST_SUMMED = 0.5, 2
"""Share of the terms that a summary must hold, and how many summaries are told."""

MOST_LETTERS = 600
"""Letters by which repetitions are seen."""

FACTS, TURNS, MEANT, SUMMARIES = 1.3, 1.0, 2.0, 0.4
"""Weights of the arms."""


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
        seen: Turns that the model has before it anyway: it is told only what is worth its time. Without it
            everything that fits is found.
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
    found = find(look, scope, question, whom, meaning=bool(vectors))
    ranked = rank(
        look.lines(seeds(found.said, max(SEEDS, limit))), found.said, found.utterances, question, now
    )
    noted = rank_notes(look.notes(seeds(found.noted, NOTES)), found.noted, found.facts, question, whom)
    answered = bool(noted) and noted[0].share >= ANSWERED and whom.tells(noted[0].note.id)
    unseen = (one for one in ranked if not _in_view(one.line, seen))
    passing = seen is not None and not question.seeks
    names = _names(question, named) if passing else frozenset()
    worthy = (one for one in unseen if worth_telling(one, question, answered, passing=passing))
    if passing:
        own = (replace(one, share=one.held) for one in worthy)
        worthy = (one for one in own if fits_in_passing(one.line.text, one.held, question, names))
        noted = [one for one in noted if fits_in_passing(one.note.text, one.share, question, names)]
    told = _holding(look, islice(worthy, limit + SPARE), question)
    wanted, zone = _wanted(question), now.tzinfo
    turns = [_line(one, wanted, zone) for one in told]
    lines = [one.line.text for one in told]
    facts = [_note(one, zone) for one in noted[: 2 * limit] if not _repeats(one.note, lines)][:limit]
    arms = [Arm(FACTS, facts), Arm(TURNS, turns)]
    if passing:
        return in_passing(fused([arm for arm in arms if arm.ranked], limit), names)
    arms.append(Arm(SUMMARIES, _summed(look.summaries(), question, zone)))
    wanting = question.speaker == "user" and not answered
    if vectors is None and wanting and meant.too_little(question, [*facts, *turns]) and meant.ready():
        arms.append(Arm(MEANT, _stated(look, question, seen, zone)))
    return fused([arm for arm in arms if arm.ranked], limit)


def _repeats(note: Note, lines: Sequence[str]) -> bool:
    """Whether a note in the user's own words is told by its turn anyway."""
    return note.current and note.predicate == TOLD and any(note.object.rstrip(".") in line for line in lines)


def _holding(look: Look, ranked: Iterable[Ranked], question: Question) -> list[Ranked]:
    """What was said and still holds; all of it for a question about the past."""
    told = list(ranked)
    if question.past:
        return told
    said = {(one.line.session, one.line.turn) for one in told}
    stale = look.stale(said)
    return [one for one in told if one.line.speaker != USER or (one.line.session, one.line.turn) not in stale]


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


def _names(question: Question, named: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Words by which the question calls somebody or something."""
    called = {word for pair in named for one in pair for word in lexicon.words_of(one) if not _idle(word)}
    return question.proper | called


def _idle(word: str) -> bool:
    return any(word in lexicon.function_words(language) for language in lexicon.LANGUAGES)


def _in_view(line: Line, seen: InView | None) -> bool:
    return seen is not None and line.session == seen.session and line.at >= written(seen.since)


def _wanted(question: Question) -> frozenset[str]:
    words = (word for term in question.terms for word in (*term.words, *term.alike))
    return frozenset(lexicon.stem(word) for word in words)


def _line(one: Ranked, wanted: Collection[str], zone: tzinfo | None) -> Candidate:
    line = one.line
    key = f"turn:{line.turn}/{line.speaker}"

    def tell(score: float) -> Recollection:
        told = told_line(line, wanted, zone)
        return Recollection(told, key, read_moment(line.at), score)

    return Candidate(key, tell, one.share, _words(line.text))


def _stated(look: Look, question: Question, seen: InView | None, zone: tzinfo | None) -> list[Candidate]:
    """What the user stated that is nearest in meaning."""
    near = look.stated(meant.wanted(question.words), meant.vectors, meant.LOOKED_AT)
    near = [(line, cosine) for line, cosine in near if cosine >= meant.LEAST_COSINE]
    unseen = [Ranked(line, cosine, cosine, 0.0) for line, cosine in near if not _in_view(line, seen)]
    told = _holding(look, unseen, question)
    return [_line(one, (), zone) for one in told[: meant.MOST]]


def _note(one: RankedNote, zone: tzinfo | None) -> Candidate:
    note = one.note

    def tell(score: float) -> Recollection:
        since = read_moment(note.valid_from or note.recorded_at)
        return Recollection(told_note(note, zone), f"fact:{note.id}", since, score)

    return Candidate(f"fact:{note.id}", tell, one.share, _words(note.text))


def _summary(id_: int, text: str, made_at: str, share: float, zone: tzinfo | None) -> Candidate:
    def tell(score: float) -> Recollection:
        told = told_summary(text, made_at, zone)
        return Recollection(told, f"summary:{id_}", read_moment(made_at), score)

    return Candidate(f"summary:{id_}", tell, share, _words(text))


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


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    return frozenset(lexicon.words_of(text[:MOST_LETTERS])) | frozenset(grams(text[:MOST_LETTERS]))
