# pyright: reportMissingImports=false
"""Pipecat as somebody who knows the models would set it up: the same stages, each as quick as it can be.

Whisper decodes greedily in a window of 10 s, the voice begins with the first clause and not with the first
sentence, and nothing is resampled on the way out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from pipecat.frames.frames import Frame, TranscriptionFrame
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.utils.text.base_text_aggregator import Aggregation, TextType
from pipecat.utils.text.simple_text_aggregator import SimpleTextAggregator
from pipecat.utils.time import time_now_iso8601

from benchmarks.peers.pipecat_pipeline import Job, main

_WINDOW_FRAMES = 1000
_RATE = 16_000
# Shorter openings sound chopped and leave too little time for the next clause.
_FEWEST_LETTERS = 10
_CLAUSE_END = re.compile(r"[,;:] ")


class WindowedWhisper(WhisperSTTService):
    """Whisper on a window of 10 s instead of 30, without a search; longer utterances as Pipecat does them."""

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        samples = np.frombuffer(audio, dtype=np.int16).astype(np.float32) / 32768.0
        if len(samples) > _WINDOW_FRAMES * _RATE // 100:
            async for frame in super().run_stt(audio):
                yield frame
        elif text := await asyncio.to_thread(self._text, samples):
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601(), Language.EN)

    def _text(self, samples: np.ndarray) -> str:
        features = self._model.feature_extractor(samples)[:, :_WINDOW_FRAMES]
        padded = np.pad(features, ((0, 0), (0, _WINDOW_FRAMES - features.shape[1])))
        found = self._model.model.generate(
            self._model.encode(padded),
            [[*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]],
            beam_size=1,
            max_length=128,
            suppress_tokens=self._suppressed,
        )[0]
        return self._tokenizer.decode(found.sequences_ids[0]).strip()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer(self._model.hf_tokenizer, True, "transcribe", "en")

    @cached_property
    def _suppressed(self) -> list[int]:
        return sorted(get_suppressed_tokens(self._tokenizer, (-1,)) or ())


class FirstClause(SimpleTextAggregator):
    """Sentences, but for the first of a reply, which is cut at its first comma."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._first = True

    async def aggregate(self, text: str) -> AsyncIterator[Aggregation]:
        async for sentence in super().aggregate(text):
            self._first = False
            yield sentence
        pause = _CLAUSE_END.search(self._text, _FEWEST_LETTERS) if self._first else None
        if pause:
            clause, self._text = self._text[: pause.end()], self._text[pause.end() :]
            self._first = False
            yield Aggregation(clause.strip(), TextType.SENTENCE)

    async def handle_interruption(self) -> None:
        await super().handle_interruption()
        self._first = True

    async def reset(self) -> None:
        await super().reset()
        self._first = True

    async def flush(self) -> Aggregation | None:
        rest = await super().flush()
        self._first = True
        return rest


class ClausePiper(PiperTTSService):
    """Piper that begins with the first clause."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._text_aggregator = FirstClause(language=self._text_aggregator.language)


def hearing(job: Job) -> Any:
    """Whisper, greedy, in its short window."""
    settings = WindowedWhisper.Settings(model=job.hearing)
    return WindowedWhisper(device="cpu", compute_type="int8", settings=settings)


def voice(job: Job) -> Any:
    """Piper, clause by clause."""
    settings = PiperTTSService.Settings(voice=job.voice_name)
    return ClausePiper(download_dir=Path(job.voice), settings=settings)


if __name__ == "__main__":
    main(hearing, voice, rate=22_050)
