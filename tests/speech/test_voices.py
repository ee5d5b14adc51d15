"""Which engine speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from omni_agent.errors import ConfigError
from omni_agent.senses import Voice
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.choice import Voices
from omni_agent.speech.voices.tts_kokoro import KokoroVoice
from omni_agent.speech.voices.tts_piper import PiperVoice


class FakeEngine:
    """Notes what it is asked to say."""

    def __init__(self, voices: Mapping[str, str]) -> None:
        self.voices = voices
        self.said: list[tuple[str, str, str, float]] = []
        self.warmed = self.closed = 0

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self.voices.values())

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        self.said.append((text, language, voice, rate))
        return Pcm.silence(0.1, 24_000)

    async def prewarm(self) -> None:
        self.warmed += 1

    async def close(self) -> None:
        self.closed += 1


def engines() -> tuple[FakeEngine, FakeEngine]:
    return FakeEngine({"joe": "en"}), FakeEngine({"af_heart": "en", "ef_dora": "es"})


@pytest.mark.parametrize(
    ("language", "voice", "engine", "passed"),
    [
        ("en", "", 0, ("en", "")),
        ("en-GB", "", 0, ("en", "")),
        ("en", "joe", 0, ("en", "joe")),
        ("en", "af_heart", 1, ("en", "af_heart")),
        ("en", "ef_dora", 1, ("en", "ef_dora")),
        ("es", "", 1, ("es", "")),
        ("es_MX", "ef_dora", 1, ("es", "ef_dora")),
        ("es", "joe", 1, ("es", "")),
    ],
)
def test_language_and_name_pick_the_engine(
    language: str, voice: str, engine: int, passed: tuple[str, str]
) -> None:
    both = engines()
    asyncio.run(Voices(*both).speak("Hello", language=language, voice=voice, rate=1.5))
    assert both[engine].said == [("Hello", *passed, 1.5)]
    assert both[1 - engine].said == []


@pytest.mark.parametrize(
    ("asked", "known"), [({"voice": "nobody"}, "joe, af_heart"), ({"language": "xx"}, "en, es")]
)
def test_unknown_names_are_answered_with_the_known(asked: dict[str, Any], known: str) -> None:
    with pytest.raises(ConfigError) as raised:
        asyncio.run(Voices(*engines()).speak("Hello", **asked))
    assert known in raised.value.remedy


def test_warming_and_closing() -> None:
    english, natural = engines()

    async def main() -> None:
        voices = Voices(english, natural)
        await voices.prewarm()
        assert (english.warmed, natural.warmed) == (1, 0)
        await voices.close()

    asyncio.run(main())
    assert english.closed == natural.closed == 1


def test_languages_are_known_without_any_file() -> None:
    def missing() -> None:
        pytest.fail("a folder was asked for")

    voices = Voices(PiperVoice(missing), KokoroVoice(missing))  # type: ignore[arg-type]
    assert isinstance(voices, Voice)
    assert {"en", "es", "fr", "hi", "it", "pt"} <= voices.languages
    assert len(voices.voices) == 55
