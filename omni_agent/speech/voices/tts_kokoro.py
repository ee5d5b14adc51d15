"""The natural voices: Kokoro-82M, in eight languages."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError
from ..pcm import Pcm
from .synthesis import Engine, OnnxSession, evened, existing, speakable
from .word_phonemes import TimedPhoneme, word_times
from .word_times import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_FILE = "kokoro-v1.0.int8.onnx"
_REMEDY = "omni-agent models pull voice-natural"
_PREFIXES = {
    "a": "en",
    "b": "en",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt",
    "z": "zh",
}
_NAMES = """
    af_heart af_alloy af_aoede af_bella af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky
    am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa bf_alice bf_emma
    bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis ef_dora em_alex em_santa ff_siwis hf_alpha
    hf_beta hm_omega hm_psi if_sara im_nicola jf_alpha jf_gongitsune jf_nezumi jf_tebukuro jm_kumo
    pf_dora pm_alex pm_santa zf_xiaoxiao zf_xiaobei zf_xiaoni zf_xiaoyi zm_yunjian zm_yunxi zm_yunxia
    zm_yunyang
"""
_ESPEAK = {"es": "es", "fr": "fr-fr", "hi": "hi", "it": "it", "pt": "pt-br"}
# Packages that only these languages need, each with how to have them.
_READERS = {"ja": ("pyopenjtalk",), "zh": ("pypinyin", "misaki")}
_STYLE_SHAPE = (510, 1, 256)
SLOWEST, FASTEST = 0.5, 2.0
# Sounds begin two frames of 25 ms before the model's durations have them, as measured after pauses; its
# makers take off three at the beginning (https://github.com/hexgrad/kokoro, join_timestamps).
_LATE = 0.05


class KokoroVoice:
    """Speaks English, Spanish, French, Hindi, Italian, Japanese, Portuguese and Chinese.

    A named voice may speak any of the languages, with its own accent; a language without a named voice takes
    the first voice of that language. Japanese and Chinese are there when the packages that read them are.

    Args:
        folder: Where `kokoro-v1.0.int8.onnx` and `voices/NAME.bin` (float32, 510 x 1 x 256) are,
            or what fetches them and says where.
        threads: Most threads of one synthesis.
    """

    voices: Mapping[str, str] = {name: _PREFIXES[name[0]] for name in _NAMES.split()}
    """Its voices, each with its language."""

    def __init__(self, folder: Path | Callable[[], Path], *, threads: int = 2) -> None:
        self._folder = folder
        self._threads = threads
        self._engine: Engine[_Kokoro] = Engine("kokoro", self._load, lambda model: model.session)

    @property
    def languages(self) -> frozenset[str]:
        """What it can speak with the packages at hand; nothing is loaded for it."""
        return _languages()

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        """See `Voice.speak`; 24,000 samples a second, a rate outside 0.5 to 2 counts as the nearer end.

        The words' times are the model's own: it is `Spoken`, unless the model file hides its durations.
        """
        language = language.partition("-")[0]
        if language not in self.languages:
            raise ConfigError(f"Kokoro does not speak {language!r}", remedy=self._known(language))
        if voice and voice not in self.voices:
            raise ConfigError(
                f"Kokoro has no voice {voice!r}", remedy=f"use one of: {', '.join(self.voices)}"
            )
        name = voice or next(name for name, spoken in self.voices.items() if spoken == language)
        words = speakable(text)
        return await self._engine.run(lambda model: model.speak(words, language, name, rate))

    async def prewarm(self) -> None:
        """Load, and speak one word, because the first synthesis is several times slower."""
        await self.speak("Hello.")

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        await self._engine.close()

    def _known(self, language: str) -> str:
        if language in _READERS:
            return f"pip install 'omni-agent-framework[{'japanese' if language == 'ja' else 'local'}]'"
        return f"use one of: {', '.join(sorted(self.languages))}"

    def _load(self) -> _Kokoro:
        folder = self._folder() if callable(self._folder) else self._folder
        model = existing(folder / _FILE, _REMEDY)
        return _Kokoro(
            OnnxSession(model, self._threads, durations=True), existing(folder / "voices", _REMEDY)
        )


@cache
def _languages() -> frozenset[str]:
    from importlib.util import find_spec

    missing = {
        language
        for language, packages in _READERS.items()
        if not all(find_spec(package) for package in packages)
    }
    return frozenset(_PREFIXES.values()) - missing


class _Kokoro:
    """The loaded model; used from one thread."""

    def __init__(self, session: OnnxSession, voices: Path) -> None:
        import numpy as np
        from kokoro_onnx import Kokoro

        self.session = session
        engine: Any = session
        self._folder = voices
        self._styles: dict[str, NDArray[np.float32]] = {}
        self._readers: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder:
            # The library insists on a file of voices; here each comes as an array with its text.
            unused = Path(folder) / "voices.npy"
            np.save(unused, np.zeros(1, np.float32))
            self._kokoro = Kokoro.from_session(engine, str(unused))

    def speak(self, text: str, language: str, voice: str, rate: float) -> Pcm:
        """The text in this voice; empty where it has no sound in this language."""
        sounds = self._phonemes(text, language, voice) if text else ""
        sounds = "".join(sound for sound in sounds if sound in self._kokoro.tokenizer.vocab)
        if not any(sound.isalpha() for sound in sounds):
            return Pcm.silence(0.0, 24_000)
        pace = min(max(rate, SLOWEST), FASTEST)
        samples, sample_rate, times = self._kokoro.create_timed(
            sounds, self._style(voice), speed=pace, is_phonemes=True
        )
        phonemes = [
            TimedPhoneme(time.phoneme, max(0.0, time.start - _LATE), max(0.0, time.end - _LATE))
            for time in times
        ]
        words = word_times(words_of(text), phonemes, lambda words: self._alone(words, language, voice))
        return evened(samples, sample_rate, words)

    def _alone(self, words: Sequence[str], language: str, voice: str) -> list[str]:
        if language in _READERS:
            return [self._phonemes(word, language, voice) for word in words]
        # One call for all: each has its line, an empty one too.
        return self._espeak_lines(words, _espeak_language(language, voice))

    def _style(self, name: str) -> NDArray[np.float32]:
        import numpy as np

        if name not in self._styles:
            path = existing(self._folder / f"{name}.bin", _REMEDY)
            self._styles[name] = np.fromfile(path, np.float32).reshape(_STYLE_SHAPE)
        return self._styles[name]

    def _phonemes(self, text: str, language: str, voice: str) -> str:
        if language == "ja":
            from .phonemes_japanese import phonemes

            return phonemes(text)
        if language == "zh":
            from .phonemes_chinese import phonemes as chinese

            return chinese(text, lambda word: self._espeak(word, "en-us"))
        return self._espeak(text, _espeak_language(language, voice))

    def _espeak(self, text: str, voice: str) -> str:
        return self._espeak_lines([text], voice)[0]

    def _espeak_lines(self, texts: Sequence[str], voice: str) -> list[str]:
        """espeak-ng's phonemes. Without its notes on foreign words, which the model would speak."""
        if voice not in self._readers:
            self._readers[voice] = _espeak_reader(voice)
        lines = self._readers[voice].phonemize(list(texts), strip=True, njobs=1)
        return [str(line) for line in lines] if len(lines) == len(texts) else [""] * len(texts)


def _espeak_language(language: str, voice: str) -> str:
    return _ESPEAK.get(language, "en-gb" if voice.startswith("b") else "en-us")


def _espeak_reader(voice: str) -> Any:
    import logging

    from phonemizer.backend import EspeakBackend  # type: ignore[import-untyped, unused-ignore]

    silent = logging.getLogger("omni_agent.speech.espeak")
    silent.setLevel(logging.CRITICAL)
    return EspeakBackend(
        voice,
        preserve_punctuation=True,
        with_stress=True,
        language_switch="remove-flags",
        words_mismatch="ignore",
        logger=silent,
    )
