"""What somebody said or a picture shows, taken apart once: words, numbers, dates, what it says of a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from .fields import Field
from .mentions import Mention, comparable, mentions_of
from .moments import Moment, moments_of
from .numbers import Number, numbers_of
from .traces import Trace, trace_of
from .words import Word, is_english, words_of


@dataclass(frozen=True, eq=False)
class Spoken:
    """A text taken apart, each part when it is first asked for.

    Attributes:
        text: As said, shown or written.
        language: ISO 639-1; empty counts as English.
        now: The user's local time.
    """

    text: str
    language: str
    now: datetime
    _mentions: dict[Field, tuple[Mention, ...]] = field(default_factory=dict, init=False, repr=False)
    _traces: dict[tuple[str, frozenset[str]], Trace] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def english(self) -> bool:
        """Its words are ones that this package can read."""
        return is_english(self.language)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Its words, in order."""
        return words_of(self.text, self.language)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Its numbers, in order."""
        return numbers_of(self.words, self.text, self.language)

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """Its dates and times of day, in order; none in languages other than English."""
        return moments_of(self.words, self.numbers, self.now, self.text) if self.english else ()

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """For each word what it is compared by."""
        return tuple(comparable(self.words, self.numbers))

    def mentions(self, item: Field) -> tuple[Mention, ...]:
        """Where it names the choices of a field, or of a list's items, in order."""
        asked = item.item or item
        if asked not in self._mentions:
            self._mentions[asked] = tuple(mentions_of(asked, self.words, self.forms))
        return self._mentions[asked]

    def trace(self, text: str, without: frozenset[str] = frozenset()) -> Trace:
        """Which of its words another text is made of; stems in `without` do not count."""
        key = (text, without)
        if key not in self._traces:
            self._traces[key] = trace_of(text, self.words, self.numbers, without)
        return self._traces[key]

    def said(self, first: int, last: int) -> str:
        """The words from one index to another, as said."""
        return self.text[self.words[first].start : self.words[last].end]
