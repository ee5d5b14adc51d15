"""The fast English voice: Piper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .pcm import Pcm
from .synthesis import Engine, OnnxSession, evened, existing, speakable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
        """See `Voice.speak`; 22,050 samples a second, a rate outside 0.5 to 2 counts as the nearer end."""
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
        session: Any = OnnxSession(model, self._threads)
        return Piper(config=PiperConfig.from_dict(json.loads(config)), session=session)


def _synthesise(piper: Any, text: str, rate: float) -> Pcm:
    import numpy as np
    from piper import SynthesisConfig

    # Doubled brackets are Piper's notation for raw phonemes.
    text = text.replace("[[", " ").replace("]]", " ")
    pace = min(max(rate, SLOWEST), FASTEST)
    config = SynthesisConfig(length_scale=piper.config.length_scale / pace, normalize_audio=False)
    chunks = [chunk.audio_float_array for chunk in piper.synthesize(text, config)] if text else []
    samples = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    return evened(samples, int(piper.config.sample_rate))
