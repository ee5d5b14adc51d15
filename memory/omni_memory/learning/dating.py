"""Since when something holds: the time that a clause names, by the time at which it was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from omni_agent.memory import Statement

from ..predicates import RELATIONS
from ..recall.lexicon import folded
from ..recall.times import Span, spans

# A time in the same clause says nothing of when these began.
_TIMELESS = frozenset({
    "name", "called", "surname", "birthday", "birth_year", "born_in", "comes_from", "likes", "dislikes",
    "speaks", "nationality", "pronouns", "role", "address", "native_language",
})  # fmt: skip


def dated(said: Sequence[Statement], clause: str, at: datetime) -> list[Statement]:
    """The statements of a clause with the times that it gives: "since 2019", "last year"."""
    if not said:
        return []
    named = [span for span in spans(clause, at) if span.start <= at]
    return [_dated(one, named, at) for one in said]


def _dated(said: Statement, named: Sequence[Span], at: datetime) -> Statement:
    fitting = [span for span in named if span.words not in folded(said.object)]
    if not fitting:
        return replace(said, valid_from=at) if said.predicate == "age" else said
    span = fitting[0]
    if said.ends:
        return replace(said, valid_to=span.start) if said.valid_to else said
    if said.predicate == "lived_in":
        return replace(said, valid_from=span.start, valid_to=min(span.end, at))
    if said.predicate in _TIMELESS or said.predicate in RELATIONS or said.predicate.startswith("favourite"):
        return said
    return replace(said, valid_from=span.start)
