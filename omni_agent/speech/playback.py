"""The playback ledger: which samples of which words were really played, and when.

Pure: it has no clock and plays nothing. Whoever plays says how much more was heard, as it is heard.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..events import WordTime

if TYPE_CHECKING:
    from ..events import SpeechChunk

HEARD_SHARE = 0.6
"""The share of a word's sound that must have been played for the word to count as heard."""

# Seconds: less than any sample, more than what sums of floating point numbers are off by.
_HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class Played:
    """A line of the record: samples of one chunk that were played, with the words that sounded in them.

    Attributes:
        at: The clock's reading, in seconds, when they had been played.
        chunk: Which chunk, by the order in which they were queued, from 0.
        begin, until: Its samples.
        words: Offsets into the reply's text, start and end, of each word that sounded, if only in part.
    """

    at: float
    chunk: int
    begin: int
    until: int
    words: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What had been heard when the reply was cut.

    Attributes:
        end: Offset into the reply's text; up to there it was heard.
        seconds: How much was played.
        unheard: Seconds that were queued and never played.
        whole: Whether nothing of the reply was lost.
    """

    end: int
    seconds: float
    unheard: float
    whole: bool


@dataclass(slots=True)
class _Chunk:
    number: int
    rate: int
    begin: float
    until: float
    words: tuple[WordTime, ...]

    def sounding(self, begin: float, until: float) -> tuple[tuple[int, int], ...]:
        """The words of which something lies in this part of the reply's sound, in seconds."""
        start, end = (begin - self.begin) * 1000, (until - self.begin) * 1000
        return tuple((word.start, word.end) for word in self.words if word.begin < end and start < word.until)


class PlaybackLedger:
    """The account of one reply.

    A word is heard when 60 % of its sound was played, and all before it was heard; a chunk of which
    everything was played takes its whole span with it. Chunks that speak nothing of the reply (their span is
    empty) take time and no text.
    """

    def __init__(self) -> None:
        self._chunks: deque[_Chunk] = deque()
        self._due: deque[tuple[float, tuple[int, int] | None, int]] = deque()
        self._record: list[Played] = []
        self._count = 0
        self._queued = self._played = 0.0
        self._heard = 0
        self._length: int | None = None
        self._cut = False

    @property
    def heard(self) -> int:
        """Offset into the reply's text: up to there it was heard, always whole words."""
        return self._heard

    @property
    def seconds(self) -> float:
        """How much was played."""
        return self._played

    @property
    def remaining(self) -> float:
        """Seconds that were queued and are not yet played."""
        return 0.0 if self._cut else self._queued - self._played

    @property
    def record(self) -> tuple[Played, ...]:
        """What was played, in order."""
        return tuple(self._record)

    def heard_text(self, text: str) -> str:
        """What was heard of the reply `text`."""
        return text[: self._heard].rstrip()

    def queued(self, chunk: SpeechChunk) -> None:
        """Take note that this will be played after all that was queued before; after a cut nothing is."""
        if self._cut:
            return
        begin = self._queued
        self._queued += len(chunk.pcm) // 2 / chunk.sample_rate
        start, end = chunk.span
        words = chunk.words
        if not words and start < end:
            words = (WordTime(start, end, 0, round((self._queued - begin) * 1000)),)
        self._chunks.append(_Chunk(self._count, chunk.sample_rate, begin, self._queued, words))
        self._count += 1
        due = begin
        for word in words:
            due = max(due, begin + (word.begin + HEARD_SHARE * (word.until - word.begin)) / 1000)
            # What a chunk says of its words cannot outlast its sound.
            self._due.append((min(due, self._queued), (word.start, word.end), word.end))
        if start < end:
            self._due.append((self._queued, None, end))

    def complete(self, length: int) -> None:
        """The reply is `length` characters long and nothing more will be queued for it.

        When everything was played, all of it counts as heard, what has no sound of its own (a table, what was
        only shown) included.
        """
        self._length = length
        self._settle()

    def played(self, seconds: float, *, at: float = 0.0) -> list[tuple[int, int]]:
        """So much more was really heard; time beyond what is queued is silence and not counted.

        Args:
            seconds: How much more, not negative.
            at: The clock's reading, for the record.

        Returns:
            The words that have now been heard: offsets into the reply's text, start and end.
        """
        begin = self._played
        self._played = min(begin + max(0.0, seconds), self._queued) if not self._cut else begin
        if self._played == begin:
            return []
        self._note(begin, at)
        words = []
        while self._due and self._due[0][0] <= self._played + _HAIR:
            _, word, end = self._due.popleft()
            self._heard = max(self._heard, end)
            if word:
                words.append(word)
        self._settle()
        return words

    def cut(self) -> Heard:
        """Nothing more will be played. Returns what was heard; asked again, the same."""
        self._cut = True
        self._due.clear()
        self._chunks.clear()
        whole = self._length is not None and self._heard >= self._length
        return Heard(self._heard, self._played, self._queued - self._played, whole)

    def _settle(self) -> None:
        if self._length is not None and not self._cut and not self._due and self.remaining <= _HAIR:
            self._heard = max(self._heard, self._length)

    def _note(self, begin: float, at: float) -> None:
        """Write down what was played since `begin`, and forget the chunks that are over."""
        while self._chunks and begin < self._played:
            chunk = self._chunks[0]
            until = min(self._played, chunk.until)
            first, last = round((begin - chunk.begin) * chunk.rate), round((until - chunk.begin) * chunk.rate)
            if first < last:
                words = chunk.sounding(begin, until)
                self._record.append(Played(at, chunk.number, first, last, words))
            begin = max(begin, until)
            if chunk.until > self._played:
                break
            self._chunks.popleft()
