"""What the parsers of answers share: they take pieces, and go from state to state as far as is certain."""

from __future__ import annotations

from enum import Enum
from uuid import uuid4

from .base import ModelEvent


def new_call_id() -> str:
    """A fresh id of a call."""
    return f"call_{uuid4().hex}"


class AnswerParser:
    """A pure parser, fed piece by piece.

    The value of each state is the name of the method that reads in it: it takes what it can from `_held`, and
    may change the state.
    """

    _state: Enum
    _held = ""

    def feed(self, piece: str) -> list[ModelEvent]:
        """Take the next piece of the answer, give what is now certain."""
        events: list[ModelEvent] = []
        self._held += piece
        before = None
        while self._held and before != (self._state, self._held):
            before = (self._state, self._held)
            getattr(self, self._state.value)(events)
        return events

    def _swallow(self, events: list[ModelEvent]) -> None:
        """Nothing of the rest is for anybody."""
        self._held = ""
