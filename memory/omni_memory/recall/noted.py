"""Which facts fit a question best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..repository.found import Note
from ..repository.rows import read_moment
from .about import About
from .question import Question
from .ranking import LEAST_RARITY, LEAST_SHARE, Evidence, rarity
from .times import Span

HELD, ELSEWHEN, NO_LONGER = 1.3, 0.6, 0.7
"""Factors: it held at the time that is asked for; it did not; it holds no longer and no time is asked for."""


OF_OTHERS = 0.4
"""Factor: it is about somebody else than the question."""


@dataclass(frozen=True, slots=True)
class RankedNote:
    """A fact with its score and the share of the question that it meets, 0 to 1."""

    note: Note
    score: float
    share: float


def rank_notes(
    notes: Sequence[Note], found: Sequence[Evidence], rows: int, question: Question, whom: About
) -> list[RankedNote]:
    """The facts that meet enough of the question, best first; superseded ones only for one about the past."""
    whole = sum(one.rarity for one in found)
    met = _met(found)
    ranked = []
    for note in notes:
        mass = met.get(note.id, 0.0) * (1.0 if whom.concerns(note.subject, note.id) else OF_OTHERS)
        enough = whole > 0 and mass / whole >= LEAST_SHARE and mass >= LEAST_RARITY * rarity(0, rows)
        if enough and (note.current or question.past):
            trust = (0.5 + note.confidence / 2) * (0.8 + 0.4 * note.importance)
            ranked.append(RankedNote(note, mass * trust * _timely(note, question.spans), mass / whole))
    return sorted(ranked, key=lambda one: (-one.score, -one.note.id))


def _met(found: Sequence[Evidence]) -> Mapping[int, float]:
    """By fact, how much rarity it meets."""
    met: dict[int, float] = {}
    for one in found:
        full = set(one.ids.tolist())
        for id_ in full:
            met[id_] = met.get(id_, 0.0) + one.rarity
        for id_ in set(one.partly.tolist()) - full:
            met[id_] = met.get(id_, 0.0) + one.worth * one.rarity
    return met


def _timely(note: Note, spans: Sequence[Span]) -> float:
    if not spans:
        return 1.0 if note.current else NO_LONGER
    start = _moment(note.valid_from)
    end = _moment(note.valid_to) or _moment(note.superseded_at)
    held = any((not start or start < span.end) and (not end or end > span.start) for span in spans)
    return HELD if held else ELSEWHEN


def _moment(text: str | None) -> datetime | None:
    try:
        return read_moment(text) if text else None
    except ValueError:
        return None
