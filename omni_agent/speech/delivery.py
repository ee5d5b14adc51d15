"""Speaks a reply while it is still being written.

Text deltas become clauses, clauses become words as they are read aloud, and those become sound: clause n + 1
is synthesised while n is being taken. Each chunk knows which span of the reply's text it speaks, and when
each word of it is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from ..errors import OmniError
from ..events import ErrorRaised, SpeechChunk, WordTime
from ..persona import Persona
from ..senses import Voice
from .language import detect
from .pcm import Pcm
from .voices.joins import Joins
from .voices.own_voice import OwnVoice
from .voices.word_times import known, placed
from .wording.clauses import Clause, ClauseSplitter
from .wording.normalise import spoken

AHEAD = 2
HEAD_START = 0.5
"""Seconds, at most, for which the first clause has the processor to itself: whoever writes on waits. A model
would take half of it, for words that are not heard before that clause is over."""

# Seconds of speech from which a voice's pace can be told.
_TELLING = 1.0


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks the next clauses: see `Delivery`."""

    voice: Voice | None
    persona: Persona
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """A clause as sound; `words` are at their places in the clause and in the sound."""

    clause: Clause
    pcm: Pcm
    words: tuple[WordTime, ...]
    rate: float


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
        self._joins = Joins()
        self._own_voice = OwnVoice()
        self._clauses: asyncio.Queue[Clause | Speaker | None] = asyncio.Queue(maxsize=64)
        self._sounds = asyncio.Event()
        self._length = 0
        self._interjected = False
        self._mute = False
        self._seconds = self._estimated = 0.0

    async def say(self, delta: str) -> None:
        """Take the next words of the reply."""
        self._length += len(delta)
        self._own_voice.skip(delta)
        self._splitter.language = self.language
        clauses = self._splitter.feed(delta)
        for clause in clauses:
            await self._clauses.put(clause)
        if clauses and not self._sounds.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(HEAD_START):
                    await self._sounds.wait()

    @property
    def silent(self) -> bool:
        """Whether there was nothing to say so far."""
        return not (self._length or self._interjected)

    @property
    def pace(self) -> float:
        """How many times longer the speech made so far is than `seconds` estimates; 1 before there is any."""
        return self._seconds / self._estimated if self._seconds >= _TELLING else 1.0

    async def pause(self) -> None:
        """Speak what has come in: the next words will be a while, and own sound of these has come."""
        self._own_voice.end()
        for clause in self._splitter.pause():
            await self._clauses.put(clause)

    async def interject(self, words: str) -> None:
        """Speak words that are no part of the reply."""
        self._interjected = True
        await self._clauses.put(Clause(words, self._length, self._length))

    async def change(self, speaker: Speaker) -> None:
        """Let another one speak what comes in from now on."""
        await self._clauses.put(speaker)

    def written(self, delta: str) -> None:
        """Take the next words of a model with a voice of its own: it speaks them itself, see `play`."""
        self._length += len(delta)
        self._splitter.skip(delta)
        self._own_voice.write(delta)

    async def play(self, pcm: bytes, sample_rate: int) -> None:
        """Pass on sound of a model with a voice of its own; which words it speaks is told by rate."""
        sound = Pcm.from_int16(pcm, sample_rate)
        await self._send(_chunk(sound, *self._own_voice.next(sound)))

    async def finish(self) -> None:
        """No more words will come in."""
        for clause in self._splitter.finish():
            await self._clauses.put(clause)
        await self._clauses.put(None)

    async def run(self) -> None:
        """Speak until `finish`; owned by the turn's task group."""
        ready: asyncio.Queue[_Said | None] = asyncio.Queue(maxsize=AHEAD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._synthesise(ready))
            while (said := await ready.get()) is not None:
                if len(said.pcm.samples):
                    await self._send(self._joined(said))

    def _joined(self, said: _Said) -> SpeechChunk:
        from ..persona import seconds

        clause = said.clause
        pcm, later = self._joins.next(said.pcm, clause.text, said.rate)
        self._seconds += pcm.seconds
        self._estimated += seconds(clause.text) / said.rate
        return _chunk(pcm, (clause.start, clause.end), _moved(said.words, clause.start, later, pcm.seconds))

    async def _synthesise(self, ready: asyncio.Queue[_Said | None]) -> None:
        while (item := await self._clauses.get()) is not None:
            if isinstance(item, Speaker):
                self._voice, self._persona, self.language = item.voice, item.persona, item.language
                self._mute = False
            else:
                if said := await self._spoken(item):
                    await ready.put(said)
                self._sounds.set()
        await ready.put(None)

    async def _spoken(self, clause: Clause) -> _Said | None:
        """The clause as sound. A voice that fails costs the speech, not the answer."""
        language = await self._language(clause.text)
        if self._voice is None or not language:
            return None
        persona = self._persona
        text = spoken(clause.text, language)
        try:
            pcm = await self._voice.speak(text, language=language, voice=persona.voice, rate=persona.rate)
        except OmniError as error:
            await self._fall_silent(ErrorRaised(error.code, error.message, error.remedy, severity="note"))
            return None
        words: tuple[WordTime, ...] = ()
        if clause.start < clause.end:
            words = placed(clause.text, known(pcm, text), lambda word: spoken(word, language))
        return _Said(clause, pcm, words, persona.rate)

    async def _language(self, text: str) -> str:
        """The language to speak in, settled by the first clause that tells; empty where no voice has it."""
        if self._voice is None or self._mute:
            return ""
        spoken_here = self._voice.languages
        self.language = self.language or detect(text, spoken_here)
        language = self.language or next(iter(self._persona.languages), "en")
        if language in spoken_here:
            return language
        note = f"no voice for '{language}': this reply is text only"
        remedy = f"there are voices for {', '.join(sorted(spoken_here))}"
        await self._fall_silent(ErrorRaised("voice_missing", note, remedy, severity="note"))
        return ""

    async def _fall_silent(self, why: ErrorRaised) -> None:
        self._mute = True
        await self._send(why)


def _moved(words: tuple[WordTime, ...], by: int, later: float, length: float) -> tuple[WordTime, ...]:
    """The words `by` characters further on and `later` seconds later, within a sound of `length` seconds."""
    shift, last = round(later * 1000), round(length * 1000)
    return tuple(
        WordTime(
            word.start + by,
            word.end + by,
            min(max(word.begin + shift, 0), last),
            min(max(word.until + shift, 0), last),
        )
        for word in words
    )


def _chunk(pcm: Pcm, span: tuple[int, int], words: tuple[WordTime, ...]) -> SpeechChunk:
    return SpeechChunk(pcm.to_int16(), pcm.rate, span, round(pcm.seconds * 1000), words=words)
