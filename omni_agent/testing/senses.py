"""Senses without files."""

from __future__ import annotations

from collections.abc import Sequence

from ..clock import Clock
from ..messages import Hearing, Reading, TextBox
from ..speech.pcm import Pcm
from ..speech.spoken import Spoken
from .script import UnexpectedRequest
from .virtual_time import LoopClock


class ScriptedEars:
    """Ears that hear the given hearings, one after the other, whatever the sound."""

    def __init__(self, *hearings: Hearing) -> None:
        self._hearings = list(hearings)

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        if not self._hearings:
            raise UnexpectedRequest("the ears' script is over")
        return self._hearings.pop(0)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class ScriptedEyes:
    """Eyes that read the same lines in every picture."""

    def __init__(self, *lines: str) -> None:
        self._reading = Reading(
            tuple(TextBox(line, (0, 20 * i, 100, 20 * i + 20)) for i, line in enumerate(lines))
        )

    async def read(self, image: bytes) -> Reading:
        return self._reading

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class ToneVoice:
    """A voice that hums: 60 ms of a tone for each character. `spoken` keeps what it was given to say."""

    def __init__(self, languages: Sequence[str] = ("en",), rate: int = 8000) -> None:
        self._languages = frozenset(languages)
        self._rate = rate
        self.spoken: list[tuple[str, str]] = []

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        import numpy as np

        self.spoken.append((text, language))
        time = np.arange(round(len(text) * 0.06 / rate * self._rate)) / self._rate
        return Pcm((0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32), self._rate)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class SaidEars:
    """Ears that understand what `said` says, also a part of it. `heard` keeps their hearings.

    Args:
        language: What it is said to be spoken in.
        clock: What `takes` is measured by.
        takes: Seconds that a transcript takes.
    """

    def __init__(self, *, language: str = "en", clock: Clock | None = None, takes: float = 0.0) -> None:
        self._language = language
        self._clock = clock or LoopClock()
        self._takes = takes
        self.heard: list[Hearing] = []

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        from .said import words_in

        await self._clock.sleep(self._takes)
        words = words_in(audio)
        text, sure = " ".join(word.text for word in words), float(bool(words))
        hearing = Hearing(text, (language or self._language) if words else "", sure, sure, words=words)
        self.heard.append(hearing)
        return hearing

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class SaidVoice:
    """A voice that `SaidEars` understand, and that knows when each word is said. `spoken` keeps what it said,
    `rates` how fast.

    Args:
        languages: ISO 639-1 codes that it claims to speak.
        rate: Samples a second, 8000 or more.
        clock: What `takes` is measured by.
        takes: Seconds that a clause takes to be made.
    """

    def __init__(
        self,
        languages: Sequence[str] = ("en",),
        rate: int = 16_000,
        *,
        clock: Clock | None = None,
        takes: float = 0.0,
    ) -> None:
        self._languages = frozenset(languages)
        self._rate = rate
        self._clock = clock or LoopClock()
        self._takes = takes
        self.spoken: list[tuple[str, str]] = []
        self.rates: list[float] = []

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Spoken:
        from .said import said

        await self._clock.sleep(self._takes)
        self.spoken.append((text, language))
        self.rates.append(rate)
        natural = said(text, rate=self._rate)
        return natural if rate == 1.0 else said(text, seconds=natural.seconds / rate, rate=self._rate)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""
