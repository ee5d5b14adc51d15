"""The speech of a reply on its way to the client: behind its words, at the pace that is wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ...speech.playback import PlaybackLedger
from .sound import Format, Outgoing
from .tempo import Tempo

if TYPE_CHECKING:
    from ...clock import Clock
    from ...events import SpeechChunk


class Speech:
    """Makes deltas of the speech of one reply.

    Args:
        sends: In which format.
        clock: Tells when it began to be sent.
        tempo: How much faster than it comes.
        accounted: What was heard of it may be asked one day.

    Attributes:
        ledger: Which of its words sound when; None where nobody asks.
        seconds: How much was sent.
        since: When the first of it was sent, as the clock reads.
    """

    def __init__(self, sends: Format, clock: Clock, *, tempo: float = 1.0, accounted: bool = True) -> None:
        self._clock = clock
        self._outgoing = Outgoing(sends)
        self._tempo = Tempo(tempo)
        self._waiting: deque[SpeechChunk] = deque()
        self.ledger = PlaybackLedger() if accounted else None
        self.seconds = 0.0
        self.since: float | None = None

    def take(self, chunk: SpeechChunk) -> None:
        """What is spoken next."""
        self._waiting.append(chunk)

    def due(self, told: int) -> Iterator[str]:
        """The deltas of words that were told, so many characters of them: those take another way here, and
        may come after their sound."""
        while self._waiting and self._waiting[0].span[1] <= told:
            yield from self._sent(self._waiting.popleft())

    def rest(self) -> Iterator[str]:
        """The deltas of all that is left."""
        while self._waiting:
            yield from self._sent(self._waiting.popleft())
        if self.since is not None:
            rate = self._tempo.rate
            yield from self._deltas(self._tempo.flush(), rate)
            yield from self._outgoing.flush()

    def complete(self, length: int) -> None:
        """The reply has so many characters, and no more speech."""
        if self.ledger:
            self.ledger.complete(length)

    def _sent(self, chunk: SpeechChunk) -> Iterator[str]:
        if self.ledger:
            self.ledger.queued(_at_tempo(chunk, self._tempo.factor))
        if self.since is None:
            self.since = self._clock.monotonic()
        yield from self._deltas(self._tempo.feed(chunk.pcm, chunk.sample_rate), chunk.sample_rate)

    def _deltas(self, pcm: bytes, rate: int) -> Iterator[str]:
        if pcm:
            self.seconds += len(pcm) / 2 / rate
            yield from self._outgoing.feed(pcm, rate)


def _at_tempo(chunk: SpeechChunk, factor: float) -> SpeechChunk:
    """A chunk that lasts as long, and whose words sound when, as it will be heard."""
    if factor == 1.0:
        return chunk
    words = (
        replace(word, begin=round(word.begin / factor), until=round(word.until / factor))
        for word in chunk.words
    )
    return replace(chunk, pcm=bytes(2 * round(len(chunk.pcm) / 2 / factor)), words=tuple(words))
