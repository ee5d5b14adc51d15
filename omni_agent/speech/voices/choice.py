"""One voice made of two: Piper where speed counts, Kokoro for everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ...errors import ConfigError
from ...senses import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..pcm import Pcm


class NamedVoice(Voice, Protocol):
    """A voice engine that knows the names of its voices."""

    @property
    def voices(self) -> Mapping[str, str]:
        """Names, each with the ISO 639-1 code of its language."""
        ...

    async def close(self) -> None:
        """Free what it holds; it may load again."""
        ...


class Voices:
    """The voice of the local cascade.

    A language without a named voice is spoken by the first engine that can; a name picks its engine. Where
    that engine does not speak the language at hand, as when an English persona answers in Spanish, the
    language's own default voice takes over: to be understood comes before the timbre.

    Args:
        english: The fast engine.
        natural: The engine of many languages.
    """

    def __init__(self, english: NamedVoice, natural: NamedVoice) -> None:
        self._engines = (english, natural)

    @property
    def languages(self) -> frozenset[str]:
        """What any of the engines speaks."""
        return self._engines[0].languages | self._engines[1].languages

    @property
    def voices(self) -> Mapping[str, str]:
        """All names, each with its language."""
        return {**self._engines[0].voices, **self._engines[1].voices}

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        """See `Voice.speak`."""
        code = language.replace("_", "-").partition("-")[0].lower()
        if code not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise ConfigError(f"no voice speaks {language!r}", remedy=f"use one of: {known}")
        if voice and voice not in self.voices:
            raise ConfigError(f"no voice is called {voice!r}", remedy=f"use one of: {', '.join(self.voices)}")
        engine, name = self._chosen(code, voice)
        return await engine.speak(text, language=code, voice=name, rate=rate)

    async def prewarm(self) -> None:
        """Warm the fast engine; the other loads with the first words in another language or voice."""
        await self._engines[0].prewarm()

    async def close(self) -> None:
        """Free what the engines hold."""
        for engine in self._engines:
            await engine.close()

    def _chosen(self, language: str, voice: str) -> tuple[NamedVoice, str]:
        able = [engine for engine in self._engines if language in engine.languages]
        named = [engine for engine in able if voice in engine.voices]
        return (named[0], voice) if named else (able[0], "")
