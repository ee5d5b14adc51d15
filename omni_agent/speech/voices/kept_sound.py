"""Of an answer that a model speaks by itself, the sound of the words that are kept.

A persona's limit cuts the words; the model speaks all of them, and nobody tells where in its sound a word
ends. So a share of the words is taken for the same share of the sound, once all of both is there; until then
only that is let through which belongs to kept words however quickly the model speaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...persona.length import seconds
from ..pcm import Pcm
from .own_voice import PACE, QUICKEST
from .sounding import stretches
from .word_times import WORD_SECONDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How far from the place that the words' share tells a pause may lie: in seconds, and as a share of the place.
_NEAREST, _FARTHEST, _NEAR = 0.5, 1.5, 0.1
_FADE = 0.01
# Of the seconds that kept words take at the most; who speaks on and on would have to be waited for.
_SURELY = 2.0


class KeptSound:
    """Lets through the sound of kept words.

    Attributes:
        cut: The words have come to their limit: nothing is kept beyond those that are.
    """

    def __init__(self) -> None:
        self._kept = ""
        self._written = ""
        self._played = 0.0
        self._held: list[Pcm] = []
        self.cut = False

    def write(self, written: str, kept: str) -> list[Pcm]:
        """The model wrote so much more, and so much of it all may be said: the sound that is free by that."""
        self._written += written
        self._kept += kept
        return self._released()

    def take(self, pcm: Pcm) -> list[Pcm]:
        """The model's next sound: what of its sound may be heard now."""
        self._held.append(pcm)
        return self._released()

    @property
    def whole(self) -> bool:
        """Whether there is so much sound that the kept words are surely over; the rest is not waited for."""
        sounded = self._played + sum(pcm.seconds for pcm in self._held)
        return sounded >= _SURELY * _length(self._kept)

    def finish(self, *, ended: bool) -> list[Pcm]:
        """The rest that may be heard; `ended` where the model has spoken all that it wrote."""
        held, self._held = self._held, []
        if not self.cut or not held:
            return held
        import numpy as np

        kept = _length(self._kept)
        share = kept / max(_length(self._written), kept, 1e-6)
        place = share * (self._played + sum(pcm.seconds for pcm in held)) if ended else PACE * kept
        rest = Pcm(np.concatenate([pcm.samples for pcm in held]), held[0].rate)
        end = _pause(rest, place - self._played, min(max(_NEAR * place, _NEAREST), _FARTHEST))
        return [_faded(Pcm(rest.samples[: round(end * rest.rate)], rest.rate))] if end > 0 else []

    def _released(self) -> list[Pcm]:
        """What surely belongs to kept words; all, while none are held back."""
        given: list[Pcm] = []
        free = len(self._kept.rstrip()) >= len(self._written.rstrip()) and not self.cut
        most = QUICKEST * _length(self._kept)
        while self._held and (free or self._played + self._held[0].seconds <= most):
            given.append(self._held.pop(0))
            self._played += given[-1].seconds
        if self._held and self._played < most:
            first, later = _split(self._held[0], most - self._played)
            given.append(first)
            self._held[0] = later
            self._played += first.seconds
        return [pcm for pcm in given if len(pcm.samples)]


def _length(text: str) -> float:
    """Seconds that the words take, rather too many."""
    return sum(seconds(word) + WORD_SECONDS for word in text.split())


def _split(pcm: Pcm, at: float) -> tuple[Pcm, Pcm]:
    place = round(at * pcm.rate)
    return Pcm(pcm.samples[:place], pcm.rate), Pcm(pcm.samples[place:], pcm.rate)


def _pause(pcm: Pcm, at: float, near: float) -> float:
    """The end of the sound before the pause that is nearest to a place, or the place where none is near."""
    if not len(pcm.samples):
        return 0.0
    ends = [end for _, end in stretches(pcm.samples, pcm.rate)][:-1]
    return min((end for end in ends if abs(end - at) <= near), key=lambda end: abs(end - at), default=at)


def _faded(pcm: Pcm) -> Pcm:
    """The sound with an end that does not click."""
    import numpy as np

    count = min(round(_FADE * pcm.rate), len(pcm.samples))
    samples: NDArray[np.float32] = pcm.samples.copy()
    samples[len(samples) - count :] *= np.linspace(1.0, 0.0, count, dtype=np.float32)
    return Pcm(samples, pcm.rate)
