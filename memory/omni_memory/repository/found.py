"""Rows as recall reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Line(NamedTuple):
    """An utterance as it was written."""

    id: int
    session: str
    turn: str
    place: int
    speaker: str
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class Note:
    """A fact as it was written: moments as text."""

    id: int
    subject: str
    text: str
    confidence: float
    importance: float
    valid_from: str | None
    valid_to: str | None
    recorded_at: str
    superseded_at: str | None
    predicate: str = ""
    object: str = ""

    @property
    def current(self) -> bool:
        """Whether it still holds, as far as anybody said."""
        return self.superseded_at is None and self.valid_to is None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows a word's rarity is measured by.

    Attributes:
        utterances, facts: This scope's if they are few, else about as many as there are of anybody's.
        few, few_facts: They are few.
    """

    utterances: int
    facts: int
    few: bool
    few_facts: bool
