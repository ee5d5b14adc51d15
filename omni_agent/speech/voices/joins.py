"""How one clause follows another: the pause that its mark asks for, and no click where sound is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pcm import Pcm
from .sounding import stretches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CLOSERS = "\"'”’»)]}*_`」』】）》〉"
_SENTENCE = frozenset(".!?…。！？｡।॥؟۔")
_COMMA = frozenset(",;:—–-、，；：､،؛")

SENTENCE_PAUSE, COMMA_PAUSE, WORD_PAUSE = 0.3, 0.15, 0.04
"""Seconds from the last sound of a clause to the first of the next: after a sentence, after a comma or its
like, and where a clause was cut between two words."""

FADE_SECONDS = 0.008
# What may stay after the last sound of a clause, before the fade: consonants die away in it.
_TAIL = 0.1
# What may stay before the first sound of a reply.
_LEAD = 0.03


def pause_after(clause: str, rate: float = 1.0) -> float:
    """Seconds of silence that belong after a clause, by its last mark, for a voice of this rate."""
    last = clause.rstrip().rstrip(_CLOSERS)[-1:]
    if last in _SENTENCE:
        return SENTENCE_PAUSE / rate
    return (COMMA_PAUSE if last in _COMMA else WORD_PAUSE) / rate


class Joins:
    """Sets the clauses of one reply one after the other, whatever silence the engine leaves around them.

    The pause comes with the clause after it, so that the last one ends with its sound.
    """

    def __init__(self) -> None:
        self._pause = 0.0
        self._quiet = 0.0
        self._first = True

    def next(self, pcm: Pcm, clause: str, rate: float = 1.0) -> tuple[Pcm, float]:
        """The clause with the silence that it needs.

        Args:
            pcm: The clause as its voice made it.
            clause: Its text, with its marks.
            rate: The voice's pace, 1 its own.

        Returns:
            What to play, and how many seconds later everything in it is than it was in `pcm`.
        """
        sounding = stretches(pcm.samples, pcm.rate)
        if not sounding:
            return pcm, 0.0
        pause = pause_after(clause, rate)
        begin, end = sounding[0][0], sounding[-1][1]
        wanted = 0.0 if self._first else max(0.0, self._pause - self._quiet)
        lead = min(begin, _LEAD if self._first else wanted)
        end = min(pcm.seconds, end + min(_TAIL, pause))
        kept = _cut(pcm.samples, round((begin - lead) * pcm.rate), round(end * pcm.rate), pcm.rate)
        before = Pcm.silence(max(0.0, wanted - lead), pcm.rate)
        self._pause, self._quiet, self._first = pause, end - sounding[-1][1], False
        later = before.seconds - (begin - lead)
        return Pcm.joined((before, Pcm(kept, pcm.rate)), pcm.rate), later


def faded(tail: Pcm) -> Pcm:
    """What to play of a sound that is cut off: its first 8 ms, fading to nothing.

    Args:
        tail: What would have been played.
    """
    import numpy as np

    count = min(round(FADE_SECONDS * tail.rate), len(tail.samples))
    # Half a cosine has no corner at either end, so nothing clicks.
    ramp = 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, count))
    return Pcm((tail.samples[:count] * ramp).astype(np.float32), tail.rate)


def _cut(samples: NDArray[np.float32], first: int, last: int, rate: int) -> NDArray[np.float32]:
    """These samples with soft edges, so that nothing clicks."""
    import numpy as np

    kept = samples[max(0, first) : last].copy()
    fade = min(round(FADE_SECONDS / 2 * rate), len(kept) // 2)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    kept[:fade] *= ramp
    kept[len(kept) - fade :] *= ramp[::-1]
    return kept
