"""The embedded default, `model="local"`: ears, language, eyes and voice that together act as one omni model.

Nothing is loaded when it is made; each part loads at its first use or by `prewarm`, fetching its files
through the model store if they are not there yet.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import config
from ..config import Settings
from ..senses import Senses
from .base import Capabilities, ModelEvent, OmniModel, Request

if TYPE_CHECKING:
    from .store import ModelStore


class Cascade:
    """A language model with the senses that it lacks.

    Args:
        language: Answers; what it can do is what the cascade can do.
        senses: What the graph borrows for the rest.
    """

    def __init__(self, language: OmniModel, senses: Senses) -> None:
        self._language = language
        self._senses = senses

    @property
    def capabilities(self) -> Capabilities:
        return self._language.capabilities

    @property
    def senses(self) -> Senses:
        return self._senses

    def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        return self._language.stream(request)

    async def prewarm(self, request: Request | None = None) -> None:
        await self._language.prewarm(request)

    async def close(self) -> None:
        await self._language.close()
        for sense in (self._senses.ears, self._senses.eyes, self._senses.voice):
            if sense:
                await sense.close()


def local(settings: Settings, store: ModelStore | None = None) -> Cascade:
    """The cascade that runs on two processor cores, as the catalogue describes it."""
    from .llama import LlamaLanguage
    from .store import ModelStore

    files = store or ModelStore()
    language = LlamaLanguage(
        lambda: files.ensure("language"), threads=settings.threads, prefixes=config.cache() / "prefixes"
    )
    return Cascade(language, local_senses(settings, files))


def local_senses(settings: Settings, store: ModelStore | None = None) -> Senses:
    """The ears, eyes and voice that run on two processor cores; each loads at its first use."""
    from ..speech.hearing.asr_whisper import WhisperEars
    from ..speech.voices.choice import Voices
    from ..speech.voices.tts_kokoro import KokoroVoice
    from ..speech.voices.tts_piper import PiperVoice
    from ..vision.ocr import RapidEyes
    from .store import ModelStore

    files, threads = store or ModelStore(), settings.threads

    def folder(part: str) -> Callable[[], Path]:
        return lambda: files.ensure(part)

    return Senses(
        ears=WhisperEars(folder("hearing"), threads=threads),
        eyes=RapidEyes(threads=threads),
        voice=Voices(
            PiperVoice(folder("voice-english"), threads=threads),
            KokoroVoice(folder("voice-natural"), threads=threads),
        ),
    )
