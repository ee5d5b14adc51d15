"""A long recording in stretches that are heard one after the other, cut where it is quiet."""

from __future__ import annotations

from ...speech.pcm import Pcm

LONGEST = 30.0
"""Seconds of a stretch; what Whisper hears at once."""

# A cut falls into the last third, where 0.3 s are the quietest.
_EARLIEST = 20.0
_QUIET = 0.3


def stretches(sound: Pcm) -> list[Pcm]:
    """The sound in order and whole, in stretches of at most 30 s."""
    cut, parts = 0, list[Pcm]()
    while len(sound.samples) - cut > LONGEST * sound.rate:
        end = cut + _quietest(Pcm(sound.samples[cut : cut + round(LONGEST * sound.rate)], sound.rate))
        parts.append(Pcm(sound.samples[cut:end], sound.rate))
        cut = end
    return [*parts, Pcm(sound.samples[cut:], sound.rate)]


def _quietest(sound: Pcm) -> int:
    """The sample in the middle of the quietest moment of the last third."""
    import numpy as np

    first, wide = round(_EARLIEST * sound.rate), round(_QUIET * sound.rate)
    power = np.cumsum(sound.samples[first:].astype(np.float64) ** 2)
    return first + wide // 2 + int(np.argmin(power[wide:] - power[:-wide]))
