"""What recall looks for, as the full-text index is asked: the user's words are never part of its language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from omni_agent.memory import Scope

from .rows import written


@dataclass(frozen=True, slots=True)
class Find:
    """Something to find: of which kind, and what `MATCH` is given, or the moments from and to."""

    kind: str
    given: str
    until: str = ""


NOTHING = Find("nothing", "")


def words_in_utterances(words: Sequence[str], few: Scope | None) -> Find:
    """Utterances that hold any of these words; of `few` only, a scope with few."""
    owner = f'owner : "{_hex(few.user)}{_hex(few.persona)}" AND ' if few else ""
    return Find("words", f"{owner}text : ({_any(words)})")


def words_in_facts(words: Sequence[str], few: Scope | None) -> Find:
    """Facts that hold any of these words; of `few` only, a scope whose user has few."""
    owner = f'owner : "{_hex(few.user)}" AND ' if few else ""
    return Find("fact words", f"{owner}{{text predicate object subject}} : ({_any(words)})")


def signs_in_utterances(pair: str) -> Find:
    """Utterances that hold a sign or a pair of signs."""
    return Find("signs", _any([pair]))


def signs_in_facts(pair: str) -> Find:
    """Facts that hold a sign or a pair of signs."""
    return Find("fact signs", _any([pair]))


def said_between(start: datetime, end: datetime) -> Find:
    """Utterances of a stretch of time."""
    return Find("span", written(start), written(end))


def happened_between(start: datetime, end: datetime) -> Find:
    """Facts that began in a stretch of time."""
    return Find("fact span", written(start), written(end))


def _any(words: Sequence[str]) -> str:
    # Between quotes nothing is an operator: https://sqlite.org/fts5.html#fts5_strings
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def _hex(name: str) -> str:
    """A name as the index of owners holds it (see migration 0002)."""
    return name.encode().hex() + "x"
