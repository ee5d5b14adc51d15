"""The nearest voice: what others say further off, before and after it, is not for the agent.

The nearest voice is the loudest. Only the ends of a recording are cut; what is quieter in between stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..pcm import Pcm
from .vad import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...messages import HeardWord

# Speech is in the foreground from the first to the last moment, or word, within so many decibels of its loud
# parts. Moments have a little room around them, because words begin and end softly, and are cut only where
# pauses are not quiet.
_FOREGROUND_DB, _QUIET_PAUSE_DB = 11.0, 45.0
_SOFT_START, _SOFT_END = 0.2, 0.55
_HOP, _FRAME = 0.02, 0.12
# A loud word is louder than nine in ten: however much others say around it, the nearest voice has some.
_LOUD_WORD = 90
_FEWEST_WORDS = 4
# The noise of a room, over 120 ms, stays within this.
_OVER_NOISE_DB = 8.0
# The shortest that two words and the sound that dies away after them take, in seconds.
_TWO_WORDS = 0.35


def foreground(audio: Pcm) -> Span:
    """Where the nearest voice speaks, as (start, end) in seconds, without those further off around it.

    What is quieter in between stays. A recording whose pauses are quiet is all foreground.
    """
    levels, hop = _levels(audio)
    if _pauses_are_quiet(levels):
        return 0.0, audio.seconds
    near = np.flatnonzero(levels > np.percentile(levels, 95) - _FOREGROUND_DB)
    start, end = float(near[0]) * hop - _SOFT_START, float(near[-1] + 1) * hop + _SOFT_END
    return max(0.0, start), min(audio.seconds, end)


def nearest(audio: Pcm, words: Sequence[HeardWord]) -> tuple[HeardWord, ...]:
    """The words without those at both ends that were said from further off.

    Args:
        audio: The sound that the words' times refer to.
        words: What was heard in it, in order.
    """
    if len(words) < _FEWEST_WORDS:
        return tuple(words)
    levels = [_level(audio, word) for word in words]
    least = float(np.percentile(levels, _LOUD_WORD)) - _FOREGROUND_DB
    near = [index for index, level in enumerate(levels) if level >= least]
    first, last = near[0], near[-1]
    # One quiet word is how people begin and end.
    return tuple(words[first if first > 1 else 0 : last + 1 if last < len(words) - 2 else len(words)])


def quietest(audio: Pcm) -> float:
    """The level of a recording's quietest moment, in decibels."""
    return float(np.min(_levels(audio)[0], initial=0.0))


def uneven(audio: Pcm, noise: float) -> bool:
    """Whether so much at an end is quieter than the rest that `nearest` may leave words out.

    Args:
        audio: What was said.
        noise: The level of the room, in decibels.
    """
    levels, hop = _levels(audio)
    if not len(levels):
        return False
    loud = float(np.percentile(levels, 95))
    said = np.flatnonzero(levels > max(loud - _QUIET_PAUSE_DB, noise + _OVER_NOISE_DB))
    near = np.flatnonzero(levels > loud - _FOREGROUND_DB)
    return bool(len(said)) and bool(max(near[0] - said[0], said[-1] - near[-1]) * hop > _TWO_WORDS)


def _pauses_are_quiet(levels: NDArray[np.float64]) -> bool:
    """Whether nothing much is heard between the words."""
    if not len(levels):
        return True
    quiet, loud = np.percentile(levels, (10, 95))
    return bool(loud - quiet > _QUIET_PAUSE_DB)


def _levels(audio: Pcm) -> tuple[NDArray[np.float64], float]:
    """The level in decibels, about every 20 ms, over 120 ms, and those seconds; empty for a shorter sound."""
    hop, width = max(1, round(_HOP * audio.rate)), round(_FRAME / _HOP)
    frames = len(audio.samples) // hop
    if frames < width:
        return np.zeros(0), hop / audio.rate
    energy = (audio.samples[: frames * hop].reshape(frames, hop).astype(np.float64) ** 2).mean(axis=1)
    smooth = np.convolve(energy, np.ones(width) / width, "same")
    return np.asarray(10 * np.log10(smooth + 1e-10), dtype=np.float64), hop / audio.rate


def _level(audio: Pcm, word: HeardWord) -> float:
    samples = audio.samples[round(word.start * audio.rate) : round(word.end * audio.rate)]
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-10)) if len(samples) else -100.0
