"""The real voices: what they say can be understood, and they behave under load and cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from omni_agent.speech.pcm import Pcm
from omni_agent.speech.spoken import Spoken
from omni_agent.speech.voices.sounding import stretches
from omni_agent.speech.voices.tts_kokoro import KokoroVoice
from omni_agent.speech.voices.tts_piper import PiperVoice
from omni_agent.speech.voices.word_times import words_of

if TYPE_CHECKING:
    from tests.speech.conftest import VoiceFolders

pytestmark = pytest.mark.models

RealVoice: TypeAlias = PiperVoice | KokoroVoice

# The least share of characters that the recogniser must get back; Japanese and Chinese lose some to other
# signs of the same sound, Hindi is not there because a base-sized recogniser does not hear it.
SENTENCES = {
    "en": ("Please turn off the lights in the kitchen.", 0.85),
    "es": ("Por favor, apaga las luces de la cocina.", 0.85),
    "fr": ("Il va pleuvoir cet après-midi, prends un parapluie.", 0.8),
    "it": ("Per favore, spegni la luce in cucina.", 0.85),
    "pt": ("Por favor, apague a luz da cozinha.", 0.85),
    "ja": ("会議は明日の朝始まります。", 0.6),
    "zh": ("今天下午会下雨，记得带雨伞。", 0.6),
}


@pytest.fixture(params=["piper", "kokoro"], scope="module")
def voice(request: pytest.FixtureRequest, voice_folders: VoiceFolders) -> Iterator[RealVoice]:
    made: RealVoice
    made = (
        PiperVoice(voice_folders.english) if request.param == "piper" else KokoroVoice(voice_folders.natural)
    )
    yield made
    asyncio.run(made.close())


@pytest.fixture(scope="module")
def recogniser() -> Any:
    from faster_whisper import WhisperModel

    from omni_agent.models.store import ModelStore

    return WhisperModel(str(ModelStore().ensure("hearing")), device="cpu", compute_type="int8", cpu_threads=2)


def say(voice: RealVoice, text: str, **how: Any) -> Pcm:
    return asyncio.run(voice.speak(text, **how))


@pytest.fixture(scope="module")
def sentence(voice: RealVoice) -> Callable[[str], Pcm]:
    """What a language's sentence sounds like, said once for all who want to know."""
    return cache(lambda language: say(voice, SENTENCES[language][0], language=language))


def likeness(said: str, heard: str) -> float:
    plain = [
        "".join(c for c in unicodedata.normalize("NFKC", text.lower()) if c.isalnum())
        for text in (said, heard)
    ]
    return SequenceMatcher(None, *plain, autojunk=False).ratio()


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_speech_is_understood(
    language: str, voice: RealVoice, sentence: Callable[[str], Pcm], recogniser: Any
) -> None:
    if language not in voice.languages:
        pytest.skip("not a language of this voice, or its reader is not installed")
    text, least = SENTENCES[language]
    segments, _ = recogniser.transcribe(sentence(language).resampled(16_000).samples, language=language)
    heard = "".join(segment.text for segment in segments)
    assert likeness(text, heard) >= least, heard


def test_sound_is_even_and_trimmed(voice: RealVoice) -> None:
    for text in ("Yes.", "The meeting starts at nine tomorrow morning, and it will be long."):
        said = say(voice, text)
        samples = said.samples
        assert 0.1 < float(np.abs(samples).max()) <= 0.95
        sounding = np.flatnonzero(np.abs(samples) > 0.02)
        assert sounding[0] < 0.25 * said.rate
        assert len(samples) - sounding[-1] < 0.3 * said.rate


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_the_words_have_times_that_fit_the_sound(
    language: str, voice: RealVoice, sentence: Callable[[str], Pcm]
) -> None:
    if language not in voice.languages:
        pytest.skip("not a language of this voice, or its reader is not installed")
    pcm = sentence(language)
    assert isinstance(pcm, Spoken)
    assert [word.text for word in pcm.words] == words_of(SENTENCES[language][0])
    edges = [edge for word in pcm.words for edge in (word.begin, word.end)]
    assert edges == sorted(edges)
    sounding = stretches(pcm.samples, pcm.rate)
    assert edges[0] == pytest.approx(sounding[0][0], abs=0.15)
    assert edges[-1] == pytest.approx(sounding[-1][1], abs=0.15)


def test_rate_is_honoured(voice: RealVoice) -> None:
    slow, plain, fast = (
        say(voice, "This is a sentence of some length.", rate=rate).seconds for rate in (0.5, 1, 1.8)
    )
    assert slow > 1.3 * plain > 1.3 * 1.2 * fast


@pytest.mark.parametrize("text", ["", " \n", "...", "—!?", "😀", "\x00\ud800", "[[", "()"])
def test_nothing_to_say_is_silence(voice: RealVoice, text: str) -> None:
    assert say(voice, text).seconds < 0.2


@pytest.mark.parametrize("text", ["a", "[[x]]", "5", "会議 ok", "é" * 50, "word " * 20, "\u0301a", "a\x00b"])
def test_odd_text_is_spoken_without_complaint(voice: RealVoice, text: str) -> None:
    assert say(voice, text).seconds > 0.05


def test_a_cancelled_utterance_makes_way_at_once(voice: RealVoice) -> None:
    async def main() -> tuple[float, float]:
        clock = asyncio.get_running_loop().time
        await voice.prewarm()
        begun = clock()
        await voice.speak("and then he went home " * 8)
        whole = clock() - begun
        task = asyncio.create_task(voice.speak("and then he went home " * 8))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), whole / 10)
        task.cancel()
        begun = clock()
        assert (await voice.speak("Yes.")).seconds > 0.1
        return whole, clock() - begun

    whole, after = asyncio.run(main())
    assert after < whole


def test_one_voice_serves_several_loops_and_callers(voice: RealVoice) -> None:
    async def main() -> list[Pcm]:
        return list(await asyncio.gather(*(voice.speak(text) for text in ("One.", "Two is here.", "Three."))))

    assert all(pcm.seconds > 0.1 for pcm in asyncio.run(main()) + asyncio.run(main()))
