"""Turn detection by loudness alone, for the fake session."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

_LOUD = 0.01
_RATES = {"audio/pcm": 24_000, "audio/pcmu": 8_000, "audio/pcma": 8_000}


@dataclass(slots=True)
class Ears:
    """What was heard so far.

    Attributes:
        item: The id that the turn will have.
        began: Where speech began, ms from the first sample of the session.
        ended: Where it ended.
        held_ms: How much has not been committed.
    """

    item: str = ""
    began: int = 0
    ended: int = 0
    held_ms: float = 0.0
    _now_ms: float = 0.0
    _speaking: bool = False
    _quiet_ms: float = 0.0

    def clear(self) -> None:
        self.held_ms = 0.0

    def hear(self, sound: bytes, kind: str, turns: dict[str, Any] | None) -> Iterator[str]:
        """Take sound in; gives the handlers of what is noticed."""
        samples = _decoded(sound, kind)
        length = len(samples) / _RATES[kind] * 1000
        self._now_ms += length
        self.held_ms += length
        if not turns or not len(samples):
            return
        loud = float(np.sqrt(np.mean(np.square(samples)))) > _LOUD
        if loud and not self._speaking:
            self._speaking, self.began = True, round(self._now_ms - length)
            yield "speech_started"
        self._quiet_ms = 0.0 if loud else self._quiet_ms + length
        if self._speaking and self._quiet_ms >= turns.get("silence_duration_ms", 500):
            self._speaking, self.ended = False, round(self._now_ms - self._quiet_ms)
            yield "speech_stopped"


def _decoded(sound: bytes, kind: str) -> NDArray[np.float32]:
    if kind == "audio/pcm":
        return np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
    law = {"audio/pcmu": "ULAW", "audio/pcma": "ALAW"}[kind]
    raw = {"samplerate": 8000, "channels": 1, "format": "RAW", "subtype": law}
    samples, _ = soundfile.read(io.BytesIO(sound), dtype="float32", **raw)
    return np.asarray(samples, np.float32)
