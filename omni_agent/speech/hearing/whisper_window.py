"""Whisper on one window of sound, through CTranslate2.

Whisper was trained on windows of 30 s, and faster-whisper pads every clip to that, which makes a command
of 3 s cost as much as half a minute. The encoder takes shorter windows as well; here the caller says how
long the window is. What short windows do wrong (a phrase said twice, see `asr_whisper`) is for the caller to
notice.
"""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import ModelError, ModelUnavailable
from ...messages import HeardWord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
_FRAMES_A_SECOND = 100
_CONTEXT = 448
_HINT_TOKENS = 223
_PHRASE = 5  # tokens
_NEEDED = ("model.bin", "config.json", "tokenizer.json")
# Whisper knows Javanese by a code that ISO 639-1 withdrew.
_OWN_CODES = {"jv": "jw"}
_ISO_CODES = {own: iso for iso, own in _OWN_CODES.items()}


@dataclass(frozen=True, slots=True)
class Decoded:
    """What Whisper wrote for a window.

    Attributes:
        texts: Readings, best first; never empty.
        language: ISO 639-1 code.
        language_probability: 0 to 1; 1 where the caller named the language.
        logprob: Mean log probability of a token of the best reading.
        no_speech: Probability that nobody speaks, 0 to 1.
        scores: Mean log probability of a token of each reading, where the engine tells.
    """

    texts: tuple[str, ...]
    language: str
    language_probability: float
    logprob: float
    no_speech: float
    scores: tuple[float, ...] = ()


class WindowModel(Protocol):
    """What `WhisperEars` needs of an engine. Its calls block and come from one thread."""

    def encode(self, samples: NDArray[np.float32], seconds: int) -> object:
        """Encode 16 kHz samples, padded with silence to a window of `seconds` (at most 30)."""
        ...

    def decode(
        self,
        encoded: object,
        *,
        seconds: float,
        language: str = "",
        hints: Sequence[str] = (),
        varied: bool = False,
        quick: bool = False,
    ) -> Decoded:
        """Write down an encoded window that holds `seconds` of sound.

        With `varied` no phrase is written twice: for a reading that ran in circles. With `quick` there is one
        reading, the first that comes to mind.
        """
        ...

    def align(self, encoded: object, text: str, *, seconds: float, language: str) -> tuple[HeardWord, ...]:
        """The words of a reading of an encoded window, with their times in it."""
        ...


def load_whisper(folder: Path, threads: int) -> WindowModel:
    """Load a Whisper model that was converted for CTranslate2.

    Args:
        folder: Holds `model.bin`, `config.json`, `tokenizer.json` and a vocabulary.
        threads: Processor cores; 0 for all.

    Raises:
        ModelUnavailable: faster-whisper is not installed, or the folder holds no whole model.
    """
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    # faster-whisper would ask the network for what is missing.
    if missing:
        raise ModelUnavailable(
            f"no hearing model in {folder}: {', '.join(missing)} missing",
            remedy="omni-agent models pull hearing",
        )
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise ModelUnavailable(
            f"the ears cannot be loaded: {error}", remedy="pip install 'omni-agent-framework[local]'"
        ) from None
    try:
        model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads or os.cpu_count() or 1,
            local_files_only=True,
        )
    except Exception as error:  # tokenizers raises bare Exception, CTranslate2 RuntimeError or ValueError
        raise ModelUnavailable(
            f"the hearing model in {folder} is broken: {error}", remedy="omni-agent models verify hearing"
        ) from None
    return _Whisper(model)


class _Whisper:
    def __init__(self, model: Any, beam: int = 5, readings: int = 3) -> None:
        self._model = model
        self._beam = beam
        self._readings = readings
        self._detected: tuple[object, tuple[str, float]] = (None, ("", 0.0))

    def encode(self, samples: NDArray[np.float32], seconds: int) -> object:
        import numpy as np

        frames = seconds * _FRAMES_A_SECOND
        features = self._model.feature_extractor(samples)[:, :frames]
        padded = np.pad(features, ((0, 0), (0, frames - features.shape[1])))
        with _failures():
            return self._model.encode(padded)

    def decode(
        self,
        encoded: object,
        *,
        seconds: float,
        language: str = "",
        hints: Sequence[str] = (),
        varied: bool = False,
        quick: bool = False,
    ) -> Decoded:
        with _failures():
            code, probability = self._language(encoded, language)
            prompt = [*self._hint_tokens(hints), *self._start(code)]
            # Fast talkers reach 7 tokens a second in Latin script; other scripts need up to 3 times that.
            longest = min(_CONTEXT, len(prompt) + 24 + round(21 * seconds))
            result = self._model.model.generate(
                encoded,
                [prompt],
                beam_size=1 if quick else self._beam,
                num_hypotheses=1 if quick else self._readings,
                max_length=longest,
                return_scores=True,
                return_no_speech_prob=True,
                suppress_tokens=self._suppressed,
                no_repeat_ngram_size=_PHRASE if varied else 0,
            )[0]
        tokens = len(result.sequences_ids[0])
        texts: dict[str, float] = {}
        for ids, score in zip(result.sequences_ids, result.scores, strict=True):
            texts.setdefault(self._text(ids), score)
        return Decoded(
            texts=tuple(texts),
            language=_ISO_CODES.get(code, code),
            language_probability=probability,
            # The score is a mean over the tokens without the end token, whose probability is in the sum.
            logprob=result.scores[0] * tokens / (tokens + 1) if tokens else -math.inf,
            no_speech=result.no_speech_prob,
            scores=tuple(texts.values()),
        )

    def align(self, encoded: object, text: str, *, seconds: float, language: str) -> tuple[HeardWord, ...]:
        from faster_whisper.tokenizer import Tokenizer

        multilingual = self._model.model.is_multilingual
        code = _OWN_CODES.get(language, language)
        tokenizer = Tokenizer(
            self._model.hf_tokenizer, multilingual, "transcribe", code if multilingual else None
        )
        tokens = [token for token in tokenizer.encode(f" {text}") if token < tokenizer.eot]
        with _failures():
            found = self._model.find_alignment(
                tokenizer, [tokens], encoded, max(1, round(seconds * _FRAMES_A_SECOND))
            )
        words: list[HeardWord] = []
        for word in found[0] if found else ():
            text, end = word["word"], round(float(word["end"]), 2)
            if words and not text.startswith(" "):
                words[-1] = replace(words[-1], text=words[-1].text + text, end=end)
            elif text.strip():
                confidence = round(float(word["probability"]), 3)
                words.append(HeardWord(text.strip(), round(float(word["start"]), 2), end, confidence))
        return tuple(words)

    def _language(self, encoded: object, wanted: str) -> tuple[str, float]:
        code = wanted.lower().replace("_", "-").partition("-")[0]
        code = _OWN_CODES.get(code, code)
        if not self._model.model.is_multilingual:
            return "en", 1.0
        if code and self._token(f"<|{code}|>") is not None:
            return code, 1.0
        # A window is often decoded more than once, and telling its language takes as long as two words.
        if self._detected[0] is not encoded:
            token, probability = self._model.model.detect_language(encoded)[0][0]
            self._detected = (encoded, (token.strip("<|>"), probability))
        return self._detected[1]

    def _hint_tokens(self, hints: Sequence[str]) -> list[int]:
        """The hints as Whisper's prompt; those that do not fit are left out, the last first."""
        tokens: list[int] = []
        for hint in dict.fromkeys(" ".join(hint.split()) for hint in hints):
            more = self._encoded(f", {hint}" if tokens else f" {hint}") if hint else []
            if len(tokens) + len(more) > _HINT_TOKENS:
                break
            tokens += more
        return [self._special("<|startofprev|>"), *tokens] if tokens else []

    def _start(self, code: str) -> list[int]:
        marks = ["<|startoftranscript|>"]
        if self._model.model.is_multilingual:
            marks += [f"<|{code}|>", "<|transcribe|>"]
        return [self._special(mark) for mark in [*marks, "<|notimestamps|>"]]

    @cached_property
    def _suppressed(self) -> list[int]:
        """What is no speech: signs of music, speakers' names in brackets, and the control tokens."""
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        tokenizer = Tokenizer(self._model.hf_tokenizer, False)
        return sorted(get_suppressed_tokens(tokenizer, (-1,)) or ())

    def _encoded(self, text: str) -> list[int]:
        return list(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)

    def _text(self, ids: Sequence[int]) -> str:
        return str(self._model.hf_tokenizer.decode(list(ids))).strip()

    def _token(self, name: str) -> int | None:
        found: int | None = self._model.hf_tokenizer.token_to_id(name)
        return found

    def _special(self, name: str) -> int:
        token = self._token(name)
        if token is None:
            raise ModelUnavailable(
                f"the hearing model has no token {name}", remedy="omni-agent models verify hearing"
            )
        return token


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"the ears failed: {error}", remedy="omni-agent models verify hearing") from error
