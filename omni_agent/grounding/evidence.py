"""What a call may rest on: what was said, shown and done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from ..messages import Audio, Hearing, Image, Message, Text, ToolCall, ToolResult
from .provenance import Provenance, Source
from .spoken import Spoken

_RECENT = 12
_REPEATS = frozenset(("same", "again", "another", "repeat", "usual", "redo", "before"))
_POINTING = """
    it that this those these him her them there one ones more instead he she they previous earlier other
"""
_REFERENCES = _REPEATS | frozenset(_POINTING.split())


@dataclass(frozen=True)
class Evidence:
    """What a turn offers for arguments to rest on.

    Attributes:
        said: The words of this turn: typed, or the transcript.
        now: The user's local time, for "tomorrow".
        language: ISO 639-1 of the words; empty counts as English.
        earlier: Messages of earlier turns and of earlier steps of this one, oldest first.
        pictures: The text that was read in each picture shown.
        results: What tools have given in this turn.
        seconds: For offsets of words into `said`, when each was spoken.
    """

    said: str
    now: datetime = field(default_factory=datetime.now)
    language: str = ""
    earlier: Sequence[Message] = ()
    pictures: Sequence[str] = ()
    results: Sequence[str] = ()
    seconds: Mapping[tuple[int, int], tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def spoken(self) -> Spoken:
        """What was said, taken apart."""
        return Spoken(self.said, self.language, self.now)

    @cached_property
    def shown(self) -> tuple[tuple[Source, Spoken], ...]:
        """What pictures say and what tools gave, taken apart."""
        texts: tuple[tuple[Source, Sequence[str]], ...] = (
            ("picture", self.pictures),
            ("result", self.results),
        )
        return tuple(
            (source, Spoken("\n".join(lines), self.language, self.now))
            for source, lines in texts
            if any(lines)
        )

    @classmethod
    def of(cls, earlier: Sequence[Message], turn: Sequence[Message], now: datetime) -> Evidence:
        """The evidence of a turn.

        Args:
            earlier: Messages of earlier turns, oldest first.
            turn: This turn's messages, the user's first, without the calls that are to be grounded.
            now: The user's local time.
        """
        user, *rest = turn
        parts = [part for part in user.parts if isinstance(part, Text | Audio)]
        said, seconds = "", dict[tuple[int, int], tuple[float, float]]()
        for part in parts:
            words = part.text if isinstance(part, Text) else part.hearing.text if part.hearing else ""
            start = len(said) + (1 if said and words else 0)
            said = f"{said} {words}".strip()
            if isinstance(part, Audio) and part.hearing:
                seconds |= _spoken_at(part.hearing, start)
        return cls(
            said,
            now,
            user.language,
            earlier=tuple(earlier),
            pictures=tuple(p.reading.text for p in user.parts if isinstance(p, Image) and p.reading),
            results=tuple(p.content for m in rest for p in m.parts if isinstance(p, ToolResult)),
            seconds=seconds,
        )

    @cached_property
    def before(self) -> Spoken:
        """What the user said in the last earlier turns, taken apart."""
        recent = [message.text for message in self.earlier[-_RECENT:] if message.role == "user"]
        return Spoken("\n".join(recent), self.language, self.now)

    @cached_property
    def earlier_calls(self) -> tuple[ToolCall, ...]:
        """The calls of earlier turns, the newest first."""
        calls = [call for message in self.earlier[-2 * _RECENT :] for call in message.tool_calls]
        return tuple(reversed(calls))

    @cached_property
    def refers_back(self) -> bool:
        """The words point to an earlier turn: "the same again", "there", "it"."""
        return any(word.form in _REFERENCES for word in self.spoken.words) or self.answers_a_question

    @cached_property
    def repeats(self) -> bool:
        """The words ask for what an earlier turn had: "the same", "another one"."""
        return any(word.form in _REPEATS for word in self.spoken.words)

    @cached_property
    def answers_a_question(self) -> bool:
        """The assistant asked something last."""
        last = next((message for message in reversed(self.earlier) if message.role != "tool"), None)
        return last is not None and last.role == "assistant" and last.text.rstrip().endswith("?")

    def by_meaning(self) -> Provenance:
        """Provenance of what the words are taken to mean as a whole."""
        return Provenance("meaning", self.said)

    def from_words(self, first: int, last: int) -> Provenance:
        """Provenance of what was said from one word to another."""
        words = self.spoken.words
        start, end = words[first].start, words[last].end
        times = [time for span, time in self.seconds.items() if span[0] < end and start < span[1]]
        seconds = (min(t[0] for t in times), max(t[1] for t in times)) if times else None
        return Provenance("words", self.said[start:end], (start, end), seconds)


def _spoken_at(hearing: Hearing, start: int) -> dict[tuple[int, int], tuple[float, float]]:
    """For the offsets of each word of a transcript that begins at `start`, when it was spoken."""
    found, at = {}, 0
    for word in hearing.words:
        position = hearing.text.find(word.text, at)
        if position >= 0:
            at = position + len(word.text)
            found[start + position, start + at] = (word.start, word.end)
    return found
