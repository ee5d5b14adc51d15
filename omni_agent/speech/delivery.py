"""Speaks a reply while it is still being written.

Text deltas become clauses, clauses become words as they are read aloud, and those become sound: clause n + 1
is synthesised while n is being taken. Each chunk knows which span of the reply's text it speaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..errors import OmniError
from ..events import ErrorRaised, SpeechChunk
from ..persona import Persona
from ..senses import Voice
from .clauses import Clause, ClauseSplitter
from .language import detect
from .normalise import spoken
from .pcm import Pcm

AHEAD = 2
# Seconds of speech from which a voice's pace can be told.
_TELLING = 1.0


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks the next clauses: see `Delivery`."""

    voice: Voice | None
    persona: Persona
    language: str = ""


class Delivery:
    """The way from text to speech for one reply.

    Args:
        voice: Speaks the clauses; None for a model that speaks by itself.
        persona: Gives the voice's name and rate, and the language where none is known.
        language: ISO 639-1 code of the reply, or empty: then it is told from the words.
        send: Takes each chunk, and a note where the reply cannot be spoken.
    """

    def __init__(
        self,
        voice: Voice | None,
        persona: Persona,
        *,
        language: str = "",
        send: Callable[[SpeechChunk | ErrorRaised], Awaitable[None]],
    ) -> None:
        self._voice = voice
        self._persona = persona
        self.language = language
        self._send = send
        self._splitter = ClauseSplitter()
        self._clauses: asyncio.Queue[Clause | Speaker | None] = asyncio.Queue(maxsize=64)
        self._length = 0
        self._interjected = False
        self._mute = False
        self._seconds = self._estimated = 0.0

    async def say(self, delta: str) -> None:
        """Take the next words of the reply."""
        self._length += len(delta)
        for clause in self._splitter.feed(delta):
            await self._clauses.put(clause)

    @property
    def silent(self) -> bool:
        """Whether there was nothing to say so far."""
        return not (self._length or self._interjected)

    @property
    def pace(self) -> float:
        """How many times longer the speech made so far is than `seconds` estimates; 1 before there is any."""
        return self._seconds / self._estimated if self._seconds >= _TELLING else 1.0

    async def pause(self) -> None:
        """Speak what has come in: the next words will be a while."""
        for clause in self._splitter.pause():
            await self._clauses.put(clause)

    async def interject(self, words: str) -> None:
        """Speak words that are no part of the reply."""
        self._interjected = True
        await self._clauses.put(Clause(words, self._length, self._length))

    async def change(self, speaker: Speaker) -> None:
        """Let another one speak what comes in from now on."""
        await self._clauses.put(speaker)

    async def play(self, pcm: bytes, sample_rate: int) -> None:
        """Pass on sound of a model with a voice of its own; it speaks all words written so far."""
        await self._send(_chunk(Pcm.from_int16(pcm, sample_rate), (0, self._length)))

    async def finish(self) -> None:
        """No more words will come in."""
        for clause in self._splitter.finish():
            await self._clauses.put(clause)
        await self._clauses.put(None)

    async def run(self) -> None:
        """Speak until `finish`; owned by the turn's task group."""
        ready: asyncio.Queue[tuple[Clause, Pcm] | None] = asyncio.Queue(maxsize=AHEAD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._synthesise(ready))
            while (item := await ready.get()) is not None:
                clause, pcm = item
                if len(pcm.samples):
                    self._time(clause, pcm)
                    await self._send(_chunk(pcm, (clause.start, clause.end)))

    def _time(self, clause: Clause, pcm: Pcm) -> None:
        from ..persona import seconds

        self._seconds += pcm.seconds
        self._estimated += seconds(clause.text) / self._persona.rate

    async def _synthesise(self, ready: asyncio.Queue[tuple[Clause, Pcm] | None]) -> None:
        while (item := await self._clauses.get()) is not None:
            if isinstance(item, Speaker):
                self._voice, self._persona, self.language = item.voice, item.persona, item.language
                self._mute = False
            elif pcm := await self._spoken(item.text):
                await ready.put((item, pcm))
        await ready.put(None)

    async def _spoken(self, text: str) -> Pcm | None:
        """The clause as sound. A voice that fails costs the speech, not the answer."""
        language = await self._language(text)
        if self._voice is None or not language:
            return None
        persona = self._persona
        try:
            return await self._voice.speak(
                spoken(text, language), language=language, voice=persona.voice, rate=persona.rate
            )
        except OmniError as error:
            await self._fall_silent(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
            return None

    async def _language(self, text: str) -> str:
        """The language to speak in, settled by the first clause that tells; empty where no voice has it."""
        if self._voice is None or self._mute:
            return ""
        known = self._voice.languages
        self.language = self.language or detect(text, known)
        language = self.language or next(iter(self._persona.languages), "en")
        if language in known:
            return language
        note = f"no voice for '{language}': this reply is text only"
        remedy = f"there are voices for {', '.join(sorted(known))}"
        await self._fall_silent(ErrorRaised("voice_missing", note, remedy, severity="note"))
        return ""

    async def _fall_silent(self, why: ErrorRaised) -> None:
        self._mute = True
        await self._send(why)


def _chunk(pcm: Pcm, span: tuple[int, int]) -> SpeechChunk:
    return SpeechChunk(pcm.to_int16(), pcm.rate, span, round(pcm.seconds * 1000))
