"""What a persona always knows of a user, in words that stay the same while a conversation goes on.

The words are those of the moment at which the conversation's window begins, so that a model's prefix cache
holds; what has changed since then is told beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from omni_agent.memory import Brief, Scope
from omni_agent.tokens import estimated_tokens

from .leaning import leans
from .predicates import TOLD
from .repository.profiles import Known, Profile
from .repository.repository import Repository

MOST_TOKENS = 700
"""How long the known may become: each token is read once a conversation, and again when the window moves."""

MOST_TOGETHER = 300
"""Letters of the user's words that are told in one line."""


async def brief(repository: Repository, scope: Scope, at: datetime) -> Brief:
    """What the user said and what is known beside, the newest last; the persona's blocks, and what has
    changed of it since `at`.

    Raises:
        MemoryStoreError: The database cannot be read.
    """
    return await repository.profiles.read(scope, lambda profile: _brief(profile, at))


def _brief(profile: Profile, at: datetime) -> Brief:
    told = _told(profile.known_at(at))
    gone = [number for number, fact in told.items() if not fact.counts]
    latest = profile.latest(gone) if gone else {}
    since = profile.since()
    lines = [f"You have known the user since {since:%B %Y}."] if since and since < at else []
    # What is newest comes last, where a small model heeds it most.
    lines += _lines(told[number] for number in sorted(told))
    changed = (latest.get(number) or f"No longer true: {_line(told[number])}" for number in gone)
    return Brief("\n".join(lines), profile.blocks(), tuple(changed))


def _told(known: Mapping[int, Known]) -> dict[int, Known]:
    """Of what is known as much as there is room for, the weightiest first, and nothing twice."""
    told: dict[int, Known] = {}
    room = MOST_TOKENS
    notes = [fact.object.casefold() for fact in known.values() if fact.predicate == TOLD]
    for number, fact in known.items():
        size = estimated_tokens(_line(fact))
        said = fact.predicate != TOLD and any(fact.object.casefold() in note for note in notes)
        if size <= room and not said:
            room -= size
            told[number] = fact
    return told


def _lines(facts: Iterable[Known]) -> Iterator[str]:
    """Each fact in a line, oldest first; what the user said in one breath, and what leans on it, in one line.

    "One glass, and I have a migraine" says nothing without the wine before it, nor "her name is Lilla"
    without the daughter.
    """
    held: Known | None = None
    for fact in facts:
        if fact.predicate != TOLD:
            yield fact.text
        elif held and _goes_on(held, fact):
            held = fact._replace(object=f"{held.object} {fact.object}")
        else:
            if held:
                yield _line(held)
            held = fact
    if held:
        yield _line(held)


def _goes_on(before: Known, fact: Known) -> bool:
    if not fact.session or fact.session != before.session:
        return False
    together = fact.turn == before.turn or leans(fact.object)
    return together and len(before.object) + len(fact.object) <= MOST_TOGETHER


def _line(fact: Known) -> str:
    """A fact as its sentence, or as the user's own words with their day."""
    if fact.predicate != TOLD:
        return fact.text
    return f'{fact.recorded_at.day} {fact.recorded_at:%B}: "{fact.object}"'
