"""Whether the user has finished speaking, judged by the tune of the last second; needs no model.

Where a sentence ends, the voice falls in pitch and level, or rises where it asks. Where a speaker stops to
think, the pitch stays where it is. Of the words only the signs count here that Whisper puts at their end.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..pcm import Pcm

RATE = 16_000
UNKNOWN = 0.5
_RATE = 8_000
_HOP, _WINDOW = 80, 320  # 10 ms, 40 ms
_SECONDS = 3.0
_LOWEST_HZ, _HIGHEST_HZ = 65.0, 450.0
_VOICED = 0.5
_SOUNDING_DB = 30.0
_FEW = 5
_END = 15  # frames
# The fall in pitch, in semitones, and in level, in dB, that is usual of made and real voices at an end and,
# nearly as often, before a pause. So what differs from it is worth little.
_PITCH, _LEVEL = -4.5, -9.0
_A_SEMITONE, _A_DB, _MOST = 0.1, 0.03, 1.0
_PRIOR = 0.6


@dataclass(frozen=True, slots=True)
class Contour:
    """How a stretch of speech ends.

    Attributes:
        pitch: Of the last 150 ms of voice against the median of the stretch, in semitones.
        level: Of the last 150 ms of sound against the median, in dB.
    """

    pitch: float
    level: float


class ProsodyEnd:
    """A `TurnEnd` for where Smart Turn cannot be had: rougher, but free."""

    async def score(self, audio: Pcm, words: str) -> float:
        """See `TurnEnd.score`; a few milliseconds in a thread."""
        return await asyncio.to_thread(_score, audio, words)

    async def prewarm(self) -> None:
        """Nothing has to be loaded."""

    async def close(self) -> None:
        """Nothing is held."""


def contour(audio: Pcm) -> Contour | None:
    """How the last three seconds end; None where too little of it is voice.

    The silence at the end does not count.
    """
    samples = np.nan_to_num(audio.resampled(_RATE).samples[-round(_SECONDS * _RATE) :])
    if len(samples) < _WINDOW * 2:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples - samples.mean(), _WINDOW)[::_HOP]
    levels = 10 * np.log10((frames.astype(np.float64) ** 2).mean(axis=1) + 1e-10)
    sounding = levels > max(float(levels.max()) - _SOUNDING_DB, -70.0)
    pitch = np.where(sounding, _pitch(frames), np.nan)
    voiced = np.flatnonzero(~np.isnan(pitch))
    if len(voiced) < _FEW:
        return None
    tune = 12 * np.log2(pitch[voiced] / np.median(pitch[voiced]))
    loud = levels[sounding]
    return Contour(pitch=float(np.median(tune[-_END:])), level=float(loud[-_END:].mean() - np.median(loud)))


def _pitch(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """The pitch of each frame in Hz by its autocorrelation; not a number where it has none."""
    first, last = int(_RATE / _HIGHEST_HZ), int(_RATE / _LOWEST_HZ)
    spectrum = np.fft.rfft(frames * np.hanning(_WINDOW), 2 * _WINDOW)
    likeness = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, : last + 1]
    # The window makes distant likeness small; without this a low voice is taken for a high one.
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(_WINDOW), 2 * _WINDOW)) ** 2)[: last + 1]
    likeness = likeness / np.maximum(likeness[:, :1], 1e-9) / (window / window[0])
    best = first + np.argmax(likeness[:, first:], axis=1)
    strong = likeness[np.arange(len(best)), best] > _VOICED
    return np.where(strong, _RATE / best, np.nan)


def _score(audio: Pcm, words: str) -> float:
    if not len(audio.samples):
        return UNKNOWN
    evidence = _sign(words)
    found = contour(audio)
    if found is not None:
        fall = _A_SEMITONE * (_PITCH - found.pitch) + _A_DB * (_LEVEL - found.level)
        evidence += _PRIOR + min(max(fall, -_MOST), _MOST)
    return 1 / (1 + math.exp(-evidence))


def _sign(words: str) -> float:
    """What the transcript's last sign is worth; a full stop is worth nothing."""
    text = words.rstrip()
    if text.endswith(("...", "…", ",", "-", "–")):
        return -2.0
    return 1.5 if text.endswith(("?", "？")) else 0.0
