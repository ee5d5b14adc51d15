"""The fast English voice: Piper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ConfigError
from ..pcm import Pcm
from .synthesis import Engine, OnnxSession, evened, existing, speakable
from .word_phonemes import TimedPhoneme, word_times
from .word_times import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_FILE = "en_US-joe-medium.onnx"
_REMEDY = "omni-agent models pull voice-english"
SLOWEST, FASTEST = 0.5, 2.0


class PiperVoice:
    """Speaks English; about 0.1 s for a sentence on two cores.

    Args:
        folder: Where `en_US-joe-medium.onnx` and its `.json` are, or what fetches them and says where.
        threads: Most threads of one synthesis.
    """

    voices: Mapping[str, str] = {"joe": "en"}
    """Its voices, each with its language."""

    def __init__(self, folder: Path | Callable[[], Path], *, threads: int = 2) -> None:
        self._folder = folder
        self._threads = threads
        self._engine: Engine[Any] = Engine("piper", self._load, lambda voice: voice.session)

    @property
    def languages(self) -> frozenset[str]:
        """English only."""
        return frozenset(self.voices.values())

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        """See `Voice.speak`; 22,050 samples a second, a rate outside 0.5 to 2 counts as the nearer end.

        The words' times are the model's own: it is `Spoken`, unless the model file hides its durations.
        """
        if voice and voice not in self.voices:
            raise ConfigError(f"Piper has no voice {voice!r}", remedy=f"use one of: {', '.join(self.voices)}")
        if language.partition("-")[0] not in self.languages:
            raise ConfigError(f"Piper does not speak {language!r}", remedy="use one of: en")
        words = speakable(text)
        return await self._engine.run(lambda piper: _synthesise(piper, words, rate))

    async def prewarm(self) -> None:
        """Load, and speak one word, because the first synthesis is several times slower."""
        await self.speak("Hello.")

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        await self._engine.close()

    def _load(self) -> Any:
        import json

        from piper import PiperConfig
        from piper import PiperVoice as Piper

        folder = self._folder() if callable(self._folder) else self._folder
        model = existing(folder / _FILE, _REMEDY)
        config = existing(folder / f"{_FILE}.json", _REMEDY).read_text("utf-8")
        session: Any = OnnxSession(model, self._threads, durations=True)
        return Piper(config=PiperConfig.from_dict(json.loads(config)), session=session)


def _synthesise(piper: Any, text: str, rate: float) -> Pcm:
    import numpy as np
    from piper import SynthesisConfig

    # Doubled brackets are Piper's notation for raw phonemes.
    text = text.replace("[[", " ").replace("]]", " ")
    pace = min(max(rate, SLOWEST), FASTEST)
    config = SynthesisConfig(length_scale=piper.config.length_scale / pace, normalize_audio=False)
    chunks = list(piper.synthesize(text, config, include_alignments=True)) if text else []
    sounds = [chunk.audio_float_array for chunk in chunks]
    samples = np.concatenate(sounds) if sounds else np.zeros(0, np.float32)
    rate = int(piper.config.sample_rate)
    words = word_times(words_of(text), _phonemes(chunks, rate), lambda words: _alone(piper, words))
    return evened(samples, rate, words)


def _phonemes(chunks: Sequence[Any], rate: int) -> list[TimedPhoneme]:
    """The phonemes of all sentences with their times; none where a sentence has no times."""
    phonemes = []
    start = 0
    for chunk in chunks:
        if chunk.phoneme_alignments is None:
            return []
        at = start
        for one in chunk.phoneme_alignments:
            phonemes.append(TimedPhoneme(one.phoneme, at / rate, (at + one.num_samples) / rate))
            at += int(one.num_samples)
        start += len(chunk.audio_float_array)
        phonemes.append(TimedPhoneme(" ", at / rate, start / rate))
    return phonemes


def _alone(piper: Any, words: Sequence[str]) -> list[str]:
    return ["".join(sign for sentence in piper.phonemize(word) for sign in sentence) for word in words]
